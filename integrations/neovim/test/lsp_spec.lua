-- Language servers that run already, here and "over there": a real clangd and the real product; ssh is a script that runs the command here, with
-- another state directory. What a real ssh does is tested with the product (LspSshIT).
local world = require("world")

local CPP = [[
struct List { int size; };
int answer() { return 42; }
int main() { List list{answer()}; return list.nothing_like_it; }
]]

describe("language servers", function()
  local lsp, told, work, path

  before_each(function()
    world.make()
    local _, said = world.fresh()
    told = said
    lsp = require("sharedserver.lsp")
    work = world.root .. "/work"
    world.write(work .. "/a.cpp", CPP)
    path = vim.env.PATH
    world.write(world.root .. "/bin/ssh", ([[#!/bin/sh
while [ "$1" != -- ]; do shift; done
echo "$2" >>'%s/hosts'
[ "$2" != nowhere ] || { echo "ssh: no route to $2" >&2; exit 255; }
export SHAREDSERVER_LOCKDIR='%s/there'
exec sh -c "$3"
]]):format(world.root, world.root), "755")
    vim.loop.fs_symlink(world.bin, world.root .. "/bin/sharedserver")
    vim.env.PATH = world.root .. "/bin:" .. path
    vim.fn.mkdir(world.root .. "/there", "p")
    vim.cmd("cd " .. work)
  end)

  after_each(function()
    for id in pairs(lsp.sessions()) do
      vim.lsp.stop_client(id, true)
    end
    world.holds(function()
      return vim.tbl_isempty(lsp.sessions())
    end, "no session is left")
    vim.cmd("silent! %bwipeout!")
    vim.cmd("cd /")
    world.clean()
    vim.env.SHAREDSERVER_LOCKDIR = world.root .. "/there"
    world.clean()
    vim.env.PATH = path
  end)

  local function served(...)
    local out, code = world.run("lsp", "serve", ...)
    assert.equals(0, code, out)
    return out
  end

  local function servers(...)
    -- there may be others on this machine
    return vim.tbl_filter(function(one)
      return one.mode == "ours"
    end, vim.json.decode((world.run("lsp", "list", "--json", ...))))
  end

  local function hover()
    world.holds(function()
      return not vim.tbl_isempty(vim.lsp.buf_get_clients(0))
    end, "a client that is initialized")
    local params = {
      textDocument = vim.lsp.util.make_text_document_params(),
      position = { line = 1, character = 5 },
    }
    for _, answer in pairs(vim.lsp.buf_request_sync(0, "textDocument/hover", params, world.PATIENCE) or {}) do
      return answer.result and answer.result.contents.value or ""
    end
    return ""
  end

  local function connected()
    return function()
      return vim.tbl_count(lsp.sessions()) == 1
    end
  end

  local function open()
    vim.cmd("edit " .. work .. "/a.cpp")
    vim.bo.filetype = "cpp"
  end

  -- The text of the window that a command has opened.
  local function shown(part)
    local text
    world.holds(function()
      text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
      return vim.bo.buftype == "nofile" and text:find(part, 1, true) ~= nil
    end, "a window that says " .. part)
    return text
  end

  it("the commands are there after setup, and its options are looked at", function()
    lsp.setup()
    for _, name in ipairs({ "List", "Processes", "Attach", "Detach", "Status" }) do
      assert.equals(2, vim.fn.exists(":RemoteLsp" .. name), name)
    end
    assert.has_error(function()
      lsp.setup({ attachment_strategy = "any" })
    end)
    assert.has_error(function()
      lsp.setup({ attachment_timeout = -1 })
    end)
    assert.has_error(function()
      lsp.setup({ enable_pid_attachment = 1 })
    end)
  end)

  it("cmd() is what an editor starts", function()
    assert.same({ world.bin, "lsp", "connect", "--", "clangd", "-j=1" }, lsp.cmd({ "clangd", "-j=1" }))
    assert.same(
      { world.bin, "lsp", "connect", "--host", "box", "--root", "/r", "--map", "/l=/r", "--", "clangd" },
      lsp.cmd({ "clangd" }, { host = "box", root = "/r", map = { "/l=/r" } })
    )
    assert.same({ world.bin, "lsp", "connect", "--name", "n" }, lsp.cmd(nil, { name = "n", host = "localhost" }))
  end)

  it(":RemoteLspAttach connects to a server that runs, :RemoteLspDetach lets go of it", function()
    served("--", "clangd")
    local pid = servers()[1].pid
    lsp.setup()
    open()
    vim.cmd("RemoteLspAttach clangd")
    world.holds(connected(), "a session")
    world.holds(function()
      return #vim.diagnostic.get(0) > 0
    end, "diagnostics")
    assert.truthy(hover():find("answer", 1, true))
    local _, session = next(lsp.sessions())
    assert.equals(pid, session.pid)
    assert.equals(work, session.root_dir)

    -- a buffer that comes later is taken, one of another type is not
    world.write(work .. "/b.cpp", CPP)
    vim.cmd("edit " .. work .. "/b.cpp")
    vim.bo.filetype = "cpp"
    assert.truthy(hover():find("answer", 1, true))
    vim.cmd("edit " .. work .. "/c.txt")
    vim.bo.filetype = "text"
    assert.equals(0, vim.tbl_count(vim.lsp.buf_get_clients(0)))
    vim.cmd("RemoteLspDetach")
    world.holds(function()
      return world.says(told, "has no language server") ~= nil
    end, "that there is nothing to let go of")

    open()
    vim.cmd("RemoteLspStatus")
    local text = shown("state     initialized")
    assert.truthy(text:find(("(pid %d) for %s"):format(pid, work), 1, true), text)
    assert.truthy(text:find("document  file://" .. work .. "/b.cpp", 1, true), text)
    vim.cmd("close")
    vim.cmd("RemoteLspDetach")
    world.holds(function()
      return vim.tbl_isempty(lsp.sessions()) and #servers()[1].clients == 0
    end, "the session has ended")
    assert.equals(pid, servers()[1].pid)
    assert.is_nil(world.says(told, "is gone"))
  end)

  it("a server on another host is found, shown and connected to through ssh", function()
    served("--host", "box", "--", "clangd")
    assert.same({}, servers())
    local pid = servers("--host", "box")[1].pid
    lsp.setup()
    open()
    vim.cmd("RemoteLspList box")
    assert.truthy(shown("lsp-clangd-"):find(tostring(pid), 1, true))
    vim.cmd("close")
    vim.cmd(("RemoteLspAttach clangd box %d %s"):format(pid, work))
    world.holds(connected(), "a session")
    assert.truthy(hover():find("answer", 1, true))
    local _, session = next(lsp.sessions())
    assert.equals("box", session.host)
    vim.cmd("RemoteLspStatus")
    assert.truthy(shown("on box:"):find("state     initialized", 1, true))
    vim.cmd("close")
  end)

  it("of many the strategy takes one, or the user does", function()
    vim.fn.mkdir(world.root .. "/other", "p")
    served("--", "clangd")
    served("--root", world.root .. "/other", "--", "clangd")
    lsp.setup()
    open()
    local offered
    local select = vim.ui.select
    vim.ui.select = function(items, options, callback)
      offered = vim.tbl_map(options.format_item, items)
      for _, item in ipairs(items) do
        if item.root == work then
          callback(item)
        end
      end
    end
    vim.cmd("RemoteLspAttach clangd")
    world.holds(connected(), "a session")
    vim.ui.select = select
    assert.equals(2, #offered)
    local id, session = next(lsp.sessions())
    assert.equals(work, session.root_dir)
    vim.lsp.stop_client(id)
    world.holds(function()
      return vim.tbl_isempty(lsp.sessions())
    end, "the session has ended")

    local chosen = {}
    for _, strategy in ipairs({ "newest", "oldest" }) do
      lsp.setup({ attachment_strategy = strategy })
      lsp.attach({ server = "clangd" }, function(made)
        chosen[strategy] = lsp.sessions()[made].pid
      end)
      world.holds(function()
        return chosen[strategy] ~= nil
      end, "a session by strategy " .. strategy)
    end
    assert.not_equals(chosen.newest, chosen.oldest)
  end)

  it("a server that another editor has started is attached to by pid, and given back", function()
    local other = world.editor("")
    other:lua(([[
      vim.cmd("edit %s/a.cpp")
      vim.bo.filetype = "cpp"
      id = vim.lsp.start_client({ name = "clangd", cmd = { "clangd" }, root_dir = "%s" })
      vim.lsp.buf_attach_client(0, id)
      function mistakes(text)
        vim.api.nvim_buf_set_lines(0, -2, -1, false, { text })
      end
      function hover()
        if vim.tbl_isempty(vim.lsp.buf_get_clients(0)) then
          return "" -- not yet
        end
        local params = { textDocument = vim.lsp.util.make_text_document_params(), position = { line = 1, character = 5 } }
        local answers = vim.lsp.buf_request_sync(0, "textDocument/hover", params, %d) or {}
        return answers[id] and answers[id].result and answers[id].result.contents.value or ""
      end
    ]]):format(work, work, world.PATIENCE))
    local function others_hover()
      return other:lua("return hover()"):find("answer", 1, true) ~= nil
    end
    world.holds(others_hover, "a hover of the other editor")
    -- as many diagnostics as the last line has mistakes
    local function others_diagnostics(count, text)
      other:lua(("mistakes(%q)"):format(text))
      world.holds(function()
        return other:lua("return tostring(#vim.diagnostic.get(0))") == tostring(count)
      end, count .. " diagnostics of the other editor")
    end
    local last = "int main() { List list{answer()}; return list.nothing_like_it; }"
    others_diagnostics(2, last .. " int x = nothing;")
    others_diagnostics(1, last)
    local pid
    for _, child in ipairs(vim.api.nvim_get_proc_children(other.pid)) do
      if (world.read(("/proc/%d/cmdline"):format(child)) or ""):find("clangd", 1, true) then
        pid = child
      end
    end
    assert.is_not_nil(pid)
    local function mode()
      for _, one in ipairs(vim.json.decode((world.run("lsp", "list", "--json")))) do
        if one.pid == pid then
          return one.mode
        end
      end
      return nil
    end
    assert.equals("foreign", mode())

    lsp.setup({ enable_pid_attachment = true })
    open()
    vim.cmd("RemoteLspAttach clangd - " .. pid)
    world.holds(connected(), "a session")
    assert.truthy(hover():find("answer", 1, true))
    assert.is_true(others_hover())
    others_diagnostics(2, last .. " int x = nothing;")
    others_diagnostics(1, last)
    assert.is_true(others_hover())
    assert.equals("attached", mode())
    vim.cmd("RemoteLspDetach!")
    world.holds(function()
      return vim.tbl_isempty(lsp.sessions()) and mode() == "foreign"
    end, "the server is given back")
    assert.is_true(others_hover())
    others_diagnostics(2, last .. " int x = nothing;")
  end)

  it("what cannot be is said", function()
    lsp.setup()
    open()
    vim.cmd("RemoteLspAttach no-such-server")
    world.holds(function()
      return world.says(told, "no language server no-such-server runs") ~= nil
    end, "that there is none")
    vim.cmd("RemoteLspAttach clangd nowhere")
    world.holds(function()
      return world.says(told, "no route to nowhere") ~= nil
    end, "what ssh says")
    vim.cmd("RemoteLspList -oProxyCommand=x")
    world.holds(function()
      return world.says(told, "invalid --host") ~= nil
    end, "that this is no host")
    vim.cmd("RemoteLspAttach clangd - x1")
    assert.is_not_nil(world.says(told, "a pid, or - for any, is expected"))
    assert.same({}, lsp.sessions())
  end)

  it("a server that is stopped ends its session, and that is told", function()
    served("--", "clangd")
    lsp.setup()
    open()
    vim.cmd("RemoteLspAttach")
    world.holds(connected(), "a session")
    assert.truthy(hover():find("answer", 1, true))
    local name = servers()[1].name
    world.run("admin", "kill", name)
    world.holds(function()
      return vim.tbl_isempty(lsp.sessions()) and world.says(told, name .. " is gone") ~= nil
    end, "that it is gone")
  end)
end)

-- The parts that need `lsp attach`: what is asked of the command line, by a tool that notes it and says what the specification says.
describe("servers of other programs", function()
  local lsp, told

  before_each(function()
    world.make()
    world.write(world.root .. "/sharedserver", ([[#!/bin/sh
echo "$*" >>'%s/asked'
case "$1 $2" in
"up --help") exit 0 ;;
"lsp list")
  mode=foreign name=null
  [ ! -f '%s/attached' ] || { mode=attached name='"clangd-4711"'; }
  echo "[{\"pid\":4711,\"type\":\"clangd\",\"root\":\"/r\",\"mode\":\"$mode\",\"name\":$name,\"attachable\":true}]" ;;
"lsp attach") [ ! -f '%s/refused' ] || { echo "sharedserver: pid 4711 is traced" >&2; exit 12; }; touch '%s/attached' ;;
*) exit 1 ;;
esac
]]):format(world.root, world.root, world.root, world.root), "755")
    vim.env.SHAREDSERVER_BIN = world.root .. "/sharedserver"
    local _, said = world.fresh()
    told = said
    lsp = require("sharedserver.lsp")
  end)

  after_each(function()
    world.holds(function()
      return vim.tbl_isempty(lsp.sessions())
    end, "no session is left")
    vim.env.SHAREDSERVER_BIN = world.bin
  end)

  local function asked(part)
    return function()
      return (world.read(world.root .. "/asked") or ""):find(part, 1, true) ~= nil
    end
  end

  it("are attached to only if the user has allowed it", function()
    lsp.setup()
    vim.cmd("RemoteLspAttach clangd box 4711 /r")
    world.holds(function()
      return world.says(told, "enable_pid_attachment = true") ~= nil
    end, "how it is allowed")
    assert.falsy(asked("lsp attach")())
  end)

  it("are attached to by pid, and then connected to by name", function()
    lsp.setup({ enable_pid_attachment = true, attachment_timeout = 2500 })
    vim.cmd("RemoteLspAttach clangd box 4711 /r")
    world.holds(asked("lsp connect --host box --name clangd-4711"), "lsp connect")
    assert.is_true(asked("lsp attach --host box 4711 --timeout 2500ms --root /r")())
  end)

  it("that refuse are told of", function()
    world.write(world.root .. "/refused", "")
    lsp.setup({ enable_pid_attachment = true })
    local called, id = false, nil
    lsp.attach({ pid = 4711 }, function(made)
      called, id = true, made
    end)
    world.holds(function()
      return called
    end, "an answer")
    assert.is_nil(id)
    assert.is_not_nil(world.says(told, "pid 4711 is traced"))
  end)

  it(":RemoteLspProcesses passes the pattern on", function()
    lsp.setup()
    vim.cmd("RemoteLspProcesses box clangd --x")
    world.holds(asked("lsp list --host box --pattern clangd --x"), "lsp list")
    world.holds(function()
      return vim.bo.buftype == "nofile"
    end, "the window")
    vim.cmd("bwipeout!")
  end)
end)
