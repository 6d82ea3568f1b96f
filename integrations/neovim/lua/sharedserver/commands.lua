-- The user commands.
local M = {}

local function complete(lead)
  local found = {}
  for _, name in ipairs(require("sharedserver").list()) do
    if name:sub(1, #lead) == lead then
      found[#found + 1] = name
    end
  end
  return found
end

function M.create()
  local function command(name, description, options, call)
    options.desc = description
    vim.api.nvim_create_user_command(name, call, options)
  end
  local one = { nargs = 1, complete = complete }
  local one_or_all = { nargs = "?", complete = complete }
  local banged = { nargs = 1, complete = complete, bang = true }
  command("ServerStart", "Start a shared server, or attach to it", vim.deepcopy(one), function(given)
    require("sharedserver").start(given.args)
  end)
  command("ServerStop", "Detach from a shared server; with !, stop it", vim.deepcopy(banged), function(given)
    require("sharedserver").stop(given.args, { force = given.bang })
  end)
  command("ServerRestart", "Restart a shared server; with !, though others use it", vim.deepcopy(banged), function(given)
    require("sharedserver").restart(given.args, { force = given.bang })
  end)
  command("ServerStatus", "Show one shared server, or all", vim.deepcopy(one_or_all), function(given)
    require("sharedserver.window").open(given.args ~= "" and given.args or nil)
  end)
  command("ServerList", "Show all shared servers", { nargs = 0 }, function()
    require("sharedserver.window").open(nil)
  end)
  command("ServerStopAll", "Detach from all shared servers", { nargs = 0 }, function()
    require("sharedserver").stop_all()
  end)
end

return M
