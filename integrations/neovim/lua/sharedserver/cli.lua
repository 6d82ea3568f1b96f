-- Runs the command line tool: without waiting, or with.
local binary = require("sharedserver.binary")
local notify = require("sharedserver.notify")
local uv = require("sharedserver.compat").uv
local M = {}

M.TIMEOUT = 15000

local lockdir
local told_missing = false

function M.configure(options)
  binary.configure(options.binary)
  lockdir = options.lockdir and vim.fn.fnamemodify(vim.fn.expand(options.lockdir), ":p") or nil
  told_missing = false
end

local function environment()
  if not lockdir then
    return nil -- the editor's
  end
  local all = {}
  for name, value in pairs(vim.fn.environ()) do
    if name ~= "SHAREDSERVER_LOCKDIR" then
      all[#all + 1] = name .. "=" .. value
    end
  end
  all[#all + 1] = "SHAREDSERVER_LOCKDIR=" .. lockdir
  return all
end

-- Starts `path` with these arguments and this environment (nil: the editor's). done(result) is called in libuv's context, with { code, signal, out, err }; line(text) for
-- each line as it comes. Returns the process, or nil and what is wrong.
local function start(path, args, env, input, done, line)
  local pipes = { uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false) }
  local result = { out = "", err = "" }
  local open = 3 -- the process and the two pipes to read from
  local handle, pid
  local function finish()
    open = open - 1
    if open == 0 then
      done(result)
    end
  end
  handle, pid = uv.spawn(path, { args = args, stdio = pipes, env = env }, function(code, signal)
    result.code, result.signal = code, signal
    handle:close()
    finish()
  end)
  if not handle then
    for _, pipe in ipairs(pipes) do
      pipe:close()
    end
    return nil, pid
  end
  for index, key in ipairs({ "out", "err" }) do
    local pipe = pipes[index + 1]
    local told = 0
    pipe:read_start(function(_, chunk)
      if chunk then
        result[key] = result[key] .. chunk
        if line and key == "out" then
          local stop = result.out:find("\n", told + 1, true)
          while stop do
            line(result.out:sub(told + 1, stop - 1))
            told = stop
            stop = result.out:find("\n", told + 1, true)
          end
        end
      else
        pipe:close()
        finish()
      end
    end)
  end
  if input then
    pipes[1]:write(input)
  end
  pipes[1]:shutdown(function()
    pipes[1]:close()
  end)
  return { handle = handle, pid = pid }
end

-- Ends a process that start() made.
function M.kill(process)
  if process and not process.handle:is_closing() then
    process.handle:kill("sigterm")
  end
end

-- A tool that answers with an error and without a word of output may be an older one of the same name.
local function doubtful(path, result)
  return not binary.is_proven(path) and result.code ~= 0 and result.out == ""
end

local function first_line(text)
  return vim.trim(text:match("[^\n]*") or "")
end

local function missing()
  if not told_missing then
    told_missing = true
    notify.error(binary.missing())
  end
  return { code = -1, signal = 0, out = "", err = binary.missing() }
end

-- Runs `sharedserver ARGS` without waiting. options.done(result) is called in libuv's context; so is options.line(text) for each
-- line of output as it comes. options.started(process) is told each process that is started.
function M.run(args, options)
  local path = binary.find()
  if not path then
    options.done(missing())
    return
  end
  local env = environment() -- now: libuv's callbacks may not ask the editor
  local function retry(why)
    binary.dismiss(path, why)
    M.run(args, options)
  end
  local process, problem = start(path, args, env, options.input, function(result)
    if not doubtful(path, result) then
      if result.code == 0 then
        binary.prove(path)
      end
      options.done(result)
      return
    end
    -- rare: the answer may take a process more
    local asked = start(path, { "up", "--help" }, env, nil, function(help)
      if help.code == 0 then
        binary.prove(path)
        options.done(result)
        return
      end
      local versioned = start(path, { "--version" }, env, nil, function(version)
        local name = first_line(version.out ~= "" and version.out or version.err)
        local why = ("it has no `up`: %s"):format(name ~= "" and name or "version unknown")
        vim.schedule(function()
          notify.warn(("%s is not used, %s"):format(path, why))
          retry(why)
        end)
      end)
      if not versioned then
        options.done(result)
      end
    end)
    if not asked then
      options.done(result)
    end
  end, options.line)
  if not process then
    retry("it cannot be executed: " .. tostring(problem))
  elseif options.started then
    options.started(process)
  end
end

-- Waits until a condition holds, at most `timeout` ms; tells whether it does. The editor handles no keys and runs no scheduled
-- callbacks meanwhile; the condition is looked at whenever libuv has called back.
function M.await(condition, timeout)
  uv.update_time()
  local deadline = uv.now() + timeout
  while not condition() do
    uv.update_time()
    local left = deadline - uv.now()
    if left <= 0 then
      return false
    end
    -- but an older tool is told of, and replaced, by scheduled callbacks
    local path = binary.find()
    vim.wait(left, condition, 20, path ~= nil and binary.is_proven(path))
  end
  return true
end

-- Runs `sharedserver ARGS` and waits for the result, at most `timeout` ms: then it is one with { timed_out = true }.
function M.wait(args, timeout)
  local result, process
  M.run(args, {
    started = function(started)
      process = started
    end,
    done = function(made)
      result = made
    end,
  })
  timeout = timeout or M.TIMEOUT
  M.await(function()
    return result ~= nil
  end, timeout)
  if result then
    return result
  end
  M.kill(process)
  return { timed_out = true, code = -1, signal = 0, out = "", err = ("no answer within %d ms"):format(timeout) }
end

-- What a result has to say to people, in one line.
function M.complaint(result)
  local text = vim.trim(result.err)
  if text == "" then
    text = result.timed_out and "no answer" or ("sharedserver ended with %s"):format(result.code)
  end
  return (text:gsub("^sharedserver: ", ""):gsub("^✗ ", ""):gsub("\n✗ ", "\n"))
end

-- Decodes JSON; nil if it is none. null is nil.
function M.decode(text)
  local good, value = pcall(vim.json.decode, text, { luanil = { object = true, array = true } })
  return good and type(value) == "table" and value or nil
end

-- Decodes what `up --json` and `down --json` print, line by line as it comes: nil for a line that is no server.
function M.server(line)
  local answer = M.decode((line:gsub("^,", "")))
  return answer and answer.action and answer or nil
end

return M
