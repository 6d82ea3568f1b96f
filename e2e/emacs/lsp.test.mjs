// Emacsen with eglot, whose init file is what docs/lsp.md says, in front of real language servers.
import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { alive, until, World } from "./world.mjs"

const LIMIT = { timeout: 240_000 }

const CPP = `struct List { int size; };
int answer() { return 42; }
int main() { List list{answer()}; return list.nothing_like_it; }
`

let world

beforeEach(() => {
  world = new World()
})

afterEach(() => world.close(), LIMIT)

/** Waits for what an Emacs is to show of the mistakes in a file. */
const mistakes = (emacs, file, expected) =>
  until(() => expected.test(emacs.mistakes(file)), `mistakes of ${file} like ${expected}`)

test("one Emacs: hints, mistakes, completions, changes, a new name, a new session, and goodbye", LIMIT, async () => {
  const file = world.file("a.cpp", CPP)
  const emacs = await world.emacs()
  const bridge = await emacs.open(file)
  assert.match(emacs.hover(file, "int answer"), /int answer\(\)/)
  await mistakes(emacs, file, /nothing_like_it/)
  assert.deepEqual(world.clients(), [bridge], "it is the hub that Emacs talks to")
  assert.equal(world.only().documents.length, 1)
  const server = world.only().pid

  emacs.replace(file, "nothing_like_it", "si")
  assert.match(emacs.run(file, `(driver-completions "list.si")`), /^size$/m)
  emacs.replace(file, "list.si", "list.size")
  await mistakes(emacs, file, /^$/)
  emacs.run(file, `(progn (driver-goto "int answe") (eglot-rename "reply") "")`)
  assert.match(emacs.text(file), /int reply\(\) .*\n.*list\{reply\(\)\}/)
  assert.match(emacs.hover(file, "int reply"), /int reply\(\)/)
  emacs.run(file, `(progn (save-buffer) "")`)

  // a new session meets the same server, which knows the text that Emacs has by now
  emacs.run(file, `(progn (eglot-reconnect (eglot-current-server)) "")`)
  const again = await emacs.managed(file, String(bridge))
  assert.match(emacs.hover(file, "int reply"), /int reply\(\)/)
  await until(() => world.clients().includes(again) && !world.clients().includes(bridge), "the first session is over")
  assert.equal(world.only().pid, server)

  emacs.run(file, `(progn (eglot-shutdown (eglot-current-server)) "")`)
  await until(() => world.clients().length === 0, "the session is over")
  assert.deepEqual(world.only().documents, [])
  assert.ok(alive(server))
})

test("pylsp: a hint, a change, and completions that follow from it", LIMIT, async () => {
  const file = world.file("a.py", 'def answer():\n    """What is asked for."""\n    return 42\n\n\nanswer()\n')
  const emacs = await world.emacs()
  const bridge = await emacs.open(file)
  assert.match(emacs.hover(file, "\n\nanswer"), /What is asked for/)
  emacs.replace(file, "\n\nanswer()\n", "\n\ndef another():\n    return 43\n\n\nano")
  assert.match(emacs.run(file, `(driver-completions "43\n\n\nano")`), /^another/m)
  assert.deepEqual(world.clients(), [bridge])
  assert.equal(world.only().type, "pylsp")
})

test("two Emacsen share a clangd, also with different text, and one that is killed is missed by nobody", LIMIT, async () => {
  const file = world.file("a.cpp", CPP)
  const one = await world.emacs()
  const two = await world.emacs()
  const bridges = [await one.open(file), await two.open(file)]
  for (const emacs of [one, two]) {
    assert.match(emacs.hover(file, "int answer"), /int answer\(\)/)
    await mistakes(emacs, file, /nothing_like_it/)
  }
  assert.deepEqual(world.clients().sort(), bridges.sort())
  const server = world.only().pid

  // the newest text counts; who has another is told so until it has read the file again
  one.replace(file, "nothing_like_it", "size")
  await mistakes(one, file, /^$/)
  assert.throws(() => two.run(file, `(format "%s" (jsonrpc-request (eglot-current-server) :textDocument/hover (eglot--TextDocumentPositionParams)))`), /another editor has changed this document/)
  one.run(file, `(progn (save-buffer) "")`)
  two.run(file, `(progn (revert-buffer t t) "")`)
  await two.managed(file)
  await mistakes(two, file, /^$/)
  assert.match(two.hover(file, "int answer"), /int answer\(\)/)

  await one.kill()
  await until(() => world.clients().length === 1, "the killed one is gone")
  assert.match(two.hover(file, "int answer"), /int answer\(\)/)
  two.replace(file, "list.size", "list.nothing")
  await mistakes(two, file, /nothing/)
  assert.equal(world.only().pid, server)
  assert.equal(world.only().documents.length, 1)
})

test("an Emacs and a Neovim share a clangd", LIMIT, async () => {
  const file = world.file("a.cpp", CPP)
  const neovim = world.neovim(
    file,
    `local id = vim.lsp.start_client({ name = "clangd", cmd = { "sharedserver", "lsp", "connect", "--", "clangd" }, root_dir = vim.fn.getcwd() })
vim.lsp.buf_attach_client(0, id)
vim.o.autoread = true
function Mistakes()
  return vim.tbl_map(function(one) return one.message end, vim.diagnostic.get(0))
end
function Hover()
  local params = { textDocument = vim.lsp.util.make_text_document_params(), position = { line = 1, character = 5 } }
  return vim.lsp.buf_request_sync(0, "textDocument/hover", params, 30000)
end`,
  )
  const mistaken = (expected) => until(() => expected.test(neovim.lua("Mistakes()")?.join("\\n")), `mistakes in Neovim like ${expected}`)
  await mistaken(/nothing_like_it/)
  const emacs = await world.emacs()
  await emacs.open(file)
  await mistakes(emacs, file, /nothing_like_it/)
  assert.equal(world.clients().length, 2)
  // each writes the name of the directory in its own way, and means the same document
  assert.equal(world.only().documents.length, 1)
  const server = world.only().pid

  emacs.replace(file, "nothing_like_it", "size")
  await mistakes(emacs, file, /^$/)
  assert.match(JSON.stringify(neovim.lua("Hover()")), /another editor has changed this document/)
  emacs.run(file, `(progn (save-buffer) "")`)
  await until(() => {
    neovim.lua('vim.cmd("checktime")')
    return /int answer/.test(JSON.stringify(neovim.lua("Hover()")))
  }, "Neovim has read the file again")
  await mistaken(/^$/)

  await emacs.kill()
  await until(() => world.clients().length === 1, "Emacs is gone")
  assert.match(JSON.stringify(neovim.lua("Hover()")), /int answer/)
  assert.equal(world.only().pid, server)
  assert.equal(world.only().documents.length, 1)
})

test("a clangd that Emacs has started for itself is attached to, shared and given back", LIMIT, async () => {
  const file = world.file("a.cpp", CPP)
  // without what the docs say: eglot runs clangd
  const emacs = await world.emacs("(require 'eglot)\n(add-hook 'c++-mode-hook 'eglot-ensure)\n")
  const server = await emacs.open(file)
  assert.match(emacs.hover(file, "int answer"), /int answer\(\)/)
  await mistakes(emacs, file, /nothing_like_it/)
  const attached = world.sharedserver("lsp", "attach", String(server), "--timeout", "60s")
  assert.equal(attached.code, 0, attached.err)
  assert.match(emacs.hover(file, "int answer"), /int answer\(\)/)

  const late = await world.emacs()
  await late.open(file)
  assert.match(late.hover(file, "int answer"), /int answer\(\)/)
  await mistakes(late, file, /nothing_like_it/)
  assert.equal(world.only().pid, server)
  emacs.replace(file, "nothing_like_it", "size")
  await mistakes(emacs, file, /^$/)
  await late.kill()

  const detached = world.sharedserver("lsp", "detach", String(server))
  assert.equal(detached.code, 0, detached.err)
  assert.match(emacs.hover(file, "int answer"), /int answer\(\)/)
  emacs.replace(file, "list.size", "list.nothing")
  await mistakes(emacs, file, /nothing/)
  emacs.run(file, `(progn (eglot-shutdown (eglot-current-server)) "")`)
  await until(() => !alive(server), "clangd has ended with its only editor")
})
