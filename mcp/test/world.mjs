// What the tests share: a product with a state directory of its own, clients, and a look at the servers from outside.
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

export const BINARY = join(process.env.SHAREDSERVER_HOME, "bin/sharedserver")
const PATIENCE = 60_000

const sdk = createRequire(join(process.env.MCP_CLIENT, "package.json"))
const load = (part) => import(pathToFileURL(sdk.resolve(`@modelcontextprotocol/sdk/${part}`)))
const { Client } = await load("client/index.js")
const { StdioClientTransport } = await load("client/stdio.js")

export async function until(condition, what) {
  const end = Date.now() + PATIENCE
  for (;;) {
    const found = await condition()
    if (found) return found
    if (Date.now() > end) throw new Error(`not within ${PATIENCE / 1000} s: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export class World {
  constructor() {
    this.root = mkdtempSync(join(tmpdir(), "ssmcp-"))
    for (const one of ["home", "project", "state"]) mkdirSync(join(this.root, one))
    this.project = join(this.root, "project")
    this.env = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: join(this.root, "home"), LANG: "C.UTF-8", SHAREDSERVER_LOCKDIR: join(this.root, "state") }
    this.open = []
    this.children = []
  }

  /** A session: a client of the npm package, and the pid of its server. */
  async session({ args = [], env = {}, name = "tester", cwd = this.project } = {}) {
    const transport = new StdioClientTransport({ command: BINARY, args: ["mcp", ...args], env: { ...this.env, ...env }, cwd, stderr: "pipe" })
    const errors = []
    transport.stderr.setEncoding("utf8").on("data", (text) => errors.push(text))
    const client = new Client({ name, version: "1.0" })
    client.onerror = (error) => errors.push(String(error))
    await client.connect(transport)
    this.open.push(client)
    // the client checks what a tool answers against the schemas that it has seen
    await client.listTools()
    const call = (tool, given = {}, options) => client.callTool({ name: tool, arguments: given }, undefined, options)
    return { client, call, errors, pid: transport.pid, close: () => client.close() }
  }

  /** The server without a client: lines in, lines out. */
  raw(args = [], env = {}) {
    const child = this.child(BINARY, ["mcp", ...args], { stdio: ["pipe", "pipe", "pipe"], env: { ...this.env, ...env } })
    child.lines = []
    let rest = ""
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const parts = (rest + text).split("\n")
      rest = parts.pop()
      child.lines.push(...parts)
    })
    child.stdin.on("error", () => {})
    child.ended = new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, rest })))
    child.answer = (id) => until(() => child.lines.map((line) => JSON.parse(line)).find((one) => one.id === id), () => child.lines.join("\n"))
    child.ask = (message) => {
      child.stdin.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n")
      return message.id === undefined ? undefined : child.answer(message.id)
    }
    child.initialize = (protocolVersion = "2025-11-25") =>
      child.ask({ id: "init", method: "initialize", params: { protocolVersion, capabilities: {}, clientInfo: { name: "raw", version: "1" } } })
    return child
  }

  child(command, args, options = {}) {
    const child = spawn(command, args, { env: this.env, cwd: this.project, stdio: "ignore", ...options })
    this.children.push(child)
    return child
  }

  sharedserver(...args) {
    const done = spawnSync(BINARY, args, { env: this.env, cwd: this.project, encoding: "utf8", timeout: PATIENCE })
    return { code: done.status, out: done.stdout, err: done.stderr }
  }

  info(name) {
    return JSON.parse(this.sharedserver("info", name, "--json").out)
  }

  holders(name) {
    return (this.info(name).clients ?? []).map((client) => client.pid)
  }

  async close() {
    for (const client of this.open) await client.close()
    for (const child of this.children) child.kill("SIGKILL")
    for (const server of JSON.parse(this.sharedserver("list", "--json").out)) this.sharedserver("admin", "kill", server.name)
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        if (readFileSync(`/proc/${pid}/environ`, "latin1").includes(this.root) && Number(pid) !== process.pid) process.kill(Number(pid), "SIGKILL")
      } catch {
        // gone, or not ours
      }
    }
    rmSync(this.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}
