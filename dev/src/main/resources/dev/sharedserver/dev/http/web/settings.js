// What a person has chosen, kept by the browser.

import { byId, el } from "./dom.js"

const EDITORS = [
  ["vscode", "Visual Studio Code", "vscode://file{path}:{line}:{column}"],
  ["vscodium", "VSCodium", "vscodium://file{path}:{line}:{column}"],
  ["cursor", "Cursor", "cursor://file{path}:{line}:{column}"],
  ["windsurf", "Windsurf", "windsurf://file{path}:{line}:{column}"],
  ["zed", "Zed", "zed://file{path}:{line}:{column}"],
  ["idea", "IntelliJ IDEA", "idea://open?file={path}&line={line}&column={column}"],
  ["own", "another one", ""],
  ["", "none: no links", ""],
]

/** Schemes that would do something else than open a file. */
const REFUSED = /^(javascript|data|blob|vbscript|about|https?):/i

const read = (key, otherwise) => {
  try {
    return localStorage.getItem(key) ?? otherwise
  } catch {
    return otherwise
  }
}

const write = (key, value) => {
  try {
    localStorage.setItem(key, value)
  } catch {
    // a browser that keeps nothing: it holds for this page
  }
}

export function readList(key) {
  try {
    const list = JSON.parse(read(key, "[]"))
    return Array.isArray(list) ? list : []
  } catch {
    return []
  }
}

export const writeList = (key, list) => write(key, JSON.stringify(list))

const dark = matchMedia("(prefers-color-scheme: dark)")

export class Settings {
  /** `changed` is called when links look different from now on. */
  constructor(changed) {
    const editor = byId("editor")
    EDITORS.forEach(([value, name]) => editor.append(el("option", { value }, name)))
    editor.value = read("editor", "vscode")
    const template = byId("editor-template")
    template.value = read("editor-template", "vscode://file{path}:{line}:{column}")
    const apply = () => {
      byId("editor-own").hidden = editor.value !== "own"
      write("editor", editor.value)
      write("editor-template", template.value)
      changed()
    }
    editor.addEventListener("change", apply)
    template.addEventListener("input", apply)
    byId("editor-own").hidden = editor.value !== "own"

    const colours = byId("colours")
    colours.value = read("colours", "")
    colours.addEventListener("change", () => this.#colour(colours.value))
    this.#colour(colours.value)
    byId("theme").addEventListener("click", () => this.flip())

    const shortcuts = byId("shortcuts")
    shortcuts.checked = read("shortcuts", "on") === "on"
    shortcuts.addEventListener("change", () => write("shortcuts", shortcuts.checked ? "on" : "off"))
  }

  get shortcuts() {
    return byId("shortcuts").checked
  }

  #colour(value) {
    write("colours", value)
    document.documentElement.dataset.theme = value
  }

  /** Dark becomes light, and light dark. */
  flip() {
    const now = document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")
    byId("colours").value = now === "dark" ? "light" : "dark"
    this.#colour(byId("colours").value)
  }

  /** The address that opens a file in the editor, null for none. */
  address(path, line, column) {
    const choice = byId("editor").value
    const template = choice === "own" ? byId("editor-template").value.trim() : EDITORS.find(([value]) => value === choice)?.[2]
    if (!template || !path.startsWith("/") || REFUSED.test(template) || !/^[a-z][a-z0-9+.-]*:/i.test(template)) {
      return null
    }
    const escaped = path.split("/").map(encodeURIComponent).join("/")
    return template
      .replaceAll("{path}", () => escaped)
      .replaceAll("{line}", `${Math.max(1, line)}`)
      .replaceAll("{column}", `${Math.max(1, column)}`)
  }
}
