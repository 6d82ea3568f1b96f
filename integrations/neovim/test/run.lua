-- Runs one file of specs inside this Neovim and ends it.
arg = { [0] = "busted", "--output=TAP", vim.env.SPEC }
package.path = vim.env.PLUGIN .. "/test/?.lua;" .. package.path
vim.cmd("runtime plugin/sharedserver.lua")
local good, problem = pcall(function()
  require("busted.runner")({ standalone = false })
end)
io.stdout:flush()
if not good and problem and not tostring(problem):find("NULL") then
  io.stderr:write("run.lua: " .. tostring(problem) .. "\n")
  vim.cmd("cquit 3")
end
vim.cmd("qall!")
