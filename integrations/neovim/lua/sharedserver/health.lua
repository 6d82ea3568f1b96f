-- :checkhealth sharedserver
local binary = require("sharedserver.binary")
local cli = require("sharedserver.cli")
local compat = require("sharedserver.compat")
local M = {}

local function editor(report)
  report.start("sharedserver: editor")
  if vim.fn.has("nvim-0.7") == 1 then
    report.ok("Neovim is 0.7 or newer")
  else
    report.error("Neovim 0.7 or newer is needed")
  end
end

-- Returns whether there is a tool to go on with.
local function tool(report)
  report.start("sharedserver: command line tool")
  local version = cli.wait({ "--version" })
  local up = cli.wait({ "up", "--help" })
  for path, why in pairs(binary.dismissed()) do
    report.warn(("%s is not used: %s"):format(path, why))
  end
  local path = binary.find()
  if not path then
    report.error("no sharedserver command was found", {
      "build or install it, and put its bin/sharedserver into $PATH",
      "or name it: setup(…, { binary = \"/path/to/sharedserver\" }), or $SHAREDSERVER_BIN",
    })
    return false
  end
  for _, place in ipairs(binary.places()) do
    if place.path == path then
      report.ok(("%s, from %s"):format(vim.fn.fnamemodify(path, ":p"), place.why))
      break
    end
  end
  if version.code == 0 then
    report.info(vim.trim(version.out))
  end
  if up.code ~= 0 then
    report.error("it does not work: " .. cli.complaint(up))
    return false
  end
  return true
end

local function servers(report)
  report.start("sharedserver: servers")
  local begun = compat.uv.hrtime()
  local result = cli.wait({ "list", "--json" })
  if result.code ~= 0 then
    report.error("the agent does not answer: " .. cli.complaint(result), {
      "see .agent.log in the state directory",
      "run: sharedserver admin doctor",
    })
    return
  end
  report.ok(("the agent answers (%.0f ms)"):format((compat.uv.hrtime() - begun) / 1e6))
  local names = require("sharedserver").list()
  if #names == 0 then
    report.info("no server is registered: call require(\"sharedserver\").setup()")
    return
  end
  local all = require("sharedserver").status_all()
  for _, name in ipairs(names) do
    local status = all[name]
    if status.running then
      local holds = status.attached and "attached" or "not attached"
      report.ok(("%s runs (PID %d, references: %d, %s)"):format(name, status.pid, status.refcount, holds))
    elseif not status.command then
      report.info(("%s is stopped, and for others to start: it has no command here"):format(name))
    elseif status.command[1]:find("[$~/]") or vim.fn.executable(status.command[1]) == 1 then
      report.info(("%s is stopped%s"):format(name, status.lazy and ", and lazy" or ""))
    else
      report.warn(("%s is stopped, and its command is not found: %s"):format(name, status.command[1]))
    end
  end
end

function M.check()
  local report = compat.health()
  editor(report)
  if tool(report) then
    servers(report)
  end
end

return M
