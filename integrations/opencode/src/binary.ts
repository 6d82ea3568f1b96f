import { accessSync, constants, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const NAME = "sharedserver"

/** Where this file is: DIR/dist/binary.js of the plugin. */
export const PLUGIN = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * Returns the programs to try, in order, each once. One that the user names and that cannot be run is a sentence of
 * `problems`.
 */
export function candidates(
  option: string | undefined,
  env: NodeJS.ProcessEnv,
  plugin: string,
): { programs: string[]; problems: string[] } {
  const problems: string[] = []
  const programs = new Set<string>()
  const named = (program: string | undefined, by: string): void => {
    if (!program) return
    if (isProgram(program)) programs.add(program)
    else problems.push(`${by} names ${program}, which is no program`)
  }
  named(option, "option 'binary'")
  named(env["SHAREDSERVER_BIN"], "SHAREDSERVER_BIN")
  const home = env["HOME"] ?? ""
  const places = [
    join(plugin, "../../../bin"), // PRODUCT/share/sharedserver/opencode
    join(plugin, "../../dist/target/sharedserver/bin"), // CHECKOUT/integrations/opencode
    ...(env["PATH"] ?? "").split(":"),
    ...(home ? [join(home, ".cargo/bin"), join(home, ".local/bin")] : []),
    "/usr/local/bin",
    "/opt/homebrew/bin",
  ]
  for (const place of places) {
    const program = join(place, NAME)
    if (place.startsWith("/") && isProgram(program)) programs.add(program)
  }
  return { programs: [...programs], problems }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
