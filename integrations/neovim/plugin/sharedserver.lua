-- Loaded with the editor: only what has to be there before setup() is called. The commands are made by setup().
if vim.g.loaded_sharedserver then
  return
end
vim.g.loaded_sharedserver = true

for group, link in pairs({
  SharedServerBorder = "Comment",
  SharedServerHeader = "Title",
  SharedServerRunning = "String",
  SharedServerGrace = "WarningMsg",
  SharedServerStopped = "Comment",
}) do
  vim.cmd(("highlight default link %s %s"):format(group, link))
end
