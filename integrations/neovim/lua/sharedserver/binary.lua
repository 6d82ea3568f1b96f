-- Finds the command line tool: the first of the usual places that has one which knows `up`.
local uv = require("sharedserver.compat").uv
local M = {}

local explicit
local dismissed = {} -- path → why
local proven -- a path that has shown to know `up`

-- This file is ROOT/lua/sharedserver/binary.lua.
local root = vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h:h:h")

-- Takes the option `binary`, and forgets what was found.
function M.configure(path)
  explicit = path and path ~= "" and vim.fn.fnamemodify(vim.fn.expand(path), ":p") or nil
  dismissed = {}
  proven = nil
end

-- Where it is looked for, in order; each { path, why }.
function M.places()
  local places = {}
  local function add(path, why)
    if path and path ~= "" then
      places[#places + 1] = { path = path, why = why }
    end
  end
  add(explicit, "the option `binary`")
  add(vim.env.SHAREDSERVER_BIN, "$SHAREDSERVER_BIN")
  add(root .. "/../../dist/target/sharedserver/bin/sharedserver", "the checkout of the plugin")
  add(root .. "/../../../bin/sharedserver", "the product that the plugin came with")
  for directory in (vim.env.PATH or ""):gmatch("[^:]+") do
    add(directory .. "/sharedserver", "$PATH")
  end
  local home = vim.env.HOME
  if home then
    add(home .. "/.cargo/bin/sharedserver", "the usual places")
    add(home .. "/.local/bin/sharedserver", "the usual places")
  end
  add("/usr/local/bin/sharedserver", "the usual places")
  add("/opt/homebrew/bin/sharedserver", "the usual places")
  return places
end

-- Returns the path to use, nil if there is none.
function M.find()
  if proven then
    return proven
  end
  for _, place in ipairs(M.places()) do
    if not dismissed[place.path] then
      local stat = uv.fs_stat(place.path)
      if stat and stat.type == "file" and uv.fs_access(place.path, "X") then
        return place.path
      end
    end
  end
  return nil
end

function M.is_proven(path)
  return proven == path
end

function M.prove(path)
  proven = path
end

-- Says that a tool of that name is not the one that is wanted: the next one is tried.
function M.dismiss(path, why)
  dismissed[path] = why
end

-- Returns what was found and not taken: path → why.
function M.dismissed()
  return dismissed
end

function M.missing()
  local text = "no sharedserver command was found: put it into $PATH, or name it by the option `binary`"
    .. " or by $SHAREDSERVER_BIN"
  for path, why in pairs(dismissed) do
    text = text .. "; not taken: " .. path .. " (" .. why .. ")"
  end
  return text
end

return M
