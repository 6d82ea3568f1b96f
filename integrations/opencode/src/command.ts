import { type ChildProcess, spawn, spawnSync } from "node:child_process"

/** What a finished command left; `code` is -1 if it could not be run at all. */
export interface Finished {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Where and as what commands run. */
export interface Surroundings {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** A command that runs. It does not keep this process alive. */
export interface Running {
  readonly finished: Promise<Finished>
  kill(): void
}

/** No answer of the command line is as long as this, in characters. */
const MOST = 4 << 20

/** Runs a command; `line` gets each line of its standard output as soon as it is there. Never rejects. */
export function start(
  program: string,
  args: readonly string[],
  where: Surroundings,
  input = "",
  line: (text: string) => void = () => {},
): Running {
  let child: ChildProcess
  try {
    child = spawn(program, args, { ...where, stdio: ["pipe", "pipe", "pipe"] })
  } catch (error) {
    return { finished: Promise.resolve({ code: -1, out: "", err: String(error) }), kill: () => {} }
  }
  const finished = new Promise<Finished>((resolve) => {
    let out = ""
    let err = ""
    let rest = ""
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (out.length < MOST) out += text
      rest += text
      for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
        line(rest.slice(0, end))
        rest = rest.slice(end + 1)
      }
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      if (err.length < MOST) err += text
    })
    child.stdin?.on("error", () => {}) // it did not want its input
    child.on("error", (error) => resolve({ code: -1, out, err: err + String(error) }))
    child.on("close", (code) => resolve({ code: code ?? -1, out, err }))
    child.stdin?.end(input)
    child.unref()
  })
  return { finished, kill: () => void child.kill("SIGKILL") }
}

/** Runs a command and waits for it, as one must in handlers of signals and of the process's end. */
export function run(program: string, args: readonly string[], where: Surroundings): Finished {
  const done = spawnSync(program, args, { ...where, encoding: "utf8", timeout: 2000, killSignal: "SIGKILL" })
  return { code: done.status ?? -1, out: done.stdout ?? "", err: done.stderr ?? "" }
}
