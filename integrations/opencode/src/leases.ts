import { readFileSync } from "node:fs"
import { isMainThread } from "node:worker_threads"
import { run, type Surroundings } from "./command.js"

/** With which program a server was attached to, and how. */
export interface Way extends Surroundings {
  readonly program: string
}

/** One directory's instance of the plugin. */
export interface Holder {
  /** What is attached to, or about to be: true while `up` has not answered. */
  pending: Way | undefined
}

interface Lease {
  readonly id: string
  readonly way: Way
  readonly holders: Set<Holder>
}

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
type Caught = keyof typeof NUMBERS
const CAUGHT = Object.keys(NUMBERS) as Caught[]

/** How long a process may outlive the signal that it has sent to itself, in ms. */
const LINGERING = 500

/**
 * What this process holds. One host process serves many directories, each with an instance of the plugin, and counts once
 * for a server: it lets go of it with the last instance that wants it, or with its own end.
 */
export class Leases {
  private readonly leases = new Map<string, Lease>()
  private readonly holders = new Set<Holder>()
  private ignored: ReadonlySet<Caught> = new Set()

  /** Returns the leases of this process, or rather of this thread: a worker has globals of its own. */
  static ofProcess(): Leases {
    const key = Symbol.for("opencode-sharedserver.leases")
    const globals = globalThis as { [key: symbol]: unknown }
    return (globals[key] ??= new Leases()) as Leases
  }

  enter(): Holder {
    if (this.holders.size === 0) this.listen()
    const holder: Holder = { pending: undefined }
    this.holders.add(holder)
    return holder
  }

  /** Notes that a holder has got a server; one that has left meanwhile has not. */
  add(holder: Holder, id: string, way: Way): void {
    if (!this.holders.has(holder)) return
    const key = JSON.stringify([way.env["SHAREDSERVER_LOCKDIR"] ?? "", id])
    const lease = this.leases.get(key) ?? { id, way, holders: new Set() }
    lease.holders.add(holder)
    this.leases.set(key, lease)
  }

  /** Lets go of what no other holder wants. To be called again is nothing. */
  leave(holder: Holder): void {
    if (!this.holders.delete(holder)) return
    const free: Lease[] = []
    for (const [key, lease] of this.leases) {
      if (lease.holders.delete(holder) && lease.holders.size === 0) {
        this.leases.delete(key)
        free.push(lease)
      }
    }
    this.detach(free)
    if (this.holders.size === 0) this.unlisten()
  }

  /** Lets go of everything, since the process ends. */
  private leaveAll(): void {
    const unanswered = [...this.holders].map((holder) => holder.pending).filter((way) => way !== undefined)
    for (const way of unanswered) run(way.program, ["down", "--all", "--json", "--pid", `${process.pid}`], way)
    for (const holder of [...this.holders]) this.leave(holder)
  }

  /** In one call for each way: what was attached to last, and may depend on the others, goes first. */
  private detach(free: Lease[]): void {
    const ways = new Map<string, Lease[]>()
    for (const lease of free) {
      const key = JSON.stringify([lease.way.program, lease.way.env["SHAREDSERVER_LOCKDIR"] ?? ""])
      ways.set(key, [lease, ...(ways.get(key) ?? [])])
    }
    for (const leases of ways.values()) {
      const way = leases[0]?.way
      if (way) run(way.program, ["down", ...leases.map((one) => one.id), "--json", "--pid", `${process.pid}`], way)
    }
  }

  private listen(): void {
    process.on("exit", this.onExit)
    if (!isMainThread) return // where signals do not come
    this.ignored = ignoredSignals()
    for (const signal of CAUGHT) {
      // to listen for what a caller has us ignore (nohup) would end that
      if (!this.ignored.has(signal)) process.on(signal, this.onSignal)
    }
  }

  private unlisten(): void {
    process.removeListener("exit", this.onExit)
    for (const signal of CAUGHT) process.removeListener(signal, this.onSignal)
  }

  private readonly onExit = (): void => this.leaveAll()

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    this.leaveAll() // which ends our listening
    // the host's own handlers, and those of other plugins, have got it, too, and decide
    if (process.listenerCount(signal) > 0) return
    process.kill(process.pid, signal)
    setTimeout(() => process.exit(128 + NUMBERS[signal as Caught]), LINGERING)
  }
}

/** Returns the signals that this process was started to ignore, as far as the kernel tells. */
function ignoredSignals(): ReadonlySet<Caught> {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"
    const bits = BigInt(`0x${mask}`)
    return new Set(CAUGHT.filter((signal) => ((bits >> BigInt(NUMBERS[signal] - 1)) & 1n) === 1n))
  } catch {
    return new Set()
  }
}
