-- Language servers that other editors, or other machines, have already: require("sharedserver.lsp").
local cli = require("sharedserver.cli")
local binary = require("sharedserver.binary")
local notify = require("sharedserver.notify")
local M = {}

local defaults = {
  enable_pid_attachment = false, -- whether servers that other programs have started may be attached to
  attachment_timeout = 10000, -- ms
  attachment_strategy = "prompt", -- when there are many: "prompt", "newest" or "oldest"
  commands = true,
}
local options = vim.deepcopy(defaults)

local sessions = {} -- client id → { server, host, pid, name, root_dir }

local function local_host(host)
  return host == nil or host == "" or host == "-" or host == "localhost" or host == "local"
end

-- The words `lsp VERB [--host H]`, and more.
local function words(verb, host, ...)
  local made = { "lsp", verb }
  if not local_host(host) then
    vim.list_extend(made, { "--host", host })
  end
  return vim.list_extend(made, { ... })
end

-- What an editor starts in the place of a language server: `command` is the server's, a list; of options `host`, `root`, `name`, `map` (a
-- list of "LOCAL=REMOTE") are known.
function M.cmd(command, given)
  given = given or {}
  local made = vim.list_extend({ binary.find() or "sharedserver" }, words("connect", given.host))
  for _, flag in ipairs({ "name", "root" }) do
    if given[flag] then
      vim.list_extend(made, { "--" .. flag, given[flag] })
    end
  end
  for _, pair in ipairs(given.map or {}) do
    vim.list_extend(made, { "--map", pair })
  end
  if command and #command > 0 then
    made[#made + 1] = "--"
    vim.list_extend(made, command)
  end
  return made
end

-- Runs the tool; good(result) is called, later, if it ended with 0, else the user is told and bad(), if there is one, is called.
local function run(args, good, bad)
  cli.run(args, {
    done = function(result)
      vim.schedule(function()
        if result.code == 0 then
          good(result)
          return
        end
        notify.error(cli.complaint(result))
        if bad then
          bad()
        end
      end)
    end,
  })
end

-- Asks for the servers of a host (nil: this one); callback(list) gets what `lsp list --json` says, nil if it could not be asked.
function M.list(host, callback, pattern)
  local args = words("list", host, "--json")
  if pattern and pattern ~= "" then
    vim.list_extend(args, { "--pattern", pattern })
  end
  run(args, function(result)
    local list = cli.decode(result.out)
    if not list then
      notify.error("what lsp list says is not understood")
    end
    callback(list)
  end, function()
    callback(nil)
  end)
end

local function base(path)
  return vim.fn.fnamemodify(path, ":t")
end

-- What a server is called by people: its type, else what it runs.
local function label(one)
  return one.type or one.command and one.command[1] and base(one.command[1]) or one.name or "?"
end

local function foreign(one)
  return one.mode == "foreign"
end

local function starts(text, prefix)
  return text:sub(1, #prefix) == prefix
end

local function inside(path, root)
  return root == "/" or path == root or starts(path, root .. "/")
end

-- Tells whether a server is called for: by the name of its program, of its type, or its own.
local function called(one, server)
  return server == nil or server == "" or label(one) == server or one.name == server
    or (one.command and one.command[1] and base(one.command[1]) == server) or false
end

-- Of a list those that can be had, the newest first where that is known.
local function candidates(list, server, pid, root_dir)
  local found = {}
  for _, one in ipairs(list) do
    if pid and one.pid == pid or not pid and called(one, server) and (not root_dir or one.root == root_dir) then
      found[#found + 1] = one
    end
  end
  table.sort(found, function(a, b)
    local left, right = a.started or "", b.started or ""
    return left > right or left == right and a.pid > b.pid
  end)
  return found
end

-- Has one of many chosen, by the strategy; callback(one) with nil if the user wants none.
local function choose(found, strategy, callback)
  if #found == 1 then
    callback(found[1])
  elseif strategy == "newest" then
    callback(found[1])
  elseif strategy == "oldest" then
    callback(found[#found])
  else
    vim.ui.select(found, {
      prompt = "Language server:",
      format_item = function(one)
        return ("%s  pid %d  %s  %s"):format(label(one), one.pid, one.root or "?", one.mode or "")
      end,
    }, callback)
  end
end

-- start_client is deprecated since 0.11; start came with 0.8.
local function start_client(config)
  if vim.lsp.start_client then
    return vim.lsp.start_client(config)
  end
  return vim.lsp.start(config, {
    attach = false,
    reuse_client = function()
      return false
    end,
  })
end

-- Gives the client the buffers of a file type below a directory: those that are there, and those that come.
local function serve_buffers(id, filetype, root_dir)
  local function take(buffer)
    local path = vim.api.nvim_buf_get_name(buffer)
    if sessions[id] and path ~= "" and inside(path, root_dir) and vim.bo[buffer].filetype == filetype then
      vim.lsp.buf_attach_client(buffer, id)
    end
  end
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) then
      take(buffer)
    end
  end
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("sharedserver_lsp_" .. id, { clear = true }),
    callback = function(event)
      take(event.buf)
    end,
  })
end

local function connect(one, given, filetype, callback)
  local root_dir = given.root_dir or one.root
  local id
  id = start_client({
    name = given.server or label(one),
    -- its name is all that is needed: the server runs
    cmd = M.cmd(nil, { host = given.host, name = one.name, map = given.map }),
    root_dir = root_dir,
    on_attach = given.on_attach,
    capabilities = given.capabilities,
    on_exit = function(code, _, client)
      vim.schedule(function()
        local session = sessions[client or id]
        if not session then
          return
        end
        sessions[client or id] = nil
        pcall(vim.api.nvim_del_augroup_by_name, "sharedserver_lsp_" .. (client or id))
        if not session.leaving and code ~= 0 then
          notify.error(("the language server %s is gone (%d)"):format(session.name, code))
        end
      end)
    end,
  })
  if not id then
    callback(nil)
    return
  end
  sessions[id] = {
    server = given.server or label(one),
    host = not local_host(given.host) and given.host or nil,
    pid = one.pid,
    name = one.name,
    root_dir = root_dir,
  }
  serve_buffers(id, filetype, root_dir)
  callback(id)
end

-- Attaches to the process of somebody else, and finds out what the hub calls it.
local function interpose(one, given, filetype, callback)
  local args = words("attach", given.host, tostring(one.pid), "--timeout", options.attachment_timeout .. "ms")
  if given.root_dir then
    vim.list_extend(args, { "--root", given.root_dir })
  end
  local function failed()
    callback(nil)
  end
  run(args, function()
    M.list(given.host, function(list)
      local found = candidates(list or {}, nil, one.pid, nil)[1]
      if found and not foreign(found) and found.name then
        connect(found, given, filetype, callback)
      else
        notify.error(("pid %d is not among the servers after it was attached to"):format(one.pid))
        failed()
      end
    end)
  end, failed)
end

-- Connects this editor to a server that runs: { server, host, pid, root_dir, map, strategy, on_attach, capabilities }, all optional. The buffers of the
-- current one's file type below the root are its. callback(client id), nil if there is none.
function M.attach(given, callback)
  callback = callback or function() end
  local filetype = vim.bo.filetype
  local root_dir = given.root_dir and vim.fn.fnamemodify(given.root_dir, ":p"):gsub("(.)/$", "%1") or nil
  given = vim.tbl_extend("force", given, { root_dir = root_dir })
  M.list(given.host, function(list)
    if not list then
      callback(nil)
      return
    end
    -- a directory that is called differently over there says nothing about a server's root
    local found = candidates(list, given.server, given.pid, not given.map and not given.pid and root_dir or nil)
    if not options.enable_pid_attachment then
      local ours = vim.tbl_filter(function(one)
        return not foreign(one)
      end, found)
      if #ours == 0 and #found > 0 then
        notify.error(("pid %d was started by another program: setup({ enable_pid_attachment = true }) allows to attach to it"):format(found[1].pid))
        callback(nil)
        return
      end
      found = ours
    end
    local possible = vim.tbl_filter(function(one)
      return one.attachable ~= false
    end, found)
    -- if none can be attached to, the command says why
    found = #possible > 0 and possible or found
    if #found == 0 then
      notify.error(("no language server %s runs%s%s"):format(
        given.pid and "with pid " .. given.pid or given.server or "",
        root_dir and " for " .. root_dir or "",
        local_host(given.host) and "" or " on " .. given.host
      ))
      callback(nil)
      return
    end
    choose(found, given.strategy or options.attachment_strategy, function(one)
      if not one then
        callback(nil)
      elseif foreign(one) then
        interpose(one, given, filetype, callback)
      else
        connect(one, given, filetype, callback)
      end
    end)
  end)
end

-- Lets go of the servers that attach() has connected a buffer to (0: the current one). With `force`, the hub lets go of a foreign server, too.
function M.detach(buffer, force)
  local left = 0
  for id, session in pairs(sessions) do
    if vim.lsp.buf_is_attached(buffer or 0, id) then
      left = left + 1
      session.leaving = true
      vim.lsp.stop_client(id)
      if force then
        run(words("detach", session.host, session.name), function() end)
      end
    end
  end
  return left
end

-- Returns what this editor is connected to: client id → { server, host, pid, name, root_dir }.
function M.sessions()
  return vim.deepcopy(sessions)
end

-- Opens a window at the bottom with text that a program has printed.
local function show(name, text)
  local lines = vim.split(vim.trim(text), "\n", { plain = true })
  for i, line in ipairs(lines) do
    lines[i] = line:gsub("%c", "?")
  end
  vim.cmd("botright " .. math.min(#lines + 1, 15) .. "new")
  local buffer = vim.api.nvim_get_current_buf()
  vim.bo[buffer].buftype = "nofile"
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].swapfile = false
  pcall(vim.api.nvim_buf_set_name, buffer, name)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = buffer, nowait = true })
end

-- Shows the table of a host's servers.
function M.show_list(host, pattern)
  local args = words("list", host)
  if pattern and pattern ~= "" then
    vim.list_extend(args, { "--pattern", pattern })
  end
  run(args, function(result)
    show("sharedserver://lsp/list", result.out)
  end)
end

-- Shows what this editor is connected to, and what the hubs of those hosts, or of this one, say.
function M.show_status()
  local hosts = {}
  local text = {}
  for id, session in pairs(sessions) do
    hosts[session.host or ""] = true
    text[#text + 1] = ("client %d: %s (pid %d%s) for %s"):format(
      id,
      session.name,
      session.pid,
      session.host and " on " .. session.host or "",
      session.root_dir
    )
  end
  table.sort(text)
  if #text == 0 then
    text[1] = "This editor is connected to none by :RemoteLspAttach."
    hosts[""] = true
  end
  local waiting = vim.tbl_count(hosts)
  local function one_more()
    waiting = waiting - 1
    if waiting == 0 then
      show("sharedserver://lsp/status", table.concat(text, "\n"))
    end
  end
  for host in pairs(hosts) do
    run(words("status", host), function(result)
      text[#text + 1] = ""
      text[#text + 1] = (host == "" and "here" or "on " .. host) .. ":"
      text[#text + 1] = vim.trim(result.out)
      one_more()
    end, one_more)
  end
end

local function create_commands()
  local function command(name, description, nargs, call, bang)
    vim.api.nvim_create_user_command(name, call, { desc = description, nargs = nargs, bang = bang or false })
  end
  command("RemoteLspList", "Show the language servers of a host, or of this one", "?", function(given)
    M.show_list(given.args)
  end)
  command("RemoteLspProcesses", "Show a host's language servers whose command matches", "+", function(given)
    M.show_list(given.fargs[1], table.concat(given.fargs, " ", 2))
  end)
  command("RemoteLspAttach", "Connect to a language server that runs: [server [host [pid [root]]]]", "*", function(given)
    local server, host, pid, root_dir = unpack(given.fargs)
    local number = pid and pid ~= "-" and tonumber(pid) or nil
    if pid and pid ~= "-" and not number then
      notify.error("a pid, or - for any, is expected, not " .. pid)
      return
    end
    M.attach({ server = server ~= "-" and server or nil, host = host, pid = number, root_dir = root_dir })
  end)
  command("RemoteLspDetach", "Let go of this buffer's language server; with !, the hub does so, too", 0, function(given)
    if M.detach(0, given.bang) == 0 then
      notify.warn("this buffer has no language server of :RemoteLspAttach")
    end
  end, true)
  command("RemoteLspStatus", "Show what this editor is connected to, and what the hub says", 0, function()
    M.show_status()
  end)
end

-- Takes the options and makes the commands.
function M.setup(given)
  given = given or {}
  vim.validate({
    enable_pid_attachment = { given.enable_pid_attachment, "boolean", true },
    attachment_timeout = {
      given.attachment_timeout,
      function(value)
        return value == nil or type(value) == "number" and value > 0 and value % 1 == 0
      end,
      "a number of milliseconds",
    },
    attachment_strategy = {
      given.attachment_strategy,
      function(value)
        return value == nil or value == "prompt" or value == "newest" or value == "oldest"
      end,
      '"prompt", "newest" or "oldest"',
    },
    commands = { given.commands, "boolean", true },
  })
  options = vim.tbl_extend("force", defaults, given)
  if options.commands then
    create_commands()
  end
end

return M
