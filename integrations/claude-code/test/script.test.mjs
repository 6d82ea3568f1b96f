// The script that finds the program for the hooks.
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, test } from "node:test"
import { fileURLToPath } from "node:url"

const SCRIPT = join(dirname(dirname(fileURLToPath(import.meta.url))), "hooks/sharedserver.sh")
const LIMIT = { timeout: 60_000 }
let root

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ss "quoted\\" '))
  mkdirSync(join(root, "plugin/hooks"), { recursive: true })
  copyFileSync(SCRIPT, join(root, "plugin/hooks/sharedserver.sh"))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Writes a program; what it says stands for it. */
function program(path, text) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return join(root, path)
}

const good = (path) => program(path, `[ "$2" = --help ] && exit 0\nprintf '%s|' "${path.replaceAll("/", "-")}" "$@"; cat`)
const old = (path) => program(path, '[ "$1" = --version ] && echo "sharedserver 0.3.1" && exit 0\nexit 2')

function hook(moment, env = {}) {
  const done = spawnSync("sh", [join(root, "plugin/hooks/sharedserver.sh"), moment], {
    env: { PATH: "/usr/bin:/bin", HOME: join(root, "home"), CLAUDE_PLUGIN_ROOT: join(root, "plugin"), ...env },
    input: "the input",
    encoding: "utf8",
    timeout: 30_000,
  })
  assert.equal(done.status, 0, done.stderr)
  assert.equal(done.stderr, "")
  return done.stdout
}

test("the first program that can is run, with the input", LIMIT, () => {
  good("home/.local/bin/sharedserver")
  assert.equal(hook("start"), "home-.local-bin-sharedserver|hook|claude|start|the input")
  good("home/.cargo/bin/sharedserver")
  assert.match(hook("end"), /^home-.cargo-bin-sharedserver\|hook\|claude\|end\|/)
  good("path/sharedserver")
  const path = { PATH: `relative:${join(root, "none")}::${join(root, "path")}:/usr/bin:/bin` }
  assert.match(hook("start", path), /^path-sharedserver\|/)
  good("named")
  assert.match(hook("start", { ...path, SHAREDSERVER_BIN: join(root, "named") }), /^named\|/)
})

test("what is next to the plugin goes before PATH", LIMIT, () => {
  const path = { PATH: `${dirname(good("path/sharedserver"))}:/usr/bin:/bin`, CLAUDE_PLUGIN_ROOT: join(root, "product/share/sharedserver/claude-code") }
  mkdirSync(path.CLAUDE_PLUGIN_ROOT, { recursive: true })
  good("product/bin/sharedserver")
  assert.match(hook("start", path), /^product-bin-sharedserver\|/)
})

test("a program that is too old is passed over", LIMIT, () => {
  const named = old("named")
  good("home/.local/bin/sharedserver")
  assert.match(hook("start", { SHAREDSERVER_BIN: named }), /^home-.local-bin-sharedserver\|/)
})

test("without a program the user is told once, in JSON", LIMIT, () => {
  const named = old("named")
  const said = JSON.parse(hook("start", { SHAREDSERVER_BIN: named }))
  assert.deepEqual(Object.keys(said), ["systemMessage"])
  assert.ok(said.systemMessage.startsWith(`sharedserver: ${named} is too old (sharedserver 0.3.1); the program`), said.systemMessage)
  assert.ok(JSON.parse(hook("start")).systemMessage.includes("was not found"))
  assert.equal(hook("end"), "")
})
