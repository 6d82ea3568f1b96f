// The MCP server with the client of the npm package, against the built product and real servers.
import assert from "node:assert/strict"
import { existsSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"
import { until, World } from "./world.mjs"

const LIMIT = { timeout: 180_000 }
const SLEEP = ["sleep", "1000"]

let world

before(() => {
  world = new World()
})

after(() => world.close(), LIMIT)

const text = (result) => result.content.map((part) => part.text).join("\n")
const alive = (pid) => existsSync(`/proc/${pid}`)

/** A call that has to succeed. */
async function ok(session, tool, given) {
  const result = await session.call(tool, given)
  assert.ok(!result.isError, text(result))
  return result
}

/** A call that has to fail as a tool does, not as a protocol does. */
async function fails(session, tool, given) {
  const result = await session.call(tool, given)
  assert.equal(result.isError, true, text(result))
  return result
}

test("the tools say what they take, what they give and what they do to others", LIMIT, async () => {
  const session = await world.session()
  const { tools } = await session.client.listTools()
  const hints = Object.fromEntries(tools.map((tool) => [tool.name, [tool.annotations.readOnlyHint, tool.annotations.destructiveHint]]))
  assert.deepEqual(hints, {
    list: [true, false],
    info: [true, false],
    logs: [true, false],
    use: [false, true],
    unuse: [false, false],
    restart: [false, true],
    stop: [false, true],
    why: [true, false],
  })
  for (const tool of tools) {
    assert.equal(tool.inputSchema.additionalProperties, false, tool.name)
    assert.ok(tool.outputSchema, tool.name)
    assert.deepEqual(tool.inputSchema.required, tool.name === "list" ? [] : ["name"], tool.name)
  }
  assert.equal(session.client.getServerVersion().name, "sharedserver")
  assert.match(session.client.getInstructions(), /ask your user before `force`/)
  await session.close()
  assert.deepEqual(session.errors, [], "nothing on standard error, nothing that the client could not read")
})

test("a web server's life, from the agent's side", LIMIT, async () => {
  const session = await world.session({ name: "the agent" })
  const command = ["python3", "-u", "-c", "import http.server as h, os; s = h.HTTPServer(('127.0.0.1', int(os.environ['PORT'])), h.SimpleHTTPRequestHandler); print('it listens'); s.serve_forever()"]
  const used = await ok(session, "use", { name: "web", command, port: "auto", ready_http: "http://127.0.0.1:${PORT}/", env: { COLOUR: "red" }, grace_period: "1m" })
  assert.deepEqual([used.structuredContent.action, used.structuredContent.refcount, used.structuredContent.ready], ["started", 1, true])
  assert.match(text(used), /^Started server web \(PID: \d+, refcount: 1\)\nport: \d+\nlog: /)
  const port = used.structuredContent.port
  assert.equal((await fetch(`http://127.0.0.1:${port}/there`)).status, 404, "it is ready when use returns")
  assert.deepEqual(world.holders("web"), [session.pid], "the reference is that of the server's process")
  assert.equal(world.info("web").clients[0].metadata, "the agent 1.0, over MCP")

  const again = await ok(session, "use", { name: "web" })
  assert.deepEqual([again.structuredContent.action, again.structuredContent.refcount], ["attached", 1], "a session counts once")
  const mismatch = await ok(session, "use", { name: "web", command: ["sleep", "4"] })
  assert.match(mismatch.structuredContent.warnings[0], /was started differently and stays as it is/)

  const info = await ok(session, "info", { name: "web" })
  assert.deepEqual([info.structuredContent.port, info.structuredContent.pid], [port, used.structuredContent.pid])
  assert.match(text(info), /State: +active/)
  const list = await ok(session, "list")
  assert.equal(list.structuredContent.session_pid, session.pid)
  assert.ok(list.structuredContent.servers.some((one) => one.name === "web" && one.refcount === 1))
  assert.match(text(list), /web +active/)
  const logs = await until(async () => {
    const result = await ok(session, "logs", { name: "web", grep: "GET /there" })
    return result.structuredContent.lines > 0 && result
  }, () => "the request is in the log")
  assert.match(text(logs), /"GET \/there HTTP\/1\.1" 404/)
  assert.match(text(await ok(session, "why", { name: "web" })), new RegExp(`^web is up as pid \\d+.* held by pid ${session.pid} .*'the agent 1.0, over MCP'`))

  const restarted = await ok(session, "restart", { name: "web" })
  assert.match(text(restarted), /^Restarted server web/)
  assert.notEqual(world.info("web").pid, used.structuredContent.pid)
  assert.deepEqual(world.holders("web"), [session.pid], "it stays attached")

  const left = await ok(session, "unuse", { name: "web" })
  assert.match(text(left), /^Detached from server web \(refcount: 0, it is stopped in 1m/)
  assert.equal(world.info("web").state, "grace")
  assert.match(text(await fails(session, "unuse", { name: "web" })), /^Client \d+ is not attached to server web$/)
  assert.match(text(await ok(session, "stop", { name: "web" })), /stopped gracefully/)
  assert.equal(world.info("web").state, "stopped")
  assert.match(text(await ok(session, "why", { name: "web" })), /^web is not running/)
  assert.match(text(await ok(session, "logs", { name: "web" })), /it listens/, "the log outlives it")
})

test("errors are the command line's own words", LIMIT, async () => {
  const session = await world.session()
  assert.match(text(await fails(session, "use", { name: "nobody" })), /^Server nobody is not running and no command was given/)
  assert.match(text(await fails(session, "use", { name: "bad", command: ["/no/such/program"] })), /^cannot start server bad: command not found/)
  assert.match(text(await fails(session, "use", { name: "dead", command: ["sh", "-c", "echo last words; exit 3"], ready_tcp: 1 })), /did not come up: exited with code 3\n.*last words/)
  assert.match(text(await fails(session, "use", { name: "x", command: SLEEP, grace_period: "5" })), /invalid duration '5'/)
  assert.match(text(await fails(session, "use", { name: "x", command: SLEEP, timeout: "soon" })), /invalid duration 'soon'/)
  assert.match(text(await fails(session, "logs", { name: "nobody" })), /^server nobody has no log/)
  assert.match(text(await fails(session, "logs", { name: "x", grep: "(" })), /\(/)
  assert.match(text(await fails(session, "why", { name: "nobody" })), /^no server 'nobody' has run here/)
  assert.match(text(await fails(session, "stop", { name: "nobody" })), /nobody is not running/)
  assert.match(text(await fails(session, "restart", { name: "nobody" })), /nobody is not running/)
  assert.match(text(await fails(session, "info", { name: "--help" })), /invalid server name '--help'/)
  assert.match(text(await fails(session, "info", { name: "x", jsn: true })), /unknown argument 'jsn'/)
  await assert.rejects(session.call("format_disk"), /unknown tool: 'format_disk'/)
  assert.equal(world.sharedserver("list", "--json").out.includes('"x"'), false, "nothing was started")
})

test("what others hold is neither stopped nor restarted without force, and they are named", LIMIT, async () => {
  const session = await world.session()
  const other = world.child("sleep", ["4321"])
  const { pid } = (await ok(session, "use", { name: "both", command: SLEEP, grace_period: "1m" })).structuredContent
  assert.equal(world.sharedserver("use", "both", "--pid", `${other.pid}`, "--metadata", "my editor").code, 0)
  for (const verb of ["stop", "restart"]) {
    const refused = await fails(session, verb, { name: "both" })
    assert.match(text(refused), /^Server both is still used by/)
    assert.match(text(refused), new RegExp(`- pid ${other.pid}: sleep 4321 \\(my editor\\)`))
    assert.deepEqual(refused.structuredContent.held_by.map((one) => [one.pid, one.command]), [[other.pid, ["sleep", "4321"]]], "not the session itself")
    assert.equal(world.info("both").pid, pid, "it runs on")
  }
  await fails(session, "stop", { name: "both", force: false })
  await ok(session, "restart", { name: "both", force: true })
  assert.notEqual(world.info("both").pid, pid)
  assert.deepEqual(world.holders("both").sort(), [other.pid, session.pid].sort())
  await ok(session, "stop", { name: "both", force: true })
  assert.equal(world.info("both").state, "stopped")
})

test("two sessions share a server, and each gives back its own part", LIMIT, async () => {
  const first = await world.session({ name: "first" })
  const second = await world.session({ name: "second" })
  const [one, two] = await Promise.all([
    ok(first, "use", { name: "pair", command: SLEEP, grace_period: "1m" }),
    ok(second, "use", { name: "pair", command: SLEEP, grace_period: "1m" }),
  ])
  assert.equal(one.structuredContent.pid, two.structuredContent.pid)
  assert.deepEqual([one, two].map((used) => used.structuredContent.action).sort(), ["attached", "started"])
  assert.match(text(await fails(first, "stop", { name: "pair" })), new RegExp(`- pid ${second.pid}: .* \\(second 1.0, over MCP\\)`))
  await first.close()
  await until(() => !alive(first.pid), () => "the first server ends with its client")
  assert.deepEqual(world.holders("pair"), [second.pid])
  assert.match(world.sharedserver("events", "pair").out, new RegExp(`detached, client ${first.pid}`), "it said good-bye")
  await ok(second, "stop", { name: "pair" })
})

test("a client that is killed takes its server and its references with it", LIMIT, async () => {
  const script = `
    import { World } from ${JSON.stringify(join(dirname(fileURLToPath(import.meta.url)), "world.mjs"))}
    const world = new World()
    Object.assign(world.env, ${JSON.stringify(world.env)})
    const session = await world.session()
    for (const name of ["killed1", "killed2"]) await session.call("use", { name, command: ${JSON.stringify(SLEEP)}, grace_period: "1m" })
    console.log(session.pid, world.root)
    setInterval(() => {}, 1000)`
  const child = world.child(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"], env: process.env })
  let said = ""
  child.stdout.setEncoding("utf8").on("data", (part) => (said += part))
  await until(() => said.includes("\n"), () => said)
  const [server, root] = [Number(said.split(" ")[0]), said.trim().split(" ")[1]]
  assert.deepEqual([world.holders("killed1"), world.holders("killed2")], [[server], [server]])
  child.kill("SIGKILL")
  await until(() => !alive(server), () => `${server} is gone`)
  assert.deepEqual([world.holders("killed1"), world.holders("killed2")], [[], []])
  rmSync(root, { recursive: true }) // it had no time to
})

test("a server that is killed or asked to end loses its references", LIMIT, async () => {
  for (const signal of ["SIGKILL", "SIGTERM"]) {
    const session = await world.session()
    await ok(session, "use", { name: "signalled", command: SLEEP, grace_period: "1m" })
    process.kill(session.pid, signal)
    await until(() => world.holders("signalled").length === 0, () => `${signal}: ${world.holders("signalled")}`)
  }
})

test("uses that wait delay nothing else", LIMIT, async () => {
  const session = await world.session()
  let over = 0
  const waiting = Array.from({ length: 20 }, (_, i) =>
    session.call("use", { name: `slow${i}`, command: SLEEP, grace_period: "0s", ready_exec: "test -e go", ready_timeout: "2m" }).finally(() => over++),
  )
  await until(async () => (await ok(session, "list")).structuredContent.servers.filter((one) => one.name.startsWith("slow")).length === 20, () => "all are begun")
  for (let i = 0; i < 10; i++) await ok(session, "list")
  await session.client.ping()
  assert.equal(over, 0)
  writeFileSync(join(world.project, "go"), "")
  for (const result of await Promise.all(waiting)) assert.ok(!result.isError, text(result))
  assert.equal((await ok(session, "list")).structuredContent.servers.filter((one) => one.clients.some((client) => client.pid === session.pid)).length, 20)
  await session.close()
})

test("too many calls at once are refused, and the session goes on", LIMIT, async () => {
  const session = await world.session()
  const abort = new AbortController()
  const calls = Array.from({ length: 70 }, () =>
    session.call("use", { name: "crowd", command: SLEEP, grace_period: "0s", ready_tcp: 1, ready_timeout: "2m" }, { signal: abort.signal }).catch(() => undefined),
  )
  const refused = await Promise.race(calls)
  assert.match(text(refused), /64 calls are open already/)
  abort.abort("enough")
  await Promise.all(calls)
  await until(() => world.holders("crowd").length === 0, () => `${world.holders("crowd")}`)
  await session.client.ping()
})

test("a use that is cancelled is taken back", LIMIT, async () => {
  const session = await world.session()
  const waiting = { name: "given-up", command: SLEEP, grace_period: "1m", ready_exec: "test -e never", ready_timeout: "1m" }
  const abort = new AbortController()
  const call = session.call("use", waiting, { signal: abort.signal })
  call.catch(() => {})
  await until(() => world.holders("given-up").includes(session.pid), () => "it is attached while it waits")
  abort.abort("changed my mind")
  await assert.rejects(call, /changed my mind/)
  await until(() => world.holders("given-up").length === 0, () => `${world.holders("given-up")}`)
  await session.client.ping()
  assert.deepEqual(session.errors, [], "a cancelled call is not answered")
})

test("a cancelled use takes nothing that the session held before", LIMIT, async () => {
  const session = await world.session()
  const file = join(world.project, "kept-is-ready")
  writeFileSync(file, "")
  await ok(session, "use", { name: "kept", command: SLEEP, grace_period: "1m", ready_exec: `test -e ${file}`, ready_timeout: "2m" })
  rmSync(file)
  const restart = session.call("restart", { name: "kept" })
  await until(() => world.info("kept").ready === false, () => "it is started again and not ready")
  const abort = new AbortController()
  const call = session.call("use", { name: "kept" }, { signal: abort.signal })
  call.catch(() => {})
  await ok(session, "info", { name: "kept" })
  abort.abort("no patience")
  await assert.rejects(call)
  writeFileSync(file, "")
  assert.ok(!(await restart).isError)
  await ok(session, "use", { name: "kept" })
  assert.deepEqual(world.holders("kept"), [session.pid])
  const told = world.sharedserver("events", "kept", "--json").out
  assert.equal(told.includes('"detached"'), false, told)
  await ok(session, "stop", { name: "kept" })
})

test("a use with a time-out says so and is taken back", LIMIT, async () => {
  const session = await world.session()
  const late = await fails(session, "use", { name: "late", command: SLEEP, grace_period: "1m", ready_exec: "test -e never", timeout: "300ms" })
  assert.match(text(late), /^gave up after 300ms: server late is not ready yet/)
  await until(() => world.holders("late").length === 0, () => `${world.holders("late")}`)
})

test("a client that asks for it hears that a call goes on", LIMIT, async () => {
  const session = await world.session()
  const file = join(world.project, "heard")
  const signs = []
  const used = await session.call(
    "use",
    { name: "patient", command: SLEEP, grace_period: "0s", ready_exec: `test -e ${file}`, ready_timeout: "1m" },
    {
      onprogress: (sign) => {
        signs.push(sign.progress)
        writeFileSync(file, "")
      },
    },
  )
  assert.ok(!used.isError, text(used))
  assert.deepEqual(signs, [5])
})

test("logs are bounded, and fit to be read", LIMIT, async () => {
  const session = await world.session()
  await ok(session, "use", { name: "wordy", command: ["sh", "-c", "yes 0123456789012345678901234567890123456789012345678901234567890123456789 | head -n 5000; printf '\\033[31mred\\033[0m\\n'; exec sleep 1000"], grace_period: "0s", ready_log: "red" })
  const some = await ok(session, "logs", { name: "wordy", lines: 2 })
  assert.equal(some.structuredContent.text, "0123456789012345678901234567890123456789012345678901234567890123456789\nred\n")
  const all = await ok(session, "logs", { name: "wordy", lines: 1000 })
  assert.equal(all.structuredContent.truncated, true)
  assert.ok(all.structuredContent.text.length <= 48 * 1024)
  assert.match(all.structuredContent.text, /^0123456789/, "it begins with a whole line")
  assert.ok(text(all).startsWith("(the beginning is left out)\n"))
  await fails(session, "logs", { name: "wordy", lines: 100_000 })
})

test("the config names servers, and with --no-commands nothing else is started", LIMIT, async () => {
  writeFileSync(join(world.project, ".sharedserver.json"), JSON.stringify({ servers: { db: { command: "sleep", args: ["999"], gracePeriod: "0s", env: { TOKEN: "secret" } } } }))
  const session = await world.session({ args: ["--no-commands"] })
  const list = await ok(session, "list")
  assert.deepEqual(list.structuredContent.configured.servers.db.command, ["sleep", "999"])
  assert.match(text(list), /in .*\.sharedserver\.json:\n {2}db: sleep 999/)
  assert.doesNotMatch(JSON.stringify(list), /secret/)
  assert.match(text(await fails(session, "use", { name: "evil", command: ["sh", "-c", "id"] })), /unknown argument 'command'/)
  const { tools } = await session.client.listTools()
  assert.equal(tools.find((tool) => tool.name === "use").annotations.destructiveHint, false)
  assert.equal((await ok(session, "use", { name: "db" })).structuredContent.action, "started")
  await ok(session, "unuse", { name: "db" })
})

test("variables that would make a JVM talk reach the server and not ours", LIMIT, async () => {
  const session = await world.session({ env: { JAVA_TOOL_OPTIONS: "-Dx=y", LC_ALL: "C" } })
  await ok(session, "use", { name: "env", command: ["sh", "-c", 'echo "<$JAVA_TOOL_OPTIONS> <$LC_ALL>"; exec sleep 1000'], grace_period: "0s", ready_log: "<" })
  assert.equal((await ok(session, "logs", { name: "env" })).structuredContent.text, "<-Dx=y> <C>\n")
  assert.deepEqual(session.errors, [])
})

test("every version of the protocol is spoken, and the latest with clients of others", LIMIT, async () => {
  for (const [asked, got] of [["2024-11-05", "2024-11-05"], ["2025-03-26", "2025-03-26"], ["2025-06-18", "2025-06-18"], ["2025-11-25", "2025-11-25"], ["2026-07-28", "2025-11-25"]]) {
    const server = world.raw()
    const discovered = await server.ask({ id: 1, method: "server/discover", params: {} })
    assert.equal(discovered.error.code, -32601, "what a younger client asks first")
    assert.equal((await server.initialize(asked)).result.protocolVersion, got)
    server.ask({ method: "notifications/initialized" })
    const called = await server.ask({ id: 2, method: "tools/call", params: { name: "list", arguments: {} } })
    assert.equal(called.result.isError, false)
    server.stdin.end()
    assert.deepEqual(await server.ended, { code: 0, signal: null, rest: "" })
  }
})

test("whatever comes in, only JSON-RPC goes out, and the session goes on", LIMIT, async () => {
  const server = world.raw()
  await server.initialize()
  const hostile = [
    "", "   ", "not JSON", "\u0000\u0001\u001b[31m", "{", "[]", "42", "null", '"x"', "[".repeat(100_000), '{"a":'.repeat(50_000),
    `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"${"a".repeat(3_000_000)}"}}`,
    `[${'{"jsonrpc":"2.0","id":1,"method":"ping"},'.repeat(5000)}0]`,
    '{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}', '{"jsonrpc":"1.0","id":2,"method":"ping"}', '{"jsonrpc":"2.0","id":3,"method":["ping"]}',
    '{"jsonrpc":"2.0","id":4,"method":"tools/call","params":[1]}', '{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":{}}}',
    '{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"info","arguments":{"name":"../../etc/passwd"}}}',
    '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"info","arguments":{"name":["a"]}}}',
    '{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"logs","arguments":{"name":"a","lines":1e400}}}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1e999999999}}',
  ]
  for (const line of hostile) server.stdin.write(line + "\n")
  server.stdin.write(Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0x0a]))
  assert.deepEqual((await server.ask({ id: "after", method: "ping" })).result, {})
  const answers = server.lines.map((line) => JSON.parse(line))
  for (const one of answers) assert.equal(one.jsonrpc, "2.0")
  assert.ok(answers.filter((one) => one.id === null && one.error).length >= 12)
  assert.equal(answers.find((one) => one.id === 6).result.isError, true)
  server.stdin.end('{"jsonrpc":"2.0","id":')
  assert.deepEqual(await server.ended, { code: 0, signal: null, rest: "" })
})

test("the end of its input is the end of what waits, and of the process", LIMIT, async () => {
  const server = world.raw()
  await server.initialize()
  server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "use", arguments: { name: "unfinished", command: SLEEP, grace_period: "0s", ready_tcp: 1, ready_timeout: "5m" } } })}\n`)
  await until(() => world.holders("unfinished").includes(server.pid), () => "it waits")
  server.stdin.end()
  assert.equal((await server.ended).code, 0)
  await until(() => world.info("unfinished").state === "stopped", () => JSON.stringify(world.info("unfinished")))
})

test("a client that does not read any more is left", LIMIT, async () => {
  const server = world.raw()
  await server.initialize()
  await server.ask({ id: 1, method: "tools/call", params: { name: "use", arguments: { name: "deaf", command: SLEEP, grace_period: "1m" } } })
  server.stdout.destroy()
  const chatter = setInterval(() => server.stdin.write('{"jsonrpc":"2.0","id":9,"method":"ping"}\n'), 50)
  await server.ended
  clearInterval(chatter)
  assert.deepEqual(world.holders("deaf"), [])
})
