import type { Plugin } from "@opencode-ai/plugin"
import { homedir } from "node:os"
import { isMainThread } from "node:worker_threads"
import { type Attached, Attachment } from "./attachment.js"
import { readOptions } from "./options.js"
import { Report } from "./report.js"

/** When a server that cannot live has died, in ms after it was attached to. */
const LOOK_AFTER = 2500

/** `started X; attached Y`, the empty string for nothing. */
function summary(attached: readonly Attached[]): string {
  const names = (started: boolean): string =>
    attached
      .filter((one) => (one.action === "started") === started)
      .map((one) => one.name)
      .join(", ")
  const started = names(true)
  const joined = names(false)
  return [started && `started ${started}`, joined && `attached ${joined}`].filter(Boolean).join("; ")
}

/**
 * Attaches OpenCode to shared servers for as long as it runs. Nothing here delays or fails the host's start: what goes wrong
 * is told by the log, and by toasts where there is a screen.
 */
export const SharedServer: Plugin = async ({ client, directory }, given) => {
  const { options, problems } = readOptions(given, homedir())
  // the screen's process runs plugins in a worker; commands and `serve` run them in the main thread
  const report = new Report(client, options.notify && !isMainThread)
  for (const problem of problems) report.failure(problem)
  const attachment = new Attachment(options, directory, report)
  void attachment.up().then(({ attached, way }) => {
    const text = summary(attached)
    if (!text || !way) return
    report.toast("success", text)
    report.after(LOOK_AFTER, () => attachment.look(way))
  })
  return {
    dispose: async () => {
      report.end()
      await attachment.end()
    },
  }
}
