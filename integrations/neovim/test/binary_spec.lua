-- Where the tool is looked for, and what is done about an older one of the same name.
local world = require("world")

describe("the tool", function()
  local plugin, told, path

  before_each(function()
    world.make()
    plugin, told = world.fresh()
    path = vim.env.PATH
  end)

  after_each(function()
    require("sharedserver.ends").stop()
    vim.env.PATH = path
    vim.env.SHAREDSERVER_BIN = world.bin
    world.run("down", "--all", "--pid", tostring(vim.fn.getpid()))
    world.clean()
  end)

  -- A tool that does not know `up`, as the older one
  local function older(file)
    return world.write(file, '#!/bin/sh\n[ "$1" = --version ] && echo "sharedserver 0.5.1" && exit\necho "error: unrecognized subcommand" >&2\nexit 2\n', "755")
  end

  it("is looked for in the order that is written down", function()
    local binary = require("sharedserver.binary")
    vim.env.SHAREDSERVER_BIN = "/variable/sharedserver"
    vim.env.PATH = "/path/one:/path/two"
    binary.configure("/option/sharedserver")
    local found = {}
    for _, place in ipairs(binary.places()) do
      found[#found + 1] = place.path
    end
    local root = world.plugin
    for index, place in ipairs(found) do
      found[index] = place:gsub("^.*/%.%./%.%./dist/", "CHECKOUT/dist/"):gsub("^.*/%.%./%.%./%.%./bin/", "PRODUCT/bin/")
    end
    assert.same({
      "/option/sharedserver",
      "/variable/sharedserver",
      "CHECKOUT/dist/target/sharedserver/bin/sharedserver",
      "PRODUCT/bin/sharedserver",
      "/path/one/sharedserver",
      "/path/two/sharedserver",
      vim.env.HOME .. "/.cargo/bin/sharedserver",
      vim.env.HOME .. "/.local/bin/sharedserver",
      "/usr/local/bin/sharedserver",
      "/opt/homebrew/bin/sharedserver",
    }, found)
    assert.truthy(root)
  end)

  it("is passed over, by path and version, if it lacks `up`; the next one is taken", function()
    local old = older(world.root .. "/old/sharedserver")
    vim.env.SHAREDSERVER_BIN = world.bin
    plugin.setup({ web = { command = "sleep", args = { "1000" } } }, { binary = old })
    world.holds(function()
      return plugin.status("web").attached
    end, "attached by the next one")
    local one = world.says(told, old)
    assert.truthy(one and one.text:find("0.5.1", 1, true), vim.inspect(told))
    assert.equals(vim.log.levels.WARN, one.level)
  end)

  it("is passed over also where the answer is waited for", function()
    local old = older(world.root .. "/old/sharedserver")
    plugin.setup({ web = { command = "sleep", args = { "1000" }, lazy = true } }, { binary = old })
    assert.is_true(plugin.start("web"))
    assert.truthy(world.says(told, "0.5.1"))
  end)

  it("is passed over if it cannot be executed", function()
    local broken = world.write(world.root .. "/old/sharedserver", "#!/no/such/interpreter\n", "755")
    plugin.setup({ web = { command = "sleep", args = { "1000" }, lazy = true } }, { binary = broken })
    assert.is_true(plugin.start("web"))
  end)

  it("that is nowhere is told once, with what was passed over, and the editor goes on", function()
    local binary = require("sharedserver.binary")
    local old = older(world.root .. "/old/sharedserver")
    binary.places = function()
      return { { path = world.root .. "/none", why = "x" }, { path = old, why = "y" } }
    end
    plugin.setup({ web = { command = "sleep" } })
    world.holds(function()
      return world.says(told, "no sharedserver command was found") ~= nil
    end, "the message")
    assert.is_false(plugin.start("web"))
    assert.is_false(plugin.status("web").running)
    assert.is_false(plugin.attach_if_running("web"))
    require("sharedserver.fleet").leave()
    local count = 0
    for _, one in ipairs(told) do
      if one.text:find("no sharedserver command was found", 1, true) then
        count = count + 1
        assert.truthy(one.text:find(old, 1, true), one.text)
        assert.truthy(one.text:find("0.5.1", 1, true), one.text)
      end
    end
    assert.equals(1, count)
  end)
end)
