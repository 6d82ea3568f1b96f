// The hub, as this page knows it: requests with the token, and what happens there.

import { Stream, continues, events } from "./stream.js"

const KEY = "token"
const CATCH_UP = 10_000
const RETRY = 1000

/** Takes the token from the address bar, where it does not stay. It is asked for nowhere else: nobody is to get used to typing it into a page. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token")
  if (given) {
    sessionStorage.setItem(KEY, given)
    history.replaceState(null, "", location.pathname)
  }
  return sessionStorage.getItem(KEY)
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
  #stream
  /** The event up to which the listener knows all, "" if it knows nothing. */
  #last = ""
  #run = ""
  #messages = []
  #taking = false
  #closed = false

  /**
   * The listener has `connection(state)`, `snapshot(snapshot, restarted)`, `event(id, name, payload)` and `denied()`.
   */
  constructor(token, listener) {
    this.#token = token
    this.#listener = listener
    this.#stream = new Stream(token, {
      last: () => this.#last,
      take: (message) => this.#take(message),
      denied: () => listener.denied(),
    })
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

  /** Follows the events until it is closed. */
  follow() {
    return this.#stream.run()
  }

  /** Takes what the stream tells, one after the other, whatever has to be asked for between. */
  async #take(message) {
    this.#messages.push(message)
    if (this.#taking) return
    this.#taking = true
    try {
      for (let next = this.#messages.shift(); next && !this.#closed; next = this.#messages.shift()) await this.#follows(next)
    } finally {
      this.#taking = false
    }
  }

  async #follows(message) {
    if (message.kind === "lost") {
      this.#listener.connection("lost")
    } else if (message.kind === "anew") {
      await this.#anew()
    } else if (message.kind === "live") {
      if (!this.#last || (message.at && runOf(message.at) !== this.#run)) await this.#anew()
      else if (message.at && !isIn(message.at, this.#last)) await this.#catchUp(message.at)
      if (this.#last) this.#listener.connection("live")
    } else if (this.#last) {
      if (runOf(message.id) !== this.#run) await this.#anew()
      // numbers have no gaps
      else if (numberOf(message.id) > numberOf(this.#last) + 1) await this.#catchUp(message.id)
      this.#deliver(message)
    }
  }

  #deliver({ id, name, data }) {
    if (this.#last && id && !isIn(id, this.#last)) {
      this.#last = id
      this.#listener.event(id, name, JSON.parse(data))
    }
  }

  /** Takes all there is at this moment; what happens next is news to that. */
  async #anew() {
    this.#last = ""
    try {
      const snapshot = await this.request("GET", "/api/dev/snapshot?lines=5000")
      if (this.#closed) return
      const restarted = this.#run !== "" && this.#run !== runOf(snapshot.event)
      this.#run = runOf(snapshot.event)
      this.#last = snapshot.event
      this.#listener.snapshot(snapshot, restarted)
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem
      setTimeout(() => this.#closed || this.#last || this.#take({ kind: "live", at: "" }), RETRY)
    }
  }

  /** Asks for the events up to one, which the page that reads the stream has told when this one did not listen. */
  async #catchUp(id) {
    const stop = new AbortController()
    const patience = setTimeout(() => stop.abort(), CATCH_UP)
    try {
      const answer = await this.#stream.open(this.#last, stop.signal)
      if (answer.ok && continues(answer)) {
        for await (const event of events(answer.body)) {
          this.#deliver(event)
          if (isIn(id, this.#last)) break
        }
      }
    } catch {
      // all of it anew, then
    } finally {
      clearTimeout(patience)
      stop.abort()
    }
    if (!isIn(id, this.#last)) await this.#anew()
  }

  /** Does not wait for the next attempt. */
  now() {
    this.#stream.now()
  }

  close() {
    this.#closed = true
    this.#stream.close()
  }
}
