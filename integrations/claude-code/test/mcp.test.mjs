// `sharedserver mcp` in the real Claude Code, whose API alone is played: it asks for our tools, and is told what they said.
import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"

const BINARY = join(process.env.SHAREDSERVER_HOME, "bin/sharedserver")
const CLAUDE = join(process.env.CLAUDE_HOST, "node_modules/@anthropic-ai/claude-code-linux-x64/claude")
const PATIENCE = 90_000
const LIMIT = { timeout: 180_000 }

let root, env, api, wanted, heard, offered

/** The API: wants one tool after another, as `wanted` has them, and then says "done". */
function answer(request, response, body) {
  if (!request.url.startsWith("/v1/messages") || request.url.includes("count_tokens")) {
    response.writeHead(request.url.includes("count_tokens") ? 200 : 404, { "content-type": "application/json" })
    response.end('{"input_tokens": 1}')
    return
  }
  const asked = JSON.parse(body)
  const tools = (asked.tools ?? []).map((tool) => tool.name).filter((name) => name.startsWith("mcp__sharedserver__"))
  if (tools.length > 0) offered = asked.tools.filter((tool) => tools.includes(tool.name))
  // every request tells the whole conversation
  heard = asked.messages
    .flatMap((one) => (Array.isArray(one.content) ? one.content : []))
    .filter((part) => part.type === "tool_result")
    .map((part) => ({ error: part.is_error === true, text: JSON.stringify(part.content) }))
  const next = tools.length > 0 ? wanted.shift() : undefined
  response.writeHead(200, { "content-type": "text/event-stream" })
  const usage = { input_tokens: 1, output_tokens: 1 }
  const message = { id: "msg_1", type: "message", role: "assistant", model: "claude-sonnet-4-5", content: [], stop_reason: null, stop_sequence: null, usage }
  const block = next
    ? [{ type: "tool_use", id: `toolu_${wanted.length}`, name: next.name, input: {} }, { type: "input_json_delta", partial_json: JSON.stringify(next.input) }]
    : [{ type: "text", text: "" }, { type: "text_delta", text: "done" }]
  for (const event of [
    { type: "message_start", message },
    { type: "content_block_start", index: 0, content_block: block[0] },
    { type: "content_block_delta", index: 0, delta: block[1] },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: next ? "tool_use" : "end_turn", stop_sequence: null }, usage },
    { type: "message_stop" },
  ]) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  response.end()
}

const claude = (...args) => spawnSync(CLAUDE, args, { env, cwd: join(root, "project"), encoding: "utf8", timeout: PATIENCE })
const sharedserver = (...args) => spawnSync(BINARY, args, { env, cwd: root, encoding: "utf8", timeout: 60_000 }).stdout

before(async () => {
  root = mkdtempSync(join(tmpdir(), "sscm-"))
  for (const one of ["home", "project", "state"]) mkdirSync(join(root, one))
  api = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("error", () => {}).on("data", (part) => (body += part))
    request.on("end", () => answer(request, response, body))
  })
  await new Promise((resolve) => api.listen(0, "127.0.0.1", resolve))
  env = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: join(root, "home"),
    LANG: "C.UTF-8",
    SHAREDSERVER_LOCKDIR: join(root, "state"),
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${api.address().port}`,
    ANTHROPIC_API_KEY: "none",
    DISABLE_AUTOUPDATER: "1",
    ENABLE_TOOL_SEARCH: "false",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  }
  // as the page says
  const done = claude("mcp", "add", "--scope", "user", "sharedserver", "--", BINARY, "mcp")
  assert.equal(done.status, 0, done.stdout + done.stderr)
}, LIMIT)

after(() => {
  api.closeAllConnections()
  api.close()
  for (const server of JSON.parse(sharedserver("list", "--json"))) sharedserver("admin", "kill", server.name)
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, "latin1").includes(root) && Number(pid) !== process.pid) process.kill(Number(pid), "SIGKILL")
    } catch {
      // gone, or not ours
    }
  }
  rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
})

test("claude mcp list finds it well", LIMIT, () => {
  const done = claude("mcp", "list")
  assert.match(done.stdout, /^sharedserver: .* mcp - .*Connected/m, done.stdout + done.stderr)
})

test("an agent uses a server, is refused what another holds, and leaves with its session", LIMIT, async () => {
  writeFileSync(join(root, "project/.sharedserver.json"), JSON.stringify({ servers: { db: { command: "sleep", args: ["1000"], gracePeriod: "1m" } } }))
  const other = spawn("sleep", ["1000"], { env, stdio: "ignore" })
  wanted = [
    { name: "mcp__sharedserver__use", input: { name: "db" } },
    { name: "mcp__sharedserver__stop", input: { name: "db" } },
    { name: "mcp__sharedserver__list", input: {} },
  ]
  heard = []
  const tools = ["use", "stop", "list"].map((tool) => `mcp__sharedserver__${tool}`).join(",")
  spawnSync(BINARY, ["use", "db", "--pid", `${other.pid}`], { env, cwd: join(root, "project") })
  const child = spawn(CLAUDE, ["-p", "use the database", "--allowedTools", tools], { env, cwd: join(root, "project"), stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part) => (said += part))
  const code = await new Promise((resolve) => child.on("close", resolve))
  other.kill("SIGKILL")
  assert.equal(code, 0, said)
  assert.match(said, /done/)
  assert.equal(wanted.length, 0, `all were called: ${said} ${JSON.stringify(heard)}`)
  assert.deepEqual(offered.map((tool) => tool.name.replace("mcp__sharedserver__", "")).sort(), ["info", "list", "logs", "restart", "stop", "unuse", "use", "why"])
  assert.deepEqual(heard.map((one) => one.error), [false, true, false], JSON.stringify(heard))
  assert.match(heard[0].text, /Attached to server db|attached/)
  assert.match(heard[1].text, new RegExp(`pid ${other.pid}: sleep 1000`))
  assert.match(heard[2].text, /db/)
  const events = sharedserver("events", "db", "--json").trim().split("\n").map((line) => JSON.parse(line))
  const told = events.filter((event) => event.client && event.client !== `${other.pid}`)
  assert.equal(told[0].event, "attached")
  assert.match(told[0].metadata ?? "", /claude-code .*over MCP/, JSON.stringify(told))
  assert.equal(told.at(-1).client, told[0].client, "the session's reference went with it")
  assert.ok(["detached", "client_died"].includes(told.at(-1).event), JSON.stringify(told))
})
