// The stream of events. A browser keeps six connections to a host over HTTP/1.1, and a stream is one for good: so of all pages
// of a browser that have the same token one reads it, and tells the others. Who that is decides a lock, which the browser gives to
// the next page when one is closed, crashes or is put to sleep. Where there are no such locks each page reads for itself.

const FIRST_PAUSE = 250
const LONGEST_PAUSE = 4000
/** The hub says something every 15 s at least. */
const SILENCE = 40_000
/** So long a page may hear nothing of the one that reads, before it reads itself. */
const PATIENCE = 45_000
/** What another page has waited with for so long is not worth being looked at: it is asked for anew. */
const LATE = 10_000

/** A name that only those know who have the token: pages without it hear nothing. Null if nothing can be shared. */
async function nameFor(token) {
  if (!navigator.locks || !globalThis.BroadcastChannel || !globalThis.crypto?.subtle) return null
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`events ${token}`))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/**
 * What it tells are messages: `{kind: "live", at}` while it is read (`at`: the event up to which all was told, or ""), `{kind: "anew"}`
 * where events may be missing, `{kind: "lost"}` at each attempt that failed, and `{kind: "event", id, name, data}`.
 */
export class Stream {
  #token
  #page
  #channel = null
  #closed = new AbortController()
  /** What all pages have been told, null while nothing is read here. */
  #at = null
  #wake = () => {}
  #heardOfReader = () => {}
  #nudge = 0

  /** The page has `last()`, the id of the event that it saw last, `take(message)` and `denied()`. */
  constructor(token, page) {
    this.#token = token
    this.#page = page
  }

  /** Tells what happens until it is closed. */
  async run() {
    const name = await nameFor(this.#token)
    if (name && (await this.#share(name))) return
    this.#channel = null
    await this.#read(this.#closed.signal)
  }

  /** Reads while this page has the lock, else listens to the one that has it. False: there are no locks after all. */
  async #share(name) {
    const channel = new BroadcastChannel(name)
    this.#channel = channel
    channel.onmessage = ({ data }) => this.#hear(data)
    channel.postMessage({ kind: "hello" })
    let steal = false
    while (!this.#closed.signal.aborted) {
      const turn = new AbortController()
      const end = () => turn.abort()
      this.#closed.signal.addEventListener("abort", end)
      let quiet = 0
      this.#heardOfReader = () => {
        clearTimeout(quiet)
        // not all of them at the same moment
        quiet = setTimeout(() => {
          steal = true
          end()
        }, PATIENCE * (1 + Math.random() / 4))
      }
      this.#heardOfReader()
      try {
        await navigator.locks.request(name, steal ? { steal } : { signal: turn.signal }, () => {
          steal = false
          clearTimeout(quiet)
          this.#heardOfReader = () => {}
          return this.#read(turn.signal)
        })
      } catch (refused) {
        if (refused.name !== "AbortError") {
          channel.close()
          return false
        }
      } finally {
        // one that lost the lock to another page reads on else
        turn.abort()
        clearTimeout(quiet)
        this.#closed.signal.removeEventListener("abort", end)
      }
    }
    channel.close()
    return true
  }

  #hear(message) {
    if (message.kind === "hello") {
      if (this.#at !== null) this.#channel.postMessage({ kind: "live", at: this.#at })
    } else if (message.kind === "now") {
      this.#wake()
    } else {
      this.#heardOfReader()
      clearTimeout(this.#nudge)
      if (message.kind === "lost") {
        // a page that nobody sees is let sleep longer than one that somebody looks at wants to wait
        this.#nudge = setTimeout(() => document.hidden || this.now(), LONGEST_PAUSE)
      }
      if (message.kind !== "event" || Date.now() - message.sent < LATE) this.#page.take(message)
    }
  }

  #tell(message) {
    this.#channel?.postMessage(message.kind === "event" ? { ...message, sent: Date.now() } : message)
    this.#page.take(message)
  }

  /** Asks for what comes after an event. */
  open(last, signal) {
    return fetch("/api/dev/events?payload=object", {
      headers: { Authorization: `Bearer ${this.#token}`, ...(last && { "Last-Event-ID": last }) },
      cache: "no-store",
      signal,
    })
  }

  /** Reads until the signal, through every loss of the connection. */
  async #read(signal) {
    let pause = FIRST_PAUSE
    while (!signal.aborted) {
      const attempt = new AbortController()
      const abort = () => attempt.abort()
      signal.addEventListener("abort", abort)
      let silence = 0
      const heard = () => {
        clearTimeout(silence)
        silence = setTimeout(abort, SILENCE)
      }
      try {
        heard()
        const last = this.#page.last()
        const answer = await this.open(last, attempt.signal)
        if (answer.status === 401) {
          this.#page.denied()
          return
        }
        if (!answer.ok) {
          throw new Error(`status ${answer.status}`)
        }
        const goesOn = continues(answer)
        this.#at = goesOn ? last : ""
        this.#tell(goesOn ? { kind: "live", at: last } : { kind: "anew" })
        for await (const { id, name, data } of events(answer.body, heard)) {
          pause = FIRST_PAUSE
          if (data === null) {
            this.#tell({ kind: "live", at: this.#at })
          } else if (id) {
            // one without an id is told to those who cannot ask for a snapshot
            this.#at = id
            this.#tell({ kind: "event", id, name, data })
          }
        }
      } catch {
        // told below, and tried again
      }
      this.#at = null
      attempt.abort()
      clearTimeout(silence)
      signal.removeEventListener("abort", abort)
      if (!signal.aborted) {
        this.#tell({ kind: "lost" })
        await new Promise((resolve) => {
          this.#wake = resolve
          signal.addEventListener("abort", resolve, { once: true })
          setTimeout(resolve, pause)
        })
        pause = Math.min(pause * 2, LONGEST_PAUSE)
      }
    }
  }

  /** Does not wait for the next attempt. */
  now() {
    this.#wake()
    this.#channel?.postMessage({ kind: "now" })
  }

  close() {
    clearTimeout(this.#nudge)
    this.#closed.abort()
  }
}

/** Tells whether an answer goes on after the event that was named. */
export const continues = (answer) => answer.headers.get("Event-Continuity") === "continued"

/** Reads server-sent events (HTML standard) of the form that the hub writes: one line of data each; null for what is only a sign of life. */
export async function* events(body, heard = () => {}) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  let [id, name] = ["", ""]
  let data = null
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    heard()
    const lines = (rest + value).split("\n")
    rest = lines.pop()
    for (const line of lines) {
      if (line === "") {
        if (data !== null) yield { id, name, data }
        id = ""
        name = ""
        data = null
      } else if (line.startsWith("data: ")) {
        data = line.slice(6)
      } else if (line.startsWith("id: ")) {
        id = line.slice(4)
      } else if (line.startsWith("event: ")) {
        name = line.slice(7)
      } else if (line.startsWith(":")) {
        yield { id: "", name: "", data: null }
      }
    }
  }
}
