// Elements. What comes from outside gets into the page as text, here and nowhere else.

/** Makes an element: properties that begin with "aria-" or "data-" are attributes, strings among the children are text. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (/^(aria|data)-|^role$/.test(name)) {
      element.setAttribute(name, value)
    } else {
      element[name] = value
    }
  }
  element.append(...children)
  return element
}

export const byId = (id) => document.getElementById(id)

/** Changes an element's text if it is another one: screen readers and selections are not disturbed for nothing. */
export function say(element, text) {
  if (element.textContent !== text) {
    element.textContent = text
  }
}

/** Shows a text, or hides the element if there is none. */
export function sayOrHide(element, text) {
  element.hidden = !text
  say(element, text)
}

/** Makes a list show `items`, each as an element of its own that is kept as long as its key is there. */
export function reconcile(list, items, keyOf, make, update) {
  const known = list.known ?? (list.known = new Map())
  const seen = new Set()
  let before = list.firstElementChild
  for (const item of items) {
    const key = keyOf(item)
    seen.add(key)
    let element = known.get(key)
    if (!element) {
      element = make(item)
      known.set(key, element)
    }
    if (element === before) {
      before = before.nextElementSibling
    } else {
      list.insertBefore(element, before)
    }
    update(element, item)
  }
  for (const [key, element] of known) {
    if (!seen.has(key)) {
      element.remove()
      known.delete(key)
    }
  }
}

/** Says a time span of seconds in its two largest units. */
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds))
  if (s < 60) return `${s} s`
  if (s < 3600) return s < 600 && s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 60)} min`
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`
}

/** An address that may be linked to, or null. */
export function webAddress(text) {
  try {
    const url = new URL(text)
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null
  } catch {
    return null
  }
}

export function link(text, href) {
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, text)
}
