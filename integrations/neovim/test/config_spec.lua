local config = require("sharedserver.config")
local world = require("world")

describe("the forms of setup", function()
  it("take servers and options", function()
    local servers, options = config.forms({ a = { command = "x" } }, { commands = false })
    assert.same({ a = { command = "x" } }, servers)
    assert.same({ commands = false }, options)
  end)

  it("take one table of both", function()
    local servers, options = config.forms({ servers = { a = { command = "x" } }, commands = false, notify = { on_stop = true } })
    assert.same({ a = { command = "x" } }, servers)
    assert.same({ commands = false, notify = { on_stop = true } }, options)
  end)

  it("take one server", function()
    local servers, options = config.forms({ command = "x", args = { "y" } }, { notify = false })
    assert.same({ default = { command = "x", args = { "y" } } }, servers)
    assert.same({ notify = false }, options)
    servers, options = config.forms({ name = "db", command = "x", commands = false })
    assert.same({ db = { command = "x" } }, servers)
    assert.same({ commands = false }, options)
  end)

  it("know a server that is called servers", function()
    local servers = config.forms({ servers = { command = "x" }, b = { command = "y" } })
    assert.same({ servers = { command = "x" }, b = { command = "y" } }, servers)
  end)

  it("take nothing, and leave what they are given alone", function()
    assert.same({}, (config.forms()))
    local given = { name = "db", command = "x" }
    config.forms(given)
    assert.same({ name = "db", command = "x" }, given)
  end)
end)

describe("a server", function()
  it("becomes an entry of servers.json", function()
    local made = config.server("a", {
      command = "cmd",
      args = { "x", 8080, true },
      lazy = true,
      working_dir = "~/d",
      idle_timeout = "30m",
      env = { PORT = 80, NAME = "n" },
      log_file = "/tmp/log",
      on_start = function() end,
      on_exit = function() end,
      stop_timeout = "1s",
      dependsOn = { "b" },
    })
    assert.same({
      command = "cmd",
      args = { "x", "8080", "true" },
      lazy = true,
      workingDir = "~/d",
      gracePeriod = "30m",
      env = { PORT = "80", NAME = "n" },
      logFile = "/tmp/log",
      stopTimeout = "1s",
      dependsOn = { "b" },
    }, made)
  end)

  it("has no empty lists, which would be objects", function()
    assert.same({ command = "x" }, config.server("a", { command = "x", args = {}, env = {} }))
    assert.equals('{"servers":{}}', config.json({}))
  end)

  for key, value in pairs({
    command = 5,
    args = "x",
    lazy = "yes",
    working_dir = {},
    idle_timeout = 30,
    env = "A=B",
    log_file = true,
    on_start = "f",
    on_exit = 1,
    unknown = function() end,
  }) do
    it("is refused for a wrong " .. key, function()
      local made, problem = config.server("db", vim.tbl_extend("force", { command = "x" }, { [key] = value }))
      assert.is_nil(made)
      assert.truthy(problem:find("db", 1, true) and problem:find("`" .. key .. "`", 1, true), problem)
    end)
  end

  it("is refused without command, with a table among its arguments, and if it is none", function()
    assert.truthy(select(2, config.server("a", {})):find("`command` is missing", 1, true))
    assert.truthy(select(2, config.server("a", { lazy = false })):find("`command` is missing", 1, true))
    assert.truthy(select(2, config.server("a", { lazy = true, args = { "x" } })):find("`command` is missing", 1, true))
    assert.same({ lazy = true }, config.server("a", { lazy = true }))
    assert.truthy(select(2, config.server("a", { command = "x", args = { {} } })):find("argument 1", 1, true))
    assert.truthy(select(2, config.server("a", { command = "x", args = { a = "b" } })):find("must be a list", 1, true))
    assert.truthy(select(2, config.server("a", "x")):find("a table is expected", 1, true))
    assert.truthy(select(2, config.server(1, { command = "x" })):find("needs a name", 1, true))
  end)
end)

describe("variables", function()
  before_each(function()
    world.make()
    vim.env.SET = "value"
    vim.env.UNSET = nil
  end)

  for text, expected in pairs({
    ["$SET/x"] = "${SET}/x",
    ["a$SET$SET"] = "a${SET}${SET}",
    ["$UNSET"] = "$UNSET",
    ["${SET} ${UNSET:-d}"] = "${SET} ${UNSET:-d}",
    ["$$SET"] = "$$SET",
    ["^x$"] = "^x$",
    ["$1"] = "$1",
    ["~/x"] = "~/x",
    [""] = "",
  }) do
    it("are put in the tool's way: " .. text, function()
      assert.equals(expected, config.expandable(text))
    end)
  end

  it("have a home that stands alone", function()
    assert.equals(vim.env.HOME, config.expandable("~"))
  end)
end)

describe("notifications", function()
  local KINDS = { "on_start", "on_attach", "on_stop", "on_error" }

  -- The kinds that are shown with this choice
  local function shown(choice)
    world.fresh()
    local notify = require("sharedserver.notify")
    local told = {}
    vim.notify = function(text)
      told[#told + 1] = text:match("sharedserver: (.*)")
    end
    notify.configure(choice)
    for _, kind in ipairs(KINDS) do
      notify.tell(kind, kind)
    end
    return told
  end

  it("come for starts and errors unless the user chooses otherwise", function()
    assert.same({ "on_start", "on_error" }, shown(nil))
    assert.same({ "on_start", "on_error" }, shown({}))
    assert.same({ "on_attach", "on_error" }, shown({ on_start = false, on_attach = true }))
    assert.same({ "on_start", "on_stop" }, shown({ on_stop = true, on_error = false }))
    assert.same(KINDS, shown(true))
    assert.same({}, shown(false))
  end)

  it("have a level by their kind", function()
    world.fresh()
    local notify = require("sharedserver.notify")
    local levels = {}
    vim.notify = function(_, level)
      levels[#levels + 1] = level
    end
    notify.configure(nil)
    notify.tell("on_start", "x")
    notify.warn("x")
    notify.error("x")
    assert.same({ vim.log.levels.INFO, vim.log.levels.WARN, vim.log.levels.ERROR }, levels)
  end)
end)
