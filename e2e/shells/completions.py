#!/usr/bin/env python3
"""Completion in the real shells: types into bash, zsh and fish on a terminal, presses TAB, and looks at the words that the shell
then has. The scripts are those of the product's share/, found the way each shell finds installed ones.

usage: completions.py PRODUCT [SHELL...]     ends with "N passed, N failed"
"""
import os, pty, re, select, shutil, signal, subprocess, sys, tempfile, time

PATIENCE = 60
# what a shell says when it takes a line; where a test types it, quotes divide it
PROMPT = r"\(ready\)"
# what a person may have called a server; each begins with letters of its own
NAMES = ["plain", "amp & semi;", "blank in it", "colon:in@it=x", "dollar $HOME `id`", "hash # star *", "quote's", 'double"quote', "tilde~(x)",
         "umlaut ü 漢字", "back\\slash", "{brace,x}!"]


class Shell:
    def __init__(self, name, argv, env, prepare, end_of_line="\n"):
        self.name, self.end_of_line = name, end_of_line
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(env["HOME"])
            os.execvpe(argv[0], argv, env)
        self.count = 0
        self.seen = ""
        for line in prepare:
            self.run(line)

    def read_until(self, pattern):
        end = time.monotonic() + PATIENCE
        while True:
            found = re.search(pattern, self.seen, re.S)
            if found:
                self.seen = self.seen[found.end():]
                return found
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError(f"{self.name} did not say {pattern!r}, but {self.seen[-1500:]!r}")
            try:
                self.seen += os.read(self.fd, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError(f"{self.name} has ended: {self.seen[-1500:]!r}") from None

    def type(self, text):
        os.write(self.fd, text.encode())

    def run(self, line):
        """Runs a line and waits for its end."""
        self.count += 1
        # split, so that the echo of the line is not taken for the answer
        self.type(f"{line}\recho 'do''ne'{self.count}'.'\r")
        self.read_until(f"done{self.count}\\.")
        self.read_until(PROMPT)

    def completed(self, typed):
        """The words of the command line after TAB was pressed behind `typed`."""
        self.count += 1
        # the shell reads what comes behind the TAB when it has completed: it goes to the line's beginning, and what stands there
        # becomes the arguments of a program that shows them
        self.type(f"{typed}\t\x01show {self.count} \r")
        found = self.read_until(f"<<{self.count}:(.*?)>>")
        self.read_until(PROMPT)
        return found[1].split("|") if found[1] else []

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def started(name, share, env):
    if name == "bash":
        return Shell(name, ["bash", "--noprofile", "--norc", "-i"], env, [
            # bash-completion finds what is in XDG_DATA_DIRS by the command's name
            "PS1='(re''ady)'; bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; bind 'set completion-query-items 0'",
            "bind 'set page-completions off'; source /usr/share/bash-completion/bash_completion"])
    if name == "zsh":
        return Shell(name, ["zsh", "-f", "-i"], env, [
            f"PS1='(re''ady)'; bindkey -e; setopt no_beep no_list_beep no_auto_menu; fpath=({share}/zsh/site-functions $fpath)",
            "autoload -Uz compinit && compinit -u -D; unset zle_bracketed_paste; LISTMAX=9999"])
    return Fish(share, env)


class Fish:
    """fish answers what it would offer without a terminal."""

    def __init__(self, share, env):
        self.share, self.env = share, env

    def completed(self, typed):
        script = "set -p fish_complete_path $argv[1]; complete -C $argv[2]"
        done = subprocess.run(["fish", "--no-config", "-c", script, f"{self.share}/fish/vendor_completions.d", typed], cwd=self.env["HOME"],
                              env=self.env, stdout=subprocess.PIPE, timeout=PATIENCE, check=True, text=True)
        offered = sorted({line.split("\t")[0].rstrip("/") for line in done.stdout.splitlines()})
        before = typed.split(" ")
        return offered, before

    def close(self):
        pass


# what is typed, and the words that the command then has; None: as typed
CASES = [
    ("sharedserver adm", ["sharedserver", "admin"]),
    ("sharedserver unu", ["sharedserver", "unuse"]),
    ("sharedserver admin incr", ["sharedserver", "admin", "incref"]),
    ("sharedserver --vers", ["sharedserver", "--version"]),
    ("sharedserver use web --on-mis", ["sharedserver", "use", "web", "--on-mismatch"]),
    ("sharedserver use web --on-mismatch ig", ["sharedserver", "use", "web", "--on-mismatch", "ignore"]),
    ("sharedserver use web --on-mismatch=ig", ["sharedserver", "use", "web", "--on-mismatch=ignore"]),
    ("sharedserver wait web --for sto", ["sharedserver", "wait", "web", "--for", "stopped"]),
    ("sharedserver use web --stop-signal HU", ["sharedserver", "use", "web", "--stop-signal", "HUP"]),
    ("sharedserver admin stop web --for", ["sharedserver", "admin", "stop", "web", "--force"]),
    ("sharedserver logs --si", ["sharedserver", "logs", "--since"]),
    ("sharedserver admin prune --dr", ["sharedserver", "admin", "prune", "--dry-run"]),
    ("sharedserver completion fi", ["sharedserver", "completion", "fish"]),
    ("sharedserver to", ["sharedserver", "top"]),
    ("sharedserver list --wat", ["sharedserver", "list", "--watch"]),
    ("sharedserver hook cl", ["sharedserver", "hook", "claude"]),
    ("sharedserver hook claude st", ["sharedserver", "hook", "claude", "start"]),
    ("sharedserver up --serv", ["sharedserver", "up", "--servers-json"]),
    ("sharedserver up --only la", ["sharedserver", "up", "--only", "lazy"]),
    ("sharedserver use web --ready-h", ["sharedserver", "use", "web", "--ready-http"]),
    ("sharedserver use web --check-int", ["sharedserver", "use", "web", "--check-interval"]),
    ("sharedserver use web --restart on", ["sharedserver", "use", "web", "--restart", "on-failure"]),
    ("sharedserver use web --exp", ["sharedserver", "use", "web", "--export"]),
    ("sharedserver wait web --for en", ["sharedserver", "wait", "web", "--for", "ended"]),
    ("sharedserver wait plain umlaut", ["sharedserver", "wait", "plain", "umlaut ü 漢字"]),
    ("sharedserver config sh", ["sharedserver", "config", "show"]),
    ("sharedserver config check some-fi", ["sharedserver", "config", "check", "some-file x"]),
    ("sharedserver help unu", ["sharedserver", "help", "unuse"]),
    ("sharedserver info pl", ["sharedserver", "info", "plain"]),
    ("sharedserver admin stop pl", ["sharedserver", "admin", "stop", "plain"]),
    ("sharedserver logs -n 5 pl", ["sharedserver", "logs", "-n", "5", "plain"]),
    ("sharedserver stop plain umlaut", ["sharedserver", "stop", "plain", "umlaut ü 漢字"]),
    # one name is all that these take; a value of an option is no name
    ("sharedserver info plain bla", None),
    ("sharedserver use --metadata pl", None),
    ("sharedserver list pl", None),
    ("sharedserver nonsense pl", None),
    ("sharedserver info no-such", None),
    # files, directories, and other commands behind --
    ("sharedserver use web --log-file some-fi", ["sharedserver", "use", "web", "--log-file", "some-file x"]),
    ("sharedserver use web --working-dir some-di", ["sharedserver", "use", "web", "--working-dir", "some-dir"]),
    ("sharedserver use web -- only-comm", ["sharedserver", "use", "web", "--", "only-command"]),
    ("sharedserver use web -- cat some-fi", ["sharedserver", "use", "web", "--", "cat", "some-file x"]),
    ("sharedserver run plain -- sharedserver unu", ["sharedserver", "run", "plain", "--", "sharedserver", "unuse"]),
    # quotes that were begun
    ("sharedserver info 'blank in", ["sharedserver", "info", "blank in it"]),
    ('sharedserver info "blank in', ["sharedserver", "info", "blank in it"]),
    ('sharedserver info "dollar', ["sharedserver", "info", "dollar $HOME `id`"]),
    ("sharedserver info blank\\ i", ["sharedserver", "info", "blank in it"]),
    ("sharedserver info colon:i", ["sharedserver", "info", "colon:in@it=x"]),
    ("sharedserver info colon:in@it", ["sharedserver", "info", "colon:in@it=x"]),
] + [(f"sharedserver info {name[:3] if name[0] != '{' else chr(92) + '{'}", ["sharedserver", "info", name]) for name in NAMES]


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o755)


def await_end(state):
    """Waits for the guard of a state directory, which leaves soon after its last server."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        mine = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    if f"SHAREDSERVER_LOCKDIR={state}".encode() in f.read().split(b"\0"):
                        mine.append(pid)
            except OSError:
                pass  # it has ended
        if not mine:
            return
        time.sleep(0.1)
    raise AssertionError(f"processes {mine} have not ended")


def main():
    product = os.path.realpath(sys.argv[1])
    shells = sys.argv[2:] or ["bash", "zsh", "fish"]
    share = os.path.join(product, "share")
    root = tempfile.mkdtemp(prefix="ss-shells-")
    home = os.path.join(root, "home")
    passed = failed = 0
    holder = subprocess.Popen(["sleep", "1000"])
    write(f"{root}/bin/show", f"#!{sys.executable}\nimport sys\nprint('<<' + sys.argv[1] + ':' + '|'.join(sys.argv[2:]) + '>>')\n")
    write(f"{root}/bin/only-command", "#!/bin/sh\n")
    write(f"{home}/some-file x", "")
    os.makedirs(f"{home}/some-dir")
    os.makedirs(f"{home}/plain")  # a directory called like a server changes nothing
    env = {"HOME": home, "PATH": f"{product}/bin:{root}/bin:/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
           "COLUMNS": "200", "LINES": "50", "SHAREDSERVER_LOCKDIR": f"{root}/state", "XDG_DATA_DIRS": f"{share}:/usr/local/share:/usr/share"}
    try:
        for name in NAMES:
            subprocess.run([f"{product}/bin/sharedserver", "use", name, "--pid", str(holder.pid), "--", "sleep", "1000"], env=env, check=True,
                           stdout=subprocess.DEVNULL)
        for name in shells:
            if not shutil.which(name):
                print(f"{name}: FAIL, it is not installed")
                failed += 1
                continue
            shell = started(name, share, env)
            for typed, expected in CASES:
                got = shell.completed(typed)
                if name == "fish":
                    offered = got[0]
                    # files of that name may be offered where no server is expected
                    good = expected[-1] in offered if expected else not set(offered) & set(NAMES) - {"plain"}
                    passed, failed = passed + good, failed + (not good)
                    if not good:
                        print(f"fish: FAIL: {typed!r} offers {offered}, expected {expected}")
                    continue
                expected = expected or typed.split(" ")
                # zsh takes the slash behind a directory away again
                if [word.rstrip("/") for word in got] == expected:
                    passed += 1
                else:
                    failed += 1
                    print(f"{name}: FAIL: {typed!r} became {got}, expected {expected}")
            shell.close()
    finally:
        holder.kill()
        holder.wait()
        for name in NAMES:
            subprocess.run([f"{product}/bin/sharedserver", "stop", name, "--even-if-used"], env=env, stdout=subprocess.DEVNULL)
        await_end(f"{root}/state")
        shutil.rmtree(root, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
