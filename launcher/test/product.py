"""A product in a temporary directory: the real binary, the stand-in agent, and the test's hand inside it."""
import contextlib, json, os, queue, shutil, signal, socket, struct, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = os.environ["SHAREDSERVER_BINARY"]
PATIENCE = 20


def until(condition, what, seconds=PATIENCE):
    """Waits for a condition of another process, which nothing else tells."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.002)


def stat_fields(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            data = f.read()
    except OSError:
        return None
    return data[data.rindex(b")") + 2:].decode().split()


def stamp(pid):
    fields = stat_fields(pid)
    return int(fields[19]) if fields else None


def state(pid):
    fields = stat_fields(pid)
    return fields[0] if fields else None


def is_alive(pid):
    return state(pid) not in (None, "Z", "X")


def write_program(path, text):
    """By another process: a child of another test's thread might have our descriptor, and nothing that is open for writing is executed."""
    subprocess.run(["sh", "-c", 'cat >"$1" && chmod 755 "$1"', "sh", path], input=text.encode(), check=True)


def frame(kind, body=b""):
    return struct.pack(">I", 1 + len(body)) + kind.encode() + body


def packed(value):
    value = os.fsencode(value)
    return struct.pack(">I", len(value)) + value


def packed_list(values):
    return struct.pack(">I", len(values)) + b"".join(packed(v) for v in values)


def process(pid, start):
    return struct.pack(">IQ", pid, start)


class Agent:
    """One life of the stand-in agent, as the test sees it."""

    def __init__(self, connection):
        self.connection = connection
        self.stream = connection.makefile("rb")
        self.hello = json.loads(self.stream.readline())["hello"]
        self.pid = self.hello["pid"]
        self.frames = queue.Queue()
        self.events = 0
        threading.Thread(target=self._read, daemon=True).start()
        self.init = self._parse_init(self.next("I"))

    def _read(self):
        with contextlib.suppress(OSError, ValueError):
            for line in self.stream:
                data = bytes.fromhex(json.loads(line)["frame"])
                self.frames.put((data[:1].decode(), data[1:]))
        self.frames.put((None, None))

    def next(self, kind, seconds=PATIENCE):
        """The next frame, which must be of this kind."""
        got, body = "P", b""
        while got == "P":  # which the stand-in answers by itself
            try:
                got, body = self.frames.get(timeout=seconds)
            except queue.Empty:
                raise AssertionError(f"no frame {kind} within {seconds} s") from None
        if got not in ("I", "P", "Y", None):
            self.events += 1
        assert got == kind, f"frame {got} {body}, expected {kind}"
        return body

    def none(self, seconds=0.1):
        got = ("P", b"")
        while got[0] == "P":
            try:
                got = self.frames.get(timeout=seconds)
            except queue.Empty:
                return
        raise AssertionError(f"unexpected frame {got}")

    def order(self, **what):
        self.connection.sendall((json.dumps(what) + "\n").encode())

    def send(self, kind, body=b""):
        self.order(send=frame(kind, body).hex())

    @staticmethod
    def _parse_init(body):
        protocol, pid, start, why = struct.unpack_from(">HIQB", body)
        at, texts = struct.calcsize(">HIQB"), []
        for _ in range(4):
            (n,) = struct.unpack_from(">I", body, at)
            texts.append(os.fsdecode(body[at + 4:at + 4 + n]))
            at += 4 + n
        (n,) = struct.unpack_from(">I", body, at)
        at += 4
        children = {}
        for _ in range(n):
            child, begun, dead, code, status = struct.unpack_from(">IQBBi", body, at)
            children[child] = (begun, dead, code, status)
            at += struct.calcsize(">IQBBi")
        (n,) = struct.unpack_from(">I", body, at)
        at += 4
        watches = {}
        for _ in range(n):
            watched, begun, gone = struct.unpack_from(">IQB", body, at)
            watches[watched] = (begun, gone)
            at += struct.calcsize(">IQB")
        (n,) = struct.unpack_from(">I", body, at)
        notify = body[at + 4:at + 4 + n].decode()
        at += 4 + n
        assert at == len(body)
        return {"protocol": protocol, "pid": pid, "stamp": start, "why": why, "version": texts[0], "directory": texts[1],
                "logs": texts[2], "home": texts[3], "children": children, "watches": watches, "notify": notify}

    # orders of the protocol

    def spawn(self, argv, request=1, cwd="/", stdin="", out="/dev/null", err="", path="/usr/bin:/bin", env=(), umask=0o22, nice=0, limits=()):
        self.send("S", struct.pack(">QIiB", request, umask, nice, len(limits)) + b"".join(struct.pack(">QQ", *l) for l in limits) +
                  packed(cwd) + packed(stdin) + packed(out) + packed(err) + packed(path) + packed_list(argv) + packed_list(env))

    def spawned(self, argv, **options):
        self.spawn(argv, **options)
        request, pid, start = struct.unpack(">QIQ", self.next("S"))
        assert request == options.get("request", 1)
        return pid, start

    def spawn_fails(self, argv, **options):
        self.spawn(argv, **options)
        request, step, error = struct.unpack(">QBI", self.next("s"))
        return step, error

    def signal(self, pid, start, number, scope, request=5):
        self.send("K", struct.pack(">QIQBB", request, pid, start, number, scope))

    def signalled(self, pid, start, number, scope):
        self.signal(pid, start, number, scope)
        return struct.unpack(">QI", self.next("g"))[1]

    def died(self):
        return struct.unpack(">IQBi", self.next("D"))

    def gone(self):
        return struct.unpack(">IQBBi", self.next("G"))

    def notified(self):
        """Who said what: pid, stamp, session, uid, text."""
        body = self.next("N")
        who = struct.unpack_from(">IQII", body)
        (n,) = struct.unpack_from(">I", body, 20)
        assert len(body) == 24 + n
        return *who, body[24:].decode("latin-1")

    def hand_over(self, path, events=None):
        """What the guard answers: 0 not now, 1 go, 2 that build will not do."""
        self.send("H", struct.pack(">Q", self.events if events is None else events) + packed(path))
        return self.next("Y")[0]

    def sleep(self, events=None):
        self.send("Z", struct.pack(">Q", self.events if events is None else events))
        return self.next("Y") == b"\x01"


class Product:
    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="sst-")
        self.home = os.path.join(self.root, "home")
        self.marks = os.path.join(self.root, "marks")
        self.directory = os.path.join(self.root, "state")
        self.control_path = os.path.join(self.root, "control")
        os.makedirs(os.path.join(self.home, "bin"))
        os.makedirs(os.path.join(self.home, "lib/runtime/bin"))
        os.makedirs(self.marks)
        self.binary = os.path.join(self.home, "bin/sharedserver")
        subprocess.run(["cp", BINARY, self.binary], check=True)
        java = os.path.join(self.home, "lib/runtime/bin/java")
        write_program(java, f'#!/bin/sh\nexec {sys.executable} -S -E -X frozen_modules {HERE}/agent.py "$@"\n')
        with open(os.path.join(self.home, "lib/agent.options"), "w") as f:
            f.write(f"# comment\n-XX:AOTCache=%h/lib/cache\n\n-Dd=%d and %h\n{self.control_path}\n{self.marks}")
        self.control = None
        self.agents = []
        self.started = []
        self.env = {"PATH": os.environ["PATH"], "SHAREDSERVER_LOCKDIR": self.directory, "HOME": self.root, "SECRET": "x",
                    "JAVA_TOOL_OPTIONS": "-Dbad=1", "LD_LIBRARY_PATH": "/nowhere",
                    "ASAN_OPTIONS": "detect_leaks=0"}  # a command that ends frees nothing

    def other(self, version=b"version-two"):
        """The same product as another build, in a directory of its own. Returns its binary."""
        home = os.path.join(self.root, version.decode())
        shutil.copytree(self.home, home)
        binary = os.path.join(home, "bin/sharedserver")
        self.rebuild(binary, version)
        return binary

    @staticmethod
    def rebuild(binary, version):
        """Replaces a binary by that of another build, as a package manager does: by rename."""
        with open(BINARY, "rb") as f:
            data = f.read()
        assert b"version-one" in data and len(version) == len(b"version-one")
        subprocess.run(["sh", "-c", 'cat >"$1.new" && chmod 755 "$1.new" && mv "$1.new" "$1"', "sh", binary],
                       input=data.replace(b"version-one", version), check=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for one in self.started:
            if one.poll() is None:
                one.kill()
            one.wait()
        # the guards and agents of this product, and the servers that they made: all that run below our root
        for _ in range(3):
            for pid in self.processes():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        if self.control:
            self.control.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def processes(self):
        """Every process that has our root in its command line or environment."""
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                with open(f"/proc/{name}/cmdline", "rb") as c, open(f"/proc/{name}/environ", "rb") as e:
                    if self.root.encode() in c.read() + e.read():
                        found.append(int(name))
        return found

    def guards(self):
        found = []
        for pid in self.processes():
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    if f.read().split(b"\0")[1:2] == [b"--guard"]:
                        found.append(pid)
        return found

    def popen(self, *argv, env=(), binary=None, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        one = subprocess.Popen([binary or self.binary, *argv], env={**self.env, **dict(env)}, **options)
        self.started.append(one)
        return one

    def run(self, *argv, env=(), timeout=PATIENCE + 10, **options):
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        one = self.popen(*argv, env=env, **options)
        out, err = one.communicate(timeout=timeout)
        one.out, one.err, one.code = out or b"", err or b"", one.returncode
        one.show = lambda: (one.out[-300:], one.err[-300:], one.code)
        return one

    def puppet(self):
        """From now on each agent that starts is a puppet of the test: see next_agent."""
        self.control = socket.socket(socket.AF_UNIX)
        self.control.bind(self.control_path)
        self.control.listen(16)
        self.control.settimeout(PATIENCE)
        return self

    def next_agent(self):
        agent = Agent(self.control.accept()[0])
        self.agents.append(agent)
        return agent

    def agent(self):
        """Starts the product with a puppet."""
        self.puppet()
        assert self.run("say", "hello", "0").out == b"hello"
        return self.next_agent()

    def sleeper(self, *argv):
        """A process that lives until the test ends, which is no child of the guard."""
        one = subprocess.Popen(argv or ("sleep", "1000"), env={**self.env, "SST": self.root}, start_new_session=True, stdin=subprocess.DEVNULL)
        self.started.append(one)
        return one

    def log(self):
        with open(os.path.join(self.directory, ".agent.log"), errors="replace") as f:
            return f.read()
