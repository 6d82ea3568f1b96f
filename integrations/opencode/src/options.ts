/** What the user wrote behind the plugin's name in opencode.json. */
export interface Options {
  readonly binary: string | undefined
  readonly lockdir: string | undefined
  readonly notify: boolean
  /** As in servers.json; the command line checks and expands it. */
  readonly servers: Record<string, unknown> | undefined
  readonly config: string | undefined
}

const KEYS = ["binary", "lockdir", "notify", "servers", "config"]

/** Reads the options. What is wrong with one is told by a sentence of `problems`, and the others hold all the same. */
export function readOptions(given: unknown, home: string): { options: Options; problems: string[] } {
  const problems: string[] = []
  const all: Record<string, unknown> = isObject(given) ? given : {}
  if (given !== undefined && !isObject(given)) problems.push("the options are no object")
  for (const key of Object.keys(all)) {
    if (!KEYS.includes(key)) problems.push(`unknown option '${key}'; known are ${KEYS.join(", ")}`)
  }
  const path = (key: string): string | undefined => {
    const value = all[key]
    // the host puts in an empty string for {env:X} where X is not set
    if (value === undefined || value === "") return undefined
    if (typeof value === "string") return value.startsWith("~/") ? home + value.slice(1) : value
    problems.push(`option '${key}' must be a string`)
    return undefined
  }
  const notify = all["notify"] ?? true
  if (typeof notify !== "boolean") problems.push("option 'notify' must be true or false")
  const servers = all["servers"]
  if (servers !== undefined && !isObject(servers)) problems.push("option 'servers' must be an object")
  return {
    options: {
      binary: path("binary"),
      lockdir: path("lockdir"),
      notify: notify !== false,
      servers: isObject(servers) ? servers : undefined,
      config: path("config"),
    },
    problems,
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
