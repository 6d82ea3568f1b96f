// The shared servers of this user, and who holds them. The hub asks for them only while this page can be seen.

import { byId, el, link, reconcile, say, sayOrHide, span } from "./dom.js"

const EVERY = 2000

const argv = (words) => (Array.isArray(words) ? words.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word))).join(" ") : "")

const baseName = (path) => (typeof path === "string" ? path.split("/").pop() : "")

export class Servers {
  #hub
  #timer = 0
  #problems = new Map()
  #list = []
  #on = false

  constructor(hub) {
    this.#hub = hub
    document.addEventListener("visibilitychange", () => this.#turn())
  }

  start() {
    this.#on = true
    this.#turn()
  }

  stop() {
    this.#on = false
    clearTimeout(this.#timer)
  }

  #turn() {
    clearTimeout(this.#timer)
    if (this.#on && !document.hidden) this.#look()
  }

  async #look() {
    try {
      this.#list = await this.#hub.request("GET", "/api/shared/servers")
      byId("shared").hidden = false
      sayOrHide(byId("shared-problem"), "")
    } catch (problem) {
      // a hub without them, or none at all, of which the head of the page tells
      byId("shared").hidden = problem.status === 404
      if (problem.status > 0) sayOrHide(byId("shared-problem"), problem.words)
    }
    this.#render()
    clearTimeout(this.#timer)
    if (this.#on && !document.hidden) this.#timer = setTimeout(() => this.#look(), EVERY)
  }

  #render() {
    const names = new Set(this.#list.map((server) => server.name))
    this.#problems.forEach((_, name) => names.has(name) || this.#problems.delete(name))
    say(byId("shared-count"), this.#list.length ? `${this.#list.length}` : "")
    byId("no-servers").hidden = this.#list.length > 0
    reconcile(byId("servers"), this.#list, (server) => server.name, (server) => this.#card(server), (card, server) => this.#update(card, server))
  }

  #card({ name }) {
    const card = el("li", { className: "card small", "data-server": name })
    const stop = el("button", { type: "button", "aria-label": `Stop ${name}` }, "Stop")
    stop.addEventListener("click", () => this.#stop(name))
    card.parts = {
      badge: el("span", { className: "badge" }),
      place: el("p", { className: "place" }),
      summary: el("summary"),
      holders: el("ul", { className: "holders" }),
      command: el("p", { className: "path" }),
      problem: el("p", { className: "problem", role: "alert", hidden: true }),
    }
    const { badge, place, summary, holders, command, problem } = card.parts
    card.append(
      el("div", { className: "head" }, el("h3", {}, name), badge, stop),
      command,
      place,
      el("details", {}, summary, holders),
      problem,
    )
    return card
  }

  #update(card, server) {
    const { badge, place, summary, holders, command, problem } = card.parts
    badge.dataset.state = server.state
    say(badge, server.state)
    const line = argv(server.command)
    sayOrHide(command, line)
    command.title = line
    const key = `${server.port} ${server.pid}`
    if (place.dataset.key !== key) {
      place.dataset.key = key
      // not every server speaks HTTP, but those that one wants to look at in a browser do
      const where = Number.isInteger(server.port) ? [link(`127.0.0.1:${server.port}`, `http://127.0.0.1:${server.port}/`)] : []
      place.replaceChildren(el("span", { className: "quiet" }), ...where, el("span", { className: "quiet" }, `pid ${server.pid}`))
    }
    const up = server.started_at ? `up ${span(Date.now() / 1000 - server.started_at)}` : ""
    say(place.querySelector("span"), up)
    const clients = Array.isArray(server.clients) ? server.clients : []
    say(summary, server.refcount === 0 ? "held by nobody" : `held by ${server.refcount}`)
    reconcile(
      holders,
      clients.map((client) => ({ ...client, key: JSON.stringify([client.pid, client.hold, client.metadata, client.command, client.exe]) })),
      (client) => client.key,
      (client) => this.#holder(client),
      () => {},
    )
    sayOrHide(problem, this.#problems.get(server.name) ?? "")
  }

  #holder(client) {
    const who = client.hold ? `${client.hold}` : `${client.pid}`
    const what = argv(client.command) || baseName(client.exe)
    const parts = [el("span", { className: "pid" }, who), el("span", { className: "what", title: what }, what)]
    if (client.metadata) parts.push(el("span", { className: "quiet" }, String(client.metadata)))
    return el("li", {}, ...parts)
  }

  async #stop(name) {
    this.#problems.delete(name)
    try {
      this.#list = await this.#hub.request("POST", `/api/shared/servers/${encodeURIComponent(name)}/stop`)
    } catch (problem) {
      this.#problems.set(name, problem.words)
    }
    this.#render()
  }
}
