-- The servers of this editor: brought up and let go through the command line tool, which holds all rules.
local cli = require("sharedserver.cli")
local config = require("sharedserver.config")
local ends = require("sharedserver.ends")
local notify = require("sharedserver.notify")
local M = {}

-- How long the editor's exit may take for our sake, in ms. What is not said by then, the end of the process says.
M.LEAVE_TIMEOUT = 500

local pid = vim.fn.getpid()
local servers = {} -- name → { spec, config, attached, id, pid, log_file }
local wanted = {} -- names that are to be brought up with the next call
local scheduled = false
local asked = false -- whether this editor may hold references

local function said(kind, name, text)
  notify.tell(kind, ("%s %s"):format(name, text))
end

local function callback(name, key, value)
  local server = servers[name]
  local call = server and server.config[key]
  if call then
    local good, problem = pcall(call, value)
    if not good then
      notify.error(("server %s: `%s` failed: %s"):format(name, key, problem))
    end
  end
end

-- What the tool says of the config that it was given; the keys are named as the user has them.
local function in_own_words(text)
  return (text:gsub("^standard input:%d+:%d+: ", ""):gsub("%f[%w]gracePeriod%f[%W]", "idle_timeout"))
end

-- What has become of one server of `up --json`.
local function known(answer)
  local server = servers[answer.name]
  if not server then
    return
  end
  local action = answer.action
  if action == "started" or action == "attached" or action == "rescued" then
    server.attached = true
    server.id, server.pid, server.log_file = answer.id or answer.name, answer.pid, answer.log_file
    if action == "started" then
      said("on_start", answer.name, ("started (PID %s)"):format(answer.pid))
      callback(answer.name, "on_start", answer.pid)
    else
      said("on_attach", answer.name, ("attached (PID %s, references: %s)"):format(answer.pid, answer.refcount))
    end
  elseif action == "failed" then
    notify.error(in_own_words(answer.error or ("server %s cannot be started"):format(answer.name)))
  end
end

-- Warnings of the tool, such as unknown keys; what failed stands in the answers.
local function complaints(result, answered)
  for text in result.err:gmatch("[^\n]+") do
    if text:find("⚠", 1, true) then
      notify.warn(in_own_words((text:gsub("^⚠%s*", ""))))
    elseif not answered then
      notify.error(in_own_words((text:gsub("^✗%s*", ""))))
    end
  end
end

local function watch()
  local all = {}
  for name, server in pairs(servers) do
    if server.attached and server.id and not server.ending then
      all[name] = server
    end
  end
  ends.watch(all, pid)
end

-- Returns the arguments and the input of `up` for these names. changes: keys to replace, by name.
local function request(names, changes)
  local args = { "up", "--pid", tostring(pid), "--metadata", "nvim", "--json", "--servers-json", "-" }
  return vim.list_extend(args, names), config.json(servers, changes)
end

-- Brings servers up without waiting.
local function up(names)
  local args, input = request(names)
  asked = true
  local answered = false
  cli.run(args, {
    input = input,
    line = function(text)
      local answer = cli.server(text)
      if answer then
        answered = true
        vim.schedule(function()
          known(answer)
        end)
      end
    end,
    done = function(result)
      vim.schedule(function()
        if result.code ~= -1 then
          complaints(result, answered)
        end
        watch()
      end)
    end,
  })
end

local function flush()
  scheduled = false
  local names = vim.tbl_keys(wanted)
  wanted = {}
  if #names > 0 then
    table.sort(names)
    up(names)
  end
end

-- Registers a server; true if it is sound. It is brought up with all others, once the editor is.
function M.register(name, server)
  local spec, problem = config.server(name, server)
  if not spec then
    notify.error(problem)
    return false
  end
  local old = servers[name] or {}
  servers[name] = {
    spec = spec,
    config = server,
    attached = old.attached or false,
    id = old.id,
    pid = old.pid,
    log_file = old.log_file,
  }
  wanted[name] = true
  if vim.v.vim_did_enter == 1 and not scheduled then
    scheduled = true
    vim.schedule(flush) -- one call, however many are registered now
  end
  return true
end

-- Brings up what was registered so far.
function M.enter()
  flush()
end

-- Lets go of everything, in one call.
function M.leave()
  ends.stop()
  if asked then
    asked = false
    cli.wait({ "down", "--all", "--pid", tostring(pid), "--json" }, M.LEAVE_TIMEOUT)
  end
end

local function unknown(name)
  notify.error(("no server %q is registered"):format(tostring(name)))
  return false
end

-- Tells whether this editor is among the clients.
local function holds(info)
  for _, client in ipairs(info and info.clients or {}) do
    if client.pid == pid then
      return true
    end
  end
  return false
end

-- Brings one server up and waits until it is spawned or attached, not until it is ready: that is told later.
local function bring(name, lazy)
  local args, input = request({ name }, { [name] = { lazy = lazy } })
  wanted[name] = nil
  asked = true
  local answers, answered, own, result = {}, false, nil, nil
  local function handle()
    while #answers > 0 do
      known(table.remove(answers, 1))
    end
  end
  cli.run(args, {
    input = input,
    line = function(text)
      local answer = cli.server(text)
      if answer then
        answered = true
        answers[#answers + 1] = answer
        own = answer.name == name and answer or own
        vim.schedule(handle)
      end
    end,
    done = function(made)
      result = made
      vim.schedule(function()
        if made.code ~= -1 then
          complaints(made, answered)
        end
        watch()
      end)
    end,
  })
  local function known_of_it()
    return own ~= nil or result ~= nil
  end
  for _ = 1, cli.TIMEOUT / 1000 do
    if cli.await(known_of_it, 1000) then
      break
    end
    -- its readiness is being waited for, or the machine is slow
    local info = M.info(name)
    if holds(info) then
      local server = servers[name]
      server.attached, server.id, server.pid, server.log_file = true, info.name, info.pid, info.log_file
      return true
    end
  end
  handle()
  return own ~= nil and own.pid ~= nil
end

function M.start(name)
  local server = servers[name]
  if not server then
    return unknown(name)
  end
  if server.spec.command then
    return bring(name, false)
  end
  local attached = bring(name, true)
  if not attached then
    notify.error(("server %s does not run, and has no `command` to start it by"):format(name))
  end
  return attached
end

function M.attach_if_running(name)
  if not servers[name] then
    return unknown(name)
  end
  return bring(name, true)
end

local function id(name)
  local server = servers[name]
  return server and server.id or name
end

-- Detaches this editor; with options.force the server is stopped, whoever holds it, without waiting for that.
function M.stop(name, options)
  if not servers[name] then
    return unknown(name)
  end
  local server = servers[name]
  wanted[name] = nil
  if options and options.force then
    local told = server.attached -- then its end is noticed, as any other
    cli.run({ "stop", id(name), "--even-if-used", "--pid", tostring(pid) }, {
      done = function(result)
        vim.schedule(function()
          if result.code ~= 0 then
            notify.error(cli.complaint(result))
          elseif not told then
            said("on_stop", name, "was stopped")
          end
        end)
      end,
    })
    return true
  end
  local result = cli.wait({ "unuse", id(name), "--pid", tostring(pid) })
  server.attached = false
  watch()
  if result.code == 0 then
    said("on_stop", name, "detached")
    return true
  end
  notify.error(cli.complaint(result))
  return false
end

-- Stops a server and starts it again, without waiting for that; one that does not run is started.
function M.restart(name, options)
  local server = servers[name]
  if not server then
    return unknown(name)
  end
  local state = M.info(name)
  if not state or not state.pid then
    return M.start(name)
  end
  local args = { "restart", id(name), "--pid", tostring(pid) }
  if options and options.force then
    args[#args + 1] = "--even-if-used"
  end
  cli.run(args, {
    done = function(result)
      vim.schedule(function()
        if result.code ~= 0 then
          notify.error(cli.complaint(result))
        end
        up({ name }) -- its new process, and a reference if there was none
      end)
    end,
  })
  return true
end

function M.stop_all()
  wanted = {}
  local result = cli.wait({ "down", "--all", "--pid", tostring(pid), "--json" })
  local names = {} -- as the user knows them
  for name, server in pairs(servers) do
    names[id(name)] = name
    server.attached = false
  end
  watch()
  local failed = false
  for line in result.out:gmatch("[^\n]+") do
    local answer = cli.server(line)
    if answer and answer.action == "detached" then
      said("on_stop", names[answer.id] or answer.id, "detached")
    elseif answer then
      failed = true
      notify.error(answer.error)
    end
  end
  if result.code ~= 0 and not failed then
    notify.error(cli.complaint(result))
  end
  return result.code == 0
end

-- Asks for one server; nil if there is no answer.
function M.info(name)
  local result = cli.wait({ "info", id(name), "--json" })
  local info = result.code == 0 and cli.decode(result.out) or nil
  if not info and result.err ~= "" and result.code ~= -1 then
    notify.error(cli.complaint(result))
  end
  return info
end

-- Makes a status of what the tool says of a server; nothing is said of a stopped one.
local function status(name, view)
  view = view or {}
  local server = servers[name]
  local running = view.pid ~= nil
  local made = {
    name = name,
    running = running,
    state = view.state or "stopped",
    pid = view.pid,
    refcount = running and view.refcount or 0,
    attached = false,
    lazy = server ~= nil and server.spec.lazy == true,
    registered = server ~= nil,
    uptime = running and view.started_at and math.max(0, os.time() - view.started_at) or nil,
    started_at = view.started_at,
    command = view.command,
    working_dir = view.working_dir,
    log_file = view.log_file or server and server.log_file or nil,
    grace_period = view.grace_period,
    grace_remaining_ms = view.grace_remaining_ms,
    ready = view.ready,
    clients = view.clients or {},
  }
  made.attached = holds(made)
  if not made.command and server and server.spec.command then
    made.command = vim.list_extend({ server.spec.command }, server.spec.args or {})
  end
  return made
end

function M.status(name)
  return status(name, M.info(name))
end

function M.status_all()
  local result = cli.wait({ "list", "--json" })
  local running = {}
  for _, view in ipairs(result.code == 0 and cli.decode(result.out) or {}) do
    running[view.name] = view
  end
  local all = {}
  for name in pairs(servers) do
    all[name] = status(name, running[id(name)])
  end
  return all
end

function M.list()
  local names = vim.tbl_keys(servers)
  table.sort(names)
  return names
end

function M.is_registered(name)
  return servers[name] ~= nil
end

-- Told by the watch when a server's process has ended. next_pid: it runs again, and this editor holds it.
function M.ended(name, what)
  local server = servers[name]
  if not server or not server.id then
    return -- registered anew meanwhile
  end
  server.ending = nil
  server.pid = what.next_pid
  server.attached = what.attached
  if what.asked_for then
    said("on_stop", name, what.text)
  elseif what.code ~= 0 then
    notify.error(("server %s %s"):format(name, what.text))
  end
  callback(name, "on_exit", what.code)
end

M.watch = watch

return M
