// A hub of its own, a project with a real Vite and a real Go, and a browser.

import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, mkdirSync, copyFileSync, existsSync, readFileSync, readdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const { SHAREDSERVER_HOME: HOME, WEB_BROWSER, WEB_VITE } = process.env
const repository = new URL("../../", import.meta.url).pathname
export const COMMAND = join(HOME, "bin/sharedserver")
const require = createRequire(join(WEB_BROWSER, "x.js"))
const { chromium } = require("playwright-core")
export const AXE = require("axe-core").source

/** Nothing here takes as long, on whatever machine. */
export const LONG = 90_000

// without these it looks for hosts of Google at every start
const QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"

export async function until(condition, what) {
  const end = Date.now() + LONG
  for (;;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > end) throw new Error(`not in time: ${typeof what === "function" ? await what() : what}`)
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** What Vite prints for us: a request to /say goes to its standard output, one to /shout to its standard error. */
const CONFIG = `
const says = (server, path, to) =>
  server.middlewares.use(path, (request, answer) => {
    const chunks = []
    request.on("data", (data) => chunks.push(data))
    request.on("end", () => to.write(Buffer.concat(chunks), () => answer.end("said")))
  })
export default {
  cacheDir: "../vite-cache",
  plugins: [{ name: "say", configureServer(server) { says(server, "/say", process.stdout); says(server, "/shout", process.stderr) } }],
}
`

export const GOOD = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n'

export class World {
  token = "0123456789abcdef0123456789abcdef"
  root = mkdtempSync(join(tmpdir(), "web-"))
  contexts = []

  async begin() {
    this.port = await freePort()
    this.plugin = join(this.root, "shop")
    for (const directory of ["shop/ui", "shop/pkg", "servers", "state"]) mkdirSync(join(this.root, directory), { recursive: true })
    for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(WEB_VITE, file), join(this.plugin, "ui", file))
    symlinkSync(join(WEB_VITE, "node_modules"), join(this.plugin, "ui/node_modules"))
    writeFileSync(join(this.plugin, "ui/vite.config.js"), CONFIG)
    writeFileSync(join(this.plugin, "ui/index.html"), "<!doctype html><title>shop</title><p>the shop's page</p>")
    writeFileSync(join(this.plugin, "go.mod"), "module example.com/shop\n\ngo 1.19\n")
    this.write("pkg/main.go", GOOD)
    await this.startHub()
    this.browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: QUIET.split(" ") })
  }

  async end() {
    await this.browser?.close()
    if (this.hub) {
      // it ends with its standard input, and all that it started with it
      this.hub.stdin.end()
      await this.hub.ended
    }
    for (const server of JSON.parse(this.sharedserver("list", "--json").out)) this.sharedserver("admin", "kill", server.name)
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        if (readFileSync(`/proc/${pid}/environ`, "latin1").includes(this.root) && Number(pid) !== process.pid) process.kill(Number(pid), "SIGKILL")
      } catch {
        // gone, or not ours
      }
    }
    rmSync(this.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }

  get environment() {
    return { ...process.env, SHAREDSERVER_LOCKDIR: join(this.root, "servers"), OMNIVIEW_STATE_DIR: join(this.root, "host") }
  }

  sharedserver(...words) {
    const { status, stdout, stderr } = spawnSync(COMMAND, words, { env: this.environment, encoding: "utf8", cwd: this.root })
    return { code: status, out: stdout, err: stderr }
  }

  async startHub() {
    const jars = readdirSync(join(HOME, "lib")).filter((file) => file.endsWith(".jar")).map((file) => join(HOME, "lib", file))
    const classes = ["dev/target/test-classes", "dev/target/classes"].map((path) => join(repository, path))
    const java = process.env.WEB_JAVA ?? join(HOME, "lib/runtime/bin/java")
    const classPath = process.env.WEB_CLASSPATH ?? [...classes, ...jars].join(":")
    this.hub = spawn(
      java,
      ["--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classPath, "dev.sharedserver.dev.http.WebHub", join(this.root, "state"), `${this.port}`, this.token, COMMAND],
      { env: this.environment, stdio: ["pipe", "pipe", "inherit"] },
    )
    this.hub.ended = new Promise((resolve) => this.hub.on("exit", resolve))
    const said = await Promise.race([new Promise((resolve) => this.hub.stdout.once("data", resolve)), this.hub.ended])
    if (`${said}`.trim() !== `${this.port}`) throw new Error(`the hub has not started: ${said}`)
  }

  async killHub() {
    this.hub.kill("SIGKILL")
    await this.hub.ended
  }

  async request(method, path, body) {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}` },
      body: body && JSON.stringify(body),
    })
    return answer.json()
  }

  state() {
    return this.request("GET", "/api/dev/servers/shop")
  }

  /** The project is up and ready, whatever a test before has left. */
  async ready() {
    this.write("pkg/main.go", GOOD)
    this.remove("pkg/broken.go")
    await this.request("POST", "/api/dev/servers/shop/start", { devPath: this.plugin })
    await until(
      async () => {
        const { viteStatus, goStatus } = await this.state()
        return viteStatus === "ready" && goStatus === "ready"
      },
      async () => JSON.stringify([await this.state(), await this.request("GET", "/api/dev/servers/shop/logs?count=20")]),
    )
  }

  /** Has Vite print a text, which is there when this returns. */
  async say(text, path = "/say") {
    const { viteURL } = await this.state()
    await (await fetch(viteURL + path, { method: "POST", body: text })).text()
  }

  write(file, text) {
    writeFileSync(join(this.plugin, file), text)
  }

  remove(file) {
    if (existsSync(join(this.plugin, file))) unlinkSync(join(this.plugin, file))
  }

  get address() {
    return `http://127.0.0.1:${this.port}/#token=${this.token}`
  }

  /**
   * A page of a browser of its own, or of that of the page `options.beside`. `page.complaints` has what the console says and what
   * the page asks of others; `page.asked` all requests.
   */
  async page(options = {}, prepare = async () => {}) {
    const address = options.address ?? this.address
    const context = options.beside?.context() ?? (await this.#context(options))
    const page = await context.newPage()
    page.complaints = []
    page.asked = []
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.complaints.push(message.text()))
    page.on("pageerror", (error) => page.complaints.push(`${error}`))
    page.on("dialog", (dialog) => {
      page.complaints.push(`a dialog: ${dialog.message()}`)
      dialog.dismiss()
    })
    page.on("request", (request) => {
      page.asked.push({ url: request.url(), headers: request.headers() })
      if (new URL(request.url()).host !== new URL(address).host) page.complaints.push(`a request to ${request.url()}`)
    })
    await prepare(page)
    await page.goto(address)
    return page
  }

  async #context(options) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
    context.setDefaultTimeout(LONG)
    this.contexts.push(context)
    return context
  }

  async closePages() {
    await Promise.all(this.contexts.splice(0).map((context) => context.close()))
  }
}
