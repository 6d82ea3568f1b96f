// The log: the newest lines of each project, filtered, put into the page in batches.

import { byId, el, say } from "./dom.js"

/** How many lines of a project are kept, and how many rows the page has at most. */
const MOST = 5000
/** Rows come in blocks: the browser lays out only those that can be seen. */
const BLOCK = 100
const LEVELS = ["error", "warn", "info", "debug"]
/** Of the time between two batches, no more than a fifth is spent on rows. */
const SHARE = 4

const HUB = ""

/** The newest lines of one project, the oldest first. */
class Lines {
  #lines = []

  push(line) {
    this.#lines.push(line)
    // cut now and then, not for each line
    if (this.#lines.length > 2 * MOST) {
      this.#lines.splice(0, this.#lines.length - MOST)
    }
  }

  get all() {
    return this.#lines.length > MOST ? this.#lines.slice(-MOST) : this.#lines
  }
}

export class Log {
  #projects = new Map()
  #sources = new Set()
  #next = 0
  #shownFrom = 0
  #project = "*"
  #source = "*"
  #levels = new Set(LEVELS)
  #search = ""
  #following = true
  #pending = []
  #pendingShown = 0
  #rows = 0
  #scheduled = false
  #cost = 0
  #lastTop = 0
  #chosen

  /** `chosen` is called with the project whose lines are asked for, "*" for all. */
  constructor(chosen) {
    this.#chosen = chosen
    this.view = byId("lines")
    byId("log-project").addEventListener("change", (event) => this.#chosen(event.target.value))
    byId("log-source").addEventListener("change", (event) => {
      this.#source = event.target.value
      this.#rebuild()
    })
    byId("log-search").addEventListener("input", (event) => {
      this.#search = event.target.value.trim().toLowerCase()
      clearTimeout(this.typing)
      this.typing = setTimeout(() => this.#rebuild(), 80)
    })
    document.querySelectorAll(".levels [data-level]").forEach((button) => {
      button.addEventListener("click", () => {
        const level = button.dataset.level
        const on = !this.#levels.delete(level)
        if (on) this.#levels.add(level)
        button.setAttribute("aria-pressed", on)
        this.#rebuild()
      })
    })
    byId("follow").addEventListener("click", () => this.follow(!this.#following))
    byId("newest").addEventListener("click", () => this.follow(true))
    byId("wrap").addEventListener("click", () => this.wrap())
    byId("clear").addEventListener("click", () => this.clear())
    this.view.addEventListener("scroll", () => this.#scrolled(), { passive: true })
    this.#rebuild()
  }

  /** Forgets all lines, and takes those of a snapshot. */
  reset(logs) {
    this.#projects.clear()
    this.#shownFrom = this.#next
    this.append(logs)
    this.#rebuild()
  }

  /** Takes lines of several projects, in the order of their times. */
  append(logs) {
    const all = logs.flatMap((log) => log.entries)
    all.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0))
    this.add(all)
  }

  /** Says something of this page's own between the lines. */
  note(message) {
    this.add([{ timestamp: new Date().toISOString(), source: "page", level: "info", message, pluginID: HUB }])
  }

  add(entries) {
    for (const entry of entries) {
      const line = { ...entry, number: this.#next++ }
      let lines = this.#projects.get(line.pluginID)
      if (!lines) {
        lines = new Lines()
        this.#projects.set(line.pluginID, lines)
        if (line.pluginID !== HUB) byId("log-project").append(el("option", { value: line.pluginID }, line.pluginID))
      }
      lines.push(line)
      if (!this.#sources.has(line.source)) {
        this.#sources.add(line.source)
        byId("log-source").append(el("option", { value: line.source }, line.source))
      }
      if (this.#passes(line)) {
        this.#pendingShown++
        this.#pending.push(line)
      }
    }
    if (this.#pending.length > 2 * MOST) {
      this.#pending.splice(0, this.#pending.length - MOST)
    }
    this.#schedule()
  }

  choose(project) {
    if (this.#project !== project) {
      this.#project = project
      const select = byId("log-project")
      if (![...select.options].some((option) => option.value === project)) {
        select.append(el("option", { value: project }, project))
      }
      select.value = project
      this.#rebuild()
    }
  }

  follow(on) {
    this.#following = on
    byId("follow").setAttribute("aria-pressed", on)
    this.#schedule()
  }

  toggleFollow() {
    this.follow(!this.#following)
  }

  wrap() {
    const on = this.view.classList.toggle("wrap")
    byId("wrap").setAttribute("aria-pressed", on)
    if (this.#following) this.#toEnd()
  }

  clear() {
    this.#shownFrom = this.#next
    this.#rebuild()
  }

  #passes(line) {
    return (
      line.number >= this.#shownFrom &&
      (this.#project === "*" || this.#project === line.pluginID) &&
      (this.#source === "*" || this.#source === line.source) &&
      this.#levels.has(line.level) &&
      (this.#search === "" || line.message.toLowerCase().includes(this.#search))
    )
  }

  #kept() {
    if (this.#project !== "*") {
      return this.#projects.get(this.#project)?.all ?? []
    }
    const all = [...this.#projects.values()].flatMap((lines) => lines.all)
    return all.sort((a, b) => a.number - b.number)
  }

  /** Shows what there is by the filters of now. */
  #rebuild() {
    const kept = this.#kept()
    this.view.replaceChildren()
    this.#rows = 0
    this.#pending = kept.filter((line) => this.#passes(line)).slice(-MOST)
    this.#pendingShown = 0
    this.#render()
  }

  #schedule() {
    if (!this.#scheduled) {
      this.#scheduled = true
      setTimeout(() => {
        requestAnimationFrame(() => {
          this.#scheduled = false
          this.#update()
        })
      }, this.#cost * SHARE)
    }
  }

  #update() {
    if (this.#following) {
      this.#pendingShown = 0
      this.#render()
    } else {
      this.#foot()
    }
  }

  #render() {
    const began = performance.now()
    const lines = this.#pending.slice(-MOST)
    this.#pending = []
    let block = this.view.lastElementChild
    for (const line of lines) {
      if (!block || block.childElementCount >= BLOCK) {
        block = el("div", { className: "block" })
        this.view.append(block)
      }
      block.append(this.#row(line))
      this.#rows++
    }
    while (this.#rows > MOST && this.view.childElementCount > 1) {
      const surplus = Math.min(this.#rows - MOST, this.view.firstElementChild.childElementCount)
      if (surplus === this.view.firstElementChild.childElementCount) {
        this.view.firstElementChild.remove()
      } else {
        for (let i = 0; i < surplus; i++) this.view.firstElementChild.firstElementChild.remove()
      }
      this.#rows -= surplus
    }
    if (this.#following) this.#toEnd()
    this.#foot()
    this.#cost = performance.now() - began
  }

  #row(line) {
    const time = new Date(line.timestamp)
    const clock = Number.isNaN(time.getTime()) ? line.timestamp : time.toLocaleTimeString([], { hour12: false })
    const row = el(
      "div",
      { className: `line ${LEVELS.includes(line.level) ? line.level : "info"}` },
      el("time", { dateTime: line.timestamp, title: line.timestamp }, clock),
      el("span", { className: "source" }, this.#project === "*" && line.pluginID ? `${line.pluginID} ${line.source}` : line.source),
    )
    const text = el("span", { className: "text" })
    // for those who do not see the colour
    if (line.level === "error" || line.level === "warn") text.append(el("span", { className: "sr" }, `${line.level}: `))
    this.#marked(text, line.message)
    row.append(text)
    return row
  }

  #marked(element, message) {
    if (this.#search === "") {
      element.append(message)
      return
    }
    const lower = message.toLowerCase()
    let from = 0
    // where lower case has another length, positions would not fit
    for (let at = lower.length === message.length ? lower.indexOf(this.#search) : -1; at >= 0; at = lower.indexOf(this.#search, from)) {
      element.append(message.slice(from, at), el("mark", {}, message.slice(at, at + this.#search.length)))
      from = at + this.#search.length
    }
    element.append(message.slice(from))
  }

  #toEnd() {
    this.view.scrollTop = this.view.scrollHeight
    this.#lastTop = this.view.scrollTop
  }

  #scrolled() {
    const top = this.view.scrollTop
    const atEnd = this.view.scrollHeight - top - this.view.clientHeight < 24
    if (top < this.#lastTop - 4 && !atEnd && this.#following) {
      this.follow(false)
    } else if (top > this.#lastTop + 4 && atEnd && !this.#following && this.#pendingShown === 0) {
      this.follow(true)
    }
    this.#lastTop = top
  }

  #foot() {
    const total = this.#project === "*" ? [...this.#projects.values()].reduce((sum, lines) => sum + lines.all.length, 0) : this.#kept().length
    say(byId("count"), `${this.#rows.toLocaleString("en")} of ${total.toLocaleString("en")} lines`)
    const newest = byId("newest")
    newest.hidden = this.#following
    const waiting = this.#pendingShown
    say(newest, waiting === 0 ? "To the end" : `${waiting.toLocaleString("en")} new ${waiting === 1 ? "line" : "lines"}`)
  }
}
