"""Runs a program in a terminal of its own, as a person would: terminal.py COMMAND…

Orders come as lines on standard input: `type TEXT` (a JSON string), `expect REGEX` (in what the screen was sent since the last
order, without escape sequences), `signal N`, `hangup`. Each is answered by one line. At the end of the program: `ended STATUS`,
where STATUS is its exit code, or minus the signal that ended it.
"""
import fcntl, json, os, pty, re, select, signal, struct, sys, termios, time

ESCAPES = re.compile(r"\x1b\[[0-9;?$=><]*[ -/]*[@-~]|\x1b[\]P_^X].*?(?:\x1b\\|\x07)|\x1b[ -/]*[0-~]", re.S)
PATIENCE = 150

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
say = lambda text: print(text, flush=True)
say(f"pid {pid}")
screen, orders, wanted, until = "", b"", None, 0.0


def status():
    ended, how = os.waitpid(pid, os.WNOHANG)
    return None if ended == 0 else os.waitstatus_to_exitcode(how)


def answer(data):
    """What programs ask a terminal before they draw: where the cursor is, and what it can do."""
    if b"\x1b[6n" in data:
        os.write(terminal, b"\x1b[1;1R")
    if b"\x1b[c" in data:
        os.write(terminal, b"\x1b[?62;c")


def obey(line):
    global wanted, until, screen
    what, _, rest = line.partition(" ")
    if what == "expect":
        wanted, until = re.compile(rest), time.monotonic() + PATIENCE
        return
    if what == "type":
        screen = ""
        os.write(terminal, json.loads(rest).encode())
    elif what == "signal":
        os.kill(pid, int(rest))
    elif what == "hangup":
        os.close(terminal)
    say("done")


closed = False
while True:
    code = status()
    if code is not None:
        say(f"ended {code}")
        break
    ready, _, _ = select.select([0] + ([] if closed else [terminal]), [], [], 0.05)
    if not closed and terminal in ready:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            data, closed = b"", True
        answer(data)
        screen += data.decode("utf-8", "replace")
    if wanted and wanted.search(ESCAPES.sub("", screen)):
        wanted = None
        say("done")
    elif wanted and time.monotonic() > until:
        wanted = None
        say("missing " + json.dumps(ESCAPES.sub("", screen)[-1500:]))
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            os.kill(pid, signal.SIGKILL)
            break
        orders += data
    while b"\n" in orders and not wanted:
        line, _, orders = orders.partition(b"\n")
        obey(line.decode())
        if line == b"hangup":
            closed = True
