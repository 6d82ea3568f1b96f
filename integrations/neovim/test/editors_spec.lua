-- Whole editors, a real server and the packaged product: what happens as they come, go and are killed.
local world = require("world")

local function fetch(port)
  local out = vim.fn.system({ "python3", "-c", ([[
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:%d/", timeout=2).status)]]):format(port) })
  return vim.v.shell_error == 0 and vim.trim(out) == "200"
end

describe("editors", function()
  local port

  before_each(function()
    world.make()
    port = world.port()
  end)

  after_each(function()
    world.clean()
  end)

  local function config(grace, more)
    return ([[
      require("sharedserver").setup({
        web = {
          command = "python3",
          args = { "-m", "http.server", "--bind", "127.0.0.1", "%d" },
          idle_timeout = "%s",
        },
      }, { notify = { on_start = true, on_attach = true } })
      %s]]):format(port, grace, more or "")
  end

  local function refs(count)
    return function()
      return world.refcount("web") == count
    end
  end

  it("share one real server; one is killed and the count drops; the last leaves and the grace period runs to its end", function()
    local one = world.editor(config("2s"))
    world.holds(refs(1), "the first is attached")
    local two = world.editor(config("2s"))
    world.holds(refs(2), "the second is attached")
    local info = world.info("web")
    world.holds(function()
      return fetch(port)
    end, "the web server answers")
    local pids = {}
    for _, client in ipairs(info.clients) do
      pids[client.pid] = true
    end
    assert.same({ [one.pid] = true, [two.pid] = true }, pids)
    world.holds(function()
      return one:told():find("web started", 1, true) and two:told():find("web attached", 1, true)
    end, "one has started it, the other has joined")

    vim.loop.kill(one.pid, "sigkill")
    world.holds(refs(1), "the killed one is not counted any more")
    assert.equals(info.pid, world.info("web").pid)
    assert.is_true(fetch(port))

    two:quit()
    local state = world.info("web").state
    assert.truthy(state == "grace" or state == "stopped", "an editor that has quit holds nothing: " .. state)
    local _, code = world.run("wait", "web", "--for", "stopped", "--timeout", "30s")
    assert.equals(0, code)
    assert.is_false(world.alive(info.pid))
    assert.is_false(fetch(port))
    local causes = world.run("events", "web", "--json")
    assert.truthy(causes:find('"cause":"grace_expired"', 1, true), causes)
  end)

  it("leave nothing waiting behind when they crash", function()
    local one = world.editor(config("1h"))
    world.holds(refs(1), "attached")
    local waiting
    world.holds(function()
      for _, pid in ipairs(vim.api.nvim_get_proc_children(one.pid)) do
        local line = (world.read(("/proc/%d/cmdline"):format(pid)) or ""):gsub("%z", " ")
        waiting = line:find(" wait ", 1, true) and pid or waiting
      end
      return waiting ~= nil
    end, "one process waits for the end of the server")
    vim.loop.kill(one.pid, "sigkill")
    world.holds(function()
      return world.info("web").state == "grace"
    end, "the reference is dropped")
    world.holds(function()
      return not world.alive(waiting)
    end, "what waited for the editor is gone")
  end)

  it("that crash before they can say good-bye are not counted", function()
    local one = world.editor(config("1h"))
    local two = world.editor(config("1h", [[
      vim.api.nvim_create_autocmd("ExitPre", { callback = function() vim.loop.kill(vim.fn.getpid(), "sigkill") end })]]))
    world.holds(refs(2), "both are attached")
    two:quit()
    world.holds(refs(1), "the crashed one is gone")
    assert.equals(one.pid, world.info("web").clients[1].pid)
  end)

  it("that end by a signal are not counted", function()
    local one = world.editor(config("1h"))
    world.holds(refs(1), "attached")
    vim.loop.kill(one.pid, "sigterm")
    world.holds(function()
      return world.info("web").state == "grace"
    end, "dropped")
  end)

  it("find the server that another one left, in its grace period", function()
    local one = world.editor(config("1h"))
    world.holds(refs(1), "attached")
    local pid = world.info("web").pid
    one:quit()
    assert.equals("grace", world.info("web").state)
    world.editor(config("1h"))
    world.holds(refs(1), "rescued")
    assert.equals(pid, world.info("web").pid)
  end)

  it("are all told when the server dies, and why", function()
    local one = world.editor(config("1h"))
    world.holds(refs(1), "attached")
    local two = world.editor(config("1h"))
    world.holds(refs(2), "attached")
    world.holds(function()
      return two:told():find("web attached", 1, true) ~= nil
    end, "it knows that it is attached")
    vim.loop.kill(world.info("web").pid, "sigkill")
    for _, editor in ipairs({ one, two }) do
      world.holds(function()
        return editor:told():find("server web %(PID %d+%) was killed by signal 9") ~= nil
      end, "the notification")
    end
  end)

  it("go on, and end, though the tool hangs", function()
    local hanging = world.write(world.root .. "/hang", "#!/bin/sh\nexec sleep 60\n", "755")
    local one = world.editor(("vim.env.SHAREDSERVER_BIN = nil\nrequire('sharedserver').setup({ web = { command = 'x' } }, { binary = %q })"):format(hanging))
    assert.equals(0, one:quit())
  end)

  it("end with nothing to say to the tool if they have never used it", function()
    local log = world.root .. "/calls"
    local counting = world.write(world.root .. "/count", ('#!/bin/sh\necho "$*" >>%s\nexec %s "$@"\n'):format(log, world.bin), "755")
    local one = world.editor(("require('sharedserver').setup({}, { binary = %q })"):format(counting))
    one:quit()
    assert.is_nil(world.read(log))
    local two = world.editor(("require('sharedserver').setup({ a = { command = 'sleep', args = { '1000' } }, b = { command = 'sleep', args = { '1000' } } }, { binary = %q })"):format(counting))
    world.holds(function()
      return world.refcount("a") == 1 and world.refcount("b") == 1
    end, "attached")
    two:quit()
    local calls = {}
    for line in world.read(log):gmatch("[^\n]+") do
      local verb = line:match("^%S+")
      calls[verb] = (calls[verb] or 0) + 1
    end
    assert.equals(1, calls.up, "one call on the way in")
    assert.equals(1, calls.down, "one call on the way out")
  end)
end)
