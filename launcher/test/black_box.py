"""Tests of the binary with a stand-in agent. SHAREDSERVER_BINARY names it; arguments choose tests by name."""
import errno, fcntl, json, os, pty, signal, socket, stat, struct, subprocess, sys, tempfile, threading, time, traceback
from concurrent.futures import ThreadPoolExecutor

from product import *

TESTS = []
SANITIZED = b"__asan_init" in open(BINARY, "rb").read()


def test(function):
    TESTS.append(function)
    return function


# launcher


@test
def output_and_exit_code_are_the_agents(p):
    r = p.run("say", "a\nb", "42")
    assert (r.out, r.err, r.code) == (b"a\nb", b"", 42), r.show()


@test
def the_request_carries_what_the_caller_is(p):
    argv = ["request", "", "a b", ";$(x)", "-é", os.fsdecode(b"\xff\xfe")]
    r = p.run(*argv, env={"ODD": os.fsdecode(b"\xfe=1")}, cwd="/usr", umask=0o127,
              preexec_fn=lambda: (os.nice(3), __import__("resource").setrlimit(__import__("resource").RLIMIT_CORE, (0, 4096))))
    q = json.loads(r.out)
    assert [a.encode("latin-1") for a in q["argv"]] == [os.fsencode(a) for a in argv]
    assert "ODD=\xfe=1" in q["env"] and "SECRET=x" in q["env"]
    assert q["cwd"] == "/usr" and q["umask"] == 0o127 and q["nice"] == os.nice(0) + 3 and q["ppid"] == os.getpid() and q["pid"] == r.pid
    assert q["limits"][4] == [0, 4096] and len(q["limits"]) == 16
    assert q["flags"] == 0 and q["columns"] == 0 and q["protocol"] == 1 and q["token"] == ""
    assert abs(q["stamp"] - stamp(os.getpid())) < 100 * 3600 * 24 * 365


@test
def terminals_are_told(p):
    leader, terminal = pty.openpty()
    fcntl.ioctl(terminal, 0x5414, struct.pack("HHHH", 24, 123, 0, 0))
    r = p.run("request", stdin=terminal, stderr=terminal)
    assert json.loads(r.out)["flags"] == 5
    one = p.popen("request", stdout=terminal, stderr=subprocess.PIPE)
    data = b""
    while not data.strip().endswith(b"}"):
        data += os.read(leader, 65536)
    q = json.loads(data)
    assert q["flags"] == 2 and q["columns"] == 123
    one.communicate()


@test
def a_reply_may_come_byte_by_byte(p):
    r = p.run("bytewise")
    assert (r.out, r.err, r.code) == (b"slow", b"err", 7)


@test
def a_reply_may_be_long(p):
    r = p.run("big", "100")
    assert len(r.out) == 6553600 and r.code == 0


@test
def malformed_replies_are_errors(p):
    for raw in ("00000000", "00400001" + "4f", "7fffffff4f", "000000015a", "0000000158", "00000003580101", "0000000543000000ff",
                "0000000957ffffffff00000000", "0000000754000000ff4141", "00000006540000000100"):
        r = p.run("raw", raw)
        assert r.code == 1 and r.err.startswith(b"sharedserver: ") and r.err.count(b"\n") == 1, (raw, r.show())


@test
def a_refusal_of_the_guard_is_an_internal_error_of_check(p):
    message = frame("N", packed("no \x1b[31m agent"))
    r = p.run("raw", message.hex())
    assert r.code == 1 and r.err == b"sharedserver: no ?[31m agent\n", r.show()


@test
def a_request_is_sent_again_when_the_agent_dies(p):
    q = json.loads(p.run("die").out)
    assert q["flags"] & 8
    r = p.run("hangup", "a", "5")
    assert r.out == b"in the end" and r.code == 0


@test
def an_end_of_the_reader_makes_no_noise(p):
    for restore in (True, False):
        one = p.popen("big", "100", stdout=subprocess.PIPE, stderr=subprocess.PIPE, restore_signals=restore)
        one.stdout.read(10)
        one.stdout.close()
        assert one.stderr.read() == b""
        assert one.wait(PATIENCE) in (-signal.SIGPIPE, 128 + signal.SIGPIPE)


@test
def output_to_a_full_nonblocking_pipe_is_complete(p):
    read, write = os.pipe()
    os.set_blocking(write, False)
    one = p.popen("big", "20", stdout=write)
    os.close(write)
    with open(read, "rb") as f:
        time.sleep(0.2)
        assert len(f.read()) == 20 * 65536
    assert one.wait(PATIENCE) == 0


@test
def closed_standard_descriptors_stay_out_of_the_way(p):
    p.run("say", "warm", "0")
    r = subprocess.run(["sh", "-c", f'{p.binary} say x 3 <&- >&- 2>&-; echo $?'], env=p.env, stdout=subprocess.PIPE, timeout=PATIENCE)
    assert r.stdout == b"3\n", r


def given(p, *argv, data=b"", **options):
    """Runs the launcher with an input that ends; data is what it holds."""
    return subprocess.run([p.binary, "input", *argv], env=p.env, input=data, stdout=subprocess.PIPE, timeout=PATIENCE + 10, **options)


@test
def the_agent_gets_the_input_that_it_asks_for(p):
    for data in b"", b"{}", b"\x00\xff" * 100000:
        assert given(p, "1000000", "10000", data=data).stdout == b"I0:" + data
    assert given(p, "5", "10000", data=b"12345").stdout == b"I0:12345"
    assert given(p, "5", "10000", data=b"123456").stdout == b"I1:12345"
    assert p.run("input", "5", "10000", stdin=subprocess.DEVNULL).out == b"I0:"


@test
def input_that_does_not_end_is_not_awaited_for_ever(p):
    read, write = os.pipe()
    os.write(write, b"so far")
    assert p.run("input", "100", "200", stdin=read).out == b"I2:so far"
    os.set_blocking(read, False)
    assert p.run("input", "100", "200", stdin=read).out == b"I2:"
    os.close(read)
    os.close(write)


@test
def input_that_cannot_be_read_is_told(p):
    directory = os.open("/", os.O_RDONLY)
    assert p.run("input", "100", "10000", stdin=directory).out == b"I3:"
    os.close(directory)
    r = p.run("input", str((2 << 20) + 1), "10000")
    assert r.code == 1 and b"malformed frame I" in r.err, r.show()


@test
def input_is_sent_again_when_the_agent_dies(p):
    assert given(p, "100", "10000", "once", data=b"read once").stdout == b"I0:read once"


class Hub:
    """Listens in the state directory; each connection is served by what it is given, which gets the stream and the request."""

    def __init__(self, p, name, serve):
        self.requests = []
        p.run("say", "warm", "0")
        self.listener = socket.socket(socket.AF_UNIX)
        here = os.open(p.directory, os.O_PATH)
        self.listener.bind(f"/proc/self/fd/{here}/{name}")
        os.close(here)
        self.listener.listen()
        self.serve = serve
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection):
        with connection, connection.makefile("rb") as stream:
            kind, body = self.frame(stream)
            self.requests.append((kind, body))
            try:
                self.serve(connection, stream)
            except OSError:
                pass

    @staticmethod
    def frame(stream):
        head = stream.read(4)
        if len(head) < 4:
            return None, None
        data = stream.read(struct.unpack(">I", head)[0])
        return data[:1], data[1:]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.listener.close()


def echo(connection, stream):
    while True:
        kind, body = Hub.frame(stream)
        if not body:
            connection.sendall(frame("E", b"bye") + frame("X", b"\x05"))
            return
        assert kind == b"D"
        connection.sendall(frame("O", body))


@test
def a_hub_answers_instead_and_gets_the_input_as_it_comes(p):
    with Hub(p, ".test.sock", echo) as hub:
        one = p.popen("elsewhere", ".test.sock", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for said in b"first", b"second" * 10000:
            one.stdin.write(said)
            one.stdin.flush()
            assert one.stdout.read(len(said)) == said
        one.stdin.close()
        assert (one.stdout.read(), one.stderr.read(), one.wait(PATIENCE)) == (b"", b"bye", 5)
        assert [kind for kind, _ in hub.requests] == [b"R"] and b"elsewhere" in hub.requests[0][1]


@test
def neither_side_of_a_session_holds_up_the_other(p):
    """Who only writes is heard until what comes back finds no room any more; then all of it is there."""
    size = 8 << 20
    got = []

    def gather(connection, stream):
        connection.sendall(frame("O", b"o" * 1000000))
        while len(got) < 1 or sum(got) < size:
            got.append(len(Hub.frame(stream)[1]))
        connection.sendall(frame("X", b"\0"))

    for outputs in os.pipe, lambda: [s.detach() for s in socket.socketpair()]:
        got.clear()
        with Hub(p, ".test.sock", gather):
            read, write = outputs()
            one = p.popen("elsewhere", ".test.sock", stdin=subprocess.PIPE, stdout=write)
            os.close(write)
            one.stdin.write(b"i" * size)
            one.stdin.flush()
            until(lambda: sum(got) == size, "the hub has it all, though nobody read its answer")
            with open(read, "rb") as f:
                assert len(f.read()) == 1000000
            assert one.wait(PATIENCE) == 0
            one.stdin.close()
        os.unlink(p.directory + "/.test.sock")


@test
def a_hub_that_is_not_there_or_says_nothing_is_asked_for_again(p):
    def later():
        time.sleep(0.2)
        Hub(p, ".test.sock", answer)

    def answer(connection, stream):
        tries.append(Hub.frame(stream)[1])
        if len(tries) == 2:
            connection.sendall(frame("X", b"\x04"))

    tries = []
    threading.Thread(target=later).start()
    r = subprocess.run([p.binary, "elsewhere", ".test.sock"], env=p.env, input=b"the input", timeout=PATIENCE)
    # the one that says something has got the whole input, too
    assert r.returncode == 4 and tries[-1] == b"the input" and len(tries) == 2, (r, tries)
    assert os.path.getsize(p.marks + "/elsewhere") >= 3


@test
def a_hub_that_hangs_up_in_the_middle_is_not_asked_again(p):
    def one_piece(connection, stream):
        Hub.frame(stream)
        connection.sendall(frame("O", b"so far"))

    with Hub(p, ".test.sock", one_piece) as hub:
        r = subprocess.run([p.binary, "elsewhere", ".test.sock"], env=p.env, input=b"something", stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        assert r.returncode == 1 and b"hung up in the middle" in r.stderr, r
        assert len(hub.requests) == 1


@test
def a_hub_that_has_answered_need_not_read_the_input(p):
    for _ in range(20):
        with Hub(p, ".test.sock", lambda connection, stream: connection.sendall(frame("O", b"all of it") + frame("X", b"\x06"))):
            r = subprocess.run([p.binary, "elsewhere", ".test.sock"], env=p.env, input=b"x" * 300000, stdout=subprocess.PIPE, timeout=PATIENCE)
            assert (r.returncode, r.stdout) == (6, b"all of it"), r
        os.unlink(p.directory + "/.test.sock")


@test
def hostile_hubs_are_refused(p):
    hostile = [b"Q", b"T" + packed("x"), b"W", b"X", b"X\0\0", b"I" + struct.pack(">II", 1, 1)]
    for body in hostile:
        with Hub(p, ".test.sock", lambda connection, stream: connection.sendall(struct.pack(">I", len(body)) + body)):
            r = p.run("elsewhere", ".test.sock")
            assert r.code == 1 and b"what is no answer" in r.err, r.show()
        os.unlink(p.directory + "/.test.sock")
    with Hub(p, ".test.sock", lambda connection, stream: connection.sendall(b"\xff\xff\xff\xff")):
        assert b"what is no answer" in p.run("elsewhere", ".test.sock").err
    for name in "test.sock", "../x.sock", ".a/b.sock", ".sock", "." + "x" * 70 + ".sock", "":
        r = p.run("elsewhere", name)
        assert r.code == 1 and b"malformed frame H" in r.err, r.show()


@test
def become_replaces_the_launcher(p):
    r = p.run("become", "sh", "-c", 'echo $$ "$GIVEN" "$SECRET"; ls /proc/$$/fd')
    assert r.out.split(b"\n")[0] == b"%d by the agent x" % r.pid and r.code == 0, r.show()
    assert [int(f) for f in r.out.split()[5:]] == [0, 1, 2], r.out
    until(lambda: os.path.exists(p.marks + "/became-eof"), "the agent saw that exec succeeded")


@test
def become_reports_what_failed(p):
    r = p.run("become", "no-such-command-at-all")
    assert r.code == 126 and r.err == b"cannot become\n"
    assert os.path.exists(p.marks + f"/became-F{errno.ENOENT}")
    p.run("become", "/etc")
    assert os.path.exists(p.marks + f"/became-F{errno.EACCES}")


@test
def become_runs_a_script_without_interpreter(p):
    script = p.root + "/script"
    write_program(script, "echo ran $1")
    assert p.run("become", script, "it").out == b"ran it\n"


STATUS = """import json, os, signal, sys
s = dict(l.split(':\\t') for l in open('/proc/self/status').read().splitlines() if ':\\t' in l)
json.dump({'ign': s['SigIgn'], 'blk': s['SigBlk'], 'umask': s['Umask'], 'fds': {f: os.readlink('/proc/self/fd/' + f) for f in os.listdir('/proc/self/fd')
 if os.path.exists('/proc/self/fd/' + f)}, 'cwd': os.getcwd(), 'pgrp': os.getpgrp(), 'nice': os.nice(0), 'children': open('/proc/self/task/%d/children' % os.getpid()).read()},
 open(sys.argv[1], 'w'))
"""


def plain(p, *argv, **options):
    """What the command finds when it is started without us."""
    options.setdefault("stdin", subprocess.DEVNULL)
    subprocess.run(argv, env=p.env, timeout=PATIENCE, **options)


def both_ways(p, name, caller):
    """What a command finds that is run as it is, and one that the launcher has become."""
    results = []
    for way in "plain", "become":
        out = f"{p.root}/{name}-{way}"
        command = ["python3", "-S", "-c", STATUS, out]
        if way == "plain":
            plain(p, *command, **caller())
        else:
            assert p.run("become", *command, **caller()).code == 0
        with open(out) as f:
            results.append(json.load(f))
    for one in results:
        one["fds"] = {n: target for n, target in one["fds"].items() if not target.endswith(f"/{name}-plain") and not target.endswith("/fd")}
    return results


@test
def become_leaves_signals_as_the_caller_had_them(p):
    p.run("say", "warm", "0")
    p.env["ASAN_OPTIONS"] += ":handle_segv=0:handle_sigbus=0:handle_sigfpe=0"  # it would catch what the caller ignores
    everything = [n for n in range(1, 65) if n not in (9, 19, 32, 33)]
    for handler in (signal.SIG_DFL, signal.SIG_IGN):
        for blocked in ([], [signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD], everything):
            def caller():
                return {"restore_signals": False, "stdout": None, "stderr": None, "preexec_fn": lambda: (
                    [signal.signal(n, handler) for n in everything if n != signal.SIGCHLD], signal.pthread_sigmask(signal.SIG_SETMASK, blocked))}
            as_is, became = both_ways(p, "signals", caller)
            assert (as_is["ign"], as_is["blk"]) == (became["ign"], became["blk"]), (handler, blocked, as_is, became)


@test
def become_after_heeding_has_the_default_dispositions(p):
    r = p.run("heed-become", "grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status")
    lines = dict(l.split(":\t") for l in r.out.decode().splitlines())
    # what this very process ignores is inherited, but for what Python sets back for its children (PIPE, XFSZ)
    with open("/proc/self/status") as f:
        (inherited,) = (int(l.split()[1], 16) & ~(1 << 12 | 1 << 24) for l in f if l.startswith("SigIgn:"))
    assert len(lines) == 3 and int(lines["SigBlk"], 16) == 0 and int(lines["SigIgn"], 16) == inherited, r.show()
    assert not any(int(lines["SigCgt"], 16) >> (n - 1) & 1 for n in (1, 2, 3, 15)), r.show()
    assert marked(p, "heeded-become") == 1


@test
def a_signal_that_comes_before_the_exec_is_not_lost(p):
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        before = marked(p, "heeded-become")
        open(p.marks + "/not-yet", "w").close()
        one = p.popen("heed-become", "sleep", "1000")
        until(lambda: marked(p, "heeded-become") > before, "it is about to become")
        one.send_signal(number)
        os.remove(p.marks + "/not-yet")
        assert one.wait(PATIENCE) == -number, number


@test
def become_leaves_descriptors_and_umask_and_children_alone(p):
    read, write = os.pipe()
    os.set_inheritable(write, True)
    for closed in ([], [0], [1], [2], [0, 1, 2]):
        def caller():
            return {"stdout": None, "stderr": None, "close_fds": False, "umask": 0o135, "cwd": "/usr",
                    "preexec_fn": lambda: ([os.close(fd) for fd in closed], os.nice(2))}
        as_is, became = both_ways(p, "fds", caller)
        for field in "umask", "cwd", "pgrp", "nice", "children":
            assert as_is[field] == became[field] and as_is["umask"].strip() == "0135", (field, as_is, became)
        assert as_is["fds"] == became["fds"] and str(write) in became["fds"], (closed, as_is["fds"], became["fds"])
    (guard,) = p.guards()
    assert os.readlink(f"/proc/{guard}/fd/0") == "/dev/null"
    os.close(write)
    os.close(read)


@test
def become_searches_the_path_that_it_was_given(p):
    for folder in "first", "second":
        os.mkdir(f"{p.root}/{folder}")
        write_program(f"{p.root}/{folder}/tool", f"echo {folder} $0 $ADDED $SECRET")
    os.chmod(p.root + "/first/tool", 0o644)
    path = f"PATH={p.root}/none:{p.root}/first:{p.root}/second"
    assert p.run("become-with", path + "|ADDED=a=b|SECRET=|no equals|=none", "tool").out.decode().split() == ["second", p.root + "/second/tool", "a=b"]
    assert p.run("become-with", f"PATH={p.root}/first", "tool").code == 126
    assert marked(p, f"became-F{errno.EACCES}") == 1
    assert p.run("become-with", f"PATH={p.root}/none", "tool").code == 126
    assert marked(p, f"became-F{errno.ENOENT}") == 1
    assert p.run("become-with", "PATH=", "tool", cwd=p.root + "/second").out.decode().split()[0] == "second", "an empty entry is the working directory"
    r = p.run("become-with", "A=1|A=2", "sh", "-c", "env | grep -c ^A=; echo $A")
    assert r.out == b"1\n2\n", r.show()
    assert p.run("become-with", "A=LONG", "true").code == 126 and marked(p, f"became-F{errno.E2BIG}") == 1


@test
def a_command_that_the_launcher_became_ends_as_itself(p):
    assert p.run("become", "sh", "-c", "exit 33").code == 33
    assert p.run("become", "sh", "-c", "kill -KILL $$").code == -9
    one = p.popen("become", "sleep", "1000")
    until(lambda: open(f"/proc/{one.pid}/comm").read() == "sleep\n", "it is the command")
    one.send_signal(signal.SIGTERM)
    assert one.wait(PATIENCE) == -signal.SIGTERM


@test
def await_ends_with_the_process(p):
    s = p.sleeper()
    one = p.popen("await", "a", "1", str(s.pid), str(stamp(s.pid)), "", "", str(2**64 - 1), stdout=subprocess.PIPE)
    time.sleep(0.2)
    assert one.poll() is None
    s.kill()
    assert one.communicate(timeout=PATIENCE)[0] == b"asked again, token kept"
    r = p.run("await", "b", "1", str(os.getpid()), "1", "", "", str(2**64 - 1))
    assert r.out.startswith(b"asked"), "another stamp is another process"


@test
def await_ends_with_a_file(p):
    for change in (lambda f: os.rename(p.root + "/tmp", f), os.unlink):
        one = p.popen("await", change.__name__, "2", "0", "0", p.directory, "web.", str(2**64 - 1), stdout=subprocess.PIPE)
        until(lambda: os.path.exists(p.marks + "/await-" + change.__name__) and
              os.path.getsize(p.marks + "/await-" + change.__name__) == 2, "the watch is armed and asked again")
        time.sleep(0.2)
        open(p.root + "/tmp", "w").close()
        os.rename(p.root + "/tmp", p.directory + "/other.json")
        time.sleep(0.1)
        assert one.poll() is None
        open(p.root + "/tmp", "w").close()
        change(p.directory + "/web.json")
        assert one.communicate(timeout=PATIENCE)[0].startswith(b"asked")


@test
def await_ends_with_the_timeout(p):
    begun = time.monotonic()
    r = p.run("await", "t", "1", "0", "0", "", "", "300")
    assert r.out.startswith(b"asked") and time.monotonic() - begun >= 0.3


def marked(p, name):
    path = p.marks + "/" + name
    return os.path.getsize(path) if os.path.exists(path) else 0


def heeding(p, pid, how="", **options):
    """A launcher that waits for the end of a process and tells signals instead of dying of them."""
    before = marked(p, "attached")
    one = p.popen("heed", str(pid), str(stamp(pid)), how, stdout=subprocess.PIPE, **options)
    until(lambda: marked(p, "attached") > before, "attached")
    if not how:
        until(lambda: state(one.pid) == "S" and open(f"/proc/{one.pid}/syscall").read().split()[0] == str(PPOLL), "it waits")
    return one


PPOLL = {"x86_64": 271, "aarch64": 73}.get(os.uname().machine, 271)


@test
def heeded_signals_are_told_instead_of_ending_the_launcher(p):
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        one = heeding(p, os.getpid())
        one.send_signal(number)
        assert one.communicate(timeout=PATIENCE)[0] == b"detached" and one.returncode == 0, number
    assert marked(p, "arming") == marked(p, "attached") == marked(p, "detached") == 4
    one = heeding(p, os.getpid())
    one.send_signal(signal.SIGUSR1)
    assert one.wait(PATIENCE) == -signal.SIGUSR1, "no other signal is changed"


@test
def a_heeding_launcher_ends_with_the_process(p):
    s = p.sleeper()
    one = heeding(p, s.pid)
    s.kill()
    s.wait()
    assert one.communicate(timeout=PATIENCE)[0] == b"ended" and one.returncode == 5 and marked(p, "detached") == 0


@test
def a_signal_between_two_waits_is_not_lost(p):
    one = heeding(p, os.getpid(), "slow")
    one.send_signal(signal.SIGTERM)
    assert one.communicate(timeout=PATIENCE)[0] == b"detached" and one.returncode == 0


@test
def a_second_signal_ends_a_heeding_launcher(p):
    one = heeding(p, os.getpid(), "hang")
    one.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    assert one.poll() is None
    one.send_signal(signal.SIGTERM)
    assert one.wait(PATIENCE) == -signal.SIGTERM


@test
def what_the_caller_ignores_a_heeding_launcher_ignores(p):
    one = heeding(p, os.getpid(), restore_signals=False, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    one.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert one.poll() is None and marked(p, "detached") == 0
    one.send_signal(signal.SIGTERM)
    assert one.communicate(timeout=PATIENCE)[0] == b"detached"


@test
def a_heeding_launcher_can_be_stopped_and_continued(p):
    # a group of its own, which is no orphan: the terminal's stop signals do nothing to those
    one = heeding(p, os.getpid(), preexec_fn=lambda: os.setpgid(0, 0))
    for number in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
        one.send_signal(number)
        until(lambda: state(one.pid) == "T", "stopped")
        one.send_signal(signal.SIGCONT)
        until(lambda: state(one.pid) == "S", "continued")
    assert marked(p, "detached") == 0
    one.send_signal(signal.SIGTSTP)
    until(lambda: state(one.pid) == "T", "stopped")
    one.send_signal(signal.SIGTERM)
    one.send_signal(signal.SIGCONT)
    assert one.communicate(timeout=PATIENCE)[0] == b"detached"


@test
def signals_end_a_launcher_that_need_not_heed_them(p):
    one = p.popen("await", "n", "1", str(os.getpid()), str(stamp(os.getpid())), "", "", str(2**64 - 1), stdout=subprocess.PIPE)
    until(lambda: marked(p, "await-n") == 1, "asked")
    one.send_signal(signal.SIGTERM)
    assert one.wait(PATIENCE) == -signal.SIGTERM


@test
def a_long_path_and_a_relative_one(p):
    p.directory = p.root + "/" + "d" * 100 + "/" + "e" * 100
    p.env["SHAREDSERVER_LOCKDIR"] = p.directory
    assert p.run("say", "long", "0").out == b"long"
    assert stat.S_IMODE(os.stat(p.directory).st_mode) == 0o700 and stat.S_IMODE(os.stat(os.path.dirname(p.directory)).st_mode) == 0o700
    assert p.run("say", "relative", "0", env={"SHAREDSERVER_LOCKDIR": "e" * 100}, cwd=os.path.dirname(p.directory)).out == b"relative"
    assert len(p.guards()) == 1


@test
def modes_of_what_is_made(p):
    p.run("say", "x", "0", umask=0)
    for name, mode in (("", 0o700), (".agent.lock", 0o600), (".agent.sock", 0o600), (".agent.log", 0o600)):
        assert stat.S_IMODE(os.stat(os.path.join(p.directory, name)).st_mode) == mode, name


@test
def unsafe_directories_are_refused(p):
    os.mkdir(p.directory)
    for mode in (0o770, 0o702, 0o777):
        os.chmod(p.directory, mode)
        r = p.run("say", "x", "0")
        assert r.code == 1 and b"other users may write" in r.err and p.directory.encode() in r.err, r.show()
        assert p.run("check", "x", "0").code == 70
    os.chmod(p.directory, 0o700)
    if os.geteuid() == 0:
        os.chown(p.directory, 65534, 65534)
        r = p.run("say", "x", "0")
        assert r.code == 1 and b"belongs to another user" in r.err
        os.chown(p.directory, 0, 0)
    assert p.run("say", "x", "0").out == b"x"


@test
def impossible_directories_are_errors_at_once(p):
    open(p.directory, "w").close()
    for path in (p.directory, p.directory + "/below", "/proc/none/state", "/" + "x" * 300, "/" + "y/" * 2100):
        begun = time.monotonic()
        r = p.run("say", "x", "0", env={"SHAREDSERVER_LOCKDIR": path})
        assert r.code == 1 and r.err.startswith(b"sharedserver: ") and r.err.count(b"\n") == 1 and r.out == b"", r.show()
        assert time.monotonic() - begun < 5


@test
def the_trace_is_off_unless_asked_for(p):
    for value in ("", "0"):
        assert p.run("say", "x", "0", env={"SHAREDSERVER_DEBUG": value}).err == b""
    r = p.run("say", "x", "0", env={"SHAREDSERVER_DEBUG": "1"})
    assert r.err and all(b" launcher " in l for l in r.err.splitlines()), r.err


@test
def too_many_arguments_are_an_error(p):
    p.run("say", "x", "0")
    many = ["request"] + ["z" * 100000] * 15
    assert len(json.loads(p.run(*many).out)["argv"]) == 16


# guard: start


@test
def fifty_launchers_make_one_guard(p):
    for _ in range(3):
        many = [p.popen("say", "x", "0", stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(50)]
        for one in many:
            out, err = one.communicate(timeout=PATIENCE)
            assert (out, err, one.returncode) == (b"x", b"", 0), (out, err)
        (guard,) = p.guards()
        os.kill(guard, signal.SIGKILL)
        until(lambda: not p.processes(), "the agent ends with its guard")
        shutil.rmtree(p.directory)


def lock_is_free(path):
    with open(path) as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False


@test
def the_guard_holds_nothing_of_its_caller(p):
    p.puppet()
    lock = open(p.root + "/lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.set_inheritable(lock.fileno(), True)
    read, write = os.pipe()
    os.set_inheritable(write, True)
    one = p.popen("say", "x", "0", close_fds=False, stdout=subprocess.PIPE, cwd=p.root,
                  preexec_fn=lambda: (signal.signal(signal.SIGHUP, signal.SIG_IGN), signal.signal(signal.SIGTERM, signal.SIG_IGN),
                                      signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGTERM])))
    agent = p.next_agent()
    assert one.communicate(timeout=PATIENCE)[0] == b"x"
    os.close(write)
    assert os.read(read, 1) == b"", "the end of the caller's pipe"
    lock.close()
    until(lambda: lock_is_free(p.root + "/lock"), "the caller's lock is free", 2)  # children of other tests have it until they exec
    (guard,) = p.guards()
    assert agent.init["pid"] == guard and agent.init["stamp"] == stamp(guard) and agent.init["why"] == 0
    assert agent.init["directory"] == p.directory and agent.init["logs"] == "" and agent.init["home"] == p.home
    assert os.readlink(f"/proc/{guard}/cwd") == "/" and int(stat_fields(guard)[3]) == int(stat_fields(guard)[2])
    assert open(f"/proc/{guard}/comm").read() == "sharedserver\n"
    assert open(f"/proc/{guard}/cmdline", "rb").read().startswith(b"sharedserver\0--guard\0" + p.directory.encode() + b"\0")
    status = dict(l.split(":\t") for l in open(f"/proc/{guard}/status").read().splitlines() if ":\t" in l)
    assert int(status["SigBlk"], 16) & ~(1 << (signal.SIGCHLD - 1)) == 0 and int(status["SigIgn"], 16) & ~0x1003 == 0, status  # HUP, INT, PIPE: its own choice
    assert status["Umask"] == "0077"
    environment = open(f"/proc/{guard}/environ", "rb").read()
    assert b"SECRET" not in environment and b"JAVA_TOOL" not in environment and b"LD_LIB" not in environment
    assert "SECRET" not in agent.hello["env"] and agent.hello["env"]["LANG"] == "C.UTF-8"
    assert [f for f in agent.hello["fds"]] == [0, 1, 2, 3, 4, 5, 6], agent.hello["fds"]
    assert int(agent.hello["sigign"], 16) & ~(1 << (signal.SIGPIPE - 1)) & ~(1 << 24) == 0 and agent.hello["cwd"] == "/"
    assert "-XX:AOTCache=" + p.home + "/lib/cache" in agent.hello["argv"] and f"-Dd={p.directory} and {p.home}" in agent.hello["argv"]
    limits = {l[:26].strip(): l[26:].split() for l in agent.hello["ofile"].splitlines()}
    assert limits["Max open files"][0] == limits["Max open files"][1] and limits["Max core file size"][0] == "0"


@test
def why_a_guard_cannot_start_is_told_at_once(p):
    os.makedirs(p.directory + "/.agent.sock/full", 0o700)
    os.chmod(p.directory, 0o700)
    for how in (1, 4):
        begun = time.monotonic()
        many = [p.popen("say", "x", "0", stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(how)]
        for one in many:
            out, err = one.communicate(timeout=PATIENCE)
            assert one.returncode == 1 and out == b"" and err.count(b"\n") == 1, err
            assert b"cannot start the guard: cannot listen at " + p.directory.encode() + b"/.agent.sock: Is a directory" in err, err
        assert time.monotonic() - begun < 5
    assert p.run("check", "x", "0").code == 70
    assert not p.guards()
    shutil.rmtree(p.directory + "/.agent.sock")
    assert p.run("say", "x", "0").out == b"x"


@test
def a_binary_that_is_gone_is_told(p):
    with open(p.binary, "rb") as f:
        os.unlink(p.binary)
        one = subprocess.Popen(["sharedserver", "say", "x", "0"], executable=f"/proc/self/fd/{f.fileno()}", pass_fds=[f.fileno()], env=p.env,
                               stderr=subprocess.PIPE)
        begun = time.monotonic()
        err = one.communicate(timeout=PATIENCE)[1]
    assert one.returncode == 1 and b"cannot start the guard: execve of " + p.binary.encode() in err and b"No such file" in err, err
    assert time.monotonic() - begun < 5


def abstract_name(directory):
    value = 14695981039346656037
    for byte in os.fsencode(directory):
        value = (value ^ byte) * 1099511628211 & (1 << 64) - 1
    return f"\0sharedserver-{os.geteuid()}-{value:016x}"


@test
def a_name_that_another_user_took_does_not_matter(p):
    if os.geteuid() != 0:
        return  # nobody else can be played
    squatter = subprocess.Popen([sys.executable, "-S", "-c", "import os, socket, sys, time\nos.setuid(65534)\ns = socket.socket(socket.AF_UNIX)\n"
                                 "s.bind('\\0' + sys.argv[1])\ns.listen(8)\nprint('taken', flush=True)\ntime.sleep(100)", abstract_name(p.directory)[1:]],
                                stdout=subprocess.PIPE)
    p.started.append(squatter)
    assert squatter.stdout.readline() == b"taken\n"
    begun = time.monotonic()
    assert p.run("say", "x", "0").out == b"x"
    assert time.monotonic() - begun < 5 and "another user has taken our abstract name" in p.log()


@test
def a_name_that_is_taken_for_good_is_named_in_the_end(p):
    os.mkdir(p.directory, 0o700)
    with socket.socket(socket.AF_UNIX) as ours:
        ours.bind(abstract_name(p.directory))
        ours.listen(8)
        open(p.directory + "/.agent.lock", "w").close()
        os.chmod(p.directory + "/.agent.lock", 0o600)
        r = p.run("say", "x", "0")
    assert r.code == 1 and b"another guard has the name of" in r.err and b"Address already in use" in r.err, r.show()


@test
def the_guards_trace_goes_to_the_log(p):
    assert p.run("say", "x", "0").err == b""
    assert "is told" not in p.log() and "starts agent" not in p.log()
    (guard,) = p.guards()
    os.kill(guard, signal.SIGKILL)
    until(lambda: not p.processes(), "the agent ends with its guard")
    p.env["SHAREDSERVER_DEBUG"] = "1"
    agent = p.agent()
    pid, start = agent.spawned(["sh", "-c", "exit 3"])
    agent.died()
    for line in "starts agent", "is told S", "tells S", "tells D", f"of process {pid}":
        assert line in p.log(), (line, p.log())


@test
def the_guard_is_not_for_people(p):
    p.run("say", "x", "0")
    for arguments in ((p.directory, "", "0"), (p.directory, "", "0", "1"), (p.directory, "", "99", "98"), ()):
        r = p.run("--guard", *arguments)
        assert r.code == 1 and b"--guard is for the launcher" in r.err and len(p.guards()) == 1, r.show()


@test
def log_directory_by_the_rules(p):
    runtime = p.root + "/run"
    os.mkdir(runtime, 0o700)
    p.env.update({"SHAREDSERVER_LOCKDIR": "", "XDG_RUNTIME_DIR": runtime})
    agent = p.agent()
    assert agent.init["directory"] == runtime + "/sharedserver" and agent.init["logs"] == p.root + "/.local/state/sharedserver"


# guard: spawn


SHOW = """import os, sys, json, resource
s = dict(l.split(':\\t') for l in open('/proc/self/status').read().splitlines() if ':\\t' in l)
mask = os.umask(0)
print(json.dumps({'fds': sorted(os.listdir('/proc/self/fd')), 'cwd': os.getcwd(), 'env': dict(os.environ), 'argv': sys.argv, 'umask': mask,
 'ign': s['SigIgn'], 'blk': s['SigBlk'], 'cgt': s['SigCgt'], 'sid': os.getsid(0), 'pgrp': os.getpgrp(), 'pid': os.getpid(), 'ppid': os.getppid(),
 'nice': os.nice(0), 'core': resource.getrlimit(resource.RLIMIT_CORE), 'stdin': os.readlink('/proc/self/fd/0'), 'stdout': os.readlink('/proc/self/fd/1'),
 'stderr': os.readlink('/proc/self/fd/2'), 'dumpable': os.stat('/proc/self/stat').st_uid}))
"""


@test
def a_server_gets_what_its_caller_had_and_nothing_of_ours(p):
    agent = p.agent()
    log = p.root + "/log"
    limits = [(2**64 - 1, 2**64 - 1)] * 4 + [(1024, 4096)]
    pid, start = agent.spawned(["python3", "-S", "-c", SHOW, "", "a b", "$x"], request=77, cwd=p.root, out=log, env=["A=1", "SST=" + p.root, "Z=\x01"],
                               umask=0o137, nice=4, limits=limits)
    assert agent.died()[:3] == (pid, start, 1)
    s = json.load(open(log))
    assert s["fds"] == ["0", "1", "2", "3"], "3 is the directory being listed"
    assert s["cwd"] == p.root and s["argv"] == ["-c", "", "a b", "$x"] and s["env"]["A"] == "1" and "SECRET" not in s["env"] and "LANG" not in s["env"]
    assert s["umask"] == 0o137 and s["nice"] == 4 and s["core"] == [1024, 4096]
    assert int(s["ign"], 16) & ~(1 << 12) & ~(1 << 24) == 0 and int(s["blk"], 16) == 0, s  # python itself ignores PIPE and XFSZ
    assert s["sid"] == s["pgrp"] == s["pid"] == pid and s["ppid"] == agent.init["pid"]
    assert s["stdin"] == "/dev/null" and s["stdout"] == s["stderr"] == log
    assert stat.S_IMODE(os.stat(log).st_mode) == 0o600
    agent.send("R", process(pid, start))


@test
def every_signal_is_at_its_default(p):
    p.puppet()
    everything = [s for s in range(1, 65) if s not in (9, 19, 32, 33)]
    one = p.popen("say", "x", "0", restore_signals=False, preexec_fn=lambda: (
        [signal.signal(s, signal.SIG_IGN) for s in everything], signal.pthread_sigmask(signal.SIG_BLOCK, everything)))
    agent = p.next_agent()
    one.wait()
    pid, start = agent.spawned(["sh", "-c", "grep ^Sig /proc/self/status"], out=p.root + "/log")
    agent.died()
    lines = dict(l.split(":\t") for l in open(p.root + "/log").read().splitlines())
    assert int(lines["SigIgn"], 16) == 0 and int(lines["SigBlk"], 16) == 0, lines


@test
def standard_files_are_where_they_were_asked_for(p):
    agent = p.agent()
    with open(p.root + "/in", "w") as f:
        f.write("input")
    with open(p.root + "/out", "w") as f:
        f.write("before ")
    agent.spawned(["sh", "-c", "cat; echo -n e >&2"], cwd=p.root, stdin="in", out="out", err="err")
    agent.died()
    assert open(p.root + "/out").read() == "before input" and open(p.root + "/err").read() == "e"


@test
def each_step_that_fails_is_named(p):
    agent = p.agent()
    fails = agent.spawn_fails
    assert fails(["true"], cwd="/no/such") == (6, errno.ENOENT)
    assert fails(["true"], cwd="/etc/passwd") == (6, errno.ENOTDIR)
    assert fails(["true"], cwd="") == (6, errno.ENOENT)
    assert fails(["true"], stdin="/no/such") == (7, errno.ENOENT)
    assert fails(["true"], out="/no/such") == (8, errno.ENOENT)
    assert fails(["true"], out="/") == (8, errno.EISDIR)
    assert fails(["true"], err="/proc/none") == (8, errno.ENOENT)
    assert fails(["true"], limits=[(5, 4)]) == (4, errno.EINVAL)
    assert fails(["no-such-command"]) == (10, errno.ENOENT)
    assert fails([""]) == (10, errno.ENOENT)
    assert fails(["/etc/passwd"]) == (10, errno.EACCES)
    assert fails(["/etc"]) == (10, errno.EACCES)
    assert fails(["/etc/passwd/x"]) == (10, errno.ENOTDIR)
    assert fails(["passwd"], path="/etc:/nowhere") == (10, errno.EACCES)
    write_program(p.root + "/bad", "#!/no/such/interpreter\n")
    assert fails([p.root + "/bad"]) == (10, errno.ENOENT)
    assert fails(["true"], env=["A=" + "x" * 200000]) == (10, errno.E2BIG)
    os.mkfifo(p.root + "/fifo")
    assert fails(["true"], out=p.root + "/fifo") == (8, errno.ENXIO), "nobody reads: it must not wait for a reader"
    guard = agent.init["pid"]
    until(lambda: children(guard) == [agent.pid], "what failed is reaped")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(c) for c in f.read().split()]


@test
def a_fifo_is_an_input_that_does_not_end(p):
    agent = p.agent()
    os.mkfifo(p.root + "/fifo")
    pid, start = agent.spawned(["sh", "-c", "while read l; do echo $l; [ $l = end ] && exit 5; done; exit 6"], stdin=p.root + "/fifo", out=p.root + "/log")
    for line in "one", "end":
        with open(p.root + "/fifo", "w") as f:
            f.write(line + "\n")
    assert agent.died()[3] == 5


@test
def the_clients_path_is_searched_in_the_servers_directory(p):
    agent = p.agent()
    os.mkdir(p.root + "/tools")
    write_program(p.root + "/tools/mine", "echo no interpreter $0")  # ENOEXEC: run by the shell
    agent.spawned(["mine"], cwd=p.root, path="/none:tools", out=p.root + "/log")
    assert agent.died()[2:] == (1, 0)
    assert open(p.root + "/log").read() == "no interpreter tools/mine\n"
    agent.spawned(["./tools/mine"], cwd=p.root, path="", out=p.root + "/log2")
    agent.died()
    assert agent.spawn_fails(["mine"], cwd=p.root + "/tools", path="/none")[0] == 10


@test
def a_hundred_spawns_at_once(p):
    agent = p.agent()
    for i in range(100):
        agent.spawn(["sleep", "1000"] if i % 2 else ["no-such"], request=i, env=["SST=" + p.root])
    requests = set()
    while len(requests) < 100:
        kind, body = agent.frames.get(timeout=PATIENCE)
        (request,) = struct.unpack_from(">Q", body)
        assert kind == ("S" if request % 2 else "s")
        requests.add(request)


# guard: death


@test
def a_zombie_is_kept_until_it_may_go(p):
    agent = p.agent()
    pid, start = agent.spawned(["sh", "-c", "exit 33"])
    assert agent.died() == (pid, start, 1, 33)
    assert state(pid) == "Z"
    agent.send("R", process(pid, start + 1))
    agent.send("R", process(os.getpid(), stamp(os.getpid())))
    agent.send("W", process(pid, start))
    agent.next("K")
    assert agent.died() == (pid, start, 1, 33), "asked again, told again"
    assert state(pid) == "Z"
    agent.send("R", process(pid, start))
    until(lambda: state(pid) is None, "reaped")
    agent.none()


@test
def a_death_by_signal_is_told(p):
    agent = p.agent()
    pid, start = agent.spawned(["sleep", "1000"])
    assert agent.signalled(pid, start, signal.SIGKILL, 0) == 0
    assert agent.died() == (pid, start, 2, 9)
    assert agent.signalled(pid, start, signal.SIGTERM, 0) == errno.ESRCH


MIB = 1 << 20
# argv: FILE BYTES CHUNK; numbered lines, appended as fast as can be
CHATTER = """
import os, sys
fd, left, chunk, no = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND), int(sys.argv[2]), int(sys.argv[3]), 0
while left > 0:
    lines = []
    while len(lines) * 100 < chunk:
        lines.append(b"%012d " % no + b"x" * 86 + b"\\n")
        no += 1
    left -= os.write(fd, b"".join(lines))
"""


def log_parts(path):
    """What the first line says was cut, and the output behind it."""
    with open(path, "rb") as f:
        data = f.read()
    if not data.startswith(b"--- sharedserver: "):
        return 0, data
    head = data[:data.index(b"\n") + 1]
    words = head.split()
    assert b"continued" not in words or int(words[words.index(b"inode") + 1]) == os.stat(path).st_ino
    base = int(words[words.index(b"byte") + 1]) if b"continued" in words else len(head)
    return int(words[2]), data[base:]


def at_rest(path, limit):
    """Whether the guard has nothing more to do to a log: no hole, output, and not too much of it."""
    with open(path, "rb") as f:
        if b", continued at byte " in f.readline():
            return False
    return 0 < len(log_parts(path)[1]) <= limit


def tend(agent, path, times, limit=MIB, keep=MIB // 2):
    agent.send("F", packed(path) + packed(times) + struct.pack(">QQ", limit, keep))


@test
def a_log_is_kept_short_and_nothing_but_its_beginning_is_lost(p):
    agent = p.agent()
    for where in (p.root, "/dev/shm"):
        with tempfile.NamedTemporaryFile(dir=where, prefix="sst-") as log:
            tend(agent, log.name, p.root + "/times", 2 * MIB, MIB)
            done = subprocess.run([sys.executable, "-c", CHATTER, log.name, str(16 * MIB), "8000"])
            assert done.returncode == 0
            # a file that is cut or closed up while it is read is torn: what is compared is read when nothing is left to do
            until(lambda: at_rest(log.name, 2 * MIB), "the log is short")
            cut, rest = log_parts(log.name)
            assert cut > 0 and (cut + len(rest)) % 100 == 0 and cut % 100 == 0, (cut, len(rest))
            numbers = [int(line[:12]) for line in rest.splitlines()]
            assert numbers == list(range(cut // 100, cut // 100 + len(rest) // 100)) and cut + len(rest) >= 16 * MIB
            agent.send("f", packed(log.name))
    agent.none()
    assert "not looked after" not in p.log(), p.log()


@test
def a_log_that_is_let_go_is_left_short(p):
    agent = p.agent()
    for where in (p.root, "/dev/shm"):
        with tempfile.NamedTemporaryFile(dir=where, prefix="sst-") as log:
            tend(agent, log.name, "")
            log.write(b"0123456789abcde\n" * (MIB // 4))
            log.flush()
            agent.send("f", packed(log.name))
            until(lambda: os.stat(log.name).st_size < MIB, "the log is short")
    # and afterwards nobody looks at it any more
    with tempfile.NamedTemporaryFile(prefix="sst-") as log:
        tend(agent, log.name, "")
        agent.send("f", packed(log.name))
        agent.sleep()
        log.write(b"x\n" * 2 * MIB)
        log.flush()
        time.sleep(0.5)
        assert os.stat(log.name).st_size == 4 * MIB


def notes(times):
    with open(times, "rb") as f:
        return list(struct.iter_unpack(">qQ", f.read()))


@test
def a_log_without_a_limit_is_only_noted(p):
    agent = p.agent()
    times = p.root + "/times"
    with tempfile.NamedTemporaryFile(prefix="sst-") as log:
        log.write(b"before\n")
        log.flush()
        tend(agent, log.name, times, limit=0)
        until(lambda: os.path.exists(times) and os.stat(times).st_size == 16, "a first note")
        written = time.time() * 1000
        log.write(b"x\n" * 2 * MIB)
        log.flush()
        until(lambda: notes(times)[-1][1] == 7 + 4 * MIB, "a note of the last byte")
        first, last = notes(times)[0], notes(times)[-1]
        assert first[1] == 7 and first[0] <= written + 1 and last[0] >= written - 1, (first, written, last)
        # an equal length is no news, and what was written before is not taken for new
        agent.send("f", packed(log.name))
        tend(agent, log.name, times, limit=0)
        agent.none()
        assert notes(times)[-1] == last
        assert os.stat(log.name).st_size == 7 + 4 * MIB
    with open(times, "wb"):
        pass
    for odd in ("/nowhere/x", p.root, "/dev/null", ""):
        tend(agent, odd, times)
    agent.send("f", packed("/nowhere"))
    agent.none()
    assert "the log /nowhere/x is not looked after: No such file" in p.log(), p.log()


def switches(pid):
    with open(f"/proc/{pid}/status") as f:
        return sum(int(line.split()[1]) for line in f if "ctxt_switches" in line)


@test
def a_quiet_log_wakes_nobody(p):
    agent = p.agent()
    with tempfile.NamedTemporaryFile(prefix="sst-") as log:
        tend(agent, log.name, p.root + "/times")
        for _ in range(2):
            log.write(b"x\n")
            log.flush()
            time.sleep(0.5)
            before = switches(agent.init["pid"])
            time.sleep(1)
            assert switches(agent.init["pid"]) == before


@test
def a_watched_process_is_told_when_it_ends(p):
    agent = p.agent()
    for reap_first in (False, True):
        s = p.sleeper("sh", "-c", "sleep 1000; exit 3")
        start = stamp(s.pid)
        agent.send("W", process(s.pid, start))
        assert agent.next("K") == process(s.pid, start)
        agent.send("W", process(s.pid, start))
        agent.next("K")
        agent.none()
        if reap_first:
            threading.Thread(target=s.wait).start()
        s.send_signal(signal.SIGTERM)
        assert agent.gone() == (s.pid, start, 1, 2, 15)
        s.wait()
        agent.none()


@test
def what_is_not_there_is_gone_at_once(p):
    agent = p.agent()
    s = p.sleeper("sh", "-c", "exit 4")
    until(lambda: state(s.pid) == "Z", "a zombie")
    agent.send("W", process(s.pid, stamp(s.pid)))
    assert agent.gone() == (s.pid, stamp(s.pid), 1, 1, 4)
    for pid, start in ((os.getpid(), 1), (4194304, 5), (0, 0), (4294967295, 1)):
        agent.send("W", process(pid, start))
        assert agent.gone() == (pid, start, 0, 0, 0)


@test
def unwatch_ends_a_watch(p):
    agent = p.agent()
    s = p.sleeper()
    agent.send("W", process(s.pid, stamp(s.pid)))
    agent.next("K")
    agent.send("U", process(s.pid, stamp(s.pid)))
    agent.send("U", process(1, 1))
    agent.send("P", struct.pack(">Q", 9))
    assert agent.signalled(s.pid, stamp(s.pid), signal.SIGTERM, 0) == 0
    agent.none(0.3)


@test
def another_run_of_a_pid_is_never_signalled(p):
    agent = p.agent()
    s = p.sleeper()
    for scope in (0, 1, 2):
        assert agent.signalled(s.pid, stamp(s.pid) + 1, signal.SIGKILL, scope) == errno.ESRCH
        assert agent.signalled(0, 0, signal.SIGKILL, scope) == errno.EINVAL
        assert agent.signalled(1, stamp(1), signal.SIGKILL, scope) == errno.EINVAL
        assert agent.signalled(2**32 - 1, 1, signal.SIGKILL, scope) == errno.EINVAL
    assert s.poll() is None


# guard: groups

FAMILY = "trap '' HUP; (trap 'sleep 0.2; exit' TERM; sleep 1000 & wait; sleep 1000) & sleep 1000 & {} echo ready; wait"


@test
def a_group_is_empty_when_its_last_member_is_gone(p):
    agent = p.agent()
    pid, start = agent.spawned(["sh", "-c", FAMILY.format("")], out=p.root + "/log", env=["SST=" + p.root, "PATH=" + os.environ["PATH"]])
    until(lambda: open(p.root + "/log").read() == "ready\n", "the family runs")
    agent.send("E", process(pid, start))
    agent.none()
    assert agent.signalled(pid, start, signal.SIGTERM, 1) == 0
    assert agent.died()[:2] == (pid, start)
    assert agent.next("E") == process(pid, start)
    assert not [q for q in p.processes() if os_pgrp(q) == pid and is_alive(q)]
    agent.send("R", process(pid, start))
    agent.send("E", process(pid, start))
    assert agent.next("E") == process(pid, start), "asked again, answered again"
    until(lambda: children(agent.init["pid"]) == [agent.pid], "nothing is left, orphans reaped")


def os_pgrp(pid):
    fields = stat_fields(pid)
    return int(fields[2]) if fields else None


@test
def the_rest_of_a_group_outlives_its_leader(p):
    agent = p.agent()
    pid, start = agent.spawned(["sh", "-c", "(sh -c 'sleep 1000 & wait' & sleep 0.1); exit 1"], env=["SST=" + p.root, "PATH=" + os.environ["PATH"]])
    assert agent.died()[:2] == (pid, start)
    agent.send("E", process(pid, start))
    agent.none(0.2)
    assert agent.signalled(pid, start, signal.SIGKILL, 1) == 0
    assert agent.next("E") == process(pid, start)


@test
def an_adopted_group_is_found_and_ended(p):
    agent = p.agent()
    pid, start = agent.spawned(["sh", "-c", FAMILY.format("")], out=p.root + "/log", env=["SST=" + p.root, "PATH=" + os.environ["PATH"]])
    until(lambda: open(p.root + "/log").read() == "ready\n", "the family runs")
    os.kill(agent.init["pid"], signal.SIGKILL)
    until(lambda: not is_alive(agent.pid), "the agent ends with its guard")
    assert is_alive(pid)
    assert p.run("say", "again", "0").out == b"again"
    second = p.next_agent()
    assert second.init["children"] == {} and second.init["why"] == 0
    second.send("W", process(pid, start))
    second.next("K")
    second.send("E", process(pid, start))
    assert second.signalled(pid, start + 1, signal.SIGTERM, 1) == errno.ESRCH
    second.none()
    assert second.signalled(pid, start, signal.SIGTERM, 1) == 0
    frames = sorted(second.frames.get(timeout=PATIENCE)[0] for _ in range(2))
    assert frames == ["E", "G"], frames
    assert not [q for q in p.processes() if os_pgrp(q) == pid and is_alive(q)]


@test
def descendants_are_signalled_wherever_they_went(p):
    agent = p.agent()
    s = p.sleeper("sh", "-c", "setsid sh -c 'sleep 1001 & wait' & sleep 1002 & wait")
    bystander = p.sleeper("sh", "-c", "sleep 1003 & wait")
    tree = until(lambda: (t := descendants(s.pid)) and len(t) == 4 and t, "the tree stands")
    assert agent.signalled(s.pid, stamp(s.pid), signal.SIGKILL, 2) == 0
    until(lambda: not any(is_alive(q) for q in tree), "all of the tree")
    assert is_alive(bystander.pid) and len(descendants(bystander.pid)) == 2


def descendants(pid):
    found = [pid]
    for one in found:
        try:
            found += children(one)
        except OSError:
            pass
    return found


@test
def orphans_are_reaped(p):
    agent = p.agent()
    pid, start = agent.spawned(["sh", "-c", "(sleep 0.2 & sleep 0.3 & sleep 0.4 &); sleep 1000"], env=["PATH=" + os.environ["PATH"]])
    guard = agent.init["pid"]
    until(lambda: len(children(guard)) == 5, "three orphans")
    dead, dead_start = agent.spawned(["true"])
    agent.died()
    until(lambda: sorted(children(guard)) == sorted([agent.pid, pid, dead]), "reaped behind a zombie that is kept")


# guard: timer


@test
def the_timer_fires_once_when_it_is_due(p):
    agent = p.agent()
    now = lambda: time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    agent.send("T", struct.pack(">Q", now() + 3600 * 10**9))
    due = now() + 200 * 10**6
    agent.send("T", struct.pack(">Q", due))
    agent.next("T")
    assert 0 <= now() - due < 150 * 10**6
    agent.send("T", struct.pack(">Q", now() + 100 * 10**6))
    agent.send("T", struct.pack(">Q", 0))
    agent.none(0.3)
    agent.send("T", struct.pack(">Q", 1))
    agent.next("T")


# guard: the agent's life


@test
def a_killed_agent_is_replaced_and_told_everything(p):
    agent = p.agent()
    s = p.sleeper()
    runs, runs_start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    dead, dead_start = agent.spawned(["sh", "-c", "exit 3"])
    agent.died()
    agent.send("W", process(s.pid, stamp(s.pid)))
    agent.next("K")
    begun = time.monotonic()
    os.kill(agent.pid, signal.SIGKILL)
    second = p.next_agent()
    assert time.monotonic() - begun < 1
    assert second.init["why"] == 2 and second.pid != agent.pid
    assert second.init["children"] == {runs: (runs_start, 0, 0, 0), dead: (dead_start, 1, 1, 3)}
    assert second.init["watches"] == {s.pid: (stamp(s.pid), 0)}
    second.send("R", process(dead, dead_start))
    s.kill()
    assert second.gone()[0] == s.pid
    assert p.run("say", "served", "0").out == b"served"


@test
def an_exit_that_was_not_agreed_on_is_a_crash(p):
    agent = p.agent()
    agent.order(exit=0)
    assert p.next_agent().init["why"] == 2


@test
def three_failed_starts_are_told(p):
    open(p.marks + "/mute", "w").close()
    r = p.run("say", "x", "0")
    assert r.code == 1 and b"the agent cannot start: mute as told" in r.err and r.err.count(b"\n") == 1, r.show()
    assert os.path.getsize(p.marks + "/muted-cache") >= 2 and os.path.getsize(p.marks + "/muted-plain") == 1, "the second try is without the cache"
    until(lambda: not p.processes(), "with nothing to guard it ends")
    assert p.run("check", "x", "0").code == 70
    until(lambda: not p.processes(), "it ends again")
    os.unlink(p.marks + "/mute")
    assert p.run("say", "x", "0").out == b"x"


@test
def servers_outlive_failed_starts(p):
    agent = p.agent()
    pid, start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    open(p.marks + "/mute", "w").close()
    os.kill(agent.pid, signal.SIGKILL)
    assert b"cannot start" in p.run("say", "x", "0").err
    assert is_alive(pid) and len(p.guards()) == 1
    os.unlink(p.marks + "/mute")
    second = p.next_agent()
    assert list(second.init["children"]) == [pid]
    assert p.run("say", "x", "0").out == b"x"


@test
def a_product_that_was_removed_leaves_no_guard(p):
    agent = p.agent()
    options = p.home + "/lib/agent.options"
    os.rename(options, options + ".gone")
    os.kill(agent.pid, signal.SIGKILL)
    until(lambda: not p.processes(), "with nothing to guard it ends")


@test
def a_product_that_was_removed_leaves_the_servers(p):
    agent = p.agent()
    pid, start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    options = p.home + "/lib/agent.options"
    os.rename(options, options + ".gone")
    os.kill(agent.pid, signal.SIGKILL)
    r = p.run("say", "x", "0")
    assert r.code == 1 and b"cannot start" in r.err and b"No such file" in r.err, r.show()
    assert is_alive(pid) and len(p.guards()) == 1
    os.rename(options + ".gone", options)
    assert list(p.next_agent().init["children"]) == [pid]
    assert p.run("say", "x", "0").out == b"x"


@test
def no_java_at_all_is_told(p):
    os.unlink(p.home + "/lib/runtime/bin/java")
    r = p.run("say", "x", "0")
    assert r.code == 1 and b"runtime/bin/java: No such file" in r.err, r.show()


@test
def a_malformed_frame_ends_the_agent(p):
    agent = p.agent()
    for raw in ("00000000", "ffffffff", "0000000151", "00000001" + "54", "0000000252ff", frame("K", b"\0" * 21 + b"\x07").hex()):
        agent.order(send=raw)
        agent = p.next_agent()
        assert agent.init["why"] == 2
        time.sleep(0.01)
        agent.order(send=frame("T", struct.pack(">Q", 1)).hex())
        agent.next("T")
        if "K" in raw:
            break
    assert "it sent a frame that is none" in p.log()


@test
def frames_may_come_in_pieces(p):
    agent = p.agent()
    for byte in frame("T", struct.pack(">Q", 1)):
        agent.order(send=bytes([byte]).hex())
        time.sleep(0.002)
    agent.next("T")
    many = frame("W", process(4194304, 1)) * 3
    agent.order(send=many[:20].hex())
    agent.order(send=many[20:].hex())
    for _ in range(3):
        agent.gone()


@test
def nothing_is_lost_when_the_pipe_is_full(p):
    agent = p.agent()
    agent.order(read=False)
    count = 20000
    for _ in range(20):
        agent.order(send=(frame("W", process(4194304, 1)) * (count // 20)).hex())
    pid, start = None, None
    agent.spawn(["true"])
    time.sleep(0.3)
    agent.order(read=True)
    for _ in range(count):
        agent.gone()
    assert sorted(agent.frames.get(timeout=PATIENCE)[0] for _ in range(2)) == ["D", "S"]


@test
def a_silent_agent_is_replaced(p):
    p.run("say", "x", "0")
    (guard,) = p.guards()
    (first,) = children(guard)
    os.kill(first, signal.SIGSTOP)
    r = p.run("say", "late", "0", timeout=40)
    assert r.out == b"late", r.show()
    assert not is_alive(first) and "did not answer" in p.log()


# guard: sleep


def asleep(p, agent, snapshot="s"):
    agent.order(accept=False)
    agent.order(snapshot=snapshot)
    assert agent.sleep()
    agent.order(exit=0)
    until(lambda: not is_alive(agent.pid), "the agent is gone")


@test
def a_connection_wakes_the_agent(p):
    agent = p.agent()
    pid, start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    asleep(p, agent, "what I know")
    assert p.run("say", "awake", "0").out == b"awake"
    second = p.next_agent()
    assert second.init["why"] == 1 and second.init["children"] == {pid: (start, 0, 0, 0)} and second.hello["snapshot"] == "what I know"


@test
def a_death_wakes_the_agent(p):
    agent = p.agent()
    pid, start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    s = p.sleeper()
    start_of_s = stamp(s.pid)
    agent.send("W", process(s.pid, start_of_s))
    agent.next("K")
    asleep(p, agent)
    s.kill()
    s.wait()
    second = p.next_agent()
    assert second.init["why"] == 1 and second.init["watches"] == {s.pid: (start_of_s, 1)}
    asleep(p, second)
    os.kill(pid, signal.SIGKILL)
    third = p.next_agent()
    assert third.init["why"] == 1 and third.init["children"] == {pid: (start, 1, 2, 9)} and third.init["watches"] == {}


@test
def the_timer_wakes_the_agent(p):
    agent = p.agent()
    agent.send("T", struct.pack(">Q", time.clock_gettime_ns(time.CLOCK_MONOTONIC) + 3 * 10**8))
    asleep(p, agent)
    assert p.next_agent().init["why"] == 1, "it looks at its deadlines by itself"


@test
def sleep_is_refused_while_something_is_unseen(p):
    agent = p.agent()
    pid, start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    assert not agent.sleep(events=agent.events - 1)
    assert not agent.sleep(events=agent.events + 1)
    agent.order(accept=False)
    one = p.popen("say", "waits", "0", stdout=subprocess.PIPE)
    until(lambda: not agent.sleep(), "a connection waits")
    agent.order(accept=True)
    assert one.communicate(timeout=PATIENCE)[0] == b"waits"


@test
def what_comes_while_the_agent_goes_is_not_lost(p):
    agent = p.agent()
    pid, start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    agent.order(accept=False)
    assert agent.sleep()
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    agent.order(exit=0)
    second = p.next_agent()
    assert second.init["why"] == 1 and second.init["children"] == {pid: (start, 1, 2, 9)}


@test
def asleep_nothing_happens(p):
    agent = p.agent()
    for _ in range(10):
        agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    asleep(p, agent)
    (guard,) = p.guards()
    time.sleep(0.2)
    switches = lambda: [l for l in open(f"/proc/{guard}/status") if "ctxt_switches" in l]
    before = switches()
    time.sleep(2)
    assert switches() == before


@test
def with_nothing_to_guard_both_end(p):
    agent = p.agent()
    (guard,) = p.guards()
    asleep(p, agent)
    until(lambda: not is_alive(guard), "the guard is gone")
    assert not os.path.exists(p.directory + "/.agent.sock")
    assert p.run("say", "again", "0").out == b"again"
    assert p.next_agent().init["why"] == 0


# guard: sd_notify


SPEAKER = """import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])

def child(said, uid=None, session=False):
    \"\"\"Another process says it, and lives until it is read: the pipe is closed for it as an answer to BARRIER=1.\"\"\"
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        if session:
            os.setsid()
        if uid is not None:
            os.setuid(uid)
        s.send(said)
        socket.send_fds(s, [b"BARRIER=1"], [write])
        os.close(write)
        os.read(read, 1)
        os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    os.close(read)
    print("child", pid, flush=True)

while line := sys.stdin.readline():
    exec(line)
    print("done", flush=True)
"""


class Speaker:
    """A process that says what the test wants; of the guard, or (alien) of another parent."""

    def __init__(self, p, agent, alien=False):
        self.path, self.done = f"{p.root}/speaker-{len(os.listdir(p.root))}", 0
        os.mkfifo(self.path)
        command, environment = [sys.executable, "-S", "-c", SPEAKER], ["NOTIFY_SOCKET=" + agent.init["notify"], "SST=" + p.root]
        if alien:
            with open(self.path + ".out", "wb") as out:
                one = subprocess.Popen(command, env=dict(e.split("=", 1) for e in environment), stdin=os.open(self.path, os.O_RDWR), stdout=out, start_new_session=True)
            p.started.append(one)
            self.pid, self.stamp = one.pid, stamp(one.pid)
        else:
            self.pid, self.stamp = agent.spawned(command, env=environment, stdin=self.path, out=self.path + ".out", err=p.root + "/speaker.err")
        self.commands = open(self.path, "w", buffering=1)
        self.do("pass")  # it has found the socket

    def do(self, line):
        """Runs a line of Python there, and waits until that is done. Returns all output since the speaker started."""
        self.done += 1
        self.commands.write(line + "\n")
        return until(lambda: (text := open(self.path + ".out").read()).count("done\n") == self.done and text, line)

    def say(self, said):
        self.do(f"s.send({said!r})")

    def child(self, said, **options):
        """Returns the pid of the process that said it."""
        return int(self.do(f"child({said!r}, **{options!r})").split("child ")[-1].split()[0])


@test
def servers_say_what_they_are(p):
    agent = p.agent()
    assert agent.init["notify"].startswith(f"@sharedserver-notify-{os.geteuid()}-")
    server = Speaker(p, agent)
    server.say(b"STATUS=loading\nMAINPID=7\nX")
    assert agent.notified() == (server.pid, server.stamp, server.pid, os.geteuid(), "STATUS=loading\n")
    pid = server.child(b"READY=1\nSTATUS=\xff\x1b up\nERRNO=0\0")
    who, start, *rest = agent.notified()
    assert (who, rest) == (pid, [server.pid, os.geteuid(), "READY=1\nERRNO=0\nSTATUS=\xff\x1b up\n"]) and start >= server.stamp
    server.say(b"READY=1")  # no news
    server.say(b"WATCHDOG=1")
    assert agent.notified()[4] == "WATCHDOG=1\n"
    server.say(b"WATCHDOG=1")
    assert agent.notified()[4] == "WATCHDOG=1\n", "each is a sign of life"
    server.say(b"STOPPING=1\nSTATUS=bye\nSTATUS=")
    assert agent.notified()[4] == "STOPPING=1\nSTATUS=\n"
    assert agent.sleep(), "each was counted"


@test
def readiness_is_told_after_the_start(p):
    agent = p.agent()
    at_once = SPEAKER.split("def child")[0] + "s.send(b'READY=1')\ntime.sleep(1000)"
    for _ in range(20):
        pid, start = agent.spawned([sys.executable, "-S", "-c", at_once], env=["NOTIFY_SOCKET=" + agent.init["notify"], "SST=" + p.root])
        assert agent.notified() == (pid, start, pid, os.geteuid(), "READY=1\n")
        os.kill(pid, signal.SIGKILL)
        agent.died()
        agent.send("R", process(pid, start))


@test
def an_adopted_server_is_heard_when_it_is_named_one(p):
    agent = p.agent()
    server = Speaker(p, agent, alien=True)
    server.say(b"STATUS=a stranger")
    agent.send("W", process(server.pid, server.stamp))
    agent.next("K")
    server.child(b"STATUS=watched as any client is")
    agent.send("L", process(server.pid, server.stamp) + b"\1")
    agent.spawned(["true"], request=2)  # so it has obeyed
    agent.died()
    server.say(b"READY=1")
    assert agent.notified() == (server.pid, server.stamp, server.pid, os.geteuid(), "READY=1\n")
    pid = server.child(b"STATUS=of the session")
    said = agent.notified()
    assert (said[0], said[2], said[4]) == (pid, server.pid, "STATUS=of the session\n")


@test
def strangers_are_not_heard(p):
    agent = p.agent()
    server = Speaker(p, agent)
    (guard,) = p.guards()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.connect("\0" + agent.init["notify"][1:])
        stranger.send(b"READY=1\nSTATUS=of another session")
    server.child(b"READY=1\nSTATUS=has left the session", session=True)
    if os.geteuid() == 0:
        server.child(b"READY=1\nSTATUS=of another user", uid=65534)
    for said in b"", b"\0", b"READY=1\0\0", b"STATUS=\0READY=1", b"STATUS=" + b"x" * 4090, b"READY=1\n" * 20000, b"READY=0", b"READY", b"=", b"\n" * 4096:
        server.child(said)
    # a process that was gone before anybody looked
    os.kill(guard, signal.SIGSTOP)
    until(lambda: state(guard) == "T", "the guard is stopped")
    server.do("pid = os.fork() or (s.send(b'READY=1'), os._exit(0)); os.waitpid(pid, 0)")
    os.kill(guard, signal.SIGCONT)
    server.say(b"STATUS=" + b"x" * 4089)
    assert agent.notified()[4] == "STATUS=" + "x" * 4089 + "\n"
    agent.none()


@test
def descriptors_that_are_sent_stay_nowhere(p):
    agent = p.agent()
    server = Speaker(p, agent)
    server.say(b"READY=1")
    agent.notified()
    (guard,) = p.guards()
    before = descriptors(guard)
    for count in (1, 2, 100, 253):
        # each pipe comes to its end: nobody has kept one
        server.do(f"r, w = os.pipe(); [socket.send_fds(s, [b'STATUS={count} %d' % i], [w] * {count}) for i in range(50)]; os.close(w); os.read(r, 1); os.close(r)")
        while agent.notified()[4] != f"STATUS={count} 49\n":
            pass
        assert descriptors(guard) == before
    server.do("r, w = os.pipe(); socket.send_fds(s, [b'x' * 5000], [w] * 3); socket.send_fds(s, [b''], [w]); os.close(w); os.read(r, 1)")
    assert descriptors(guard) == before


def memory(pid):
    with open(f"/proc/{pid}/status") as f:
        return [int(l.split()[1]) for l in f if l.startswith("VmRSS")][0]


@test
def a_server_that_floods_keeps_nobody_busy(p):
    agent = p.agent()
    server, other = Speaker(p, agent), Speaker(p, agent)
    server.say(b"STATUS=%3000d" % 0)
    agent.notified()
    said = [""]
    (guard,) = p.guards()
    before, begun = memory(guard), time.monotonic()
    server.done += 1
    server.commands.write("[s.send(b'WATCHDOG=1\\nREADY=1\\nSTATUS=%3000d' % i) for i in range(100000)]\n")
    # there is time for everybody else meanwhile
    other.say(b"READY=1")
    assert p.run("say", "served", "0").out == b"served"
    agent.signal(other.pid, other.stamp, 0, 0)
    others, orders = [], 0
    while not said[-1].endswith(" 99999\n"):
        kind, body = agent.frames.get(timeout=PATIENCE)
        orders += kind == "g"
        if kind == "N":
            (others if struct.unpack_from(">I", body)[0] == other.pid else said).append(body[24:].decode())
    assert others == ["READY=1\n"] and orders == 1
    took = time.monotonic() - begun
    assert len(said) <= 4 + took / 0.2, f"{len(said)} frames in {took} s"
    assert memory(guard) - before < 3000, f"{before} kB before, {memory(guard)} now"


@test
def an_agent_that_does_not_read_is_told_the_last_of_it(p):
    agent = p.agent()
    server = Speaker(p, agent)
    agent.order(read=False)
    count = 60000  # more than the pipe takes
    for _ in range(60):
        agent.order(send=(frame("W", process(4194304, 1)) * (count // 60)).hex())
    agent.spawn(["touch", p.root + "/obeyed"])
    until(lambda: os.path.exists(p.root + "/obeyed"), "all that came before was obeyed")
    server.do("[(s.send(b'STATUS=%4000d' % i), time.sleep(0.01)) for i in range(300)]")  # nobody waits for the agent
    server.say(b"READY=1")
    server.child(b"STATUS=last")
    agent.order(read=True)
    kinds, text = [], ""
    while not ("READY=1\n" in text and text.endswith("STATUS=last\n")):
        kind, body = agent.frames.get(timeout=PATIENCE)
        kinds.append(kind)
        text += body[24:].decode() if kind == "N" else ""
    assert kinds.count("G") == count and kinds.count("N") <= 3, (kinds.count("G"), kinds.count("N"))


@test
def readiness_wakes_the_agent_and_a_status_waits_for_it(p):
    p.env["SHAREDSERVER_DEBUG"] = "1"
    agent = p.agent()
    server = Speaker(p, agent)
    asleep(p, agent)
    server.child(b"STATUS=heard\nWATCHDOG=1")
    assert p.log().count("starts agent") == 1, "nobody was woken"
    server.say(b"READY=1")
    second = p.next_agent()
    assert second.init["why"] == 1 and second.init["notify"] == agent.init["notify"]
    assert second.notified() == (server.pid, server.stamp, server.pid, os.geteuid(), "READY=1\nWATCHDOG=1\nSTATUS=heard\n")
    asleep(p, second)
    server.child(b"READY=1")
    assert p.log().count("starts agent") == 2, "it is no news"
    server.say(b"STOPPING=1")
    assert p.next_agent().notified()[4] == "READY=1\nSTOPPING=1\nSTATUS=heard\n"


@test
def what_is_said_between_the_question_and_the_end_wakes_the_next_agent(p):
    agent = p.agent()
    server = Speaker(p, agent)
    agent.order(accept=False)
    assert agent.sleep()
    server.child(b"READY=1")
    agent.none()
    agent.order(exit=0)
    assert p.next_agent().notified()[4] == "READY=1\n"


@test
def an_agent_that_has_not_seen_readiness_may_not_sleep(p):
    agent = p.agent()
    server = Speaker(p, agent)
    server.say(b"READY=1")
    agent.notified()
    assert not agent.sleep(events=agent.events - 1)
    assert agent.sleep()


@test
def readiness_survives_the_agent(p):
    agent = p.agent()
    server = Speaker(p, agent)
    server.say(b"READY=1\nSTATUS=up")
    agent.notified()
    for _ in range(2):
        os.kill(agent.pid, signal.SIGKILL)
        agent = p.next_agent()
        assert agent.init["why"] == 2 and agent.init["children"] == {server.pid: (server.stamp, 0, 0, 0)}
        assert agent.notified() == (server.pid, server.stamp, server.pid, os.geteuid(), "READY=1\nSTATUS=up\n")
    server.say(b"READY=1\nSTATUS=more")
    assert agent.notified()[4] == "STATUS=more\n"
    assert agent.sleep(), "what was told again counts, too"


@test
def readiness_survives_a_hand_over(p):
    agent = p.agent()
    server, late = Speaker(p, agent), Speaker(p, agent)
    (guard,) = p.guards()
    server.say(b"READY=1\nSTATUS=up")
    agent.notified()
    before = descriptors(guard)
    builds = [p.other(), p.binary]
    for turn in range(4):
        agent.order(accept=False)
        assert agent.hand_over(builds[turn % 2]) == 1
        if turn == 0:
            late.child(b"READY=1")  # to the guard that is about to be another
        agent.order(exit=0)
        agent = p.next_agent()
        assert agent.init["why"] == 4 and descriptors(guard) == before
        said = {s[0]: s for s in (agent.notified(), agent.notified())}
        assert said[server.pid] == (server.pid, server.stamp, server.pid, os.geteuid(), "READY=1\nSTATUS=up\n" if turn < 2 else "READY=1\nSTATUS=again\n")
        assert [s[2:] for s in said.values() if s[0] != server.pid] == [(late.pid, os.geteuid(), "READY=1\n")]
        if turn == 1:
            server.say(b"STATUS=again")
            assert agent.notified()[4] == "STATUS=again\n", "the socket is the same"


@test
def the_next_guard_has_the_address_again(p):
    agent = p.agent()
    address = agent.init["notify"]
    server = Speaker(p, agent)
    (guard,) = p.guards()
    os.kill(guard, signal.SIGKILL)
    until(lambda: not is_alive(agent.pid), "the agent ends with its guard")
    assert p.run("say", "x", "0").out == b"x"
    second = p.next_agent()
    assert second.init["notify"] == address and is_alive(server.pid)
    second.send("W", process(server.pid, server.stamp))
    second.next("K")
    second.send("L", process(server.pid, server.stamp) + b"\1")
    second.spawned(["true"])
    second.died()
    server.do('s.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])')
    server.say(b"READY=1")
    assert second.notified()[4] == "READY=1\n"


@test
def an_address_that_another_user_took_is_none(p):
    if os.geteuid() != 0:
        return  # nobody else can be played
    taken = abstract_name(p.directory)[1:].replace("sharedserver-", "sharedserver-notify-")
    squatter = subprocess.Popen([sys.executable, "-S", "-c", "import os, socket, sys, time\nos.setuid(65534)\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                                 "s.bind('\\0' + sys.argv[1])\nprint('taken', flush=True)\ntime.sleep(100)", taken], stdout=subprocess.PIPE)
    p.started.append(squatter)
    assert squatter.stdout.readline() == b"taken\n"
    agent = p.agent()
    assert agent.init["notify"] == "" and "servers cannot say that they are ready: Address already in use" in p.log()
    squatter.kill()
    squatter.wait()
    os.kill(agent.pid, signal.SIGKILL)
    agent = p.next_agent()
    assert agent.init["notify"] == "@" + taken
    server = Speaker(p, agent)
    server.say(b"READY=1")
    assert agent.notified()[4] == "READY=1\n"


# guard: another build


def descriptors(pid):
    """What a process has open, by target; sockets and pipes have numbers of their own."""
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/{pid}/fd/{name}").split(":[")[0])
    return sorted(found)


def handed_over(p, agent, binary):
    """The agent leaves for another build; returns that build's."""
    agent.order(accept=False)
    assert agent.hand_over(binary) == 1
    agent.order(exit=0)
    return p.next_agent()


@test
def another_build_takes_over_with_everything(p):
    agent = p.agent()
    (guard,) = p.guards()
    start_of_guard = stamp(guard)
    runs, runs_start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    dead, dead_start = agent.spawned(["sh", "-c", "exit 3"])
    agent.died()
    s, late = p.sleeper(), p.sleeper()
    start_of_s, start_of_late = stamp(s.pid), stamp(late.pid)
    for one in s, late:
        agent.send("W", process(one.pid, stamp(one.pid)))
        agent.next("K")
    due = time.clock_gettime_ns(time.CLOCK_MONOTONIC) + 1500 * 10**6
    agent.send("T", struct.pack(">Q", due))
    agent.order(snapshot="what I know")
    before, binary = descriptors(guard), p.other()
    agent.order(accept=False)
    assert agent.hand_over(binary) == 1
    late.kill()  # while nobody is told
    until(lambda: state(late.pid) == "Z", "it is dead")
    waiting = [p.popen("say", "kept waiting", "0", binary=b, stdout=subprocess.PIPE) for b in (p.binary, binary)]
    time.sleep(0.1)
    agent.order(exit=0)
    second = p.next_agent()
    late.wait()
    assert second.init["why"] == 4 and second.init["version"] == "version-two" and second.init["home"] == os.path.dirname(os.path.dirname(binary))
    assert (second.init["pid"], second.init["stamp"]) == (guard, start_of_guard) and second.init["directory"] == p.directory
    assert second.init["children"] == {runs: (runs_start, 0, 0, 0), dead: (dead_start, 1, 1, 3)}
    assert second.init["watches"] == {s.pid: (start_of_s, 0), late.pid: (start_of_late, 1)}
    assert second.hello["snapshot"] == "what I know" and second.hello["fds"] == [0, 1, 2, 3, 4, 5, 6]
    for one in waiting:
        assert one.communicate(timeout=PATIENCE)[0] == b"kept waiting" and one.returncode == 0
    assert os.readlink(f"/proc/{guard}/exe") == binary and p.guards() == [guard]
    assert open(f"/proc/{guard}/comm").read() == "sharedserver\n"
    assert open(f"/proc/{guard}/cmdline", "rb").read().startswith(b"sharedserver\0--guard\0" + p.directory.encode() + b"\0")
    assert len(descriptors(guard)) == len(before) - 1, "nothing leaks, and one watch is over"
    second.next("T")
    assert 0 <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) - due < 500 * 10**6
    assert not lock_is_free(p.directory + "/.agent.lock")
    # it is the parent still: of the servers and of what they leave behind
    second.send("R", process(dead, dead_start))
    until(lambda: state(dead) is None, "reaped")
    os.kill(runs, signal.SIGTERM)
    assert second.died() == (runs, runs_start, 2, 15)
    second.send("R", process(runs, runs_start))
    s.kill()
    assert second.gone() == (s.pid, start_of_s, 1, 2, 9)
    pid, start = second.spawned(["sh", "-c", "(sleep 0.1 & sleep 0.2 &); sleep 1000"], env=["SST=" + p.root, "PATH=" + os.environ["PATH"]])
    until(lambda: sorted(children(guard)) == sorted([second.pid, pid]), "orphans are reaped")
    shutil.rmtree(p.directory)
    assert second.next("M") == b"\x01"
    assert p.run("say", "x", "0").out == b"x"
    # both builds, and what the first had to say, in one log
    asleep(p, second)
    assert p.run("say", "awake", "0", binary=binary).out == b"awake"
    assert p.next_agent().init["why"] == 1


@test
def builds_take_over_from_each_other_and_nothing_is_lost(p):
    agent = p.agent()
    (guard,) = p.guards()
    servers = dict(agent.spawned(["sleep", "1000"], env=["SST=" + p.root]) for _ in range(5))
    s = p.sleeper()
    agent.send("W", process(s.pid, stamp(s.pid)))
    agent.next("K")
    builds = [p.other(), p.binary]
    open_before = len(descriptors(guard))
    for turn in range(6):
        many = [p.popen("say", str(i), "7", binary=builds[i % 2], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(20)]
        agent = handed_over(p, agent, builds[turn % 2])
        for i, one in enumerate(many):
            out, err = one.communicate(timeout=PATIENCE)
            assert (out, err, one.returncode) == (str(i).encode(), b"", 7), (out, err)
        assert agent.init["version"] == ("version-two", "version-one")[turn % 2]
        assert {pid: child[0] for pid, child in agent.init["children"].items()} == servers
        assert agent.init["watches"] == {s.pid: (stamp(s.pid), 0)}
        assert p.guards() == [guard] and len(descriptors(guard)) == open_before
    assert p.log().count("hands over to") == 6 and p.log().count("goes on for") == 6
    assert sorted(children(guard)) == sorted([agent.pid, *servers])


@test
def what_cannot_take_over_is_refused(p):
    agent = p.agent()
    pid, start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    good = p.other()
    home = os.path.dirname(os.path.dirname(good))
    bad = []

    def broken(name, change):
        shutil.copytree(home, p.root + "/" + name)
        binary = f"{p.root}/{name}/bin/sharedserver"
        change(binary)
        bad.append(binary)

    broken("writable", lambda b: os.chmod(b, 0o757))
    broken("unrunnable", lambda b: os.chmod(b, 0o644))
    broken("no-jvm", lambda b: os.unlink(os.path.dirname(b) + "/../lib/runtime/bin/java"))
    broken("no-options", lambda b: os.unlink(os.path.dirname(b) + "/../lib/agent.options"))
    broken("cut-off", lambda b: os.truncate(b, 5000))
    broken("another-program", lambda b: subprocess.run(["cp", "/bin/true", b], check=True))
    broken("command", lambda b: write_program(b, "#!/bin/sh\nexit 0\n"))
    broken("hangs", lambda b: write_program(b, "#!/bin/sh\nexec sleep 1000\n"))
    if os.geteuid() == 0:
        broken("of-another", lambda b: os.chown(b, 65534, 65534))
        broken("of-another-group", lambda b: (os.chown(b, 0, 65534), os.chmod(b, 0o775)))
    for binary in [*bad, "", "sharedserver", p.root, p.root + "/none", "/" + "x" * 5000]:
        assert agent.hand_over(binary) == 2, binary
    assert agent.hand_over(good, events=agent.events - 1) == 0, "something is unseen"
    assert p.run("say", "served", "0").out == b"served" and is_alive(pid)
    assert children(agent.init["pid"]) == [agent.pid, pid], "nothing is left of the trials"
    assert p.log().count("cannot hand over to what") == len(bad) + 5
    # an agent that dies on its way is an agent that died
    agent.order(accept=False)
    assert agent.hand_over(good) == 1
    agent.order(exit=3)
    second = p.next_agent()
    assert second.init["why"] == 2 and second.init["version"] == "version-one"


@test
def an_exec_that_fails_after_all_changes_nothing(p):
    agent = p.agent()
    (guard,) = p.guards()
    pid, start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    s = p.sleeper()
    start_of_s = stamp(s.pid)
    agent.send("W", process(s.pid, start_of_s))
    agent.next("K")
    before = descriptors(guard)
    binary = p.other()
    write_program(binary, '#!/bin/sh\nrm "$0"\nexit 43\n')  # passes the trial, and is gone then
    second = handed_over(p, agent, binary)
    assert second.init["why"] == 1 and second.init["version"] == "version-one"
    assert second.init["children"] == {pid: (start, 0, 0, 0)} and second.init["watches"] == {s.pid: (start_of_s, 0)}
    assert descriptors(guard) == before and "execve of " + binary in p.log()
    s.kill()
    assert second.gone()[:2] == (s.pid, start_of_s)
    other, other_start = second.spawned(["sh", "-c", "ls -l /proc/self/fd"], out=p.root + "/log")
    assert second.died()[3] == 0
    assert "memfd" not in open(p.root + "/log").read() and "socket" not in open(p.root + "/log").read(), "nothing of ours leaks into a server"


@test
def an_upgrade_in_place_is_followed_at_the_next_start_of_the_agent(p):
    agent = p.agent()
    (guard,) = p.guards()
    pid, start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    p.rebuild(p.binary, b"version-two")
    assert p.run("say", "the old agent", "0").out == b"the old agent"
    asleep(p, agent)
    assert p.run("say", "the new one", "0").out == b"the new one"
    second = p.next_agent()
    assert second.init["why"] == 4 and second.init["version"] == "version-two" and second.init["home"] == p.home
    assert second.init["children"] == {pid: (start, 0, 0, 0)} and p.guards() == [guard]
    # half an upgrade: the old guard goes on
    write_program(p.binary + ".new", "#!/bin/sh\nexit 0\n")
    os.rename(p.binary + ".new", p.binary)
    os.kill(second.pid, signal.SIGKILL)
    third = p.next_agent()
    assert third.init["why"] == 2 and third.init["version"] == "version-two" and "cannot hand over" in p.log()
    os.unlink(p.binary)
    os.kill(third.pid, signal.SIGKILL)
    fourth = p.next_agent()
    assert fourth.init["why"] == 2
    p.rebuild(p.binary, b"version-six")
    os.kill(fourth.pid, signal.SIGKILL)
    fifth = p.next_agent()
    assert fifth.init["version"] == "version-six" and fifth.init["children"] == {pid: (start, 0, 0, 0)} and p.guards() == [guard]


# guard: its directory


def identity(path):
    s = os.lstat(path)
    return s.st_dev, s.st_ino


@test
def a_removed_directory_is_made_again(p):
    agent = p.agent()
    pid, start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    (guard,) = p.guards()
    for how in (shutil.rmtree, lambda d: os.rename(d, p.root + "/elsewhere")):
        begun = time.monotonic()
        how(p.directory)
        results = [p.popen("say", "x", "0", stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(8)]
        for one in results:
            out, err = one.communicate(timeout=PATIENCE)
            assert (out, err) == (b"x", b""), (out, err)
        assert agent.next("M") == b"\x01"
        assert time.monotonic() - begun < 1 + SANITIZED * 4
        assert p.guards() == [guard] and is_alive(pid)
        assert not lock_is_free(p.directory + "/.agent.lock")
        assert stat.S_IMODE(os.stat(p.directory).st_mode) == 0o700
    agent.none()
    asleep(p, agent)
    until(lambda: stat.S_ISSOCK(os.lstat(p.directory + "/.agent.sock").st_mode), "a socket of its own")
    assert p.run("say", "woken", "0").out == b"woken"
    assert p.next_agent().init["why"] == 1


@test
def removed_files_are_made_again(p):
    agent = p.agent()
    agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    for name in (".agent.sock", ".agent.lock", ".agent.sock"):
        os.unlink(p.directory + "/" + name)
        assert agent.next("M") == b"\x02"
        assert p.run("say", "x", "0").out == b"x"
        assert len(p.guards()) == 1


@test
def a_directory_removed_while_asleep_wakes(p):
    agent = p.agent()
    agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    asleep(p, agent)
    shutil.rmtree(p.directory)
    second = p.next_agent()
    assert second.init["why"] == 1
    assert p.run("say", "x", "0").out == b"x"


@test
def without_a_place_for_it_everything_ends(p):
    p.directory = p.root + "/session/state"
    p.env["SHAREDSERVER_LOCKDIR"] = p.directory
    agent = p.agent()
    pid, start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    (guard,) = p.guards()
    shutil.rmtree(p.root + "/session")
    until(lambda: not is_alive(pid), "the server is told to end")
    until(lambda: not is_alive(guard) and not is_alive(agent.pid), "both are gone", 5)


@test
def the_directory_is_locked_for_cleaners(p):
    p.run("say", "x", "0")
    fd = os.open(p.directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        raise AssertionError("a cleaner would take it")
    except BlockingIOError:
        pass
    finally:
        os.close(fd)


@test
def a_killed_guard_is_replaced(p):
    agent = p.agent()
    pid, start = agent.spawned(["sleep", "1000"], env=["SST=" + p.root])
    for _ in range(3):
        (guard,) = p.guards()
        os.kill(guard, signal.SIGKILL)
        until(lambda: not is_alive(agent.pid), "the agent ends with its guard")
        r = p.run("say", "x", "0")
        assert r.out == b"x" and r.err == b"", r.show()
        agent = p.next_agent()
        assert agent.init["why"] == 0 and is_alive(pid)
    until(lambda: len(p.guards()) == 1, "one guard")


@test
def the_log_is_bounded(p):
    os.mkdir(p.directory, 0o700)
    with open(p.directory + "/.agent.log", "w") as f:
        f.write("x" * (3 << 20))
    p.run("say", "x", "0")
    assert os.path.getsize(p.directory + "/.agent.log") < 1 << 20


def main():
    chosen = [t for t in TESTS if not sys.argv[1:] or t.__name__ in sys.argv[1:]]
    failed = []

    def one(t):
        begun = time.monotonic()
        try:
            with Product() as p:
                try:
                    t(p)
                except BaseException:
                    log = p.directory + "/.agent.log"
                    text = open(log, errors="replace").read()[-4000:] if os.path.exists(log) else "(no log)"
                    failed.append(t.__name__)
                    print(f"{t.__name__}: FAIL\n{traceback.format_exc()}{text}", flush=True)
                    return
        except BaseException:
            failed.append(t.__name__)
            print(f"{t.__name__}: FAIL\n{traceback.format_exc()}", flush=True)
            return
        print(f"{t.__name__}: ok ({time.monotonic() - begun:.1f} s)", flush=True)

    with ThreadPoolExecutor(int(os.environ.get("JOBS", "3"))) as pool:
        list(pool.map(one, sorted(chosen, key=lambda t: t.__name__ not in ("a_silent_agent_is_replaced", "a_name_that_is_taken_for_good_is_named_in_the_end"))))
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed", flush=True)
    sys.exit(1 if failed else 0)


main()
