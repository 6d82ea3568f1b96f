-- What differs between Neovim versions stands here and nowhere else. The oldest one is 0.7.
local M = {}

-- vim.uv came with 0.10; vim.loop goes away some day
M.uv = vim.uv or vim.loop

-- The reports of :checkhealth: vim.health.start (0.10), vim.health.report_start (0.8), require("health").report_start (0.7).
function M.health()
  local health = vim.health
  if not health or not (health.start or health.report_start) then
    health = require("health")
  end
  return {
    start = health.start or health.report_start,
    ok = health.ok or health.report_ok,
    info = health.info or health.report_info,
    warn = health.warn or health.report_warn,
    error = health.error or health.report_error,
  }
end

-- Puts a title into a window's border. Before 0.9 borders had none: the title is returned, to be shown as text.
function M.window_title(options, title)
  if vim.fn.has("nvim-0.9") == 1 then
    options.title = " " .. title .. " "
    options.title_pos = "center"
    return nil
  end
  return title
end

return M
