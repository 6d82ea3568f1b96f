#!/usr/bin/env python3
"""Runs real Rust projects with the product, by the cargo that is first on PATH. Nothing is downloaded: no project has a
dependency of others. A part of .ci/soak.

usage: e2e/dev/cargo.py     (the product is that of SHAREDSERVER_HOME, default: dist/target/sharedserver)
"""
import json, os, re, shutil, subprocess, sys, tempfile, time, urllib.error, urllib.request

HERE = os.path.dirname(os.path.realpath(__file__))
COMMAND = os.path.join(os.environ.get("SHAREDSERVER_HOME", HERE + "/../../dist/target/sharedserver"), "bin/sharedserver")
COMMAND = os.path.realpath(COMMAND)
# a build of an empty program takes seconds, on a machine that has much to do many of them
LONG = 180

MANIFEST = '[package]\nname = "%s"\nversion = "0.1.0"\nedition = "2021"\n'
MAIN = """use std::io::{Read, Write};

fn main() {
    let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    println!("listening at {port}");
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        let words = %s::words();
        let length = words.len();
        let _ = write!(stream, "HTTP/1.0 200 OK\\r\\nContent-Length: {length}\\r\\n\\r\\n{words}");
    }
}
"""
WORDS = 'pub fn words() -> &\'static str {\n    "%s"\n}\n'


class Failed(Exception):
    pass


def check(holds, what):
    if not holds:
        raise Failed(what() if callable(what) else what)


class World:
    def __init__(self):
        self.root = os.path.realpath(tempfile.mkdtemp(prefix="cargo-"))
        self.state = self.root + "/state"
        os.mkdir(self.state)
        self.environment = {
            **os.environ,
            "SHAREDSERVER_LOCKDIR": self.state,
            "CARGO_NET_OFFLINE": "true",
        }
        self.environment.pop("CARGO_TARGET_DIR", None)

    def sharedserver(self, *words, code=0):
        done = subprocess.run([COMMAND, *words], env=self.environment, cwd=self.root, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LONG)
        check(code is None or done.returncode == code, lambda: f"{words}: exit code {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def end(self):
        self.sharedserver("stop", "@dev", "--even-if-used", code=None)
        shutil.rmtree(self.root, ignore_errors=True)


class Project:
    """A project below a world's directory."""

    def __init__(self, world, directory):
        self.world = world
        self.directory = os.path.join(world.root, "work", directory)
        self.id = os.path.basename(directory)

    def write(self, **files):
        """Writes files as editors do: what is read meanwhile is never half a file."""
        for name, text in files.items():
            self.file(name, text)

    def file(self, name, text):
        path = self.directory + "/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + "~", "w") as out:
            out.write(text)
        os.replace(path + "~", path)

    def remove(self, name):
        os.remove(self.directory + "/" + name)

    def ask(self, path):
        with open(self.world.state + "/dev-hub.json") as file:
            hub = json.load(file)
        request = urllib.request.Request(hub["url"] + path, headers={"Authorization": "Bearer " + hub["token"]})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def up(self, code=0):
        return self.world.sharedserver("dev", "up", "--detach", self.directory, code=code)

    def down(self):
        self.world.sharedserver("dev", "down", self.directory)

    def told(self):
        return self.ask("/api/dev/servers/" + self.id)

    def builder(self):
        return self.told()["extra"]["builders"][0]

    def process(self):
        return self.told()["extra"]["processes"][0]

    def errors(self):
        return self.ask("/api/dev/snapshot?lines=0")["errors"].get(self.id, [])

    def log(self, count=40):
        return self.ask(f"/api/dev/servers/{self.id}/logs?count={count}")

    def until(self, holds, what):
        end = time.monotonic() + LONG
        while not holds():
            if time.monotonic() > end:
                log = "\n".join(f"  {e['source']} {e['level']} {e['message']}" for e in self.log(60))
                raise Failed(f"not in time: {what}\n{json.dumps(self.told(), indent=1)}\n{json.dumps(self.errors())}\n{log}")
            time.sleep(0.1)

    def serves(self, words):
        self.until(lambda: self.served() == words, f"{self.id} serves '{words}', not '{self.served()}'")

    def served(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.process()['port']}/", timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def good(self):
        self.until(lambda: self.told()["goStatus"] == "ready" and not self.told()["lastError"], "a good build")

    def broken(self, *wanted):
        """Waits until the last build's errors are these: (file, line, column, a part of the message)."""
        def match():
            errors = self.errors()
            return self.told()["goStatus"] == "error" and len(errors) == len(wanted) and all(
                error["file"] == file and error["line"] == line and error["column"] == column and part in error["message"]
                for error, (file, line, column, part) in zip(errors, wanted))
        self.until(match, f"the errors {wanted}")


def program(world):
    """A program with a library: built, run, changed, broken, mended, started anew."""
    shop = Project(world, "shop")
    shop.file("Cargo.toml", MANIFEST % "shop")
    shop.file("src/main.rs", MAIN % "shop")
    shop.file("src/lib.rs", WORDS % "first words")
    shop.up()
    state = shop.told()
    check(state["extra"]["profile"] == "cargo", state)
    shop.serves("first words")
    first = shop.process()["pid"]

    # cargo has written a Cargo.lock, which is no change that anybody has made
    shop.file("src/lib.rs", WORDS % "second words")
    shop.serves("second words")
    shop.good()
    check(shop.builder()["buildId"] == 2, lambda: f"one build a change: {shop.builder()}")
    check(shop.process()["pid"] != first, "it was started anew")

    shop.file("src/lib.rs", 'pub fn words() -> &\'static str {\n\n    nothing();\n    "bad"\n}\n')
    shop.broken(("src/lib.rs", 3, 5, "cannot find function `nothing` in this scope"))
    check("cargo failed with exit code 101: src/lib.rs:3:5: cannot find function" in shop.told()["lastError"], shop.told())
    check(shop.served() == "second words", "what was good goes on")
    shop.file("src/lib.rs", 'pub fn words() -> &\'static str {\n    let price: u32 = "three";\n    let other: u32 = "four";\n    "bad"\n}\n')
    shop.broken(("src/lib.rs", 2, 22, "mismatched types"), ("src/lib.rs", 3, 22, "mismatched types"))

    # a warning is none, whatever stands beside it
    shop.file("src/lib.rs", 'pub fn words() -> &\'static str {\n    let unused = 3;\n    "third words"\n}\n')
    shop.serves("third words")
    shop.good()
    check(shop.errors() == [], shop.errors)
    check(any(e["level"] == "warn" and "unused variable" in e["message"] for e in shop.log()), lambda: shop.log())

    before = shop.process()["pid"]
    world.sharedserver("dev", "restart", "shop")
    shop.until(lambda: shop.process().get("pid", before) != before, "another process")
    shop.serves("third words")

    # of the linker, of the manifest, and of a dependency: nowhere, but told
    shop.file("src/lib.rs", 'extern "C" {\n    fn nowhere();\n}\npub fn words() -> &\'static str {\n    unsafe { nowhere() };\n    "bad"\n}\n')
    shop.broken(("", 0, 0, "linking with `cc` failed"))
    shop.file("src/lib.rs", WORDS % "fourth words")
    shop.serves("fourth words")
    shop.file("Cargo.toml", MANIFEST % "shop" + '[dependencies]\nno-such-thing = "1"\n')
    shop.until(lambda: shop.told()["goStatus"] == "error", "a dependency that is not there")
    check("no-such-thing" in json.dumps(shop.errors()), shop.errors)
    shop.file("Cargo.toml", MANIFEST % "shop" + "[dependencies\n")
    shop.until(lambda: shop.told()["goStatus"] == "error" and "no-such-thing" not in json.dumps(shop.errors()), "a manifest that is none")
    check(len(shop.errors()) == 1, shop.errors)
    check("Cargo.toml" in json.dumps(shop.errors()), shop.errors)
    shop.file("Cargo.toml", MANIFEST % "shop")
    shop.good()
    shop.serves("fourth words")

    # it gives up while it runs
    shop.file("src/lib.rs", 'pub fn words() -> &\'static str {\n    panic!("out of words")\n}\n')
    shop.good()
    shop.until(lambda: shop.served() is None and shop.process()["status"] == "error", "it has ended")
    check(shop.process()["exitCode"] == 101, shop.process)
    shop.file("src/lib.rs", WORDS % "fifth words")
    shop.serves("fifth words")

    # a second program beside it
    shop.file("src/bin/tool.rs", "fn main() {}\n")
    shop.file("src/lib.rs", WORDS % "sixth words")
    shop.serves("sixth words")
    shop.down()


def script(world):
    """A build script that gives up."""
    made = Project(world, "made")
    made.file("Cargo.toml", MANIFEST % "made")
    made.file("src/main.rs", MAIN % "made")
    made.file("src/lib.rs", WORDS % "made words")
    made.file("build.rs", 'fn main() {\n    println!("cargo:rerun-if-changed=build.rs");\n    panic!("no schema");\n}\n')
    made.up(code=1)
    made.broken(("build.rs", 3, 5, "no schema"))
    made.file("build.rs", 'fn main() {\n    std::fs::read("schema.json").expect("the schema");\n}\n')
    made.broken(("build.rs", 2, 34, "the schema"))
    made.file("build.rs", 'fn main() {\n    let x: u32 = "";\n}\n')
    made.broken(("build.rs", 2, 18, "mismatched types"))
    made.file("build.rs", "fn main() {}\n")
    made.serves("made words")
    made.down()


def workspace(world):
    """A workspace of two members, from its root; one of them run."""
    shelf = Project(world, "shelf")
    shelf.file("Cargo.toml", '[workspace]\nmembers = ["app", "price"]\nresolver = "2"\n')
    shelf.file("app/Cargo.toml", MANIFEST % "app" + '[dependencies]\nprice = { path = "../price" }\n')
    shelf.file("app/src/main.rs", MAIN % "price")
    shelf.file("price/Cargo.toml", MANIFEST % "price")
    shelf.file("price/src/lib.rs", WORDS % "three")
    shelf.up()
    shelf.good()
    shelf.file("price/src/lib.rs", WORDS.replace("words", "price") % "three")
    shelf.broken(("app/src/main.rs", 11, 28, "cannot find function `words` in crate `price`"))
    shelf.file("price/src/lib.rs", WORDS.replace('"%s"', "3"))
    shelf.broken(("price/src/lib.rs", 2, 5, "mismatched types"))
    shelf.file("price/src/lib.rs", WORDS % "four")
    shelf.good()
    shelf.down()
    app = Project(world, "shelf/app")
    app.up()
    app.serves("four")
    app.down()


def stopped(world):
    """Stopped in the middle of a build."""
    slow = Project(world, "slow")
    slow.file("Cargo.toml", MANIFEST % "slow")
    slow.file("src/main.rs", "fn main() {}\n")
    slow.file("build.rs", 'fn main() {\n    std::fs::write("begun", "").unwrap();\n    std::thread::sleep(std::time::Duration::from_secs(1000));\n}\n')
    up = subprocess.Popen([COMMAND, "dev", "up", slow.directory], env=world.environment, cwd=world.root,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    slow.until(lambda: os.path.exists(slow.directory + "/begun"), "the build script runs")
    check(running(slow.directory), "the build script can be seen")
    slow.down()
    up.wait(LONG)
    check(running(slow.directory) == [], lambda: f"left: {running(slow.directory)}")


def running(directory):
    """Returns the processes whose working directory is below one."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if (os.readlink(f"/proc/{pid}/cwd") + "/").startswith(directory + "/"):
                found.append(pid)
        except OSError:
            continue  # gone, or not ours
    return found


def main():
    version = subprocess.run(["cargo", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    parts = [program, script, workspace, stopped]
    chosen = [part for part in parts if part.__name__ in sys.argv[1:]] or parts
    for part in chosen:
        world = World()
        began = time.monotonic()
        try:
            part(world)
            check(running(world.root + "/work") == [], lambda: f"left: {running(world.root + '/work')}")
            doctor = world.sharedserver("dev", "doctor", "--json", code=None)
            check("no process of this hub without its project" in doctor, doctor)
            print(f"{version}: {part.__name__} passed in {time.monotonic() - began:.0f} s")
        except Exception:
            print(world.sharedserver("info", "@dev", code=None), world.sharedserver("logs", "@dev", code=None))
            raise
        finally:
            world.end()


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"failed: {failure}")
