// What the tests share: a product with a state directory of its own, and editors that run and are asked from outside.
import { spawn, spawnSync } from "node:child_process"
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const HERE = dirname(fileURLToPath(import.meta.url))
const BIN = join(process.env.SHAREDSERVER_HOME, "bin")
const PATIENCE = 60_000

/** What docs/lsp.md tells users of Emacs, a block of code each. */
export const DOCS = readFileSync(join(HERE, "../../docs/lsp.md"), "utf8")
  .split(/^### /m)
  .find((section) => section.startsWith("Emacs"))
  .split("```elisp\n")
  .slice(1)
  .map((rest) => rest.split("```")[0])

export async function until(condition, what) {
  const end = Date.now() + PATIENCE
  for (;;) {
    const found = await condition()
    if (found) return found
    if (Date.now() > end) throw new Error(`not within ${PATIENCE / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const alive = (pid) => existsSync(`/proc/${pid}`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))

/** An editor that runs by itself. */
class Running {
  constructor(world, command, args) {
    this.world = world
    this.log = join(world.root, `editor-${world.editors.length}`)
    const out = openSync(this.log, "w")
    this.process = spawn(command, args, { env: world.env, cwd: world.work, stdio: ["ignore", out, out] })
    closeSync(out)
    this.ended = new Promise((resolve) => this.process.on("close", (code, signal) => resolve({ code, signal })))
    world.editors.push(this)
  }

  get pid() {
    return this.process.pid
  }

  /** Ends it as a power cut would; it has no time to say goodbye. */
  async kill() {
    this.process.kill("SIGKILL")
    await this.ended
  }

  /** Runs a program that asks this editor; null if that failed. */
  ask(command, args) {
    const done = spawnSync(command, args, { env: this.world.env, cwd: this.world.work, encoding: "utf8", timeout: PATIENCE })
    this.said = `${done.stdout}${done.stderr}`
    return done.status === 0 ? done.stdout : null
  }
}

/** An Emacs without a window, whose init file has what the docs say; asked by emacsclient. */
class Emacs extends Running {
  constructor(world, init) {
    const number = world.editors.length
    const home = join(world.root, `home-${number}`)
    mkdirSync(join(home, ".emacs.d"), { recursive: true })
    // no compiler in the background that has nothing to do with all this
    writeFileSync(join(home, ".emacs.d/early-init.el"), "(setq native-comp-deferred-compilation nil)\n")
    writeFileSync(join(home, ".emacs.d/init.el"), init)
    const socket = join(world.root, `emacs-${number}`)
    super({ ...world, env: { ...world.env, HOME: home }, editors: world.editors }, "emacs", [`--fg-daemon=${socket}`])
    this.socket = socket
  }

  async ready() {
    await until(() => {
      if (!alive(this.pid)) throw new Error(`Emacs has ended: ${readFileSync(this.log, "utf8")}`)
      return existsSync(this.socket) && this.ask("emacsclient", ["-s", this.socket, "-e", "(featurep 'server)"])
    }, "Emacs answers")
    this.client("-e", `(load "${join(HERE, "driver.el")}" nil t)`)
    return this
  }

  client(...args) {
    const said = this.ask("emacsclient", ["-s", this.socket, ...args])
    if (said === null) throw new Error(`emacsclient ${args}: ${this.said}`)
    return said
  }

  /** Visits a file as `emacsclient FILE` does, and waits until it has a language server; returns the pid of that, as Emacs knows it. */
  async open(file) {
    this.client("-n", file)
    return this.managed(file)
  }

  managed(file, other = "") {
    return until(() => {
      const pid = this.run(file, "(driver-managed)")
      return pid !== other && Number(pid)
    }, `Emacs has a language server for ${file}`)
  }

  run(file, form) {
    const answer = this.client("-e", `(driver-run ${JSON.stringify(file)} '${form})`)
    const { value, problem } = JSON.parse(Buffer.from(answer.trim().slice(1, -1), "base64").toString())
    if (problem !== undefined) throw new Error(`${form}: ${problem}`)
    return value
  }

  hover(file, text) {
    return this.run(file, `(driver-hover ${JSON.stringify(text)})`)
  }

  mistakes(file) {
    return this.run(file, "(driver-mistakes)")
  }

  replace(file, old, fresh) {
    this.run(file, `(driver-replace ${JSON.stringify(old)} ${JSON.stringify(fresh)})`)
  }

  text(file) {
    return this.run(file, "(buffer-substring-no-properties (point-min) (point-max))")
  }
}

/** A Neovim without a window, set up as the docs say. */
class Neovim extends Running {
  constructor(world, file, lua) {
    const socket = join(world.root, `nvim-${world.editors.length}`)
    const start = join(world.root, "start.lua")
    writeFileSync(start, lua)
    super(world, "nvim", ["--headless", "-u", "NONE", "-i", "NONE", "-n", "--listen", socket, file, "-c", `luafile ${start}`])
    this.socket = socket
  }

  /** Returns what an expression of Lua gives; null while it cannot be asked. */
  lua(expression) {
    const done = this.ask("nvim", ["--server", this.socket, "--remote-expr", `luaeval('vim.json.encode(${expression})')`])
    // Neovim 0.7 writes it to standard error
    return done !== null && this.said.trim() ? JSON.parse(this.said) : null
  }
}

export class World {
  constructor() {
    this.root = mkdtempSync(join(tmpdir(), "ssemacs-"))
    // letters that editors write into URIs each in its own way
    this.work = join(this.root, "c++ é (1)")
    for (const one of [this.work, join(this.root, "state"), join(this.root, "home")]) mkdirSync(one)
    this.env = {
      PATH: `${BIN}:/usr/local/bin:/usr/bin:/bin`,
      HOME: join(this.root, "home"),
      TMPDIR: this.root,
      LANG: "C.UTF-8",
      SHAREDSERVER_LOCKDIR: join(this.root, "state"),
    }
    this.editors = []
  }

  file(name, text) {
    const path = join(this.work, name)
    writeFileSync(path, text)
    return path
  }

  emacs(init = DOCS[0]) {
    return new Emacs(this, init).ready()
  }

  neovim(file, lua) {
    return new Neovim(this, file, lua)
  }

  sharedserver(...args) {
    const done = spawnSync(join(BIN, "sharedserver"), args, { env: this.env, cwd: this.work, encoding: "utf8", timeout: PATIENCE })
    return { code: done.status, out: done.stdout, err: done.stderr }
  }

  /** The language servers that the product has here. */
  servers() {
    return JSON.parse(this.sharedserver("lsp", "status", "--json").out)
  }

  only() {
    const all = this.servers()
    if (all.length !== 1) throw new Error(`one server is expected: ${JSON.stringify(all)}`)
    return all[0]
  }

  clients() {
    return this.only().clients.map((client) => client.pid)
  }

  async close() {
    for (const editor of this.editors) await editor.kill()
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

export { alive }
