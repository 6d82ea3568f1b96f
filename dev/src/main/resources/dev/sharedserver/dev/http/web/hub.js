// The hub, as this page knows it: requests with the token, and the stream of events.

const KEY = "token"
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 4000
/** The hub says something every 15 s at least. */
const SILENCE = 40_000

/** Takes the token out of an address, or out of what a person typed. */
export function tokenOf(text) {
  const hash = text.includes("#") ? text.slice(text.indexOf("#") + 1) : ""
  return new URLSearchParams(hash).get("token") ?? (/^[\w.~+/=-]+$/.test(text.trim()) ? text.trim() : null)
}

/** Takes the token from the address bar, where it does not stay. */
export function takeToken() {
  const given = location.hash.includes("token=") ? tokenOf(location.hash) : null
  if (given) {
    keepToken(given)
    history.replaceState(null, "", location.pathname)
  }
  return sessionStorage.getItem(KEY)
}

export function keepToken(token) {
  sessionStorage.setItem(KEY, token)
}

export function dropToken() {
  sessionStorage.removeItem(KEY)
}

/** What the hub refused: a problem in the sense of RFC 9457. */
export class Problem extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The hub answered ${status}.`)
    this.status = status
    this.suggestions = Array.isArray(problem.suggestions) ? problem.suggestions.map(String) : []
  }

  /** All that there is to say. */
  get words() {
    return [this.message, ...this.suggestions].join(" ")
  }
}

const runOf = (id) => id.slice(0, id.lastIndexOf("-"))
const numberOf = (id) => Number(id.slice(id.lastIndexOf("-") + 1))

/** Tells whether an event is part of a snapshot already. */
export const isIn = (id, snapshot) => id !== "" && runOf(id) === runOf(snapshot) && numberOf(id) <= numberOf(snapshot)

export class Hub {
  #token
  #listener
  #last = ""
  #stop = new AbortController()
  #wake = () => {}

  /**
   * The listener has `connection(state, seconds)`, `snapshot(snapshot, restarted)`, `event(id, name, payload)` and `denied()`.
   */
  constructor(token, listener) {
    this.#token = token
    this.#listener = listener
  }

  async request(method, path, body) {
    let answer
    try {
      answer = await fetch(path, {
        method,
        headers: { Authorization: `Bearer ${this.#token}` },
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: "no-store",
      })
    } catch {
      throw new Problem(0, { detail: "The hub does not answer." })
    }
    if (answer.status === 401) {
      this.#listener.denied()
    }
    const json = await answer.json().catch(() => ({}))
    if (!answer.ok) {
      throw new Problem(answer.status, json ?? {})
    }
    return json
  }

  /** Follows the events until it is closed, through every loss of the connection. */
  async follow() {
    let pause = FIRST_PAUSE
    let seen = ""
    while (!this.#stop.signal.aborted) {
      const attempt = new AbortController()
      const abort = () => attempt.abort()
      this.#stop.signal.addEventListener("abort", abort)
      let silence = 0
      const heard = () => {
        clearTimeout(silence)
        silence = setTimeout(abort, SILENCE)
      }
      try {
        heard()
        const answer = await fetch("/api/dev/events?payload=object", {
          headers: { Authorization: `Bearer ${this.#token}`, ...(this.#last && { "Last-Event-ID": this.#last }) },
          cache: "no-store",
          signal: attempt.signal,
        })
        if (answer.status === 401) {
          this.#listener.denied()
          return
        }
        if (!answer.ok) {
          throw new Error(`status ${answer.status}`)
        }
        let waiting = null
        if (answer.headers.get("Event-Continuity") === "continued") {
          this.#listener.connection("live")
        } else {
          // events are kept back until what they are news to is here
          waiting = []
          this.#last = ""
          this.request("GET", "/api/dev/snapshot?lines=5000").then((snapshot) => {
            if (attempt.signal.aborted) return
            const run = runOf(snapshot.event)
            this.#listener.snapshot(snapshot, seen !== "" && seen !== run)
            seen = run
            this.#last = snapshot.event
            const kept = waiting
            waiting = null
            kept.forEach(([id, name, data]) => this.#deliver(id, name, data))
            this.#listener.connection("live")
          }, abort)
        }
        for await (const [id, name, data] of events(answer.body, heard)) {
          pause = FIRST_PAUSE
          if (waiting) {
            waiting.push([id, name, data])
          } else {
            this.#deliver(id, name, data)
          }
        }
      } catch {
        // told below, and tried again
      }
      attempt.abort()
      clearTimeout(silence)
      this.#stop.signal.removeEventListener("abort", abort)
      if (!this.#stop.signal.aborted) {
        this.#listener.connection("lost")
        await new Promise((resolve) => {
          this.#wake = resolve
          setTimeout(resolve, pause)
        })
        pause = Math.min(pause * 2, LONGEST_PAUSE)
      }
    }
  }

  #deliver(id, name, data) {
    // one without an id is told to those who cannot ask for a snapshot
    if (id) {
      this.#listener.event(id, name, JSON.parse(data))
      if (!isIn(id, this.#last)) {
        this.#last = id
      }
    }
  }

  /** Does not wait for the next attempt. */
  now() {
    this.#wake()
  }

  close() {
    this.#stop.abort()
    this.#wake()
  }
}

/** Reads server-sent events (HTML standard) of the form that the hub writes: one line of data each. */
async function* events(body, heard) {
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
        if (data !== null) yield [id, name, data]
        id = ""
        name = ""
        data = null
      } else if (line.startsWith("data: ")) {
        data = line.slice(6)
      } else if (line.startsWith("id: ")) {
        id = line.slice(4)
      } else if (line.startsWith("event: ")) {
        name = line.slice(7)
      }
    }
  }
}
