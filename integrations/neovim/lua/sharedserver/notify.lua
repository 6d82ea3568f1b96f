-- What the user is told, as far as they want to be.
local M = {}

local defaults = { on_start = true, on_attach = false, on_stop = false, on_error = true }
local wanted = vim.deepcopy(defaults)

-- Takes the user's choice; what it does not name is as by default. A boolean stands for all.
function M.configure(choice)
  wanted = vim.deepcopy(defaults)
  if type(choice) == "boolean" then
    for kind in pairs(wanted) do
      wanted[kind] = choice
    end
  elseif type(choice) == "table" then
    for kind, value in pairs(choice) do
      wanted[kind] = value
    end
  end
end

-- Tells something of a kind: "on_start", "on_attach", "on_stop" or "on_error". May be called from anywhere.
function M.tell(kind, text, level)
  if not wanted[kind] then
    return
  end
  level = level or (kind == "on_error" and vim.log.levels.ERROR or vim.log.levels.INFO)
  local function show()
    vim.notify("sharedserver: " .. text, level, { title = "sharedserver" })
  end
  if vim.in_fast_event() then
    vim.schedule(show)
  else
    show()
  end
end

function M.error(text)
  M.tell("on_error", text)
end

function M.warn(text)
  M.tell("on_error", text, vim.log.levels.WARN)
end

return M
