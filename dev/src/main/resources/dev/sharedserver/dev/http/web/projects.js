// A card a project: what its front end and its build do, what is wrong, and what can be done about it.

import { byId, el, link, reconcile, say, sayOrHide, span, webAddress } from "./dom.js"
import { readList, writeList } from "./settings.js"

const RECENT = "recent"
const MOST_RECENT = 6
const NEVER = "0001-01-01T00:00:00Z"

const BUSY = ["starting", "building"]

/** What a project consists of: each with a name, a status, and where it answers or when it was built. */
function partsOf(state) {
  const { processes, builders } = state.extra ?? {}
  if (Array.isArray(processes) && Array.isArray(builders)) {
    return [...processes, ...builders]
  }
  if (state.mode === "external") {
    return [{ name: "Front end", status: "", words: `run by its developer${state.vitePort > 0 ? `, port ${state.vitePort}` : ""}` }]
  }
  return [
    { name: "Front end", status: state.viteStatus, url: state.viteURL },
    {
      name: "Build",
      status: state.goStatus,
      lastBuildTime: state.lastBuildTime,
      lastBuildDuration: state.lastBuildDuration,
      loaded: state.grpcConnected,
    },
  ]
}

/** One word for a whole project. */
export function overall(state) {
  const statuses = partsOf(state).map((part) => part.status).filter(Boolean)
  if (state.mode === "external") return "external"
  if (state.mode !== "managed") return "stopped"
  if (statuses.includes("error")) return "error"
  const busy = statuses.find((status) => BUSY.includes(status))
  if (busy) return busy
  return statuses.every((status) => status === "ready") ? "ready" : statuses.find((status) => status !== "ready") ?? "ready"
}

const stopped = ({ id, devPath }) => ({
  pluginID: id,
  mode: "idle",
  devPath,
  viteURL: "",
  viteStatus: "",
  goStatus: "",
  lastBuildTime: "",
  lastBuildDuration: 0,
  lastError: "",
})

function duration(nanoseconds) {
  const ms = nanoseconds / 1e6
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

export class Projects {
  #states = new Map()
  #errors = new Map()
  #hub
  #settings
  #announce
  #choose
  #chosen = "*"
  #busy = new Set()
  #problems = new Map()

  constructor({ hub, settings, announce, choose }) {
    this.#hub = hub
    this.#settings = settings
    this.#announce = announce
    this.#choose = choose
    byId("open-start").addEventListener("click", () => this.openStart(byId("start").hidden))
    byId("start-cancel").addEventListener("click", () => this.openStart(false))
    byId("start").addEventListener("submit", (event) => {
      event.preventDefault()
      this.#startByPath()
    })
    // times go on by themselves
    setInterval(() => document.hidden || this.render(), 10_000)
  }

  reset(states, errors) {
    this.#states = new Map(states.map((state) => [state.pluginID, state]))
    this.#errors = new Map(Object.entries(errors))
    states.forEach((state) => this.#remember(state))
    this.render()
  }

  status(state) {
    const was = this.#states.get(state.pluginID)
    if (state.mode === "idle") {
      this.#states.delete(state.pluginID)
      this.#errors.delete(state.pluginID)
    } else {
      this.#states.set(state.pluginID, state)
      this.#remember(state)
    }
    const now = overall(state)
    if ((was ? overall(was) : "stopped") !== now) {
      this.#announce(`${state.pluginID}: ${now}`)
    }
    this.render()
  }

  errors({ pluginID, errors }) {
    this.#errors.set(pluginID, errors)
    if (errors.length > 0) {
      this.#announce(`${pluginID}: ${errors.length} build ${errors.length === 1 ? "error" : "errors"}`)
    }
    this.render()
  }

  get errorCount() {
    return [...this.#errors.values()].reduce((sum, errors) => sum + errors.length, 0)
  }

  #remember(state) {
    if (state.mode === "managed" && state.devPath) {
      const recent = readList(RECENT).filter((entry) => entry?.id !== state.pluginID)
      writeList(RECENT, [{ id: state.pluginID, devPath: state.devPath }, ...recent].slice(0, MOST_RECENT))
    }
  }

  #list() {
    const recent = readList(RECENT).filter((entry) => typeof entry?.id === "string" && typeof entry?.devPath === "string")
    const gone = recent.filter(({ id }) => !this.#states.has(id)).map(stopped)
    const byName = (a, b) => (a.pluginID < b.pluginID ? -1 : 1)
    return [...[...this.#states.values()].sort(byName), ...gone.sort(byName)]
  }

  render() {
    const list = this.#list()
    reconcile(byId("projects"), list, (state) => state.pluginID, (state) => this.#card(state), (card, state) => this.#update(card, state))
    byId("no-projects").hidden = list.length > 0
    const errors = this.errorCount
    document.title = errors > 0 ? `(${errors}) Dev servers` : "Dev servers"
  }

  #card({ pluginID: id }) {
    const part = (className, tag = "p") => el(tag, { className })
    const card = el("li", { className: "card", "data-id": id })
    const act = (verb, label) => {
      const button = el("button", { type: "button", "data-verb": verb, "aria-label": `${label} ${id}` }, label)
      button.addEventListener("click", () => this.act(id, verb))
      return button
    }
    const name = el("button", { type: "button", className: "name", title: "Show its log" }, id)
    name.addEventListener("click", () => this.choose(this.#chosen === id ? "*" : id))
    const forget = el("button", { type: "button", "data-verb": "forget", "aria-label": `Forget ${id}` }, "Forget")
    forget.addEventListener("click", () => {
      writeList(RECENT, readList(RECENT).filter((entry) => entry?.id !== id))
      this.render()
    })
    card.parts = {
      name,
      badge: part("badge", "span"),
      path: part("path"),
      facts: part("facts", "dl"),
      error: part("error-text"),
      errors: part("errors", "ul"),
      problem: el("p", { className: "problem", role: "alert", hidden: true }),
      actions: [act("start", "Start"), act("rebuild", "Rebuild"), act("restart", "Restart"), act("stop", "Stop"), forget],
    }
    const { badge, path, facts, error, errors, problem, actions } = card.parts
    card.append(
      el("div", { className: "head" }, el("h3", {}, name), badge),
      path,
      facts,
      error,
      errors,
      problem,
      el("div", { className: "actions" }, ...actions),
    )
    return card
  }

  #update(card, state) {
    const { name, badge, path, facts, error, errors, problem, actions } = card.parts
    const id = state.pluginID
    const word = overall(state)
    card.dataset.state = word
    card.classList.toggle("chosen", this.#chosen === id)
    name.setAttribute("aria-pressed", this.#chosen === id)
    badge.dataset.state = word
    say(badge, word)
    sayOrHide(path, state.devPath)
    path.title = state.devPath
    facts.hidden = state.mode === "idle"
    reconcile(facts, state.mode === "idle" ? [] : partsOf(state), (part) => part.name, (part) => el("div", {}, el("dt", { title: part.name }, part.name), el("dd")), (row, part) => this.#fact(row.lastElementChild, part))
    const list = this.#errors.get(id) ?? []
    // the first build error is the last error, too: once is enough
    sayOrHide(error, list.length > 0 && state.viteStatus !== "error" ? "" : state.lastError)
    errors.hidden = list.length === 0
    reconcile(errors, list.map((e, at) => ({ ...e, at })), (e) => JSON.stringify([e.at, e.file, e.line, e.column, e.message, this.#settings.address("/", 1, 1)]), (e) => this.#error(e), () => {})
    sayOrHide(problem, this.#problems.get(id) ?? "")
    const managed = state.mode === "managed"
    for (const button of actions) {
      const verb = button.dataset.verb
      const nothingToBuild = verb === "rebuild" && state.extra?.builders?.length === 0
      button.hidden = verb === "start" || verb === "forget" ? state.mode !== "idle" : !managed || nothingToBuild
      // one that is disabled while it has the focus would lose it
      button.setAttribute("aria-disabled", this.#busy.has(id))
    }
  }

  #fact(place, part) {
    const address = webAddress(part.url ?? "")
    const built = part.lastBuildTime && part.lastBuildTime !== NEVER
    const ago = built ? (Date.now() - Date.parse(part.lastBuildTime)) / 1000 : 0
    const when = built ? `in ${duration(part.lastBuildDuration)}, ${ago < 10 ? "just now" : `${span(ago - (ago % 10))} ago`}` : ""
    const key = JSON.stringify([part.status, part.words, address, when, part.loaded])
    if (place.dataset.key !== key) {
      place.dataset.key = key
      place.replaceChildren(part.words ?? el("span", { className: "status", "data-state": part.status }, part.status || "–"))
      if (address) place.append(" ", link(address.replace(/^https?:\/\//, "").replace(/\/$/, ""), address))
      if (when) place.append(" ", el("span", { className: "quiet" }, when))
      if (part.loaded) place.append(" ", el("span", { className: "quiet" }, "· loaded"))
    }
  }

  #error(error) {
    const place = [error.file, error.line || "", error.line ? error.column || "" : ""].filter((x) => x !== "").join(":")
    const address = this.#settings.address(error.extra?.path ?? "", error.line, error.column)
    // an editor's address opens no page, so it needs no tab of its own
    const where = address ? el("a", { href: address, className: "where" }, place) : el("span", { className: "where" }, place)
    return el("li", {}, where, el("span", { className: "message" }, error.message))
  }

  choose(id) {
    this.#chosen = id
    this.#choose(id)
    this.render()
  }

  get chosen() {
    return this.#chosen
  }

  /** Takes over what was chosen elsewhere. */
  show(id) {
    this.#chosen = id
    this.render()
  }

  /** Goes to the next or previous card. */
  step(by) {
    const ids = this.#list().map((state) => state.pluginID)
    if (ids.length > 0) {
      const at = ids.indexOf(this.#chosen)
      const next = at < 0 ? (by > 0 ? 0 : ids.length - 1) : (at + by + ids.length) % ids.length
      this.choose(ids[next])
      this.#cardOf(ids[next]).querySelector(".name").focus()
    }
  }

  #cardOf(id) {
    return [...byId("projects").children].find((card) => card.dataset.id === id)
  }

  /** The project that shortcuts mean: the chosen one, or the only one. */
  get meant() {
    const list = this.#list()
    return list.find((state) => state.pluginID === this.#chosen) ?? (list.length === 1 ? list[0] : undefined)
  }

  focusError() {
    const chosen = this.#chosen === "*" ? undefined : this.#cardOf(this.#chosen)
    const link = (chosen ?? byId("projects")).querySelector(".errors a") ?? byId("projects").querySelector(".errors a")
    link?.focus()
  }

  async act(id, verb) {
    if (this.#busy.has(id)) return
    const known = readList(RECENT).find((entry) => entry?.id === id)
    this.#busy.add(id)
    this.#problems.delete(id)
    this.render()
    try {
      const body = verb === "start" ? { devPath: known?.devPath ?? "" } : undefined
      await this.#hub.request("POST", `/api/dev/servers/${encodeURIComponent(id)}/${verb}`, body)
    } catch (problem) {
      this.#problems.set(id, problem.words ?? String(problem))
    }
    this.#busy.delete(id)
    this.render()
    // the button that was pressed may be gone: the focus stays at the card
    if (document.activeElement === document.body) {
      const card = this.#cardOf(id)
      ;[...(card?.querySelectorAll(".actions button") ?? [])].find((button) => !button.hidden)?.focus()
    }
  }

  openStart(open) {
    byId("start").hidden = !open
    byId("open-start").setAttribute("aria-expanded", open)
    sayOrHide(byId("start-problem"), "")
    ;(open ? byId("start-path") : byId("open-start")).focus()
  }

  async #startByPath() {
    const devPath = byId("start-path").value.trim()
    const name = byId("start-id").value.trim() || devPath.replace(/\/+$/, "").split("/").pop() || ""
    const id = name.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "")
    sayOrHide(byId("start-problem"), "")
    try {
      if (!id) throw new Error("Give the project a name.")
      await this.#hub.request("POST", `/api/dev/servers/${encodeURIComponent(id)}/start`, { devPath })
      this.openStart(false)
      byId("start").reset()
    } catch (problem) {
      sayOrHide(byId("start-problem"), problem.words ?? problem.message)
    }
  }
}
