-- What specs need: a directory of their own, servers with free ports, other Neovims, and waiting for conditions.
local M = {}

M.PATIENCE = tonumber(vim.env.PATIENCE) or 30000
M.bin = vim.env.SHAREDSERVER_BIN
M.plugin = vim.fn.fnamemodify(vim.env.PLUGIN, ":p"):gsub("/$", "")

-- Waits for a condition; an error that says for what if it does not come.
function M.holds(condition, what)
  if not vim.wait(M.PATIENCE, condition, 20) then
    error("in vain: " .. what, 2)
  end
end

-- Makes directories of this test's own. The product of the test has nothing to do with the user's.
function M.make()
  local root = vim.fn.tempname()
  vim.fn.mkdir(root .. "/home", "p")
  vim.fn.mkdir(root .. "/state", "p")
  vim.env.SHAREDSERVER_LOCKDIR = root .. "/state"
  vim.env.SHAREDSERVER_BIN = M.bin
  vim.env.HOME = root .. "/home"
  vim.env.XDG_CONFIG_HOME = nil
  vim.env.XDG_STATE_HOME = nil
  M.root = root
  M.editors = {}
  return root
end

-- Runs the product and waits; returns output and exit code.
function M.run(...)
  local out = vim.fn.system(vim.list_extend({ M.bin }, { ... }))
  return out, vim.v.shell_error
end

function M.info(name)
  local out = M.run("info", name, "--json")
  return vim.json.decode(out, { luanil = { object = true, array = true } })
end

function M.refcount(name)
  return M.info(name).refcount or 0
end

-- Ends what the test has left.
function M.clean()
  for _, editor in ipairs(M.editors or {}) do
    editor:kill()
  end
  local list = vim.json.decode((M.run("list", "--json")))
  for _, server in ipairs(list) do
    M.run("admin", "kill", server.name)
  end
end

function M.write(path, text, mode)
  vim.fn.mkdir(vim.fn.fnamemodify(path, ":h"), "p")
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  if mode then
    vim.loop.fs_chmod(path, tonumber(mode, 8))
  end
  return path
end

function M.read(path)
  local file = io.open(path)
  if not file then
    return nil
  end
  local text = file:read("*a")
  file:close()
  return text
end

-- A port that was free just now
function M.port()
  local tcp = vim.loop.new_tcp()
  tcp:bind("127.0.0.1", 0)
  local port = tcp:getsockname().port
  tcp:close()
  return port
end

function M.alive(pid)
  local stat = M.read(("/proc/%d/stat"):format(pid))
  return stat ~= nil and not stat:match("%) ([ZX])")
end

-- Tells whether a process waits for the ends of this editor's servers, and knows which they are: it has then armed its inotify.
function M.waiting()
  for _, pid in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
    local line = (M.read(("/proc/%d/cmdline"):format(pid)) or ""):gsub("%z", " ")
    if line:find(" wait ", 1, true) and M.alive(pid) then
      for _, fd in ipairs(vim.fn.glob(("/proc/%d/fd/*"):format(pid), true, true)) do
        if (vim.loop.fs_readlink(fd) or ""):find("inotify", 1, true) then
          return true
        end
      end
    end
  end
  return false
end

-- Fresh modules, and what they tell the user from now on: a list of { text, level }.
function M.fresh()
  for name in pairs(package.loaded) do
    if name:match("^sharedserver") then
      package.loaded[name] = nil
    end
  end
  local told = {}
  vim.notify = function(text, level)
    told[#told + 1] = { text = text, level = level }
  end
  return require("sharedserver"), told
end

function M.says(told, part)
  for _, one in ipairs(told) do
    if one.text:find(part, 1, true) then
      return one
    end
  end
  return nil
end

local Editor = {}
Editor.__index = Editor

-- Starts another headless Neovim whose config is this text, and waits until it has read it.
function M.editor(config, more)
  local number = #M.editors + 1
  local socket = ("%s/nvim%d"):format(M.root, number)
  local init = M.write(("%s/init%d.lua"):format(M.root, number), ([[
    vim.opt.rtp:prepend(%q)
    told = {}
    vim.notify = function(text) told[#told + 1] = text end
    %s
  ]]):format(M.plugin, config))
  local argv = { "nvim", "--headless", "-u", init, "-i", "NONE", "-n", "--listen", socket }
  vim.list_extend(argv, more or {})
  local self = setmetatable({ socket = socket }, Editor)
  self.job = vim.fn.jobstart(argv, {
    cwd = M.root,
    on_exit = function(_, code)
      self.code = code
    end,
  })
  self.pid = vim.fn.jobpid(self.job)
  M.editors[number] = self
  M.holds(function()
    if self.code then
      error("the other Neovim ended with " .. self.code)
    end
    local good, channel = pcall(vim.fn.sockconnect, "pipe", socket, { rpc = true })
    self.channel = good and channel > 0 and channel or nil
    return self.channel ~= nil
  end, "the other Neovim listens")
  M.holds(function()
    return self:lua("return vim.v.vim_did_enter") == 1
  end, "the other Neovim has started")
  return self
end

function Editor:lua(code, ...)
  return vim.rpcrequest(self.channel, "nvim_exec_lua", code, { ... })
end

function Editor:told()
  return table.concat(self:lua("return told"), "\n")
end

-- Has it quit, and waits for its end.
function Editor:quit(command)
  vim.rpcnotify(self.channel, "nvim_command", command or "qall!")
  M.holds(function()
    return self.code ~= nil
  end, "the other Neovim has ended")
  return self.code
end

function Editor:kill()
  if not self.code then
    vim.loop.kill(self.pid, "sigkill")
    M.holds(function()
      return self.code ~= nil
    end, "the other Neovim is gone")
  end
end

return M
