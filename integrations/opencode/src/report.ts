/** The part of the host's client that we speak to. */
export interface Host {
  app: { log(entry: { body: LogEntry }): Promise<unknown> }
  tui: { showToast(toast: { body: Toast }): Promise<unknown> }
}

interface LogEntry {
  service: string
  level: "debug" | "info" | "warn" | "error"
  message: string
  extra?: Record<string, unknown>
}

interface Toast {
  title: string
  message: string
  variant: "info" | "success" | "error"
}

/** When a screen that starts meanwhile can show a toast, in ms; what is shown before it is drawn is lost. */
const TOAST_AFTER = 1500
const TOAST_AT_MOST_AFTER = 20_000

/** A process that took long to come this far, on a busy machine, takes long to draw its screen, too. */
function screenIsThereIn(): number {
  return Math.min(Math.max(TOAST_AFTER, process.uptime() * 1000), TOAST_AT_MOST_AFTER)
}

/** Tells the log, and people where there is a screen. Nothing of it waits, throws or keeps the process alive. */
export class Report {
  private readonly timers = new Set<NodeJS.Timeout>()

  constructor(
    private readonly host: Host,
    private readonly toasts: boolean,
    private readonly delay: () => number = screenIsThereIn,
  ) {}

  info(message: string, extra?: Record<string, unknown>): void {
    this.log("info", message, extra)
  }

  warn(message: string): void {
    this.log("warn", message)
  }

  /** Something that the user has to know. */
  failure(message: string): void {
    this.log("error", message)
    this.toast("error", message)
  }

  toast(variant: Toast["variant"], message: string): void {
    if (!this.toasts) return
    this.after(this.delay(), () => this.host.tui.showToast({ body: { title: "sharedserver", message, variant } }))
  }

  /** Does something later, unless the end comes first. */
  after(delay: number, action: () => Promise<unknown> | void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      quietly(action)
    }, delay)
    timer.unref?.()
    this.timers.add(timer)
  }

  end(): void {
    for (const timer of this.timers) clearTimeout(timer)
    this.timers.clear()
  }

  private log(level: LogEntry["level"], message: string, extra?: Record<string, unknown>): void {
    quietly(() => this.host.app.log({ body: { service: "sharedserver", level, message, ...(extra ? { extra } : {}) } }))
  }
}

/** A host that cannot be told something goes on without it. */
function quietly(action: () => Promise<unknown> | void): void {
  try {
    Promise.resolve(action()).catch(() => {})
  } catch {
    // as above
  }
}
