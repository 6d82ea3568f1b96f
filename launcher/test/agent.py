"""A stand-in for the agent: speaks the guard's protocol as a puppet of the test, and answers launchers by itself.

Its arguments come from lib/agent.options: the path of the test's control socket, and the directory of marks. To the test it
sends lines of JSON ({"frame": hex}, {"hello": ...}), from it it takes {"send": hex}, {"exit": n}, {"accept": bool}, {"read": bool}.
"""
import json, os, select, socket, struct, sys, threading, time

CONTROL, MARKS = sys.argv[-2], sys.argv[-1]


def text(data, at):
    (n,) = struct.unpack_from(">I", data, at)
    return data[at + 4:at + 4 + n], at + 4 + n


def texts(data, at):
    (count,) = struct.unpack_from(">I", data, at)
    at += 4
    found = []
    for _ in range(count):
        one, at = text(data, at)
        found.append(one)
    return found, at


def parse_request(body):
    r = {}
    (r["protocol"],) = struct.unpack_from(">H", body, 0)
    r["id"] = body[2:18].hex()
    r["flags"], r["columns"], r["pid"], r["stamp"], r["ppid"], r["umask"], r["nice"], n = struct.unpack_from(">HHIQIIiB", body, 18)
    at = 18 + struct.calcsize(">HHIQIIiB")
    r["limits"] = [struct.unpack_from(">QQ", body, at + 16 * i) for i in range(n)]
    at += 16 * n
    for field in "version", "cwd", "token":
        value, at = text(body, at)
        r[field] = value.decode("latin-1")
    argv, at = texts(body, at)
    env, at = texts(body, at)
    assert at == len(body), "a request with something behind it"
    r["argv"] = [a.decode("latin-1") for a in argv]
    r["env"] = [e.decode("latin-1") for e in env]
    return r


def frame(kind, body=b""):
    return struct.pack(">I", 1 + len(body)) + kind + body


def packed(value):
    value = value.encode("latin-1") if isinstance(value, str) else value
    return struct.pack(">I", len(value)) + value


def packed_list(values):
    return struct.pack(">I", len(values)) + b"".join(packed(v) for v in values)


def read_frame(stream):
    head = stream.read(4)
    if len(head) < 4:
        return None, None
    (n,) = struct.unpack(">I", head)
    data = stream.read(n)
    return data[:1], data[1:]


def mark(name):
    """Counts how often something was asked for, over all lives of the agent."""
    path = os.path.join(MARKS, name)
    with open(path, "a") as f:
        f.write("x")
    return os.path.getsize(path)


def answer(connection):
    stream = connection.makefile("rb")
    kind, body = read_frame(stream)
    if kind != b"R":
        return
    request = parse_request(body)
    argv = request["argv"]
    out = lambda data: frame(b"O", data.encode("latin-1") if isinstance(data, str) else data)
    end = lambda code: frame(b"X", bytes([code]))
    verb = argv[0] if argv else "nothing"
    if verb in ("say", "check"):
        connection.sendall(out(argv[1]) + end(int(argv[2])))
    elif verb == "request":
        connection.sendall(out(json.dumps(request)) + end(0))
    elif verb == "bytewise":
        for b in out("slow") + frame(b"E", b"err") + end(7):
            connection.sendall(bytes([b]))
            time.sleep(0.001)
    elif verb == "raw":
        connection.sendall(bytes.fromhex(argv[1]))
    elif verb == "big":
        for _ in range(int(argv[1])):
            connection.sendall(out(b"y\n" * 32768))
        connection.sendall(end(0))
    elif verb == "die":
        if mark("die-" + request["id"]) == 1:
            os._exit(3)
        connection.sendall(out(json.dumps(request)) + end(0))
    elif verb == "hangup":
        if mark("hangup-" + argv[1]) <= int(argv[2]):
            return
        connection.sendall(out("in the end") + end(0))
    elif verb in ("become", "become-with"):
        given, command = (["GIVEN=by the agent"], argv[1:]) if verb == "become" else (argv[1].replace("LONG", "x" * 200000).split("|"), argv[2:])
        connection.sendall(frame(b"C", packed_list(command) + packed_list(given) + packed("")))
        kind, body = read_frame(stream)
        mark("became-" + ("eof" if kind is None else kind.decode() + str(struct.unpack(">BI", body)[1])))
        if kind is not None:
            connection.sendall(frame(b"E", b"cannot become\n") + end(126))
    elif verb == "input":
        connection.sendall(frame(b"I", struct.pack(">II", int(argv[1]), int(argv[2]))))
        if len(argv) > 3 and mark("input-" + argv[3]) == 1:
            os._exit(3)
        kind, body = read_frame(stream)
        connection.sendall(out(f"{kind.decode()}{body[0]}:".encode() + body[1:]) + end(0))
    elif verb == "await":
        if mark("await-" + argv[1]) > int(argv[2]):
            connection.sendall(out(f"asked again, token {request['token']}") + end(0))
        else:
            pid, stamp, directory, prefix, timeout = int(argv[3]), int(argv[4]), argv[5], argv[6], int(argv[7])
            connection.sendall(frame(b"T", packed("first")) + frame(b"T", packed("kept")) + frame(
                b"W", struct.pack(">IQ", pid, stamp) + packed(directory) + packed(prefix) + struct.pack(">QB", timeout, 0)))
    elif verb == "heed":
        # as `exec` of a name that runs: first armed, then (counted) attached, then waiting, until a signal or the end
        waited = lambda pid, stamp, timeout: frame(b"W", struct.pack(">IQ", pid, stamp) + packed("") + packed("") + struct.pack(">QB", timeout, 1))
        if request["flags"] & 16:
            mark("detached")
            connection.sendall(out("detached") + end(0))
        elif request["token"] == "":
            mark("arming")
            connection.sendall(frame(b"T", packed("armed")) + waited(0, 0, 0))
        elif request["token"] == "armed":
            mark("attached")
            time.sleep({"slow": 0.3, "hang": 3600}.get(argv[3], 0))
            connection.sendall(frame(b"T", packed("waiting")) + waited(int(argv[1]), int(argv[2]), 2**64 - 1))
        else:
            connection.sendall(out("ended") + end(5))
    elif verb == "heed-become":
        if request["token"] == "":
            connection.sendall(frame(b"T", packed("armed")) + frame(b"W", struct.pack(">IQ", 0, 0) + packed("") + packed("") + struct.pack(">QB", 0, 1)))
        else:
            mark("heeded-become")
            while os.path.exists(os.path.join(MARKS, "not-yet")):
                time.sleep(0.01)
            connection.sendall(frame(b"C", packed_list(argv[1:]) + packed_list([]) + packed("")))
            stream.read(1)
    elif verb == "elsewhere":
        mark("elsewhere")
        connection.sendall(frame(b"H", packed(argv[1])))
    elif verb == "hang":
        time.sleep(3600)


def serve(connection):
    with connection:
        try:
            answer(connection)
        except OSError:
            pass


accepting = threading.Event()
accepting.set()


def accept():
    listener = socket.socket(fileno=os.dup(0))
    listener.setblocking(False)
    while True:
        accepting.wait()
        if not select.select([listener], [], [], 0.02)[0] or not accepting.is_set():
            continue
        try:
            connection, _ = listener.accept()
        except OSError:
            continue
        connection.setblocking(True)
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def main():
    inherited = sorted(int(f) for f in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{f}"))
    guard_in, guard_out = open(3, "rb", buffering=0), open(4, "wb", buffering=0)
    if os.path.exists(os.path.join(MARKS, "mute")):
        print("mute as told", file=sys.stderr, flush=True)
        mark("muted-" + ("cache" if any(a.startswith("-XX:AOTCache") for a in sys.argv) else "plain"))
        os._exit(9)
    control = None
    if os.path.exists(CONTROL):
        control = socket.socket(socket.AF_UNIX)
        control.connect(CONTROL)
        with open(6, "rb", closefd=False) as snapshot:
            control.sendall((json.dumps({"hello": {
                "pid": os.getpid(), "fds": inherited, "argv": sys.argv, "env": dict(os.environ), "snapshot": snapshot.read().decode(),
                "cwd": os.getcwd(), "sigign": [l.split()[1] for l in open("/proc/self/status") if l.startswith("SigIgn")][0],
                "ofile": open("/proc/self/limits").read()}}) + "\n").encode())
    guard_out.write(frame(b"P", struct.pack(">Q", 0)))
    threading.Thread(target=accept, daemon=True).start()
    from_guard, from_test, reading = b"", b"", True
    while True:
        ready = select.select(([guard_in] if reading else []) + ([control] if control else []), [], [])[0]
        if guard_in in ready:
            data = os.read(3, 65536)
            if not data:
                os._exit(0)
            from_guard += data
            while len(from_guard) >= 4:
                (n,) = struct.unpack_from(">I", from_guard)
                if len(from_guard) < 4 + n:
                    break
                one, from_guard = from_guard[4:4 + n], from_guard[4 + n:]
                if one[:1] == b"P":
                    guard_out.write(frame(b"P", one[1:]))
                if control:
                    control.sendall((json.dumps({"frame": one.hex()}) + "\n").encode())
        if control and control in ready:
            data = control.recv(65536)
            if not data:
                control = None
                continue
            from_test += data
            *lines, from_test = from_test.split(b"\n")
            for line in lines:
                order = json.loads(line)
                if "send" in order:
                    guard_out.write(bytes.fromhex(order["send"]))
                elif "snapshot" in order:
                    with open("/proc/self/fd/6", "wb") as snapshot:
                        snapshot.write(order["snapshot"].encode())
                elif "accept" in order:
                    accepting.set() if order["accept"] else accepting.clear()
                    time.sleep(0.05)  # the thread may be in the middle of a look
                elif "read" in order:
                    reading = order["read"]
                elif "exit" in order:
                    os._exit(order["exit"])


main()
