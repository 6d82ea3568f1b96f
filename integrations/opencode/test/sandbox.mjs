import { execFileSync, spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync, copyFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export const PLUGIN = dirname(dirname(fileURLToPath(import.meta.url)))
export const PRODUCT = process.env.SHAREDSERVER_HOME
export const HOST = process.env.OPENCODE_HOST
const BINARY = join(PRODUCT, "bin/sharedserver")
const PROGRAM = HOST && join(HOST, "node_modules/opencode-linux-x64-baseline/bin/opencode")
const PATIENCE = 150_000

/** Waits for a condition of other processes; returns what it found. */
export async function until(condition, what, patience = PATIENCE) {
  const end = Date.now() + patience
  for (;;) {
    const found = await condition()
    if (found) return found
    if (Date.now() > end) throw new Error(`not within ${patience / 1000} s: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** A home with the plugin installed, two projects, a state directory, and the processes that a test starts. */
export class Sandbox {
  constructor(options) {
    this.root = mkdtempSync(join(tmpdir(), "ssoc-"))
    this.children = []
    for (const one of ["home/.config/opencode", "one", "two", "state"]) mkdirSync(join(this.root, one), { recursive: true })
    const config = join(this.root, "home/.config/opencode")
    writeFileSync(join(config, "opencode.json"), JSON.stringify({ plugin: [[`file://${PLUGIN}`, options]] }))
    if (HOST) {
      // as the host would install it itself, had it a network
      for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(HOST, file), join(config, file))
      symlinkSync(join(HOST, "node_modules"), join(config, "node_modules"))
    }
    this.env = {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: join(this.root, "home"),
      TERM: "xterm-256color",
      LANG: "C.UTF-8",
      SHAREDSERVER_BIN: BINARY,
      SHAREDSERVER_LOCKDIR: join(this.root, "state"),
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    }
  }

  path(...parts) {
    return join(this.root, ...parts)
  }

  /** Runs the product. */
  sharedserver(...args) {
    const done = spawnSync(BINARY, args, { env: this.env, cwd: this.root, encoding: "utf8", timeout: 60_000 })
    return { code: done.status, out: done.stdout, err: done.stderr }
  }

  info(name) {
    return JSON.parse(this.sharedserver("info", name, "--json").out)
  }

  /** The pids that hold a server. */
  holders(name) {
    return (this.info(name).clients ?? []).map((client) => client.pid)
  }

  /** What happened to a server, in words: the types of its events. */
  events(name) {
    return this.sharedserver("events", name, "--json").out.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line))
  }

  /** Starts OpenCode; `ignored` is a signal that it is to ignore, as below nohup. */
  opencode(args, { ignored = "", ...options } = {}) {
    return this.start("/bin/sh", ["-c", `${ignored ? `trap '' ${ignored}; ` : ""}exec "$0" "$@"`, PROGRAM, ...args], options)
  }

  start(program, args, { cwd = this.path("one"), env = {} } = {}) {
    const child = spawn(program, args, { cwd, env: { ...this.env, ...env }, stdio: ["pipe", "pipe", "pipe"] })
    this.children.push(child)
    child.text = ""
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (child.text += text))
    child.ended = new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })))
    return child
  }

  /** OpenCode's screen, in a terminal. */
  screen() {
    const child = spawn("expect", [join(PLUGIN, "test/screen.exp"), PROGRAM], { cwd: this.path("one"), env: this.env, stdio: ["pipe", "pipe", "inherit"] })
    this.children.push(child)
    return new Screen(child)
  }

  /** The host's log, in which the plugin writes; this version does not show its service. */
  log() {
    const directory = this.path("home/.local/share/opencode/log")
    if (!existsSync(directory)) return ""
    return readdirSync(directory).map((file) => readFileSync(join(directory, file), "utf8")).join("")
  }

  async end() {
    for (const child of this.children) child.kill("SIGKILL")
    for (const server of JSON.parse(this.sharedserver("list", "--json").out)) this.sharedserver("admin", "kill", server.name)
    // guard and agent go by themselves; what a host leaves behind has our root in its environment
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "latin1")
        if (environment.includes(this.root) && Number(pid) !== process.pid) process.kill(Number(pid), "SIGKILL")
      } catch {
        // gone, or not ours
      }
    }
    rmSync(this.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

class Screen {
  constructor(child) {
    this.lines = []
    this.waiting = []
    createInterface({ input: child.stdout }).on("line", (line) => {
      const next = this.waiting.shift()
      if (next) next(line)
      else this.lines.push(line)
    })
    this.child = child
  }

  /** The next line that screen.exp says. */
  line() {
    const there = this.lines.shift()
    return there === undefined ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve(there)
  }

  async order(text) {
    this.child.stdin.write(`${text}\n`)
    const answer = await this.line()
    if (answer !== "done") throw new Error(`${text}: ${answer}`)
  }

  /** The pid of the host. */
  async pid() {
    return Number((await this.line()).replace("pid ", ""))
  }

  /** How the host ended: its exit code, or the name of the signal. */
  async end() {
    const line = await this.line()
    return line.startsWith("ended ") ? line.slice(6) : Promise.reject(new Error(line))
  }
}
