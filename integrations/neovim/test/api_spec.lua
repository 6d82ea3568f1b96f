-- The interface, the commands, the window and the health report, against the real product in this Neovim.
local world = require("world")
local SLEEP = { command = "sleep", args = { "1000" } }
local own = vim.fn.getpid()

describe("with the real product", function()
  local plugin, told

  before_each(function()
    world.make()
    plugin, told = world.fresh()
  end)

  after_each(function()
    require("sharedserver.ends").stop()
    world.run("down", "--all", "--pid", tostring(own))
    world.clean()
  end)

  local function attached(name)
    return function()
      return plugin.status(name).attached
    end
  end

  it("setup brings servers up after the editor has started, the lazy ones only if they run", function()
    world.run("use", "running", "--pid", tostring(own), "--", "sleep", "1000")
    local pids = {}
    plugin.setup({
      eager = vim.tbl_extend("force", SLEEP, {
        on_start = function(pid)
          pids[#pids + 1] = pid
        end,
      }),
      idle = vim.tbl_extend("force", SLEEP, { lazy = true }),
      running = vim.tbl_extend("force", SLEEP, { lazy = true }),
    })
    world.holds(function()
      return #pids == 1 and world.says(told, "eager started") ~= nil
    end, "on_start and its notification")
    assert.equals(world.info("eager").pid, pids[1])
    assert.is_true(plugin.status("running").attached)
    local idle = plugin.status("idle")
    assert.is_false(idle.running)
    assert.is_false(idle.attached)
    assert.is_true(idle.lazy)
    assert.is_nil(world.says(told, "running attached"), "on_attach is false by default")
  end)

  it("all keys reach the server", function()
    vim.env.SOME = "some thing"
    local out = world.root .. "/out"
    vim.fn.mkdir(world.root .. "/home/dir")
    plugin.setup({
      web = {
        command = "sh",
        args = { "-c", 'echo "$1|$2|$KEY|$(pwd)" >"$OUT"; echo logged; exec sleep 1000', "sh", "$SOME", "~/x" },
        working_dir = "~/dir",
        idle_timeout = "42m",
        env = { KEY = "a $SOME", OUT = out },
        log_file = world.root .. "/web.log",
      },
    })
    world.holds(function()
      return (world.read(out) or ""):find("\n") ~= nil and (world.read(world.root .. "/web.log") or "") == "logged\n"
    end, "what the server writes")
    world.holds(attached("web"), "attached")
    local home = vim.env.HOME
    assert.equals(("some thing|%s/x|a some thing|%s/dir\n"):format(home, home), world.read(out))
    local status = plugin.status("web")
    assert.equals("42m", status.grace_period)
    assert.equals(world.root .. "/web.log", status.log_file)
  end)

  it("start is true once the server runs, and status tells of it", function()
    plugin.setup({ web = vim.tbl_extend("force", SLEEP, { lazy = true }) })
    assert.is_false(plugin.attach_if_running("web"))
    assert.is_true(plugin.start("web"))
    local status = plugin.status("web")
    assert.is_true(status.running)
    assert.is_true(status.attached)
    assert.equals("active", status.state)
    assert.equals(1, status.refcount)
    assert.is_true(world.alive(status.pid))
    assert.is_true(status.uptime >= 0 and status.uptime < 60)
    assert.is_true(plugin.start("web"), "twice is once")
    assert.equals(1, plugin.status("web").refcount)
    assert.is_true(plugin.attach_if_running("web"))
    assert.same({ "web" }, plugin.list())
    assert.is_true(plugin.is_registered("web"))
    assert.is_false(plugin.is_registered("other"))
  end)

  it("start does not wait until the server is ready", function()
    plugin.setup({
      web = {
        command = "sleep",
        args = { "1000" },
        lazy = true,
        ready = { exec = { "test", "-e", world.root .. "/ready" }, timeout = "60s", interval = "100ms" },
      },
    })
    assert.is_true(plugin.start("web"))
    assert.is_false(plugin.status("web").ready)
    world.write(world.root .. "/ready", "")
    world.holds(function()
      return plugin.status("web").ready and world.says(told, "web started") ~= nil
    end, "it is ready")
  end)

  it("start of what cannot be started is false, and told", function()
    plugin.setup({ web = { command = "no-such-command", lazy = true } })
    assert.is_false(plugin.start("web"))
    assert.truthy(world.says(told, "no-such-command"))
    assert.equals(vim.log.levels.ERROR, world.says(told, "no-such-command").level)
    assert.is_false(plugin.start("other"))
    assert.truthy(world.says(told, '"other"'))
  end)

  it("what is wrong with one server is told and harms no other", function()
    plugin.setup({
      good = SLEEP,
      bad = { command = "sleep", idle_timeout = "soon" },
      worse = { args = {} },
      odd = vim.tbl_extend("force", SLEEP, { argz = "x" }),
    })
    world.holds(function()
      return plugin.status("good").attached and plugin.status("odd").attached
    end, "the good ones")
    world.holds(function()
      return world.says(told, "soon") and world.says(told, "argz")
    end, "what the tool says")
    assert.equals("sharedserver: servers.bad.idle_timeout: ", world.says(told, "soon").text:match("^.-: .-: "))
    assert.truthy(world.says(told, "server worse: `command` is missing"))
    assert.truthy(world.says(told, "did you mean 'args'"))
    assert.is_false(plugin.is_registered("worse"))
  end)

  it("a callback that fails is told, and harms nothing", function()
    plugin.setup({
      web = vim.tbl_extend("force", SLEEP, {
        on_start = function()
          error("of the user")
        end,
      }),
    })
    world.holds(function()
      return world.says(told, "server web: `on_start` failed") ~= nil
    end, "the message")
    assert.is_true(plugin.status("web").attached)
  end)

  it("stop detaches, and stops nothing that others hold", function()
    plugin.setup({ web = SLEEP }, { notify = { on_stop = true } })
    world.holds(attached("web"), "attached")
    local other = vim.fn.jobstart({ "sleep", "1000" })
    world.run("use", "web", "--pid", tostring(vim.fn.jobpid(other)))
    assert.is_true(plugin.stop("web"))
    local status = plugin.status("web")
    assert.is_true(status.running)
    assert.is_false(status.attached)
    assert.equals(1, status.refcount)
    assert.truthy(world.says(told, "web detached"))
    assert.is_false(plugin.stop("web"), "it was not attached")
    vim.fn.jobstop(other)
  end)

  it("ServerStop! stops, though others hold it, and that is no error", function()
    local codes = {}
    plugin.setup({
      web = vim.tbl_extend("force", SLEEP, {
        on_exit = function(code)
          codes[#codes + 1] = code
        end,
      }),
    })
    world.holds(attached("web"), "attached")
    local other = vim.fn.jobstart({ "sleep", "1000" })
    world.run("use", "web", "--pid", tostring(vim.fn.jobpid(other)))
    world.holds(world.waiting, "its end is waited for")
    vim.cmd("ServerStop! web")
    world.holds(function()
      return #codes > 0
    end, "on_exit")
    vim.fn.jobstop(other)
    assert.same({ 143 }, codes)
    assert.is_false(plugin.status("web").running)
    assert.is_false(plugin.status("web").attached)
    assert.is_nil(world.says(told, "signal"))
    assert.is_nil(world.says(told, "stopped"), "on_stop is false by default")
  end)

  it("ServerStop! of a server that only others hold stops it, too", function()
    plugin.setup({ web = vim.tbl_extend("force", SLEEP, { lazy = true }) }, { notify = { on_stop = true } })
    local other = vim.fn.jobstart({ "sleep", "1000" })
    world.run("use", "web", "--pid", tostring(vim.fn.jobpid(other)), "--", "sleep", "1000")
    vim.cmd("ServerStop! web")
    world.holds(function()
      return world.says(told, "web was stopped") ~= nil
    end, "the notification")
    assert.is_false(plugin.status("web").running)
    vim.fn.jobstop(other)
    plugin.stop("web", { force = true })
    world.holds(function()
      return world.says(told, "not running") ~= nil
    end, "there is nothing to stop")
  end)

  it("a lazy server without command is attached to if somebody has started it", function()
    plugin.setup({ redis = { lazy = true } })
    assert.is_false(plugin.attach_if_running("redis"))
    assert.equals(0, #told, vim.inspect(told))
    assert.is_false(plugin.start("redis"))
    assert.truthy(world.says(told, "redis does not run, and has no `command`"))
    assert.is_nil(plugin.status("redis").command)
    vim.cmd("ServerStatus redis")
    vim.cmd("close")
    local other = vim.fn.jobstart({ "sleep", "1000" })
    world.run("use", "redis", "--pid", tostring(vim.fn.jobpid(other)), "--", "sleep", "1000")
    assert.is_true(plugin.start("redis"))
    assert.equals(2, plugin.status("redis").refcount)
    vim.fn.jobstop(other)
  end)

  it("restart gives a new process and keeps the reference", function()
    plugin.setup({ web = SLEEP })
    world.holds(attached("web"), "attached")
    local before = plugin.status("web").pid
    assert.is_true(plugin.restart("web"))
    world.holds(function()
      local status = plugin.status("web")
      return status.running and status.pid ~= before and status.attached
    end, "it runs anew")
    assert.equals(1, plugin.status("web").refcount)
  end)

  it("stop_all lets go of all", function()
    plugin.setup({ a = SLEEP, b = vim.tbl_extend("force", SLEEP, { scope = "project" }) }, { notify = { on_stop = true } })
    world.holds(function()
      return plugin.status("a").attached and plugin.status("b").attached
    end, "attached")
    assert.is_true(plugin.stop_all())
    assert.truthy(world.says(told, "a detached") and world.says(told, "b detached"))
    local all = plugin.status_all()
    assert.equals("grace", all.a.state)
    assert.equals("grace", all.b.state)
    assert.is_false(all.a.attached)
  end)

  it("register adds a server later, and brings it up", function()
    plugin.setup({})
    assert.is_true(plugin.register("late", SLEEP))
    world.holds(attached("late"), "attached")
    assert.is_false(plugin.register("bad", {}))
  end)

  it("the single form works, and lockdir and binary are options", function()
    vim.env.SHAREDSERVER_LOCKDIR = nil
    vim.env.SHAREDSERVER_BIN = "/nonexistent"
    plugin.setup({ command = "sleep", args = { "1000" } }, { lockdir = world.root .. "/state", binary = world.bin })
    world.holds(attached("default"), "attached")
    vim.env.SHAREDSERVER_LOCKDIR = world.root .. "/state"
    assert.equals(1, world.refcount("default"))
  end)

  describe("ends:", function()
    local function watched(server)
      local codes = {}
      server.on_exit = function(code)
        codes[#codes + 1] = code
      end
      plugin.setup({ web = server }, { notify = { on_stop = true } })
      return codes
    end

    it("a server that dies early is reported with the end of its log", function()
      local codes = watched({ command = "sh", args = { "-c", "echo the reason >&2; exit 7" } })
      world.holds(function()
        return #codes == 1
      end, "on_exit")
      assert.equals(7, codes[1])
      local one = world.says(told, "exit code 7")
      assert.truthy(one and one.text:find("the reason", 1, true), vim.inspect(told))
      assert.equals(vim.log.levels.ERROR, one.level)
      assert.is_false(plugin.status("web").attached)
    end)

    it("a server that is killed is an error, one that ends with 0 is none", function()
      local codes = watched(vim.deepcopy(SLEEP))
      world.holds(attached("web"), "attached")
      vim.loop.kill(plugin.status("web").pid, "sigkill")
      world.holds(function()
        return #codes == 1
      end, "on_exit")
      assert.equals(137, codes[1])
      assert.truthy(world.says(told, "signal 9"))
    end)

    it("an end with 0 calls on_exit and tells nothing", function()
      local codes = watched({ command = "sh", args = { "-c", "while [ ! -e go ]; do sleep 0.05; done" }, working_dir = world.root })
      world.holds(attached("web"), "attached")
      world.write(world.root .. "/go", "")
      world.holds(function()
        return #codes == 1
      end, "on_exit")
      assert.equals(0, codes[1])
      assert.is_nil(world.says(told, "ended"))
    end)

    it("a stop by somebody else is told as a stop, and is no error", function()
      local codes = watched(vim.deepcopy(SLEEP))
      world.holds(attached("web"), "attached")
      world.run("stop", "web", "--even-if-used")
      world.holds(function()
        return #codes == 1
      end, "on_exit")
      assert.equals(143, codes[1])
      assert.equals(vim.log.levels.INFO, world.says(told, "was stopped").level)
      assert.is_nil(world.says(told, "signal"))
    end)

    it("a server that is started again stays attached, and its next end is noticed, too", function()
      local server = vim.deepcopy(SLEEP)
      server.restart = "on-failure"
      local codes = watched(server)
      world.holds(attached("web"), "attached")
      for round = 1, 2 do
        world.holds(world.waiting, "its end is waited for")
        local pid = plugin.status("web").pid
        vim.loop.kill(pid, "sigkill")
        world.holds(function()
          local status = plugin.status("web")
          return #codes == round and status.running and status.pid ~= pid and status.attached
        end, "round " .. round)
      end
    end)

    it("one process waits, whatever the number of servers", function()
      plugin.setup({ a = SLEEP, b = SLEEP, c = SLEEP })
      world.holds(function()
        return plugin.status("a").attached and plugin.status("b").attached and plugin.status("c").attached
      end, "attached")
      local function waiting()
        local found = {}
        for _, pid in ipairs(vim.api.nvim_get_proc_children(own)) do
          local line = (world.read(("/proc/%d/cmdline"):format(pid)) or ""):gsub("%z", " ")
          if line:find(" wait ", 1, true) and world.alive(pid) then
            found[#found + 1] = line
          end
        end
        return found
      end
      world.holds(function()
        local lines = waiting()
        return #lines == 1 and lines[1]:find("a b c", 1, true) ~= nil
      end, "one process for all three")
    end)
  end)

  describe("the window", function()
    local function text()
      return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
    end

    it("lists all, refreshes on r, closes on q and Escape", function()
      plugin.setup({ web = SLEEP, idle = vim.tbl_extend("force", SLEEP, { lazy = true }) })
      world.holds(attached("web"), "attached")
      local before = vim.api.nvim_get_current_win()
      for _, keys in ipairs({ "q", vim.api.nvim_replace_termcodes("<Esc>", true, true, true) }) do
        vim.cmd("ServerStatus")
        assert.equals("editor", vim.api.nvim_win_get_config(0).relative)
        assert.equals("╭", vim.api.nvim_win_get_config(0).border[1])
        assert.truthy(text():find("NAME +STATUS +PID +REFS +UPTIME"))
        assert.truthy(text():find("● +web +running +" .. plugin.status("web").pid .. " +1 +%d+s +attached"), text())
        assert.truthy(text():find("○ +idle +stopped +%- +%- +%- +%[lazy%]"), text())
        assert.is_false(vim.bo.modifiable)
        vim.api.nvim_feedkeys(keys, "x", false)
        assert.equals(before, vim.api.nvim_get_current_win())
      end
      vim.cmd("ServerList")
      plugin.stop("web")
      vim.api.nvim_feedkeys("r", "x", false)
      assert.truthy(text():find("⏳ +web +GRACE"), text())
      assert.truthy(text():find("not attached", 1, true))
      vim.cmd("close")
    end)

    it("shows one in detail, with its holders", function()
      plugin.setup({ web = SLEEP })
      world.holds(attached("web"), "attached")
      vim.cmd("ServerStatus web")
      assert.truthy(text():find("● web  running", 1, true), text())
      assert.truthy(text():find("Command +sleep 1000"), text())
      assert.truthy(text():find(own .. " +nvim"), text())
      assert.truthy(text():find("This editor +attached"), text())
      vim.cmd("close")
      vim.cmd("ServerStatus nobody")
      assert.truthy(text():find("○ nobody  stopped", 1, true), text())
      vim.cmd("close")
    end)

    it("shows what comes from elsewhere as one line each", function()
      local window = require("sharedserver.window")
      local lines = window.detail({
        name = "a\nb",
        state = "stopped",
        running = false,
        command = { "x\27[2J\ny" },
        clients = {},
      })
      for _, line in ipairs(lines) do
        assert.is_nil(line:find("%c"))
      end
      assert.equals("59s", window.duration(59))
      assert.equals("45m 32s", window.duration(45 * 60 + 32.7))
      assert.equals("2h 15m", window.duration(2 * 3600 + 15 * 60))
      assert.equals("3d 4h", window.duration(76 * 3600))
      assert.equals("-", window.duration(nil))
    end)
  end)

  describe("commands", function()
    it("are there with completion, or not at all", function()
      local names = { "ServerStart", "ServerStop", "ServerRestart", "ServerStatus", "ServerList", "ServerStopAll" }
      for _, name in ipairs(names) do
        pcall(vim.api.nvim_del_user_command, name)
      end
      plugin.setup({}, { commands = false })
      for _, name in ipairs(names) do
        assert.equals(0, vim.fn.exists(":" .. name))
      end
      local lazy = vim.tbl_extend("force", SLEEP, { lazy = true })
      plugin.setup({ web = lazy, worker = lazy, db = lazy })
      for _, name in ipairs(names) do
        assert.equals(2, vim.fn.exists(":" .. name))
      end
      for _, name in ipairs({ "ServerStart", "ServerStop", "ServerStop!", "ServerRestart", "ServerStatus" }) do
        assert.same({ "web", "worker" }, vim.fn.getcompletion(name .. " w", "cmdline"))
      end
      vim.cmd("ServerStart web")
      assert.is_true(plugin.status("web").attached)
      vim.cmd("ServerStopAll")
      assert.is_false(plugin.status("web").attached)
      vim.cmd("ServerStart web")
      vim.cmd("ServerStop web")
      assert.is_false(plugin.status("web").attached)
      vim.cmd("ServerRestart worker")
      assert.is_true(plugin.status("worker").attached, "what does not run is started")
    end)
  end)

  describe("checkhealth", function()
    local function report()
      vim.cmd("silent checkhealth sharedserver")
      local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
      vim.cmd("bwipeout!")
      return text
    end

    it("tells of the tool, the agent and the servers", function()
      plugin.setup({ web = SLEEP, gone = { command = "no-such-command", lazy = true }, theirs = { lazy = true } })
      world.holds(attached("web"), "attached")
      local text = report()
      assert.truthy(text:find("OK: [^\n]*bin/sharedserver"), text)
      assert.truthy(text:find("sharedserver %d+%.%d+"), text)
      assert.truthy(text:find("the agent answers", 1, true), text)
      assert.truthy(text:find("web runs (PID", 1, true), text)
      assert.truthy(text:find("WARNING: gone is stopped, and its command is not found", 1, true), text)
      assert.truthy(text:find("theirs is stopped, and for others to start", 1, true), text)
      assert.is_nil(text:find("ERROR", 1, true), text)
    end)
  end)
end)
