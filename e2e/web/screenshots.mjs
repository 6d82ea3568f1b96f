// Makes the pictures of docs/dev-web.md.

import { spawn } from "node:child_process"
import { statSync } from "node:fs"
import { World, until } from "./world.mjs"

// what npm thinks of this machine is in no picture
process.env.npm_config_loglevel = "error"
const docs = new URL("../../docs/", import.meta.url).pathname
const world = new World()
const holder = spawn("sleep", ["1000"])
try {
  await world.begin()
  const files = ["use", "docs", "--port", "auto", "--ready-tcp", "${PORT}", "--pid", `${holder.pid}`, "--metadata", "editor", "--shell", "--"]
  world.sharedserver(...files, 'exec python3 -m http.server "$PORT" --bind 127.0.0.1')
  world.sharedserver("use", "cache", "--hold", "1h", "--", "redis-server", "--port", "16379", "--save", "")
  await world.ready()
  await world.say("GET /index.html 200 in 3 ms\nGET /src/cart.js 200 in 9 ms\n")
  world.write("pkg/cart.go", 'package main\n\nfunc total(prices []int) int {\n\tsum := "0"\n\tfor _, p := range prices {\n\t\tsum += p\n\t}\n\treturn sum\n}\n')
  await until(async () => (await world.state()).goStatus === "error", "it is broken")
  for (const [name, options] of [
    ["light", { colorScheme: "light", viewport: { width: 1040, height: 700 } }],
    ["dark", { colorScheme: "dark", viewport: { width: 1040, height: 700 } }],
    ["narrow", { colorScheme: "light", viewport: { width: 360, height: 720 } }],
  ]) {
    const page = await world.page(options)
    await page.locator(".errors .where").first().waitFor()
    await page.locator('[data-server="docs"] summary').click()
    await page.locator('[data-server="docs"] .holders li').waitFor()
    await page.locator(".side").evaluate((side) => (side.scrollTop = 0))
    // the directory of this run means nothing to anybody
    await page.evaluate((root) => {
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      while (walk.nextNode()) walk.currentNode.data = walk.currentNode.data.replaceAll(root, "/home/ada")
    }, world.root)
    const path = `${docs}dev-web-${name}.png`
    await page.screenshot({ path })
    console.log(path.slice(docs.length), `${Math.ceil(statSync(path).size / 1024)} kB`)
  }
} finally {
  holder.kill()
  await world.end()
}
