-- The forms of setup() and the keys of a server; how they become what `sharedserver up --servers-json -` takes.
local M = {}

-- Keys of this plugin that are not just the snake_case of a key of servers.json
local renamed = { idle_timeout = "gracePeriod" }
-- Keys that concern the editor only
local callbacks = { on_start = true, on_exit = true }

local checked = {
  command = { "string" },
  args = { "table" },
  lazy = { "boolean" },
  working_dir = { "string" },
  idle_timeout = { "string" },
  env = { "table" },
  log_file = { "string" },
  on_start = { "function" },
  on_exit = { "function" },
}

-- Tells the forms apart and returns servers by name, and the options.
--   setup(servers, opts)
--   setup({ servers = …, commands = …, notify = … })
--   setup({ name = …, command = …, args = … })
function M.forms(first, second)
  first = first or {}
  local options = vim.tbl_extend("force", {}, second or {})
  if type(first.command) == "string" then
    local server = vim.tbl_extend("force", {}, first)
    local name = server.name or "default"
    server.name = nil
    for _, key in ipairs({ "commands", "notify", "binary", "lockdir" }) do
      if server[key] ~= nil then
        options[key] = server[key]
        server[key] = nil
      end
    end
    return { [name] = server }, options
  end
  -- a server may be called "servers", too: then it has a command
  if type(first.servers) == "table" and type(first.servers.command) ~= "string" then
    for key, value in pairs(first) do
      if key ~= "servers" then
        options[key] = value
      end
    end
    return first.servers, options
  end
  return first, options
end

-- `$NAME` becomes `${NAME}`, which the command line expands as it does `${NAME}`, `${NAME:-default}` and a leading `~/`.
-- What is not set stays as it stands; `$$` is a dollar sign.
function M.expandable(text)
  local home = vim.env.HOME
  if text == "~" and home then
    return (home:gsub("%$", "$$$$"))
  end
  local out, at = {}, 1
  while at <= #text do
    local dollar = text:find("$", at, true)
    if not dollar then
      out[#out + 1] = text:sub(at)
      break
    end
    out[#out + 1] = text:sub(at, dollar - 1)
    local name = text:match("^[%a_][%w_]*", dollar + 1)
    if text:sub(dollar + 1, dollar + 1) == "$" then
      out[#out + 1] = "$$"
      at = dollar + 2
    elseif name then
      out[#out + 1] = vim.env[name] ~= nil and "${" .. name .. "}" or "$" .. name
      at = dollar + 1 + #name
    else
      out[#out + 1] = "$"
      at = dollar + 1
    end
  end
  return table.concat(out)
end

local function camel(key)
  return renamed[key] or (key:gsub("_(%l)", string.upper))
end

local function plain(value)
  local kind = type(value)
  if kind == "string" then
    return M.expandable(value)
  end
  if kind == "number" and value == math.floor(value) and math.abs(value) < 2 ^ 53 then
    return ("%d"):format(value)
  end
  if kind == "number" or kind == "boolean" then
    return tostring(value)
  end
  return nil
end

-- Checks a server; returns what goes into servers.json, or nil and what is wrong.
function M.server(name, server)
  if type(name) ~= "string" or name == "" then
    return nil, ("a server needs a name that is a string, not %s"):format(vim.inspect(name))
  end
  if type(server) ~= "table" then
    return nil, ("server %s: a table is expected, not %s"):format(name, vim.inspect(server))
  end
  -- a lazy one may be started by somebody else always
  if server.command == nil and (server.lazy ~= true or server.args ~= nil) then
    return nil, ("server %s: `command` is missing"):format(name)
  end
  local made = {}
  for key, value in pairs(server) do
    local kinds = checked[key]
    if kinds and type(value) ~= kinds[1] then
      return nil, ("server %s: `%s` must be a %s, not %s"):format(name, key, kinds[1], vim.inspect(value))
    end
    if type(key) ~= "string" then
      return nil, ("server %s: unknown key %s"):format(name, vim.inspect(key))
    elseif callbacks[key] then
      -- stays here
    elseif key == "args" then
      local args = {}
      for index, arg in ipairs(value) do
        local text = plain(arg)
        if not text then
          return nil, ("server %s: argument %d must be a string, not %s"):format(name, index, vim.inspect(arg))
        end
        args[index] = text
      end
      if #args ~= vim.tbl_count(value) then
        return nil, ("server %s: `args` must be a list"):format(name)
      end
      -- an empty table would become an object
      made.args = #args > 0 and args or nil
    elseif key == "env" then
      local env = {}
      for variable, content in pairs(value) do
        local text = type(variable) == "string" and plain(content)
        if not text then
          return nil, ("server %s: `env` must hold NAME = string, not %s"):format(name, vim.inspect(value))
        end
        env[variable] = text
      end
      made.env = next(env) and env or nil
    elseif type(value) == "string" then
      made[camel(key)] = M.expandable(value)
    elseif type(value) == "function" or type(value) == "userdata" or type(value) == "thread" then
      return nil, ("server %s: unknown key `%s`"):format(name, key)
    elseif type(value) ~= "table" or next(value) then
      made[camel(key)] = value
    end
  end
  return made
end

-- Returns the standard input of `up`. `changes` replaces keys of single servers.
function M.json(servers, changes)
  local all = {}
  for name, server in pairs(servers) do
    all[name] = vim.tbl_extend("force", server.spec, changes and changes[name] or {})
  end
  return vim.json.encode({ servers = next(all) and all or vim.empty_dict() })
end

return M
