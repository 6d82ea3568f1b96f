// Puts the parts together: events go to the cards and the log, keys to what they mean.

import { byId, say } from "./dom.js"
import { Hub, dropToken, isIn, takeToken } from "./hub.js"
import { Log } from "./log.js"
import { Projects } from "./projects.js"
import { Servers } from "./servers.js"
import { Settings } from "./settings.js"

const STATUS = "plugin/devserver/status"
const LOG = "plugin/devserver/log"
const ERROR = "plugin/devserver/error"

function door(reason) {
  byId("hub").hidden = true
  byId("lost").hidden = true
  byId("door").hidden = false
  if (reason) say(byId("door-reason"), reason)
  byId("connection").dataset.state = ""
  say(byId("connection"), "")
}

// an address that is put into this very tab changes only what is behind the #
addEventListener("hashchange", () => {
  if (location.hash.includes("token=")) {
    takeToken()
    location.reload()
  }
})

function open(token) {
  byId("hub").hidden = false
  let base = ""
  /** The event up to which each project's lines were in the snapshot. */
  const lines = new Map()

  const hub = new Hub(token, {
    connection(state) {
      byId("connection").dataset.state = state
      say(byId("connection"), state === "live" ? "live" : "connection lost, trying again")
      byId("lost").hidden = state === "live"
    },
    snapshot(snapshot, restarted) {
      base = snapshot.event
      lines.clear()
      snapshot.logs.forEach((moment) => lines.set(moment.pluginID, moment.event))
      projects.reset(snapshot.servers, snapshot.errors)
      if (restarted) {
        log.note("the hub was restarted")
        log.append(snapshot.logs)
      } else {
        log.reset(snapshot.logs)
      }
    },
    event(id, name, payload) {
      if (name === LOG) {
        log.add(payload.filter((entry) => !isIn(id, lines.get(entry.pluginID) ?? base)))
      } else if (name === STATUS && !isIn(id, base)) {
        projects.status(payload)
      } else if (name === ERROR && !isIn(id, base)) {
        projects.errors(payload)
      }
    },
    denied() {
      dropToken()
      hub.close()
      servers.stop()
      door("The hub does not know this page's token: it was started anew, or the address was not copied as a whole.")
    },
  })

  const settings = new Settings(() => projects.render())
  const log = new Log((project) => projects.choose(project))
  const projects = new Projects({
    hub,
    settings,
    announce: (words) => say(byId("announce"), words),
    choose: (id) => log.choose(id),
  })
  const servers = new Servers(hub)

  projects.render()
  servers.start()
  hub.follow()
  addEventListener("online", () => hub.now())
  // a page that is kept for the way back holds nothing, and begins anew
  addEventListener("pagehide", () => hub.close())
  addEventListener("pageshow", (event) => event.persisted && location.reload())
  document.addEventListener("visibilitychange", () => document.hidden || hub.now())
  keys({ settings, log, projects })
}

function keys({ settings, log, projects }) {
  const show = (id) => byId(id).showModal()
  byId("open-help").addEventListener("click", () => show("help"))
  byId("open-settings").addEventListener("click", () => show("settings"))
  const meant = (verb) => {
    const project = projects.meant
    if (project?.mode === "managed") projects.act(project.pluginID, verb)
    else if (project && verb === "stop") projects.act(project.pluginID, "start")
    else if (!project) say(byId("announce"), "Choose a project first.")
  }
  const actions = {
    j: () => projects.step(1),
    k: () => projects.step(-1),
    a: () => projects.choose("*"),
    b: () => meant("rebuild"),
    r: () => meant("restart"),
    s: () => meant("stop"),
    e: () => projects.focusError(),
    n: () => projects.openStart(true),
    "/": () => byId("log-search").focus(),
    f: () => log.toggleFollow(),
    w: () => log.wrap(),
    c: () => log.clear(),
    t: () => settings.flip(),
    ",": () => show("settings"),
    "?": () => show("help"),
  }
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox"
    if (event.key === "Escape" && event.target === byId("log-search")) {
      event.target.value = ""
      event.target.dispatchEvent(new Event("input"))
      byId("lines").focus()
    } else if (event.key === "Escape" && event.target.closest?.("#start")) {
      projects.openStart(false)
    } else if (!typing && settings.shortcuts && !event.ctrlKey && !event.metaKey && !event.altKey && !document.querySelector("dialog[open]")) {
      const action = actions[event.key]
      if (action) {
        event.preventDefault()
        action()
      }
    }
  })
}

const token = takeToken()
if (token) {
  open(token)
} else {
  new Settings(() => {})
  door("")
}
