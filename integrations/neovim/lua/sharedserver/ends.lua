-- Learns of the end of the servers that this editor holds. One process waits in the kernel for all of them, and ends with the
-- editor: `sharedserver wait NAME… --for ended`. Nothing polls.
local cli = require("sharedserver.cli")
local notify = require("sharedserver.notify")
local M = {}

-- A server that dies sooner has not started: its log says why. In seconds.
M.EARLY = 3
M.TAIL = 10

-- Ends that somebody wanted
local wishes = {
  stop_requested = "was stopped",
  grace_expired = "was stopped, since nobody used it",
  restart_requested = "was stopped",
}

local process -- what waits
local watched = "" -- and for whom
local generation = 0
local failures = 0

-- Seconds since the epoch of an RFC 3339 time in UTC. Only differences are used: the zone does not matter.
local function seconds(text)
  local year, month, day, hour, minute, second, rest = text:match("(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)(%.?%d*)")
  if not year then
    return nil
  end
  local whole = os.time({ year = year, month = month, day = day, hour = hour, min = minute, sec = second, isdst = false })
  return whole + (tonumber("0" .. rest) or 0)
end

-- Finds out from a server's events what became of the process `pid` (nil: of the one that ended last). nil if they do not tell.
function M.judge(events, pid)
  for index = #events, 1, -1 do
    if not pid and events[index].event == "exited" then
      pid = events[index].pid
    end
  end
  local made, begun
  for _, event in ipairs(events) do
    local own = event.pid == pid
    if own and (event.event == "started" or event.event == "execed") then
      made, begun = nil, seconds(event.at)
    elseif own and (event.event == "exited" or event.event == "stopped" or event.event == "stopping") then
      made = made or { pid = pid }
      made.code = event.exit_code or event.signal and 128 + event.signal or made.code
      made.signal = event.signal or made.signal
      made.cause = made.cause or event.cause
      made.detail = made.detail or event.detail
      made.ended = made.ended or event.event ~= "stopping" and seconds(event.at) or nil
    end
  end
  if not made or not made.ended then
    return nil
  end
  made.asked_for = wishes[made.cause] ~= nil
  made.lasted = begun and made.ended - begun or nil
  return made
end

local function sentence(what)
  local text = what.pid and ("(PID %d) "):format(what.pid) or ""
  if what.asked_for then
    text = text .. wishes[what.cause]
  elseif what.signal then
    text = text .. ("was killed by signal %d"):format(what.signal)
  elseif what.code then
    text = text .. ("ended with exit code %d"):format(what.code)
  else
    text = text .. "ended"
  end
  if what.cause == "unhealthy" or what.cause == "not_ready" or what.cause == "too_many_crashes" then
    text = text .. ": " .. (what.detail or what.cause)
  end
  if what.lasted and what.lasted < M.EARLY and not what.asked_for then
    text = text .. (", %.1f s after its start"):format(what.lasted)
  end
  if what.next_pid then
    text = text .. ("; it was started again (PID %d)"):format(what.next_pid)
  end
  return text
end

-- As cli.run, but next(result) may ask the editor.
local function run(args, next)
  cli.run(args, {
    done = function(result)
      vim.schedule(function()
        next(result)
      end)
    end,
  })
end

local function finish(name, what)
  local fleet = require("sharedserver.fleet")
  fleet.ended(name, what)
  fleet.watch()
end

-- Asks what became of one server and tells it.
local function tell(name, server, editor, tries)
  run({ "events", server.id, "-n", "50", "--json" }, function(result)
    local events = {}
    for line in result.out:gmatch("[^\n]+") do
      events[#events + 1] = cli.decode(line)
    end
    local what = M.judge(events, server.pid)
    if not what and tries > 0 then
      vim.defer_fn(function() -- the last word on it is not written yet
        tell(name, server, editor, tries - 1)
      end, 100)
      return
    end
    what = what or { pid = server.pid }
    run({ "info", server.id, "--json" }, function(answer)
      local info = cli.decode(answer.out) or {}
      -- between two runs nobody is listed, and all stay attached
      what.attached = info.state == "defunct"
      for _, client in ipairs(info.clients or {}) do
        what.attached = what.attached or client.pid == editor
      end
      what.next_pid = info.pid ~= what.pid and info.pid or nil
      what.text = sentence(what)
      if what.asked_for or what.code == 0 or not what.lasted or what.lasted >= M.EARLY then
        finish(name, what)
        return
      end
      run({ "logs", server.id, "-n", tostring(M.TAIL) }, function(log)
        local tail = log.out:gsub("%s+$", "")
        what.text = what.text .. (tail ~= "" and ":\n" .. tail or "; its log is empty")
        finish(name, what)
      end)
    end)
  end)
end

-- Waits for the ends of these servers (name → { id, pid }) for the editor of that pid, and of no others any more.
function M.watch(servers, editor)
  local ids, names = {}, {}
  for name, server in pairs(servers) do
    ids[#ids + 1] = server.id
    names[server.id] = name
  end
  table.sort(ids)
  local key = {}
  for _, id in ipairs(ids) do
    key[#key + 1] = id .. " " .. tostring(servers[names[id]].pid)
  end
  key = table.concat(key, "\n")
  if key == watched then
    return
  end
  M.stop()
  watched = key
  if #ids == 0 then
    return
  end
  local own = generation
  local args = { "wait", "--for", "ended", "--pid", tostring(editor) }
  vim.list_extend(args, ids)
  cli.run(args, {
    started = function(started)
      if own == generation then
        process = started
      else
        cli.kill(started)
      end
    end,
    done = function(result)
      vim.schedule(function()
        if own ~= generation then
          return -- another one waits
        end
        process, watched = nil, ""
        if result.code ~= 0 then
          failures = failures + 1
          if failures > 3 then
            notify.warn("the ends of servers are not noticed any more: " .. cli.complaint(result))
            return
          end
          vim.defer_fn(function()
            M.watch(servers, editor)
          end, 1000)
          return
        end
        failures = 0
        for id in result.out:gmatch("[^\n]+") do
          local name = names[id]
          if name then
            servers[name].ending = true -- nobody waits for it until it is known how it ended
            tell(name, servers[name], editor, 5)
          end
        end
      end)
    end,
  })
end

-- Waits for nobody any more.
function M.stop()
  generation = generation + 1
  watched = ""
  cli.kill(process)
  process = nil
end

return M
