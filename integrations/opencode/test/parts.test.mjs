// The plugin's parts, with a program that plays sharedserver where one is needed.
import assert from "node:assert/strict"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { spawn } from "node:child_process"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { after, afterEach, before, beforeEach, test } from "node:test"
import { fileURLToPath } from "node:url"
import { Attachment } from "../dist/attachment.js"
import { candidates } from "../dist/binary.js"
import { readOptions } from "../dist/options.js"
import { Report } from "../dist/report.js"

const PLUGIN = dirname(dirname(fileURLToPath(import.meta.url)))
const LIMIT = { timeout: 60_000 }
let root
let alive
before(() => (alive = setInterval(() => {}, 1000))) // the plugin itself keeps no process alive
after(() => clearInterval(alive))
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "ssop-"))))
afterEach(() => rmSync(root, { recursive: true, force: true }))

function program(path, text) {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return file
}

/** Answers `up` by a document of these servers, and notes each call. */
const playing = (servers, rest = "") =>
  program("bin/sharedserver", `echo "$@" >>"${root}/calls"\ncase $1 in\nup) cat >>"${root}/input"\ncat <<'END'\n{"servers":[\n${servers.map((server) => JSON.stringify(server)).join("\n,")}\n]}\nEND\n${rest} ;;\nesac`)
const calls = () => (existsSync(join(root, "calls")) ? readFileSync(join(root, "calls"), "utf8").trim().split("\n") : [])

/** A host that notes what it is told. */
function host() {
  const log = []
  const toasts = []
  const note = (list) => async ({ body }) => void list.push(body)
  return { log, toasts, app: { log: note(log) }, tui: { showToast: note(toasts) } }
}

const OPTIONS = { binary: undefined, lockdir: undefined, notify: true, servers: { a: { command: "x" } }, config: undefined }
const STARTED = { name: "a", action: "started", pid: 7, error: null, id: "a" }

/** An attachment without any surroundings that the test does not give. */
const attachment = (options, to = host(), env = { PATH: `${join(root, "bin")}:/usr/bin:/bin` }) =>
  new Attachment({ ...OPTIONS, ...options }, root, new Report(to, true, () => 0), env, join(root, "plugin/of/nobody"))

test("options are read, and what is wrong with one leaves the others", LIMIT, () => {
  const servers = { web: { command: "x" } }
  assert.deepEqual(readOptions(undefined, "/h"), { options: { ...OPTIONS, servers: undefined }, problems: [] })
  const { options, problems } = readOptions({ binary: "~/b", lockdir: "", notify: "no", servers, config: 5, srevers: {} }, "/h")
  assert.deepEqual(options, { binary: "/h/b", lockdir: undefined, notify: true, servers, config: undefined })
  assert.equal(problems.length, 3)
  assert.equal(readOptions({ notify: false }, "/h").options.notify, false)
  assert.equal(readOptions({ servers: [] }, "/h").problems.length, 1)
  assert.equal(readOptions("text", "/h").problems.length, 1)
})

test("programs are tried in order, each once", LIMIT, () => {
  const named = program("named", "")
  const inPath = program("path/sharedserver", "")
  const cargo = program("home/.cargo/bin/sharedserver", "")
  const local = program("home/.local/bin/sharedserver", "")
  const product = program("product/bin/sharedserver", "")
  const env = { SHAREDSERVER_BIN: join(root, "missing"), PATH: `relative::${join(root, "path")}:${join(root, "path")}`, HOME: join(root, "home") }
  const found = candidates(named, env, join(root, "product/share/sharedserver/opencode"))
  assert.deepEqual(found.programs.slice(0, 5), [named, product, inPath, cargo, local])
  assert.deepEqual(found.problems, [`SHAREDSERVER_BIN names ${join(root, "missing")}, which is no program`])
  const checkout = program("checkout/dist/target/sharedserver/bin/sharedserver", "")
  assert.equal(candidates(undefined, { PATH: "" }, join(root, "checkout/integrations/opencode")).programs[0], checkout)
})

test("one call in, one call out; to end twice is to end once", LIMIT, async () => {
  playing([STARTED, { name: "b", action: "attached", pid: 8, error: null, id: "b@12345678" }, { name: "c", action: "skipped", pid: null, error: null, id: "c", reason: "CI is set" }])
  const one = attachment({})
  const { attached } = await one.up()
  assert.deepEqual(attached.map((server) => server.name), ["a", "b"])
  assert.deepEqual(JSON.parse(readFileSync(join(root, "input"), "utf8")), { servers: OPTIONS.servers })
  await one.end()
  await one.end()
  assert.deepEqual(calls(), [`up --json --pid ${process.pid} --servers-json -`, `down b@12345678 a --json --pid ${process.pid}`])
})

test("a server is let go of by the last directory that wants it", LIMIT, async () => {
  playing([STARTED])
  const [one, two] = [attachment({}), attachment({})]
  await Promise.all([one.up(), two.up()])
  await one.end()
  assert.equal(calls().filter((call) => call.startsWith("down")).length, 0)
  await two.end()
  assert.equal(calls().filter((call) => call.startsWith("down")).length, 1)
})

test("another state directory is another server of the same name", LIMIT, async () => {
  playing([STARTED])
  const [one, two] = [attachment({}), attachment({ lockdir: join(root, "locks") })]
  await Promise.all([one.up(), two.up()])
  await one.end()
  assert.equal(calls().filter((call) => call.startsWith("down")).length, 1)
  await two.end()
  assert.equal(calls().filter((call) => call.startsWith("down")).length, 2)
})

test("each failure is told in the log and on the screen; a program that is too old is passed over", LIMIT, async () => {
  const old = program("old", '[ "$1" = --version ] && echo "sharedserver 0.3.1" && exit 0\nexit 2')
  playing([{ name: "a", action: "failed", pid: null, error: "cannot start a", id: "a" }, { name: "b", action: "failed", pid: null, error: "cannot start b", id: "b" }], "exit 1")
  const to = host()
  const one = attachment({ binary: old }, to)
  await one.up()
  while (to.toasts.length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
  await one.end()
  assert.deepEqual(to.toasts.map((toast) => [toast.variant, toast.message]), [["error", "cannot start a"], ["error", "cannot start b"]])
  const errors = to.log.filter((entry) => entry.level === "error")
  assert.deepEqual(errors.map((entry) => entry.message), ["cannot start a", "cannot start b"])
  assert.ok(to.log.every((entry) => entry.service === "sharedserver"))
  assert.ok(to.log.some((entry) => entry.level === "warn" && entry.message.startsWith(`${old} is too old (sharedserver 0.3.1)`)))
})

test("without a program there is one message", LIMIT, async () => {
  const to = host()
  const one = attachment({}, to, { PATH: "" })
  // the places that every user has may hold one on this machine
  if (candidates(undefined, { PATH: "" }, root).programs.length === 0) {
    assert.deepEqual(await one.up(), { attached: [], way: undefined })
    assert.match(to.log.map((entry) => entry.message).join(), /^the program sharedserver was not found/)
  }
  await one.end()
})

test("no config is no failure, unless it is named", LIMIT, async () => {
  program("bin/sharedserver", 'echo "sharedserver: there is no config file: neither here nor there" >&2; exit 1')
  for (const [config, level] of [[undefined, "info"], ["/none", "error"]]) {
    const to = host()
    const one = attachment({ servers: undefined, config }, to)
    await one.up()
    await one.end()
    assert.deepEqual(to.log.map((entry) => entry.level), [level])
  }
})

test("the health look tells those that run from those that died", LIMIT, async () => {
  playing([STARTED, { name: "b", action: "started", pid: 8, error: null, id: "b" }, { name: "c", action: "attached", pid: 9, error: null, id: "c" }])
  const to = host()
  const one = attachment({}, to)
  const { way } = await one.up()
  const list = [{ name: "a", state: "active", pid: 7 }, { name: "b", state: "active", pid: 80 }]
  const look = program("look", `echo '${JSON.stringify(list)}'`)
  await one.look({ ...way, program: look })
  const said = to.log.map((entry) => entry.message).join("\n")
  assert.match(said, /health check passed/)
  assert.match(said, /server b was started again/)
  assert.match(said, /server PID 9 \(c\) died shortly after start/)
  await one.end()
})

test("an end does not wait for servers that take their time", LIMIT, async () => {
  playing([STARTED], "exec sleep 300")
  const one = attachment({})
  void one.up()
  while (calls().length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  await one.end()
  assert.deepEqual(calls().slice(1), [`down a --json --pid ${process.pid}`])
})

test("a host that throws does not matter", LIMIT, async () => {
  playing([STARTED])
  const broken = { app: { log: () => { throw new Error("no") } }, tui: { showToast: () => Promise.reject(new Error("no")) } }
  const one = attachment({}, broken)
  await one.up()
  await one.end()
})

// the end of the process, in a process of its own
const CHILD = `
const { Attachment } = await import("${PLUGIN}/dist/attachment.js")
const { Report } = await import("${PLUGIN}/dist/report.js")
setInterval(() => {}, 1000)
const quiet = { app: { log: async () => {} }, tui: { showToast: async () => {} } }
const options = { servers: { a: {} }, notify: false }
if (process.argv[1] === "listens") process.on("SIGTERM", () => setTimeout(() => process.exit(5), 50))
const one = new Attachment(options, process.cwd(), new Report(quiet, false), process.env, "/nowhere")
await one.up()
if (process.argv[1] === "exits") process.exit(3)
console.log("ready")
`

for (const [how, signal, expected] of [
  ["", "SIGTERM", { code: null, signal: "SIGTERM" }],
  ["", "SIGINT", { code: null, signal: "SIGINT" }],
  ["", "SIGHUP", { code: null, signal: "SIGHUP" }],
  ["listens", "SIGTERM", { code: 5, signal: null }],
  ["exits", undefined, { code: 3, signal: null }],
]) {
  test(`a process that ${how || "is sent"} ${signal ?? ""} detaches once and ends as it would have`, LIMIT, async () => {
    playing([STARTED])
    const child = spawn(process.execPath, ["--input-type=module", "-e", CHILD, how], { env: { ...process.env, PATH: `${join(root, "bin")}:/usr/bin:/bin`, SHAREDSERVER_BIN: "" }, stdio: ["ignore", "pipe", "inherit"] })
    child.stdout.once("data", () => signal && child.kill(signal))
    const ended = await new Promise((resolve) => child.on("close", (code, by) => resolve({ code, signal: by })))
    assert.deepEqual(ended, expected)
    assert.deepEqual(calls().filter((call) => call.startsWith("down")), [`down a --json --pid ${child.pid}`])
  })
}
