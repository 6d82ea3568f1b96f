"""Plays an editor that starts a language server: editor.py pipe|sockets|socket|pty COMMAND…

Prints the server's pid on a line, then hands on bytes between its own standard input and output and the server's.
"""

import os
import pty
import socket
import subprocess
import sys
import threading
import tty

kind, command = sys.argv[1], sys.argv[2:]
if kind == "pipe":
    (stdin, to), (back, stdout) = os.pipe(), os.pipe()
elif kind == "sockets":  # as libuv, and so Neovim and VS Code, make them
    (a, b), (c, d) = socket.socketpair(), socket.socketpair()
    stdin, to, stdout, back = (s.detach() for s in (a, b, c, d))
elif kind == "socket":  # one for both, as inetd does it
    a, b = socket.socketpair()
    stdin, to = a.detach(), b.detach()
    stdout, back = os.dup(stdin), os.dup(to)
else:
    to, stdin = pty.openpty()
    tty.setraw(stdin)
    stdout, back = os.dup(stdin), os.dup(to)
log = os.environ.get("SERVER_STDERR", os.devnull)
with open(log, "ab") as errors:
    server = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=errors, start_new_session=True)
os.close(stdin)
os.close(stdout)
os.write(1, b"%d\n" % server.pid)


def pump(source, sink):
    try:
        while data := os.read(source, 1 << 16):
            while data:
                data = data[os.write(sink, data) :]
    except OSError:
        pass


threading.Thread(target=pump, args=(back, 1), daemon=True).start()
# reaps the server when it ends
threading.Thread(target=server.wait, daemon=True).start()
pump(0, to)
os._exit(0)
