// The plugin in the real Claude Code, whose API alone is played: /v1/messages on loopback.
import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"

const PLUGIN = dirname(dirname(fileURLToPath(import.meta.url)))
const BINARY = join(process.env.SHAREDSERVER_HOME, "bin/sharedserver")
const CLAUDE = join(process.env.CLAUDE_HOST, "node_modules/@anthropic-ai/claude-code-linux-x64/claude")
const PATIENCE = 90_000
const LIMIT = { timeout: 180_000 }

let root, api, env, children

async function until(condition, what) {
  const end = Date.now() + PATIENCE
  for (;;) {
    const found = await condition()
    if (found) return found
    if (Date.now() > end) throw new Error(`not within ${PATIENCE / 1000} s: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The API: says "pong" to everything, once `answer` lets it. */
class Api {
  constructor() {
    this.asked = 0
    this.held = false
    this.waiting = []
    this.server = createServer((request, response) => {
      request.on("error", () => {}).on("data", () => {})
      request.on("end", () => {
        if (request.method === "POST" && request.url.startsWith("/v1/messages?") || request.url === "/v1/messages") {
          this.asked++
          if (this.held) this.waiting.push(() => this.pong(response))
          else this.pong(response)
        } else {
          response.writeHead(request.url.includes("count_tokens") ? 200 : 404, { "content-type": "application/json" })
          response.end('{"input_tokens": 1}')
        }
      })
    })
  }

  pong(response) {
    response.writeHead(200, { "content-type": "text/event-stream" })
    const usage = { input_tokens: 1, output_tokens: 1 }
    const message = { id: "msg_1", type: "message", role: "assistant", model: "claude-sonnet-4-5", content: [], stop_reason: null, stop_sequence: null, usage }
    for (const event of [
      { type: "message_start", message },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "pong" } },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage },
      { type: "message_stop" },
    ]) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    }
    response.end()
  }

  answer() {
    this.held = false
    for (const one of this.waiting.splice(0)) one()
  }

  hold() {
    this.held = true
    this.asked = 0
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve))
    return `http://127.0.0.1:${this.server.address().port}`
  }
}

function claude(args, more = {}) {
  return spawnSync(CLAUDE, args, { env: { ...env, ...more }, cwd: join(root, "project"), encoding: "utf8", timeout: PATIENCE })
}

/** Starts a session of one question; `text` is what it has said so far. */
function session(args = [], more = {}) {
  const child = spawn(CLAUDE, ["-p", "ping", "--output-format", "stream-json", "--verbose", "--include-hook-events", ...args], {
    env: { ...env, ...more },
    cwd: join(root, "project"),
    stdio: ["ignore", "pipe", "pipe"],
  })
  child.text = ""
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (child.text += text))
  child.ended = new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })))
  children.push(child)
  return child
}

function sharedserver(...args) {
  const done = spawnSync(BINARY, args, { env, cwd: root, encoding: "utf8", timeout: 60_000 })
  return { code: done.status, out: done.stdout }
}

const events = (name) => sharedserver("events", name, "--json").out.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line))
const holders = (name) => (JSON.parse(sharedserver("info", name, "--json").out).clients ?? []).map((client) => client.pid)
const stopped = (name) => until(() => sharedserver("check", name).code === 2, () => `${name} is stopped: ${sharedserver("info", name, "--json").out}`)

/** The project's servers; each has a name of its own, so that no test sees another's events. */
function project(servers) {
  const all = {}
  for (const [name, one] of Object.entries(servers)) all[name] = { command: "sleep", args: ["1000"], gracePeriod: "0s", ...one }
  writeFileSync(join(root, "project/.sharedserver.json"), JSON.stringify({ servers: all }))
}

before(async () => {
  root = mkdtempSync(join(tmpdir(), "sscc-"))
  for (const one of ["home", "project", "state"]) mkdirSync(join(root, one))
  children = []
  api = new Api()
  env = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: join(root, "home"),
    LANG: "C.UTF-8",
    SHAREDSERVER_BIN: BINARY,
    SHAREDSERVER_LOCKDIR: join(root, "state"),
    ANTHROPIC_BASE_URL: await api.listen(),
    ANTHROPIC_API_KEY: "none",
    DISABLE_AUTOUPDATER: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  }
  // as the page of the plugin says
  for (const args of [["plugin", "marketplace", "add", PLUGIN], ["plugin", "install", "sharedserver@sharedserver"]]) {
    const done = claude(args)
    assert.equal(done.status, 0, done.stdout + done.stderr)
  }
}, LIMIT)

after(() => {
  api.server.closeAllConnections()
  api.server.close()
  for (const child of children) child.kill("SIGKILL")
  for (const server of JSON.parse(sharedserver("list", "--json").out)) sharedserver("admin", "kill", server.name)
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, "latin1").includes(root) && Number(pid) !== process.pid) process.kill(Number(pid), "SIGKILL")
    } catch {
      // gone, or not ours
    }
  }
  rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
})

test("the manifests are valid, strictly", LIMIT, () => {
  for (const what of [PLUGIN, join(PLUGIN, ".claude-plugin/plugin.json")]) {
    const done = claude(["plugin", "validate", "--strict", what])
    assert.equal(done.status, 0, done.stdout + done.stderr)
  }
})

test("a session holds its project's servers from its start to its end", LIMIT, async () => {
  project({ whole: {} })
  api.hold()
  const host = session()
  await until(() => api.asked > 0, () => host.text)
  assert.deepEqual(holders("whole"), [host.pid], "while it waits for the API")
  api.answer()
  assert.deepEqual(await host.ended, { code: 0, signal: null }, host.text)
  assert.match(host.text, /pong/)
  assert.doesNotMatch(host.text, /systemMessage/)
  await stopped("whole")
  const told = events("whole").filter((event) => event.client)
  assert.deepEqual(
    told.map((event) => [event.event, event.client]),
    [["attached", `${host.pid}`], ["detached", `${host.pid}`]],
    "both hooks speak for the same process, and it was the hook that detached it",
  )
})

test("two sessions share a server, and the one that is killed is not counted any more", LIMIT, async () => {
  project({ both: {} })
  api.hold()
  const first = session()
  const second = session()
  await until(() => holders("both").length === 2, () => first.text + second.text)
  assert.deepEqual(holders("both").sort(), [first.pid, second.pid].sort())
  first.kill("SIGKILL")
  await until(() => holders("both").length === 1, () => `${holders("both")}`)
  assert.deepEqual(holders("both"), [second.pid])
  api.answer()
  assert.equal((await second.ended).code, 0, second.text)
  await stopped("both")
  assert.equal(events("both").filter((event) => event.event === "started").length, 1)
})

test("what failed is told to the user, and the session goes on", LIMIT, async () => {
  project({ fails: { command: "no-such-command" }, runs: {} })
  const host = session()
  assert.equal((await host.ended).code, 0, host.text)
  assert.match(host.text, /cannot start server fails: command not found/)
  assert.match(host.text, /pong/)
  await stopped("runs")
})
