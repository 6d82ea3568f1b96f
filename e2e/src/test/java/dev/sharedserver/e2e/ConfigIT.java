package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The config file: where it is found, what it says, and the verbs that live on it: {@code up}, {@code down}, {@code config}. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class ConfigIT {

    private static final String SLEEP = "\"command\": \"sleep\", \"args\": [\"1000\"]";

    /** Writes a config of these servers into a directory. */
    private static Path write(Path directory, String servers) {
        try {
            Files.createDirectories(directory);
            return Files.writeString(directory.resolve(".sharedserver.json"), "{\"servers\": {" + servers + "}}");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String action(Map<String, JsonObject> lines, String name) {
        JsonObject line = lines.get(name);
        return line == null ? "none" : line.get("action").getAsString();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** Sends a line and returns the first line of the answer, empty if nobody answers. */
    private static String ask(int port, String line) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(5000);
            socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
            StringBuilder answer = new StringBuilder();
            for (int c = socket.getInputStream().read();
                    c > 0 && c != '\r';
                    c = socket.getInputStream().read()) {
                answer.append((char) c);
            }
            return answer.toString();
        } catch (IOException notUpYet) {
            return "";
        }
    }

    private static void awaitFile(Path file) {
        Until.holds(() -> Files.exists(file), file + " is there");
    }

    // ---- up, down

    @Test
    void upBringsRealServersUpInOneCallAndDownLetsThemGo(Sandbox box) throws IOException {
        int web = freePort();
        int redis = freePort();
        write(box.work(), """
            // a web server and its cache
            "web": {
              "command": "python3", "args": ["-m", "http.server", "--bind", "127.0.0.1", "${PORT}"],
              "port": %d, "dependsOn": ["cache"], "gracePeriod": "0s",
            },
            "cache": {"command": "redis-server", "args": ["--port", "${PORT}", "--save", ""], "port": %d, "gracePeriod": "0s"},
            """.formatted(web, redis));
        Stamped client = box.client();
        Result up = box.run("up", "--pid", "" + client.pid(), "--json").ok().isQuiet();
        Map<String, JsonObject> lines = up.fleet();
        assertEquals("started", action(lines, "web"));
        assertEquals("started", action(lines, "cache"));
        assertEquals("cache", lines.keySet().iterator().next(), "what it depends on is told first");
        assertEquals(
                box.info("web").get("pid"),
                Objects.requireNonNull(lines.get("web")).get("pid"));
        Until.holds(() -> ask(redis, "PING").equals("+PONG"), "redis answers");
        Until.holds(() -> ask(web, "GET / HTTP/1.0\r\n").contains("200 OK"), "the web server answers");
        assertEquals("attached", action(box.run("up", "--json").ok().fleet(), "web"));
        assertEquals(2, box.refcount("cache"));

        Result down = box.run("down", "--json").ok();
        assertEquals(List.of("web", "cache"), List.copyOf(down.fleet().keySet()), "the dependent one is left first");
        assertEquals(1, box.refcount("web"));
        client.kill();
        Until.holds(() -> box.check("web") == 2 && box.check("cache") == 2, "both ended with their only client");
        box.run("down").ok().says("is attached to none of them");
    }

    @Test
    void oneThatTakesItsTimeDelaysNobodyElsesAnswer(Sandbox box) throws IOException {
        write(box.work(), """
            "slow": {"command": "sh", "stopTimeout": "1m",
              "args": ["-c", "trap 'while [ ! -e go ]; do sleep 0.02; done; exit' TERM; >up; while :; do sleep 0.02; done"]},
            "after": {%s, "dependsOn": ["slow"]},
            "fast": {%s}
            """.formatted(SLEEP, SLEEP));
        String client = "" + box.client().pid();
        box.run("use", "slow", "--pid", client).ok();
        awaitFile(box.work().resolve("up"));
        Invocation.Running stop = box.inBackground(box.command("stop", "slow", "--even-if-used"));
        Until.holds(() -> box.run("events", "slow").out().contains("stop"), "it is being stopped");
        Invocation.Running up = box.inBackground(box.command("up", "--json", "--pid", client));
        Until.holds(() -> up.outSoFar().contains("\"fast\""), "the fast one is told");
        assertTrue(up.running());
        assertFalse(up.outSoFar().contains("\"slow\"") || up.outSoFar().contains("\"after\""), up::outSoFar);
        assertEquals(2, box.check("after"), "it waits for what it depends on");
        Files.createFile(box.work().resolve("go"));
        stop.await().ok();
        Map<String, JsonObject> lines = up.await().ok().fleet();
        assertEquals("started", action(lines, "slow"));
        assertEquals("started", action(lines, "after"));
    }

    @Test
    void aServerThatFailsHarmsOnlyThoseThatDependOnIt(Sandbox box) {
        write(box.work(), """
            "broken": {"command": "x", "gracePeriod": 5},
            "missing": {"command": "no-such-command"},
            "above": {%s, "dependsOn": ["missing"]},
            "top": {%s, "dependsOn": ["above", "fine"]},
            "fine": {%s}
            """.formatted(SLEEP, SLEEP, SLEEP));
        String client = "" + box.client().pid();
        Result up = box.run("up", "--pid", client).exits(1).says("Started server fine");
        up.complains("command not found: 'no-such-command'");
        up.complains("server above is not started, since missing failed, which it depends on");
        up.complains("server top is not started, since above failed");
        up.complains("servers.broken.gracePeriod: a duration is expected, not the number 5");
        assertEquals(0, box.check("fine"));
        assertEquals(2, box.check("top"));
        Map<String, JsonObject> lines = box.run("up", "fine", "missing", "nobody", "--json", "--pid", client)
                .exits(1)
                .fleet();
        assertEquals(3, lines.size());
        assertEquals("attached", action(lines, "fine"));
        assertEquals("failed", action(lines, "missing"));
        assertTrue(Objects.requireNonNull(lines.get("nobody"))
                .get("error")
                .getAsString()
                .contains("no server 'nobody' is in"));
    }

    @Test
    void upOfANameBringsWhatItDependsOnAndLeavesTheRest(Sandbox box) {
        write(box.work(), """
            "a": {%s, "dependsOn": ["b"]}, "b": {%s, "dependsOn": ["c"], "lazy": true}, "c": {%s}, "d": {%s}
            """.formatted(SLEEP, SLEEP, SLEEP, SLEEP));
        String client = "" + box.client().pid();
        assertEquals(
                List.of("c", "b", "a"),
                List.copyOf(box.run("up", "a", "--json", "--pid", client)
                        .ok()
                        .fleet()
                        .keySet()));
        assertEquals(2, box.check("d"));
        // c was held for b only
        box.run("down", "b", "--pid", client)
                .ok()
                .says("Detached from server b")
                .says("Detached from server c");
        box.run("down", "b", "--pid", client).exits(1).complains("is not attached to server b");
        assertEquals(0, box.check("a"));
        box.use("elsewhere", box.client(), "sleep", "1000");
        box.run("admin", "incref", "elsewhere", "--pid", client).ok();
        Result all = box.run("down", "--all", "--pid", client).ok();
        all.says("server a (refcount: 0").says("server elsewhere (refcount: 1");
        box.run("down", "a", "--all").exits(64).complains("exclude each other");
    }

    @Test
    void aLazyOneIsLeftAloneUnlessItRunsAndASkippedOneIsNotWanted(Sandbox box) {
        write(
                box.work(),
                "\"lazy\": {" + SLEEP + ", \"lazy\": true}, \"other\": {" + SLEEP + ", \"skipIfEnv\": \"OTHER_URL\"}");
        String client = "" + box.client().pid();
        Invocation up = box.command("up", "--pid", client).env("OTHER_URL", "http://x");
        up.run()
                .ok()
                .says("Server lazy is lazy and does not run")
                .says("Server other is skipped, since OTHER_URL is set");
        assertEquals("(no servers)\n", box.run("list").out());
        Invocation use = box.command("use", "other", "--pid", client).env("OTHER_URL", "http://x");
        use.run().ok().says("skipped");
        assertEquals(2, box.check("other"));
        Invocation run = box.command("run", "other", "--", "echo", "ran").env("OTHER_URL", "http://x");
        assertEquals("ran\n", run.run().ok().out());

        box.run("use", "lazy", "--pid", "" + box.client().pid()).ok().says("Started");
        Map<String, JsonObject> lines = box.command("up", "--json", "--pid", client)
                .env("OTHER_URL", "")
                .run()
                .ok()
                .fleet();
        assertEquals("attached", action(lines, "lazy"));
        assertEquals("started", action(lines, "other"), "a variable that is empty is not set");
    }

    // ---- scope

    @Test
    void twoCheckoutsNeverShareAServerByAccident(Sandbox box) throws IOException {
        Path one = box.work().resolve("one");
        Path two = box.work().resolve("two");
        for (Path checkout : List.of(one, two)) {
            write(
                    checkout,
                    "\"web\": {\"command\": \"sh\", \"scope\": \"project\", \"args\": [\"-c\", \"pwd; exec sleep"
                            + " 1000\"]}");
            Files.createDirectories(checkout.resolve("sub"));
        }
        Files.createSymbolicLink(box.work().resolve("link"), one);
        Stamped client = box.client();
        String pid = "" + client.pid();
        Stamped plain = box.serve("web", client);

        box.command("check", "web").cwd(box.work()).run().ok();
        Result first = box.command("use", "web", "--pid", pid).cwd(one).run().ok();
        box.command("up", "--pid", pid).cwd(two.resolve("sub")).run().ok().says("Started server web@");
        String name =
                first.out().substring(first.out().indexOf("web@"), first.out().indexOf(" (PID"));
        assertTrue(name.matches("web@[0-9a-f]{8}"), name);
        Result list = box.run("list").ok();
        assertEquals(4, list.out().lines().count(), list::toString);
        list.says("DIRECTORY").says(one + " ").says(two + " ").says(name);

        // every verb means the own one, wherever in the project
        JsonObject own = box.command("info", "web", "--json")
                .cwd(one.resolve("sub"))
                .run()
                .ok()
                .json();
        assertEquals(name, own.get("name").getAsString());
        assertEquals(one.toString(), own.get("working_dir").getAsString());
        Path linked = box.work().resolve("link/sub");
        assertEquals(
                own, box.command("info", "web", "--json").cwd(linked).run().ok().json(), "a link is no other project");
        Until.holds(() -> box.command("logs", "web").cwd(one).run().out().equals(one + "\n"), "its own log is shown");
        assertEquals(plain.pid(), box.info("web").get("pid").getAsLong(), "elsewhere the name is the plain one's");
        box.command("unuse", "web", "--pid", pid).cwd(one).run().ok();
        assertEquals(1, box.command("check", "web").cwd(one).run().exit());
        assertEquals(0, box.command("check", "web").cwd(two).run().exit());
        box.command("restart", "web").cwd(two).run().exits(1).complains("still used by pid " + pid);
        box.command("stop", "web").cwd(one).run().ok().says("Server " + name + " stopped gracefully");
        box.command("wait", "web", "--for", "stopped").cwd(one).run().ok();
        assertEquals(2, box.command("check", "web").cwd(one).run().exit(), "the plain one is not meant");
        assertTrue(plain.alive());
        box.run("check", name).exits(2);
        box.command("admin", "kill", "web").cwd(two).run().ok();
        assertEquals(List.of("web"), names(box.run("list", "--json")));
    }

    private static List<String> names(Result list) {
        List<String> names = new ArrayList<>();
        for (JsonElement server : list.ok().jsonArray()) {
            names.add(server.getAsJsonObject().get("name").getAsString());
        }
        return names;
    }

    @Test
    void aProjectsServerIsFoundWhileItsFileIsBroken(Sandbox box) throws IOException {
        Path file = write(box.work(), "\"web\": {" + SLEEP + ", \"scope\": \"project\"}");
        String pid = "" + box.client().pid();
        box.run("use", "web", "--pid", pid).ok();
        Files.writeString(file, "{\"servers\": {\"web\": ");
        assertEquals(0, box.check("web"));
        box.run("use", "web", "--pid", pid)
                .exits(1)
                .complains(file + ":1:21: servers.web: a value is expected here, found the end of the file");
        box.run("stop", "web", "--pid", pid).ok();
    }

    @Test
    void aNameMayHoldAnAtSign(Sandbox box) {
        write(box.work(), "\"a@b\": {" + SLEEP + ", \"scope\": \"project\"}, \"c@12345678\": {" + SLEEP + "}");
        String pid = "" + box.client().pid();
        box.run("up", "--pid", pid).ok().says("Started server a@b@").says("Started server c@12345678 ");
        assertEquals(0, box.check("a@b"));
        assertEquals(0, box.check("c@12345678"));
        assertEquals(2, box.check("a"));
    }

    // ---- what a server gets

    @Test
    void variablesGoBeforeEachOtherAndPathsBeginAtTheFile(Sandbox box) throws IOException {
        Path project = Files.createDirectories(box.work().resolve("p"));
        Files.createDirectories(project.resolve("run"));
        Files.writeString(
                project.resolve("my.env"), "# of the file\nexport A=file\nB=file\nC=file\nE=\"two words\" # x\r\n");
        write(project, """
            "web": {
              "command": "sh", "args": ["-c", "echo $A $B $C $D $E $PORT; pwd; exec sleep 1000"],
              "envFile": "my.env", "env": {"B": "config", "C": "config"}, "workingDir": "run",
              "logFile": "out.log", "port": 4711
            }\
            """);
        box.command(
                        "use",
                        "web",
                        "--env",
                        "C=option",
                        "--pid",
                        "" + box.client().pid())
                .cwd(Files.createDirectories(project.resolve("deep/er")))
                .env("A", "caller")
                .env("B", "caller")
                .env("D", "caller")
                .run()
                .ok()
                .isQuiet();
        Until.holds(() -> box.lines("p/out.log").size() == 2, "the server has written");
        assertEquals(
                List.of(
                        "file config option caller two words 4711",
                        project.resolve("run").toString()),
                box.lines("p/out.log"));
    }

    @Test
    void anEnvFileThatCannotBeUsedIsToldWithItsLine(Sandbox box) throws IOException {
        write(box.work(), "\"web\": {" + SLEEP + ", \"envFile\": \"my.env\"}");
        Path file = box.work().resolve("my.env");
        String pid = "" + box.client().pid();
        box.run("use", "web", "--pid", pid).exits(1).complains(file + ": there is no such file");
        Files.writeString(file, "A=1\nB='x\n");
        box.run("use", "web", "--pid", pid).exits(1).complains(file + ":2:3: B: this value does not end in its line");
        box.run("config", "check").exits(1).complains(file + ":2:3: B:");
        Files.write(file, new byte[2 << 20]);
        box.run("use", "web", "--pid", pid).exits(1).complains("it is 2097152 bytes long, at most 1048576 are read");
        Files.delete(file);
        Files.createDirectory(file);
        box.run("use", "web", "--pid", pid).exits(1).complains("this is a directory");
        assertNull(box.serverOnDisk("web"));
    }

    // ---- where it is found

    @Test
    void theFirstConfigThatIsThereReplacesAllOthers(Sandbox box) throws IOException {
        box.run("config", "path").exits(1).complains("there is no config file");
        Path home = Files.createDirectories(box.home().resolve(".config/sharedserver"))
                .resolve("servers.json");
        Path xdg =
                Files.createDirectories(box.home().resolve("xdg/sharedserver")).resolve("servers.json");
        Path folder =
                Files.createDirectories(box.work().resolve(".sharedserver")).resolve("servers.json");
        Path file = box.work().resolve(".sharedserver.json");
        Path below = Files.createDirectories(box.work().resolve("a/b"));
        Path variable = box.home().resolve("variable.json");
        Path option = box.home().resolve("option.json");
        String xdgHome = box.home().resolve("xdg").toString();

        Invocation path = box.command("config", "path").cwd(below);
        assertEquals(home + "\n", path(path, home).out());
        path.env("XDG_CONFIG_HOME", xdgHome);
        assertEquals(xdg + "\n", path(path, xdg).complains("the user's own").out());
        assertEquals(folder + "\n", path(path, folder).complains("upwards").out());
        assertEquals(file + "\n", path(path, file).out());
        path.env("SHAREDSERVER_CONFIG", variable.toString());
        path.run().exits(1).complains("named by $SHAREDSERVER_CONFIG, is not there");
        assertEquals(
                variable + "\n",
                path(path, variable).complains("SHAREDSERVER_CONFIG").out());
        Files.writeString(option, "{\"servers\": {}}");
        JsonObject json = box.command("config", "path", "--json", "--config", "../home/option.json")
                .env("SHAREDSERVER_CONFIG", variable.toString())
                .cwd(box.work())
                .run()
                .ok()
                .json();
        assertEquals("option", json.get("origin").getAsString());
        assertTrue(json.get("path").getAsString().endsWith("/option.json"), json::toString);
        // each is read, too: the right one says what web is
        Invocation use = box.command("use", "web", "--pid", "" + box.client().pid())
                .cwd(below)
                .env("SHAREDSERVER_CONFIG", variable.toString());
        Files.writeString(variable, "{\"servers\": {\"web\": {\"command\": \"sleep\", \"args\": [\"7777\"]}}}");
        use.run().ok();
        assertEquals("7777", box.info("web").getAsJsonArray("command").get(1).getAsString());
    }

    /** Runs it after the file was made. */
    private static Result path(Invocation command, Path file) throws IOException {
        Files.writeString(file, "{\"servers\": {}}");
        return command.run().ok();
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void aStrangersConfigAboveIsNotUsedAndThatIsSaid(Sandbox box) throws IOException {
        Path below = Files.createDirectories(box.work().resolve("mine"));
        Path planted = write(box.work(), "\"web\": {\"command\": \"touch\", \"args\": [\"pwned\"]}");
        Root.giveToNobody(planted);
        Invocation use =
                box.command("use", "web", "--pid", "" + box.client().pid()).cwd(below);
        use.run().exits(1).complains(planted + "' belongs to another user (uid 65534) and is not used");
        box.command("config", "path").cwd(below).run().exits(1).complains("belongs to another user");
        box.command("up").cwd(below).run().exits(1).complains("belongs to another user");
        assertFalse(Files.exists(box.work().resolve("pwned")));
        // a link of theirs to a file of ours, a file of ours in a directory of theirs
        Path ours = write(box.home(), "\"web\": {" + SLEEP + "}");
        Files.delete(planted);
        Files.createSymbolicLink(planted, ours);
        Root.must("chown", "-h", "65534", planted.toString());
        use.run().exits(1).complains("is not used");
        Files.delete(planted);
        Path folder = Files.createDirectories(box.work().resolve(".sharedserver"));
        Files.copy(ours, folder.resolve("servers.json"));
        Root.must("chown", "65534", folder.toString());
        use.run().exits(1).complains("is not used");
        // who trusts it can name it
        box.command(
                        "use",
                        "web",
                        "--config",
                        folder.resolve("servers.json").toString(),
                        "--pid",
                        "" + box.client().pid())
                .cwd(below)
                .run()
                .ok();
    }

    // ---- config check, show

    @Test
    void checkTellsAllProblemsWithTheirPlaces(Sandbox box) {
        Path file = write(box.work(), """

              "web": {"command": "x", "gracePreiod": "5m", "port": 70000},
              "db": {"command": "x", "dependsOn": ["web", "cache"], "env": {"A": "${NOPE}"}},
              "cache": {"command": "x", "dependsOn": ["db"]},
              "idle": {"command": "x", "args": ["${HOME}"]},
            """);
        Result check = box.run("config", "check").exits(1);
        check.complains(file + ":2:56: servers.web.port: a port from 1 to 65535 or \"auto\" is expected, not '70000'");
        check.complains(file + ":2:27: servers.web.gracePreiod: unknown key 'gracePreiod' is ignored, did you mean"
                + " 'gracePeriod'?");
        check.complains(":3:47: servers.db.dependsOn: the servers depend on each other in a circle: db → cache → db");
        check.complains(":3:70: servers.db.env.A: variable NOPE is not set");
        assertEquals(5, check.err().lines().count(), check::toString);
        JsonObject json = box.run("config", "check", "--json").exits(1).json();
        assertFalse(json.get("ok").getAsBoolean());
        assertEquals(1, json.get("servers").getAsInt());
        assertEquals(3, json.getAsJsonArray("errors").size());
        JsonObject first = json.getAsJsonArray("errors").get(0).getAsJsonObject();
        assertEquals(2, first.get("line").getAsInt());
        assertEquals("servers.web.port", first.get("path").getAsString());
        // what is sound is usable, what is broken is not, and a running one is not asked
        String pid = "" + box.client().pid();
        box.run("use", "web", "--pid", pid).exits(1).complains("servers.web.port");
        box.run("use", "idle", "--pid", pid).exits(127).complains("command not found");
        box.run("config", "check", write(box.home(), "\"web\": {" + SLEEP + "}").toString())
                .ok()
                .says(": 1 server, no errors");
        box.run("admin", "doctor").ok().complains("variable NOPE is not set");
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing", "directory", "fifo", "large", "binary", "deep", "comma", "empty", "zero"})
    void aFileThatIsNoConfigIsToldAndHurtsNobody(String what, Sandbox box) throws IOException {
        Path file = box.work().resolve("c.json");
        String expected = switch (what) {
            case "missing" -> "there is no such file";
            case "directory" -> {
                Files.createDirectory(file);
                yield "this is a directory, a file is expected";
            }
            case "fifo" -> {
                Root.must("mkfifo", file.toString());
                yield "this is no regular file, and is not read";
            }
            case "large" -> {
                Files.write(file, new byte[10 << 20]);
                yield "it is 10485760 bytes long, at most 1048576 are read";
            }
            case "binary" -> {
                Files.write(file, new byte[] {'{', '\n', ' ', (byte) 0xff});
                yield ":2:2: this byte is no UTF-8";
            }
            case "deep" -> {
                Files.writeString(file, "{\"servers\":" + "[".repeat(500_000));
                yield ":1:75: servers" + "[0]".repeat(63) + ": more than 64 levels deep";
            }
            case "comma" -> {
                Files.writeString(file, "{\"servers\": {\"web\": {\"command\": \"x\", \"args\": [,]}}}");
                yield ":1:47: servers.web.args[0]: a value is expected, found ','";
            }
            case "empty" -> {
                Files.createFile(file);
                yield ":1:1: a value is expected here, found the end of the file";
            }
            default -> {
                Files.createSymbolicLink(file, Path.of("/dev/zero"));
                yield "this is no regular file, and is not read";
            }
        };
        box.run("config", "check", "c.json")
                .exits(1)
                .complains(file + (expected.startsWith(":") ? "" : ": "))
                .complains(expected);
        String pid = "" + box.client().pid();
        box.run("use", "web", "--config", "c.json", "--pid", pid).exits(1).complains(expected);
        box.run("up", "--config", "c.json", "--pid", pid).exits(1).complains(expected);
        box.run("run", "web", "--config", "c.json", "--", "true").exits(1).complains(expected);
        box.use("web", box.client(), "sleep", "1000");
        assertEquals(0, box.check("web"));
    }

    @Test
    void showTellsWhatTakesEffectAndHidesSecrets(Sandbox box) throws IOException {
        Files.writeString(box.work().resolve("my.env"), "DB_PASSWORD=hunter2\nPLAIN=seen\n");
        write(box.work(), """
            "web": {
              "command": "~/bin/web", "args": ["--api-key", "s3cret", "--token=s3cret", "${TINT:-grey}"],
              "env": {"API_TOKEN": "${MY_TOKEN}", "COLOUR": "${TINT:-grey}"}, "envFile": "my.env",
              "gracePeriod": "90s", "scope": "project", "port": "auto", "stopSignal": "2",
              "ready": {"http": "http://127.0.0.1:${PORT}/", "timeout": "60s"}
            }\
            """);
        Invocation show = box.command("config", "show", "--json").env("MY_TOKEN", "s3cret");
        JsonObject web = show.run().ok().json().getAsJsonObject("servers").getAsJsonObject("web");
        assertEquals(box.home() + "/bin/web", web.get("command").getAsString());
        assertEquals(
                "[\"--api-key\",\"***\",\"--token=***\",\"grey\"]",
                web.get("args").toString());
        assertEquals(
                "{\"DB_PASSWORD\":\"***\",\"PLAIN\":\"seen\",\"API_TOKEN\":\"***\",\"COLOUR\":\"grey\"}",
                web.get("env").toString());
        assertEquals("1m30s", web.get("gracePeriod").getAsString());
        assertEquals("SIGINT", web.get("stopSignal").getAsString());
        assertEquals(
                "{\"http\":\"http://127.0.0.1:${PORT}/\",\"timeout\":\"1m\"}",
                web.get("ready").toString());
        assertTrue(web.get("id").getAsString().matches("web@[0-9a-f]{8}"));
        assertEquals(box.work() + "/my.env", web.get("envFile").getAsString());
        Result text =
                box.command("config", "show").env("MY_TOKEN", "s3cret").run().ok();
        text.says("API_TOKEN=***").says("COLOUR=grey").says("gracePeriod  1m30s");
        assertFalse(text.out().contains("s3cret") || text.out().contains("hunter2"), text::toString);
    }

    @Test
    void whatAVariableHoldsIsNeverExpandedAgain(Sandbox box) {
        write(box.work(), "\"web\": {\"command\": \"sleep\", \"args\": [\"1000\"], \"metadata\": \"~/${X}\"}");
        Path home = box.home().resolve("${X}$$");
        JsonObject json = box.command("config", "show", "--json")
                .env("HOME", home.toString())
                .env("X", "~/${HOME}")
                .run()
                .ok()
                .json();
        assertEquals(
                home + "/~/${HOME}",
                json.getAsJsonObject("servers")
                        .getAsJsonObject("web")
                        .get("metadata")
                        .getAsString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "chek", "check a b", "show x", "path x", "check a --config b", "check ''"})
    void wrongWordsBehindConfigAreUsageErrors(String words, Sandbox box) {
        Result result = box.sh("\"$SS\" config " + words).run().exits(64);
        assertNotEquals("", result.err());
    }

    @Test
    void theSchemaForEditorsIsShipped() throws IOException {
        Path schema = Product.home().resolve("share/sharedserver/servers.schema.json");
        JsonObject json = JsonParser.parseString(Files.readString(schema)).getAsJsonObject();
        assertEquals(
                "http://json-schema.org/draft-07/schema#", json.get("$schema").getAsString());
    }
}
