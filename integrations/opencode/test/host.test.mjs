// The plugin in the real OpenCode.
import assert from "node:assert/strict"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { test } from "node:test"
import { PRODUCT, Sandbox, until } from "./sandbox.mjs"

const servers = (more = {}) => ({
  web: { command: "sh", args: ["-c", 'echo started >>"$LIST"; exec sleep 1000'], env: { LIST: "${HOME}/started" }, gracePeriod: "0s" },
  ...more,
})

async function inside(options, body) {
  const box = new Sandbox(options)
  try {
    await body(box)
  } finally {
    await box.end()
  }
}

/** Nothing here takes as long, on whatever machine. */
const LIMIT = { timeout: 500_000 }

const starts = (box) => (existsSync(box.path("home/started")) ? readFileSync(box.path("home/started"), "utf8").split("\n").length - 1 : 0)

/** The server is stopped, as it has no grace period, and it was the plugin that let go of it, not its death. */
async function detached(box) {
  await until(() => box.sharedserver("check", "web").code === 2, () => `web is stopped: ${JSON.stringify(box.info("web"))}`)
  const events = box.events("web").map((event) => event.event)
  assert.ok(events.includes("detached"), `${events}`)
  assert.ok(!events.includes("client_died"), `${events}`)
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** `opencode serve`, with an instance in a directory: the host makes one with the first request. */
async function serve(box, ignored = "") {
  const port = await freePort()
  const host = box.opencode(["serve", "--port", `${port}`], { ignored })
  const request = (directory, path = "/session", method = "GET", signal = undefined) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method, signal, headers: { "x-opencode-directory": box.path(directory) } })
  await until(() => host.text.includes("listening on"), () => `it listens: ${host.text}`)
  // a request that comes while the host starts is never answered (OpenCode 1.18.33)
  const soon = () => request("one", "/session", "GET", AbortSignal.timeout(5000))
  await until(() => soon().then((answer) => answer.ok, () => false), () => `it serves: ${host.text}`)
  await until(() => box.holders("web").length > 0, () => `it is attached: ${box.log()} ${host.text}`)
  return { host, request }
}

test("a command that ends at once attaches and detaches", LIMIT, () =>
  inside({ servers: servers() }, async (box) => {
    const host = box.opencode(["session", "list"])
    assert.deepEqual(await host.ended, { code: 0, signal: null }, host.text)
    assert.equal(starts(box), 1)
    // by the plugin, or on a slow machine by the end of the process: nothing waits for servers here
    await until(() => box.sharedserver("check", "web").code === 2, () => `web is stopped: ${JSON.stringify(box.info("web"))}`)
  }))

test("a process that serves two directories counts once, until the last one ends", LIMIT, () =>
  inside({ servers: servers() }, async (box) => {
    const { host, request } = await serve(box)
    assert.ok((await request("two")).ok)
    await until(() => box.log().includes("attached web"), () => `both are attached: ${box.log()}`)
    assert.deepEqual(box.holders("web"), [host.pid])
    await request("one", "/instance/dispose", "POST")
    assert.ok((await request("two")).ok)
    assert.deepEqual(box.holders("web"), [host.pid], "the other one still wants it")
    await request("two", "/instance/dispose", "POST")
    await detached(box)
    assert.equal(host.exitCode, null, "the host lives on")
    assert.equal(starts(box), 1)
    // and it comes back when a directory does
    assert.ok((await request("one")).ok)
    await until(() => box.holders("web").includes(host.pid), () => box.log())
  }))

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
  test(`${signal} detaches and ends the host as ever`, LIMIT, () =>
    inside({ servers: servers() }, async (box) => {
      const { host } = await serve(box)
      host.kill(signal)
      assert.deepEqual(await host.ended, { code: null, signal })
      await detached(box)
    }))
}

test("a signal that the caller has it ignore it goes on to ignore", LIMIT, () =>
  inside({ servers: servers() }, async (box) => {
    const { host } = await serve(box, "HUP")
    host.kill("SIGHUP")
    host.kill("SIGTERM")
    assert.deepEqual(await host.ended, { code: null, signal: "SIGTERM" })
    await detached(box)
  }))

test("a host that is killed is not counted any more", LIMIT, () =>
  inside({ servers: servers() }, async (box) => {
    const { host } = await serve(box)
    host.kill("SIGKILL")
    await host.ended
    await until(() => box.sharedserver("check", "web").code === 2, () => "web is stopped")
  }))

test("what fails is in the log, and the others run", LIMIT, () =>
  inside({ servers: servers({ bad: { command: "no-such-command" }, short: { command: "false" } }), lockdir: "", oddity: 1 }, async (box) => {
    const { host } = await serve(box)
    await until(() => /died shortly after start/.test(box.log()), () => box.log())
    for (const said of ["started web", "command not found: 'no-such-command'", "unknown option 'oddity'", "health check passed"])
      await until(() => box.log().includes(said), () => `${said}: ${box.log()}`)
    assert.equal(host.exitCode, null)
  }))

test("a program that is too old is named, and the next one is taken", LIMIT, () =>
  inside({ servers: servers() }, async (box) => {
    const old = box.path("old")
    writeFileSync(old, '#!/bin/sh\n[ "$1" = --version ] && echo "sharedserver 0.0.1" && exit 0\necho "error: unrecognized subcommand" >&2\nexit 2\n', { mode: 0o755 })
    box.env.PATH = `${PRODUCT}/bin:${box.env.PATH}`
    box.env.SHAREDSERVER_BIN = old
    const { host } = await serve(box)
    await until(() => box.log().includes(`${old} is too old (sharedserver 0.0.1)`), () => box.log())
    assert.equal(host.exitCode, null)
  }))

test("the screen shows what was started; /exit detaches", LIMIT, () =>
  inside({ servers: servers() }, async (box) => {
    const screen = box.screen()
    const pid = await screen.pid()
    await screen.order("expect started\\s*web")
    assert.deepEqual(box.holders("web"), [pid])
    await screen.order('type /exit')
    await screen.order("expect Exit the app")
    await screen.order('type \\r')
    assert.equal(await screen.end(), "0")
    await detached(box)
  }))

test("ctrl-C at the screen detaches, and the host ends", LIMIT, () =>
  inside({ servers: servers() }, async (box) => {
    const screen = box.screen()
    const pid = await screen.pid()
    await screen.order("expect Ask anything")
    await until(() => box.holders("web").includes(pid), () => box.log())
    await screen.order('type \\u0003')
    assert.equal(await screen.end(), "0")
    await detached(box)
  }))

// how the screen's process ends is its own affair: nothing of a plugin's worker is asked
for (const [name, order, ...statuses] of [
  ["SIGTERM", "signal TERM", "SIGTERM", "143", "0"],
  ["a hangup of the terminal", "hangup", "SIGHUP", "129", "0"],
  ["SIGKILL", "signal KILL", "SIGKILL"],
]) {
  test(`${name} at the screen drops the count, and the host ends`, LIMIT, () =>
    inside({ servers: servers() }, async (box) => {
      const screen = box.screen()
      const pid = await screen.pid()
      await until(() => box.holders("web").includes(pid), () => box.log())
      await screen.order(order)
      const ended = await screen.end()
      assert.ok(statuses.includes(ended), `${ended}`)
      await until(() => box.sharedserver("check", "web").code === 2, () => `web is stopped: ${JSON.stringify(box.info("web"))}`)
    }))
}
