import { candidates, PLUGIN } from "./binary.js"
import { run, type Running, start } from "./command.js"
import { type Holder, Leases, type Way } from "./leases.js"
import type { Options } from "./options.js"
import type { Report } from "./report.js"

/** A server that this process is attached to. */
export interface Attached {
  readonly name: string
  readonly id: string
  readonly pid: number
  readonly action: "started" | "attached" | "rescued"
  readonly log: string | undefined
}

/** One server of `up --json`. */
interface Told {
  readonly action: string
  readonly name: string
  readonly id: string
  readonly pid: number | null
  /** Why it failed. */
  readonly error: string | null
  /** Why it was skipped. */
  readonly reason?: string
  readonly log_file?: string
}

/** How long a directory's end waits for an `up` that has not answered, in ms. */
const PATIENCE = 1500

/** One directory's servers, from the plugin's start to its end. */
export class Attachment {
  private readonly leases = Leases.ofProcess()
  private readonly holder: Holder = this.leases.enter()
  private readonly attached: Attached[] = []
  private running: Running | undefined
  private done = false

  constructor(
    private readonly options: Options,
    private readonly directory: string,
    private readonly report: Report,
    private readonly env: NodeJS.ProcessEnv = process.env,
    private readonly plugin: string = PLUGIN,
  ) {}

  /** Attaches to all servers; what failed is reported. Returns those that it got, and the way there. */
  async up(): Promise<{ attached: readonly Attached[]; way: Way | undefined }> {
    const env = { ...this.env }
    if (this.options.lockdir) env["SHAREDSERVER_LOCKDIR"] = this.options.lockdir
    const { programs, problems } = candidates(this.options.binary, env, this.plugin)
    for (const problem of problems) this.report.warn(problem)
    for (const program of programs) {
      const way: Way = { program, cwd: this.directory, env }
      if (await this.upBy(way)) return { attached: this.attached, way }
      if (this.done) break
      const version = run(program, ["--version"], way).out.trim().split("\n")[0]
      this.report.warn(`${program} is too old${version ? ` (${version})` : ""}: it has no 'up' that this plugin can use`)
    }
    if (!this.done) {
      this.report.failure(
        "the program sharedserver was not found: install it, or name it by the option 'binary' or by SHAREDSERVER_BIN",
      )
    }
    return { attached: this.attached, way: undefined }
  }

  /** False if that program cannot do it. */
  private async upBy(way: Way): Promise<boolean> {
    const args = ["up", "--json", "--pid", `${process.pid}`]
    const { servers, config } = this.options
    if (servers) {
      const input = JSON.stringify({ servers })
      if (!(await this.call(way, [...args, "--servers-json", "-"], input, false))) return false
    }
    if (config) return this.call(way, [...args, "--config", config], "", false)
    return servers ? true : this.call(way, args, "", true)
  }

  /** One call; `optional` if there need not be a config. */
  private async call(way: Way, args: string[], input: string, optional: boolean): Promise<boolean> {
    if (this.done) return true
    let servers = 0
    let failures = 0
    const running = start(way.program, args, way, input, (line) => {
      const told = parse(line)
      if (!told) return
      servers++
      if (told.action === "failed") {
        failures++
        this.report.failure(told.error ?? `server ${told.name} failed`)
      } else {
        this.note(told, way)
      }
    })
    this.running = running
    this.holder.pending = way
    const { code, err } = await running.finished
    this.holder.pending = undefined
    this.running = undefined
    if (this.done) return true
    if (servers === 0 && (code === 64 || code === 2 || code === -1)) return false
    const noConfig = optional && servers === 0 && err.includes("there is no config file")
    if (noConfig) this.report.info("no servers: neither options nor a config file name any")
    else if (code !== 0 && failures === 0) this.report.failure(err.trim() || `${way.program} up ended with ${code}`)
    else if (err.trim()) this.report.warn(err.trim())
    return true
  }

  private note(told: Told, way: Way): void {
    const { action, name, id, pid } = told
    const holds = action === "started" || action === "attached" || action === "rescued"
    if (holds && pid !== null) {
      this.leases.add(this.holder, id, way)
      this.attached.push({ name, id, pid, action, log: told.log_file })
      this.report.info(`${action} ${name}`, { id, pid })
    } else {
      this.report.info(`${action} ${name}: ${told.reason ?? ""}`)
    }
  }

  /** Looks whether the servers still run some time after they were attached to. */
  async look(way: Way): Promise<void> {
    const { code, out } = await start(way.program, ["list", "--json"], way).finished
    if (this.done || code !== 0) return
    const all = servers(out)
    for (const one of this.attached) {
      const now = all.find((server) => server.name === one.id)
      if (now?.state === "active" && now.pid === one.pid) {
        this.report.info("health check passed", { server: one.name, pid: one.pid })
      } else if (now?.state === "active" && now.pid) {
        this.report.info(`server ${one.name} was started again`, { before: one.pid, pid: now.pid })
      } else {
        const where = one.log ? `; its log is ${one.log}` : ""
        this.report.failure(`server PID ${one.pid} (${one.name}) died shortly after start${where}`)
      }
    }
  }

  /** Lets go of everything; once. */
  async end(): Promise<void> {
    if (this.done) return
    this.done = true
    const running = this.running
    if (running) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE)))
      await Promise.race([running.finished, late])
      clearTimeout(timer)
      running.kill()
    }
    this.leases.leave(this.holder)
  }
}

/** Reads the document that `up` writes as it grows: each server is a line of it, with a comma before all but the first. */
function parse(line: string): Told | undefined {
  try {
    const told: Partial<Told> | null = JSON.parse(line.replace(/^,/, ""))
    return typeof told?.action === "string" ? (told as Told) : undefined
  } catch {
    return undefined
  }
}

function servers(out: string): { name?: string; state?: string; pid?: number | null }[] {
  try {
    const all: unknown = JSON.parse(out)
    return Array.isArray(all) ? all : []
  } catch {
    return []
  }
}
