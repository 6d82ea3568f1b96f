// The page in Chromium, before a hub with a real Vite and a real Go.

import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, afterEach, before, test } from "node:test"
import { AXE, LONG, World, until } from "./world.mjs"

const world = new World()
before(() => world.begin(), { timeout: 5 * LONG })
after(() => world.end(), { timeout: 2 * LONG })
afterEach(() => world.closePages())

const TIME = { timeout: 4 * LONG }

/** A test with the project up and a page that shows it; the page has nothing to complain of at the end. */
function inPage(name, options, body) {
  test(name, TIME, async () => {
    await world.ready()
    const page = await world.page(options)
    await live(page)
    await body(page)
    assert.deepEqual(page.complaints, [])
  })
}

const card = (page) => page.locator('[data-id="shop"]')
const badge = (page, word) => card(page).locator(".badge", { hasText: new RegExp(`^${word}$`) }).waitFor()
const live = (page) => page.locator("#connection", { hasText: /^live$/ }).waitFor()
const texts = (page) => page.locator("#lines .text").allTextContents()
/** What tests print begins with a sign: Vite and Go say things at their own time. */
const mine = async (page) => (await texts(page)).filter((text) => /^(error: )?§/.test(text))
const line = (page, text) => page.locator("#lines .text", { hasText: text })

async function linesAre(page, wanted) {
  await until(
    async () => JSON.stringify(await mine(page)) === JSON.stringify(wanted),
    async () => `${JSON.stringify(await texts(page))} has ${JSON.stringify(wanted)}`,
  )
}

test("a project is started by its path, and its card follows what happens", TIME, async () => {
  const page = await world.page()
  await live(page)
  await page.locator("#no-projects").waitFor()
  await page.click("#open-start")
  await page.fill("#start-path", `${world.root}/none`)
  await page.keyboard.press("Enter")
  await page.locator("#start-problem", { hasText: "is no directory" }).waitFor()
  await page.fill("#start-path", world.plugin)
  await page.keyboard.press("Enter")
  await badge(page, "ready")
  assert.equal(await page.locator("#start").isVisible(), false)
  assert.equal(await card(page).locator(".path").textContent(), world.plugin)
  assert.match(await card(page).locator(".facts").textContent(), /Buildready in [0-9.]+ m?s, /)
  const vite = card(page).locator(".facts a")
  assert.equal(await vite.getAttribute("href"), `${(await world.state()).viteURL}/`)
  assert.equal(await vite.getAttribute("rel"), "noopener noreferrer")
  await line(page, "Local:").waitFor()
  // what it says to those who do not see the card
  await page.locator("#announce", { hasText: "shop: " }).waitFor({ state: "attached" })
  // the refusal is an answer of 422, which the browser reports by itself
  assert.deepEqual(page.complaints.filter((text) => !text.includes("status of 422")), [])
})

inPage("build errors appear with links to the editor, and clear", {}, async (page) => {
  world.write("pkg/broken.go", 'package main\n\nvar x int = "<img src=x onerror=alert(1)>"\n')
  const where = card(page).locator(".errors .where")
  await where.waitFor()
  await badge(page, "error")
  assert.equal(await where.textContent(), "pkg/broken.go:3:13")
  assert.equal(await where.getAttribute("href"), `vscode://file${world.plugin}/pkg/broken.go:3:13`)
  assert.match(await card(page).locator(".errors .message").textContent(), /^cannot use "<img src=x onerror=alert\(1\)>"/)
  assert.equal(await page.title(), "(1) Dev servers")

  await page.click("#open-settings")
  await page.selectOption("#editor", "idea")
  assert.equal(await where.getAttribute("href"), `idea://open?file=${world.plugin}/pkg/broken.go&line=3&column=13`)
  await page.selectOption("#editor", "own")
  for (const [template, href] of [
    ["my-editor:{line}:{path}", `my-editor:3:${world.plugin}/pkg/broken.go`],
    ["javascript:alert({line})", null],
    ["nothing", null],
  ]) {
    await page.fill("#editor-template", template)
    await until(async () => (await where.getAttribute("href")) === href, template)
  }
  await page.keyboard.press("Escape")

  // one who comes later sees them, too
  const second = await world.page()
  await card(second).locator(".errors .where").waitFor()

  world.remove("pkg/broken.go")
  await badge(page, "ready")
  await where.waitFor({ state: "detached" })
  await card(second).locator(".errors .where").waitFor({ state: "detached" })
  assert.equal(await page.title(), "Dev servers")
})

inPage("the log is filtered by source, level and text", {}, async (page) => {
  await page.click("#clear")
  await world.say("§ alpha one\n§ beta two\n")
  await linesAre(page, ["§ alpha one", "§ beta two"])
  await world.say("§ alpha broken\n", "/shout")
  await linesAre(page, ["§ alpha one", "§ beta two", "error: § alpha broken"])
  await page.click('[data-level="error"]')
  await linesAre(page, ["§ alpha one", "§ beta two"])
  await page.click('[data-level="error"]')
  await page.fill("#log-search", "ALPHA")
  await linesAre(page, ["§ alpha one", "error: § alpha broken"])
  assert.deepEqual(await page.locator("#lines mark").allTextContents(), ["alpha", "alpha"])
  await world.say("§ gamma\n§ another alpha\n")
  await linesAre(page, ["§ alpha one", "error: § alpha broken", "§ another alpha"])
  await page.fill("#log-search", "")
  await page.selectOption("#log-source", "go-build")
  await linesAre(page, [])
  await card(page).getByRole("button", { name: "Rebuild" }).click()
  await line(page, "built in").waitFor()
  await page.selectOption("#log-source", "vite")
  await linesAre(page, ["§ alpha one", "§ beta two", "error: § alpha broken", "§ gamma", "§ another alpha"])
  await page.selectOption("#log-project", "shop")
  assert.equal(await card(page).locator(".name").getAttribute("aria-pressed"), "true")
  assert.equal(await page.locator("#lines .source").first().textContent(), "vite")
})

inPage("what a process prints is text, whatever it is", {}, async (page) => {
  await page.click("#clear")
  const hostile = [
    "§<img src=x onerror=\"document.title='hacked'\">",
    "§<script>document.title='hacked'</script>",
    "§</span></div></section><h1>mine</h1>",
    "§<a href=javascript:alert(1)>click</a>",
    "§&lt;b&gt; &amp; {{1+1}} ${1+1}",
    "§\u202eright to left\u202c",
    "§\ud83d\ude00 done",
    `§${"y".repeat(10_000)}`,
  ]
  await world.say(`${hostile.join("\n")}\n`)
  await linesAre(page, hostile)
  assert.equal(await page.locator("#lines img, #lines script, #lines h1, #lines a").count(), 0)
  assert.equal(await page.title(), "Dev servers")
  await page.fill("#log-search", "<img")
  await linesAre(page, [hostile[0]])
  assert.equal(await page.locator("#lines mark").textContent(), "<img")
})

inPage("restart, stop, start and forget", {}, async (page) => {
  const button = (name) => card(page).getByRole("button", { name })
  const { extra, vitePort } = await world.state()
  await button("Rebuild shop").click()
  await until(async () => (await world.state()).extra.buildId > extra.buildId, "it is built again")
  await button("Restart shop").click()
  await until(async () => (await world.state()).viteStatus === "ready", "it is up again")
  assert.equal((await world.state()).vitePort, vitePort)
  await badge(page, "ready")
  await button("Stop shop").click()
  await badge(page, "stopped")
  assert.equal((await world.state()).mode, "idle")
  assert.equal(await button("Rebuild shop").isVisible(), false)
  await button("Start shop").click()
  await badge(page, "ready")
  await button("Stop shop").click()
  await badge(page, "stopped")
  await button("Forget shop").click()
  await card(page).waitFor({ state: "detached" })
})

inPage("all of it by keyboard", {}, async (page) => {
  // the first Tab leads past everything to the log
  await page.keyboard.press("Tab")
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the log")
  await page.keyboard.press("Enter")
  const reached = new Set()
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab")
    const focused = await page.evaluate(() => {
      const element = document.activeElement
      const style = getComputedStyle(element)
      const name = element.getAttribute("aria-label") || element.id || element.textContent
      return { name, seen: element === document.body || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) }
    })
    assert.ok(focused.seen, `the focus can be seen at ${focused.name}`)
    reached.add(focused.name)
  }
  for (const name of ["theme", "open-start", "shop", "Rebuild shop", "Stop shop", "log-source", "log-search", "lines", "follow"]) {
    const there = name === "theme" ? "Switch between dark and light" : name
    assert.ok(reached.has(there), `${there} is reached: ${[...reached]}`)
  }
  const focus = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent)
  await page.evaluate(() => document.activeElement.blur())
  await page.keyboard.press("?")
  assert.ok(await page.locator("#help").isVisible())
  await page.keyboard.press("b")
  await page.keyboard.press("Escape")
  assert.equal(await page.locator("#help").isVisible(), false)
  await page.keyboard.press("j")
  assert.equal(await focus(), "shop")
  assert.equal(await page.inputValue("#log-project"), "shop")
  await page.keyboard.press("a")
  assert.equal(await page.inputValue("#log-project"), "*")
  const { extra } = await world.state()
  await page.keyboard.press("b")
  await until(async () => (await world.state()).extra.buildId > extra.buildId, "b builds")
  await page.keyboard.press("/")
  await page.keyboard.type("built in")
  await until(async () => (await texts(page)).every((text) => text.startsWith("built in")), "the search")
  await page.keyboard.press("Escape")
  assert.equal(await page.inputValue("#log-search"), "")
  assert.equal(await focus(), "lines")
  await page.keyboard.press("f")
  assert.equal(await page.locator("#follow").getAttribute("aria-pressed"), "false")
  await page.keyboard.press("n")
  assert.equal(await focus(), "start-path")
  await page.keyboard.type("fsb")
  assert.equal(await page.inputValue("#start-path"), "fsb", "letters are letters where one writes")
  await page.keyboard.press("Escape")
  assert.equal(await focus(), "open-start")
  world.write("pkg/broken.go", "package main\n\nvar x int = y\n")
  await card(page).locator(".errors a").waitFor()
  await page.keyboard.press("e")
  assert.equal(await focus(), "pkg/broken.go:3:13")
  await page.keyboard.press("s")
  await badge(page, "stopped")
  // shortcuts can be switched off
  await page.keyboard.press(",")
  await page.uncheck("#shortcuts")
  await page.keyboard.press("Escape")
  await page.keyboard.press("?")
  assert.equal(await page.locator("#help").isVisible(), false)
})

test("dark and light: as the system has it, until somebody chooses", TIME, async () => {
  const ground = (page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const light = await world.page({ colorScheme: "light" })
  const dark = await world.page({ colorScheme: "dark" })
  assert.notEqual(await ground(light), await ground(dark))
  const [white, black] = [await ground(light), await ground(dark)]
  await light.click("#theme")
  assert.equal(await ground(light), black)
  await light.reload()
  await live(light)
  assert.equal(await ground(light), black)
  await light.keyboard.press("t")
  assert.equal(await ground(light), white)
  await light.emulateMedia({ colorScheme: "dark" })
  assert.equal(await ground(light), white)
  await light.click("#open-settings")
  await light.selectOption("#colours", "")
  assert.equal(await ground(light), black)
  assert.deepEqual([...light.complaints, ...dark.complaints], [])
})

/** Lets a test cut the stream of events, and mend it. */
const scissors = (page) =>
  page.addInitScript(() => {
    const real = window.fetch
    let cut = () => {}
    let closed = Promise.resolve()
    let mend = () => {}
    window.cut = () => {
      closed = new Promise((resolve) => (mend = resolve))
      cut()
    }
    window.mend = () => mend()
    window.fetch = async (path, options) => {
      if (!`${path}`.startsWith("/api/dev/events")) return real(path, options)
      await closed
      const answer = await real(path, options)
      const reader = answer.body.getReader()
      const body = new ReadableStream({
        start(controller) {
          cut = () => controller.error(new Error("cut"))
        },
        async pull(controller) {
          const { done, value } = await reader.read()
          if (done) controller.close()
          else controller.enqueue(value)
        },
      })
      return new Response(body, { status: answer.status, headers: answer.headers })
    }
  })

test("a connection that was lost goes on where it was: no line twice, none lost", TIME, async () => {
  await world.ready()
  const page = await world.page({}, scissors)
  await live(page)
  await page.click("#clear")
  await world.say("§ before\n")
  await linesAre(page, ["§ before"])
  const snapshots = () => page.asked.filter(({ url }) => url.includes("/snapshot")).length
  assert.equal(snapshots(), 1)
  await page.evaluate(() => window.cut())
  await page.locator("#connection", { hasText: "connection lost" }).waitFor()
  const meanwhile = Array.from({ length: 300 }, (_, i) => `§ meanwhile ${i}`)
  await world.say(`${meanwhile.join("\n")}\n`)
  await until(async () => (await world.request("GET", "/api/dev/servers/shop/logs?count=1"))[0].message === "§ meanwhile 299", "it is there")
  await page.evaluate(() => window.mend())
  await live(page)
  await world.say("§ after\n")
  await linesAre(page, ["§ before", ...meanwhile, "§ after"])
  assert.equal(snapshots(), 1, "what was missed was replayed")
  assert.ok(page.asked.filter(({ url }) => url.includes("/events")).at(-1).headers["last-event-id"], "the id is in the request")
  assert.deepEqual(page.complaints, [])
})

/** The same of the last ones: a page that was opened later shows those of tests before, too. */
async function linesEnd(page, wanted) {
  const end = async () => (await mine(page)).slice(-wanted.length)
  await until(async () => JSON.stringify(await end()) === JSON.stringify(wanted), async () => `${JSON.stringify(await texts(page))} ends with ${JSON.stringify(wanted)}`)
}

/** How often a page has opened the stream of events. */
const streams = (page) => page.asked.filter(({ url }) => url.includes("/api/dev/events")).length

/** Opens that many pages of one browser, one after the other: the first one reads the stream. */
async function pages(count, prepare) {
  const all = []
  while (all.length < count) {
    const page = await world.page({ beside: all[0] }, prepare)
    await live(page)
    all.push(page)
  }
  return all
}

test("eight pages of one browser share one stream, and the next one takes it over", TIME, async () => {
  await world.ready()
  const all = await pages(8)
  assert.deepEqual(all.map(streams), [1, 0, 0, 0, 0, 0, 0, 0])
  await all[3].click("#clear")
  await world.say("§ for all\n")
  for (const page of all) await line(page, "§ for all").waitFor()
  for (const page of all) {
    const { extra } = await world.state()
    await card(page).getByRole("button", { name: "Rebuild" }).click()
    await until(async () => (await world.state()).extra.buildId > extra.buildId, "the button works")
  }
  const [holder, ...others] = all
  const said = ["§ for all"]
  for (let i = 0; i < 60; i++) {
    said.push(`§ meanwhile ${i}`)
    // in the midst of it
    const closed = i === 20 ? holder.close() : undefined
    await world.say(`§ meanwhile ${i}\n`)
    await closed
  }
  for (const page of others) await linesEnd(page, said)
  assert.deepEqual(others.map(streams), [1, 0, 0, 0, 0, 0, 0])
  assert.ok(others[0].asked.filter(({ url }) => url.includes("/events"))[0].headers["last-event-id"], "it goes on")
  // nothing was taken anew: what a page has cleared stays away
  assert.ok(!(await texts(all[3])).some((text) => text.includes("Local:")))

  // one that comes later has it all, and a page without the token nothing
  const late = await world.page({ beside: others[0] })
  await linesEnd(late, said)
  const stranger = await world.page({ beside: others[0], address: `http://127.0.0.1:${world.port}/` })
  await stranger.locator("#door").waitFor()
  assert.equal(await stranger.locator("#lines .line").count(), 0)
  for (const page of [...others, late]) assert.deepEqual(page.complaints, [])
})

test("pages of one browser find a hub that was started again", TIME, async () => {
  await world.ready()
  const all = await pages(3)
  await world.killHub()
  for (const page of all) await page.locator("#connection", { hasText: "connection lost" }).waitFor()
  await world.startHub()
  for (const page of all) {
    await live(page)
    await badge(page, "stopped")
  }
  await card(all[2]).getByRole("button", { name: "Start shop" }).click()
  for (const page of all) await badge(page, "ready")
  for (const page of all) assert.equal((await texts(page)).filter((text) => text === "the hub was restarted").length, 1)
})

test("a page that reads for all and is stuck is replaced", TIME, async () => {
  await world.ready()
  // as in a browser, but for the time that it takes
  const impatient = (page) =>
    page.route("**/stream.js", async (route) => {
      const answer = await route.fetch()
      await route.fulfill({ response: answer, body: (await answer.text()).replace("PATIENCE = 45_000", "PATIENCE = 3_000") })
    })
  const [stuck, ...others] = await pages(3, impatient)
  await world.say("§ before\n")
  for (const page of others) await line(page, "§ before").waitFor()
  const devtools = await stuck.context().newCDPSession(stuck)
  await devtools.send("Debugger.enable")
  await devtools.send("Debugger.pause")
  let i = 0
  await until(async () => {
    await world.say(`§ stuck ${i++}\n`)
    return others.some((page) => streams(page) > 0)
  }, "another page reads")
  const all = ["§ before", ...Array.from({ length: i }, (_, n) => `§ stuck ${n}`)]
  for (const page of others) await linesEnd(page, all)
  await devtools.send("Debugger.disable")
  await linesEnd(stuck, all)
})

test("a browser without locks: each page reads for itself", TIME, async () => {
  await world.ready()
  const all = await pages(2, (page) => page.addInitScript(() => Object.defineProperty(navigator, "locks", { value: undefined })))
  await world.say("§ alone\n")
  for (const page of all) await linesEnd(page, ["§ alone"])
  assert.deepEqual(all.map(streams), [1, 1])
})

test("a hub that is killed and started again is found by the page", TIME, async () => {
  await world.ready()
  const page = await world.page()
  await live(page)
  await page.click("#clear")
  await world.say("§ of the first hub\n")
  await linesAre(page, ["§ of the first hub"])
  await world.killHub()
  await page.locator("#connection", { hasText: "connection lost" }).waitFor()
  await card(page).getByRole("button", { name: "Rebuild" }).click()
  await card(page).locator(".problem", { hasText: "The hub does not answer." }).waitFor()
  await world.startHub()
  await live(page)
  // what it started has ended with it, and is offered
  await badge(page, "stopped")
  await card(page).getByRole("button", { name: "Start shop" }).click()
  await badge(page, "ready")
  await world.say("§ of the second hub\n")
  await line(page, "§ of the second hub").waitFor()
  const all = await texts(page)
  const at = (text) => all.indexOf(text)
  assert.ok(at("§ of the first hub") < at("the hub was restarted") && at("the hub was restarted") < at("§ of the second hub"), `${all}`)
  for (const once of ["§ of the first hub", "§ of the second hub", "the hub was restarted"]) {
    assert.equal(all.filter((text) => text === once).length, 1, once)
  }
  assert.deepEqual(page.complaints.filter((text) => !text.includes("ERR_CONNECTION_REFUSED") && !text.includes("ERR_INCOMPLETE_CHUNKED") && !text.includes("ERR_CONNECTION_RESET")), [])
})

test("a page of a hub that was killed is of no use to who has its port, and is opened again by another address", TIME, async () => {
  await world.ready()
  const page = await world.page()
  await live(page)
  assert.equal(await page.locator("#lost").isVisible(), false)
  await world.killHub()
  await page.locator("#lost", { hasText: "sharedserver dev status" }).waitFor()
  const before = world.token
  world.token = before.split("").reverse().join("")
  await world.startHub()
  await page.locator("#door-reason", { hasText: "does not know this page's token" }).waitFor()
  assert.equal(await page.locator("#lost").isVisible(), false)
  assert.equal(await page.locator("#hub").isVisible(), false)
  assert.deepEqual(await page.evaluate(() => Object.values(sessionStorage)), [])
  await page.goto(world.address)
  await live(page)
  await badge(page, "stopped")
})

test("without a token the page says where to get one; with it, it shows it nowhere", TIME, async () => {
  const page = await world.page({ address: `http://127.0.0.1:${world.port}/` })
  await page.getByRole("heading", { name: "The address has a token that is missing here" }).waitFor()
  assert.equal(await page.locator("#door code").textContent(), "sharedserver dev status")
  assert.equal(await page.locator("#hub").isVisible(), false)
  assert.deepEqual(page.asked.filter(({ url }) => url.includes("/api/")), [])
  assert.deepEqual(page.complaints, [])
  assert.equal(await page.locator("#door input").count(), 0, "no page asks for it")
  await page.goto(`http://127.0.0.1:${world.port}/#token=wrong`)
  await page.locator("#door-reason", { hasText: "does not know this page's token" }).waitFor()
  assert.equal(await page.locator("#hub").isVisible(), false)
  await page.goto(world.address)
  await live(page)
  assert.equal(page.url(), `http://127.0.0.1:${world.port}/`)
  await page.reload()
  await live(page)
  for (const { url, headers } of page.asked) {
    assert.ok(!url.includes(world.token), url)
    assert.ok(!(headers.referer ?? "").includes(world.token), url)
  }
  // another tab has no token: this one's stays its own
  const other = await page.context().newPage()
  await other.goto(`http://127.0.0.1:${world.port}/`)
  await other.locator("#door").waitFor()
  // an address that is put into a tab that is open
  await other.goto(world.address)
  await live(other)
  assert.equal(new URL(other.url()).hash, "")
})

test("shared servers are shown with who holds them, and stopped unless they are held", TIME, async () => {
  const holder = spawn("sleep", ["1000"])
  try {
    const use = (...words) => world.sharedserver("use", ...words)
    const served = use("files", "--port", "auto", "--ready-tcp", "${PORT}", "--pid", `${holder.pid}`, "--metadata", "<b>editor</b>", "--shell", "--", 'exec python3 -m http.server "$PORT" --bind 127.0.0.1')
    assert.equal(served.code, 0, served.err)
    assert.equal(use("held", "--hold", "1h", "--", "sleep", "1000").code, 0)
    const hidden = (page) =>
      page.addInitScript(() => {
        let hidden = false
        Object.defineProperty(document, "hidden", { get: () => hidden })
        window.hide = (value) => {
          hidden = value
          document.dispatchEvent(new Event("visibilitychange"))
        }
      })
    const page = await world.page({}, hidden)
    const server = page.locator('[data-server="files"]')
    await server.waitFor()
    const { port } = JSON.parse(world.sharedserver("info", "files", "--json").out)
    assert.equal(await server.locator(".place a").getAttribute("href"), `http://127.0.0.1:${port}/`)
    assert.match(await server.locator(".place").textContent(), /up [0-9]+ s/)
    await server.locator("summary").click()
    assert.equal(await server.locator(".holders li").textContent(), `${holder.pid}sleep 1000<b>editor</b>`)
    await server.getByRole("button", { name: "Stop files" }).click()
    await server.locator(".problem", { hasText: `still used by pid ${holder.pid}` }).waitFor()
    assert.match(await page.locator('[data-server="held"] summary').textContent(), /held by 1/)

    // who does not look costs nothing
    const asked = () => page.asked.filter(({ url }) => url.includes("/api/shared/")).length
    await page.evaluate(() => window.hide(true))
    const before = asked()
    await new Promise((resolve) => setTimeout(resolve, 4000))
    assert.ok(asked() <= before + 1, `${asked() - before} requests of a page that nobody sees`)
    const hiddenAt = asked()
    await page.evaluate(() => window.hide(false))
    await until(() => asked() > hiddenAt, "it looks again")

    world.sharedserver("unuse", "files", "--pid", `${holder.pid}`)
    await server.locator("summary", { hasText: "held by nobody" }).waitFor()
    await server.getByRole("button", { name: "Stop files" }).click()
    await server.waitFor({ state: "detached" })
    assert.equal(JSON.parse(world.sharedserver("info", "files", "--json").out).state, "stopped")
    // the refusal is an answer of 409, which the browser reports by itself
    assert.deepEqual(page.complaints.filter((text) => !text.includes("status of 409")), [])
  } finally {
    holder.kill()
  }
})

test("the address that the product's own hub says leads to the project that is up", TIME, async () => {
  await world.request("POST", "/api/dev/servers/shop/stop")
  const up = world.sharedserver("dev", "up", "--detach", world.plugin)
  assert.equal(up.code, 0, up.out + up.err)
  const address = /http:\/\/127\.0\.0\.1:[0-9]+\/#token=[0-9a-f]+/.exec(world.sharedserver("dev", "status").out)[0]
  const page = await world.page({ address })
  await badge(page, "ready")
  await page.locator('[data-server="@dev"]').waitFor()
  await card(page).getByRole("button", { name: "Stop shop" }).click()
  await badge(page, "stopped")
  await card(page).getByRole("button", { name: "Start shop" }).click()
  await badge(page, "ready")
  assert.equal(world.sharedserver("dev", "down", "shop").code, 0)
  await badge(page, "stopped")
  assert.deepEqual(page.complaints, [])
})

test("a project of another kind has a row for each of its processes and builders", TIME, async () => {
  const directory = join(world.root, "tools")
  mkdirSync(join(directory, "src"), { recursive: true })
  const said = (words) => ["sh", "-c", words]
  const config = {
    processes: {
      api: { command: said('exec python3 -m http.server "$PORT" --bind 127.0.0.1'), port: "auto", ready: { tcp: "${PORT}" } },
      worker: { command: said("echo § working; exec sleep 1000") },
    },
    builders: {},
  }
  writeFileSync(join(directory, "sharedserver-dev.json"), JSON.stringify(config))
  const page = await world.page()
  await live(page)
  await world.request("POST", "/api/dev/servers/tools/start", { devPath: directory })
  const tools = page.locator('[data-id="tools"]')
  await tools.locator(".facts div", { hasText: /^apiready 127[.]0[.]0[.]1:[0-9]+$/ }).waitFor()
  await tools.locator(".facts div", { hasText: /^workerrunning$/ }).waitFor()
  await tools.locator(".badge", { hasText: /^running$/ }).waitFor()
  assert.equal(await tools.getByRole("button", { name: "Rebuild tools" }).isVisible(), false, "nothing is built there")
  await page.selectOption("#log-source", "worker")
  await linesAre(page, ["§ working"])
  await tools.getByRole("button", { name: "Stop tools" }).click()
  await tools.locator(".badge", { hasText: /^stopped$/ }).waitFor()
  assert.deepEqual(page.complaints, [])
})

inPage("a narrow screen", { viewport: { width: 360, height: 740 } }, async (page) => {
  world.write("pkg/broken.go", `package main\n\nvar ${"long".repeat(40)} int = "${"text".repeat(40)}"\n`)
  await card(page).locator(".errors a").waitFor()
  await world.say(`${"unbroken".repeat(100)}\n`)
  await line(page, "unbroken").waitFor()
  const wide = await page.evaluate(() => {
    const out = [...document.querySelectorAll("body *")].filter((element) => {
      const box = element.getBoundingClientRect()
      return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1) && !element.closest(".sr, .skip, .path")
    })
    return { page: document.documentElement.scrollWidth, out: out.map((element) => element.outerHTML.slice(0, 80)) }
  })
  assert.deepEqual(wide, { page: 360, out: [] })
  // what is to be hit by a finger
  const small = await page.locator("button:visible, select:visible").evaluateAll((all) =>
    all.filter((element) => element.getBoundingClientRect().height < 24).map((element) => element.textContent))
  assert.deepEqual(small, [])
})

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing: ${colorScheme}`, TIME, async () => {
    await world.ready()
    world.sharedserver("use", "db", "--hold", "1h", "--", "sleep", "1000")
    world.write("pkg/broken.go", "package main\n\nvar x int = y\n")
    // axe's own code is what the page's policy would keep out
    const page = await world.page({ colorScheme, bypassCSP: true })
    await card(page).locator(".errors a").waitFor()
    await page.locator('[data-server="db"] summary').click()
    await page.click("#clear")
    await world.say("§ one\n")
    await world.say("§ two\n", "/shout")
    await line(page, "§ two").waitFor()
    const check = async (where) => {
      await page.evaluate(AXE)
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }))
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary}`), [], where)
    }
    await check("the page")
    await page.keyboard.press("?")
    await check("help")
    await page.keyboard.press("Escape")
    await page.keyboard.press(",")
    await check("settings")
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await check("start by path")
    const empty = await world.page({ colorScheme, bypassCSP: true, address: `http://127.0.0.1:${world.port}/` })
    await empty.locator("#door").waitFor()
    await empty.evaluate(AXE)
    assert.deepEqual(await empty.evaluate(async () => (await window.axe.run()).violations.map((v) => v.id)), [])
  })
}

inPage("many lines: the page is bounded, follows, and stands still when one scrolls up", {}, async (page) => {
  await page.selectOption("#log-project", "shop")
  await page.click("#clear")
  const numbers = (from, to) => Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join("")
  await world.say(numbers(0, 12_000))
  const last = page.locator("#lines .block:last-child .line:last-child .text")
  await until(async () => (await last.textContent({ timeout: LONG })) === "line 11999", () => last.textContent())
  assert.equal(await page.locator("#lines .line").count(), 5000)
  assert.equal(await page.locator("#lines .line .text").first().textContent(), "line 7000")
  assert.equal(await page.locator("#count").textContent(), "5,000 of 5,000 lines")
  await until(() => last.evaluate((row) => row.getBoundingClientRect().bottom <= row.closest("#lines").getBoundingClientRect().bottom + 1), "the last line can be seen")

  await page.locator("#lines").hover()
  await page.mouse.wheel(0, -2000)
  await until(async () => (await page.locator("#follow").getAttribute("aria-pressed")) === "false", "it does not follow any more")
  const top = () => page.locator("#lines").evaluate((lines) => lines.scrollTop)
  await world.say(numbers(12_000, 12_007))
  await page.locator("#newest", { hasText: "7 new lines" }).waitFor()
  const before = await top()
  await world.say(numbers(12_007, 12_010))
  await page.locator("#newest", { hasText: "10 new lines" }).waitFor()
  assert.equal(await top(), before)
  await page.click("#newest")
  await until(async () => (await last.textContent()) === "line 12009", () => last.textContent())
  assert.equal(await page.locator("#lines .line").count(), 5000)
  assert.equal(await page.locator("#follow").getAttribute("aria-pressed"), "true")
})
