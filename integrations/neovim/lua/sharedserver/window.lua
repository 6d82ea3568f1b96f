-- The status window: a list of all servers, or one in detail.
local compat = require("sharedserver.compat")
local M = {}

local signs = { running = "●", grace = "⏳", stopped = "○" }
local groups = { running = "SharedServerRunning", grace = "SharedServerGrace", stopped = "SharedServerStopped" }
local namespace = vim.api.nvim_create_namespace("sharedserver")
local HINT = "q or <Esc> closes, r refreshes"

-- Returns "running", "grace" or "stopped".
local function kind(status)
  if not status.running then
    return "stopped"
  end
  return status.state == "grace" and "grace" or "running"
end

-- Returns a time as people write it: 45s, 45m 32s, 2h 15m, 3d 4h.
function M.duration(seconds)
  if not seconds then
    return "-"
  end
  seconds = math.floor(seconds)
  local days, hours = math.floor(seconds / 86400), math.floor(seconds / 3600) % 24
  local minutes, rest = math.floor(seconds / 60) % 60, seconds % 60
  if days > 0 then
    return ("%dd %dh"):format(days, hours)
  elseif hours > 0 then
    return ("%dh %dm"):format(hours, minutes)
  elseif minutes > 0 then
    return ("%dm %ds"):format(minutes, rest)
  end
  return ("%ds"):format(rest)
end

-- Names, commands and notes come from elsewhere: a line is a line.
local function printable(text)
  return (tostring(text):gsub("%c", "?"))
end

-- Pads to a width in cells.
local function padded(text, width)
  return text .. (" "):rep(math.max(0, width - vim.fn.strdisplaywidth(text)))
end

local function word(status)
  local of = kind(status)
  if of == "stopped" and status.state == "defunct" then
    return "restarting"
  end
  return of == "grace" and "GRACE" or of
end

-- Returns the lines of the list, and per line its highlight group.
function M.list(all)
  local names = vim.tbl_keys(all)
  table.sort(names)
  local width = 20
  for _, name in ipairs(names) do
    width = math.max(width, vim.fn.strdisplaywidth(printable(name)) + 1)
  end
  local lines, marks = {}, {}
  local function row(sign, name, state, pid, refs, uptime, rest)
    local text = padded(sign, 3) .. padded(name, width) .. padded(state, 12) .. padded(pid, 9) .. padded(refs, 6)
    lines[#lines + 1] = (text .. padded(uptime, 10) .. rest):gsub("%s+$", "")
  end
  row("", "NAME", "STATUS", "PID", "REFS", "UPTIME", "")
  marks[1] = "SharedServerHeader"
  lines[2] = ("─"):rep(3 + width + 12 + 9 + 6 + 10 + 16)
  for _, name in ipairs(names) do
    local status = all[name]
    local running = status.running
    local notes = {}
    if status.attached then
      notes[#notes + 1] = "attached"
    elseif running then
      notes[#notes + 1] = "not attached"
    end
    if status.lazy then
      notes[#notes + 1] = "[lazy]"
    end
    row(
      signs[kind(status)],
      printable(name),
      word(status),
      running and tostring(status.pid) or "-",
      running and tostring(status.refcount) or "-",
      M.duration(status.uptime),
      table.concat(notes, " ")
    )
    marks[#lines] = groups[kind(status)]
  end
  if #names == 0 then
    lines[#lines + 1] = "   (no servers)"
  end
  return lines, marks
end

-- Returns the lines of one server.
function M.detail(status)
  local lines, marks = {}, {}
  local function field(name, value)
    if value ~= nil and value ~= "" then
      lines[#lines + 1] = padded(name, 13) .. printable(value)
    end
  end
  lines[1] = signs[kind(status)] .. " " .. printable(status.name) .. "  " .. word(status)
  marks[1] = groups[kind(status)]
  lines[2] = ""
  field("PID", status.pid)
  field("References", status.running and status.refcount or nil)
  field("Uptime", status.uptime and M.duration(status.uptime) or nil)
  field("This editor", status.attached and "attached" or "not attached")
  field("Lazy", status.lazy and "yes: started by :ServerStart only" or nil)
  if status.command then
    field("Command", table.concat(status.command, " "))
  end
  field("Directory", status.working_dir)
  field("Log", status.log_file)
  field("Grace", status.grace_period)
  if status.grace_remaining_ms then
    field("Stopped in", M.duration(status.grace_remaining_ms / 1000))
  end
  if #status.clients > 0 then
    lines[#lines + 1] = ""
    lines[#lines + 1] = "Held by"
    marks[#lines] = "SharedServerHeader"
    for _, client in ipairs(status.clients) do
      local program = client.exe and vim.fn.fnamemodify(client.exe, ":t") or "?"
      local text = client.pid and ("  %-8d %s"):format(client.pid, program) or ("  hold     %s"):format(client.hold or "")
      if client.metadata and client.metadata ~= program then
        text = text .. " (" .. client.metadata .. ")"
      end
      if client.cwd then
        text = text .. "  in " .. client.cwd
      end
      lines[#lines + 1] = printable(text)
    end
  end
  return lines, marks
end

local function content(name)
  local fleet = require("sharedserver.fleet")
  if name then
    return M.detail(fleet.status(name))
  end
  return M.list(fleet.status_all())
end

-- Writes the content into the buffer; returns how wide and high it is.
local function fill(buffer, name, title)
  local lines, marks = content(name)
  local shown, offset = {}, 0
  if title then
    shown = { title, "" }
    offset = 2
  end
  vim.list_extend(shown, lines)
  vim.list_extend(shown, { "", HINT })
  local width = 0
  for index, line in ipairs(shown) do
    shown[index] = " " .. line .. " "
    width = math.max(width, vim.fn.strdisplaywidth(shown[index]))
  end
  if title then
    shown[1] = (" "):rep(math.floor((width - vim.fn.strdisplaywidth(title)) / 2)) .. title
  end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, shown)
  vim.bo[buffer].modifiable = false
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  local function mark(line, group)
    vim.api.nvim_buf_set_extmark(buffer, namespace, line - 1, 0, { end_col = #shown[line], hl_group = group })
  end
  for line, group in pairs(marks) do
    mark(line + offset, group)
  end
  if title then
    mark(1, "SharedServerHeader")
  end
  mark(#shown, "Comment")
  return width, #shown
end

local function placed(width, height)
  width = math.max(1, math.min(width, vim.o.columns - 4))
  height = math.max(1, math.min(height, vim.o.lines - 4))
  return {
    relative = "editor",
    width = width,
    height = height,
    row = math.max(0, math.floor((vim.o.lines - height - 2) / 2)),
    col = math.max(0, math.floor((vim.o.columns - width - 2) / 2)),
  }
end

-- Opens the window, on one server or on all. Returns window and buffer.
function M.open(name)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].filetype = "sharedserver"
  local style = { style = "minimal", border = "rounded" }
  local title = compat.window_title(style, name and "Shared Server" or "Shared Servers")
  local place = placed(fill(buffer, name, title))
  local window = vim.api.nvim_open_win(buffer, true, vim.tbl_extend("force", style, place))
  vim.wo[window].wrap = false
  -- the colours of the text, not those of menus, which some color schemes make glaring
  vim.wo[window].winhighlight = "NormalFloat:Normal,FloatBorder:SharedServerBorder"

  local function close()
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_close(window, true)
    end
  end
  local function refresh()
    local width, height = fill(buffer, name, title)
    vim.api.nvim_win_set_config(window, placed(width, height))
  end
  for keys, action in pairs({ q = close, ["<Esc>"] = close, r = refresh }) do
    vim.keymap.set("n", keys, action, { buffer = buffer, nowait = true, silent = true })
  end
  return window, buffer
end

return M
