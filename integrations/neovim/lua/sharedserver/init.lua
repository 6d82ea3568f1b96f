-- The interface of the plugin: require("sharedserver").
local cli = require("sharedserver.cli")
local config = require("sharedserver.config")
local fleet = require("sharedserver.fleet")
local notify = require("sharedserver.notify")

local M = {
  register = fleet.register,
  start = fleet.start,
  stop = fleet.stop,
  restart = fleet.restart,
  stop_all = fleet.stop_all,
  status = fleet.status,
  status_all = fleet.status_all,
  list = fleet.list,
  is_registered = fleet.is_registered,
  attach_if_running = fleet.attach_if_running,
}

-- Registers servers, and has them brought up once the editor is.
--   setup({ NAME = { command = …, … }, … }, { commands = true, notify = { … }, binary = …, lockdir = … })
--   setup({ servers = { … }, commands = …, notify = … })
--   setup({ name = …, command = …, args = … })
function M.setup(first, second)
  local servers, options = config.forms(first, second)
  notify.configure(options.notify)
  cli.configure(options)
  for name, server in pairs(servers) do
    fleet.register(name, server)
  end

  local group = vim.api.nvim_create_augroup("sharedserver", { clear = true })
  if vim.v.vim_did_enter == 0 then
    vim.api.nvim_create_autocmd("VimEnter", { group = group, once = true, callback = fleet.enter })
  end
  vim.api.nvim_create_autocmd("VimLeavePre", { group = group, callback = fleet.leave })

  if options.commands ~= false then
    require("sharedserver.commands").create()
  end
end

return M
