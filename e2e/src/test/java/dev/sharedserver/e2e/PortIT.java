package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;

/** Ports: chosen for a server, and held by somebody else. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class PortIT {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final long SELF = ProcessHandle.current().pid();

    /** A web server as people write it down; the shell makes the port of it. */
    private static final String WEB = "exec python3 -m http.server \"$PORT\" --bind 127.0.0.1";

    /** Listens on {@code $PORT}, makes the file {@code up}, and takes its time to end: {@code stopping} tells. */
    private static final String SLOW_TO_LET_GO = """
        import os, signal, socket, sys, time
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", int(os.environ["PORT"])))
        s.listen()
        def end(*_):
            open("stopping", "w").close()
            while not os.path.exists("go"):
                time.sleep(0.02)
            sys.exit()
        signal.signal(signal.SIGTERM, end)
        open("up", "w").close()
        while True:
            time.sleep(0.1)
        """;

    private static ServerSocket listen(InetAddress address, int port) throws IOException {
        ServerSocket socket = new ServerSocket();
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(address, port));
        return socket;
    }

    private static ServerSocket listen(int port) throws IOException {
        return listen(InetAddress.getLoopbackAddress(), port);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = listen(0)) {
            return socket.getLocalPort();
        }
    }

    private static void write(Path directory, String servers) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve(".sharedserver.json"), "{\"servers\": {" + servers + "}}");
    }

    /** Uses a server of the command line for a client of its own, and returns its port. */
    private static int use(Sandbox box, String name, String port, String... command) {
        List<String> argv =
                new ArrayList<>(List.of("use", name, "--pid", "" + box.client().pid(), "--port", port, "--json", "--"));
        argv.addAll(List.of(command));
        return port(box.run(argv.toArray(String[]::new)).ok().isQuiet());
    }

    private static int port(Result use) {
        return use.json().get("port").getAsInt();
    }

    private static void stop(Sandbox box, String name) {
        box.run("stop", name, "--even-if-used").ok();
    }

    // ---- auto

    @Test
    void theCommandLinesProbesKnowTheChosenPort(Sandbox box) {
        String client = "" + box.client().pid();
        for (List<String> probe : List.of(
                List.of("--ready-tcp", "${PORT}"),
                List.of("--ready-tcp", "127.0.0.1:${PORT}"),
                List.of("--ready-http", "http://127.0.0.1:${PORT}/"))) {
            List<String> use = new ArrayList<>(List.of("use", "web", "--pid", client, "--port", "auto", "--json"));
            use.addAll(probe);
            use.addAll(List.of("--shell", "--", WEB));
            Result result = box.run(use.toArray(String[]::new)).ok().isQuiet();
            int port = port(result);
            String scheme = probe.get(0).equals("--ready-http") ? "http" : "tcp";
            assertEquals(
                    scheme + "://127.0.0.1:" + port, result.json().get("url").getAsString());
            assertTrue(Ports.answers(port, "GET / HTTP/1.0", "HTTP/1.0 200"), "it is ready, it said: " + probe);
            stop(box, "web");
        }
        box.run("use", "web", "--pid", client, "--ready-tcp", "${PORT}", "--shell", "--", WEB)
                .exits(64)
                .complains("${PORT}");
        box.run("use", "web", "--pid", client, "--port", "auto", "--ready-tcp", "${PORT}0", "--shell", "--", WEB)
                .exits(64);
    }

    @Test
    void aRealWebServerFindsItsPortInItsEnvironment(Sandbox box) {
        Invocation use = box.command(
                "use", "web", "--pid", "" + box.client().pid(), "--port", "auto", "--json", "--shell", "--", WEB);
        int port = port(use.run().ok().isQuiet());
        assertTrue(port >= 20000 && port < 32768, "below the ports of outgoing connections: " + port);
        Until.holds(LONG, () -> Ports.answers(port, "GET / HTTP/1.0", "HTTP/1.0 200"), "the web server answers");
        assertEquals(port, box.info("web").get("port").getAsInt());
        box.run("info", "web").ok().says("Port:          " + port);
        assertEquals(port, box.requireServerOnDisk("web").get("port").getAsInt());
        Result again = use.run().ok().isQuiet();
        assertEquals(port, port(again), "its own listener is no reason for another one");
        assertEquals("attached", again.json().get("action").getAsString());
    }

    @Test
    void aRealDatabaseOfTheConfigIsReadyOnThePortThatWasChosen(Sandbox box) throws IOException {
        write(box.work(), """
            "cache": {"command": "redis-server", "args": ["--port", "${PORT}", "--save", ""], "port": "auto",
              "gracePeriod": "0s", "ready": {"tcp": "${PORT}"}}
            """);
        Result up =
                box.run("up", "--json", "--pid", "" + box.client().pid()).ok().isQuiet();
        int port = Objects.requireNonNull(up.fleet().get("cache")).get("port").getAsInt();
        assertTrue(Ports.answers(port, "PING", "+PONG"), "it is ready");
        assertEquals(port, box.info("cache").get("port").getAsInt());
        Result use = box.run(
                "use",
                "cache",
                "--config",
                ".sharedserver.json",
                "--json",
                "--pid",
                "" + box.client().pid());
        assertEquals(port, port(use.ok().isQuiet()), "what it would be started with is what runs");
    }

    @Test
    void itIsTheSameOneAfterARestartANewStartAndANewAgent(Sandbox box) {
        int port = use(box, "web", "auto", "sleep", "1000");
        box.run("restart", "web", "--even-if-used").ok();
        assertEquals(port, box.info("web").get("port").getAsInt());
        stop(box, "web");
        assertEquals(port, use(box, "web", "auto", "sleep", "1000"));
        Objects.requireNonNull(box.agent(), "it is awake").kill();
        assertEquals(port, box.info("web").get("port").getAsInt());
        assertEquals(port, use(box, "web", "auto", "sleep", "1000"));
        stop(box, "web");
        assertEquals(port, use(box, "web", "auto", "sleep", "1000"));
    }

    @Test
    void twoCheckoutsHaveTwoPorts(Sandbox box) throws IOException {
        String web = """
            "web": {"command": "sh", "args": ["-c", "%s"], "port": "auto", "scope": "project"}
            """.formatted(WEB.replace("\"", "\\\""));
        Set<Integer> ports = new HashSet<>();
        for (String checkout : List.of("one", "two")) {
            Path directory = box.work().resolve(checkout);
            write(directory, web);
            Invocation use = box.command(
                    "use", "web", "--json", "--pid", "" + box.client().pid());
            int port = port(use.cwd(directory).run().ok().isQuiet());
            ports.add(port);
            Until.holds(LONG, () -> Ports.answers(port, "GET / HTTP/1.0", "HTTP/1.0 200"), "the web server answers");
        }
        assertEquals(2, ports.size());
    }

    @Test
    void twentyThatBeginAtOnceHaveTwentyPorts(Sandbox box) {
        List<Invocation.Running> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            String client = "" + box.client().pid();
            all.add(box.inBackground(
                    box.command("use", "s" + i, "--pid", client, "--port", "auto", "--json", "--", "sleep", "1000")));
        }
        Set<Integer> ports = new HashSet<>();
        for (Invocation.Running one : all) {
            ports.add(port(one.await().ok().isQuiet()));
        }
        assertEquals(20, ports.size(), "none of them listens yet: " + ports);
    }

    @Test
    void aPortThatIsTakenMeanwhileIsPassedOver(Sandbox box) throws IOException {
        int port = use(box, "web", "auto", "sleep", "1000");
        stop(box, "web");
        int other;
        try (ServerSocket stranger = listen(port)) {
            assertTrue(stranger.isBound());
            other = use(box, "web", "auto", "sleep", "1000");
            assertNotEquals(port, other);
        }
        assertEquals(other, use(box, "web", "auto", "sleep", "1000"), "a server that runs keeps what it has");
        stop(box, "web");
        assertEquals(port, use(box, "web", "auto", "sleep", "1000"), "it is free again");
    }

    @Test
    void anAutoPortIsNotThatOfAnotherServerThatListensLater(Sandbox box) {
        int port = use(box, "web", "auto", "sleep", "1000");
        stop(box, "web");
        assertEquals(port, use(box, "late", "" + port, "sleep", "1000"));
        assertNotEquals(port, use(box, "web", "auto", "sleep", "1000"));
    }

    @Test
    void theCommandLinesPortGoesBeforeTheConfigs(Sandbox box) throws IOException {
        int port = freePort();
        write(box.work(), """
            "one": {"command": "sh", "args": ["-c", "echo $PORT ${PORT} >one; exec sleep 1000"], "port": 1},
            "two": {"command": "sh", "args": ["-c", "echo $PORT ${PORT} >two; exec sleep 1000"], "port": 1},
            "three": {"command": "sh", "args": ["-c", "echo $PORT ${PORT} >three; exec sleep 1000"]}
            """);
        String client = "" + box.client().pid();
        box.run("use", "one", "--pid", client, "--port", "" + port).ok().isQuiet();
        Until.holds(LONG, () -> box.lines("one").equals(List.of(port + " " + port)), "it has the port");
        Result auto = box.run("use", "two", "--pid", client, "--port", "auto", "--json")
                .ok()
                .isQuiet();
        String chosen = port(auto) + " " + port(auto);
        Until.holds(LONG, () -> box.lines("two").equals(List.of(chosen)), "it has the port");
        box.run("use", "three", "--pid", client, "--port", "" + freePort()).ok().isQuiet();
        Until.holds(LONG, () -> box.lines("three").size() == 1, "it has a port");
    }

    @Test
    void execFindsItsPortInItsEnvironment(Sandbox box) {
        Result exec = box.run(
                "exec",
                "web",
                "--pid",
                "" + box.client().pid(),
                "--port",
                "auto",
                "--",
                "sh",
                "-c",
                "echo $PORT; \"$SS\" info web --json | grep '\"port\": '\"$PORT\"");
        List<String> lines = exec.ok().isQuiet().out().lines().toList();
        assertEquals(2, lines.size(), exec::toString);
        int port = Integer.parseInt(lines.get(0));
        assertTrue(port >= 20000 && port < 32768, exec::toString);
    }

    @Test
    void aVariableThatIsGivenGoesBeforeThePort(Sandbox box) {
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--port",
                        "auto",
                        "--env",
                        "PORT=mine",
                        "--shell",
                        "--",
                        "echo $PORT >port; exec sleep 1000")
                .ok();
        Until.holds(LONG, () -> box.lines("port").equals(List.of("mine")), "it has what was given");
    }

    // ---- held

    /** One line: what, who, and what to do. */
    private static void assertTold(Result refused, int port, String holder) {
        refused.exits(1)
                .complains("port " + port + " is held by ")
                .complains(holder)
                .complains("choose another port");
        assertEquals(1, refused.err().lines().count(), refused::toString);
        assertEquals("", refused.out(), refused::toString);
    }

    @Test
    void theHolderIsToldBeforeTheServerIsStarted(Sandbox box) throws IOException {
        try (ServerSocket stranger = listen(0)) {
            int port = stranger.getLocalPort();
            String client = "" + box.client().pid();
            Result use = box.run(
                    "use", "web", "--pid", client, "--port", "" + port, "--shell", "--", "touch started; sleep 1000");
            assertTold(use, port, "process " + SELF + " (");
            use.complains("java").complains("127.0.0.1");
            assertTold(
                    box.run("admin", "start", "web", "--port", "" + port, "--", "touch", "started"), port, "" + SELF);
            assertTold(
                    box.run("exec", "web", "--pid", client, "--port", "" + port, "--", "touch", "started"),
                    port,
                    "" + SELF);
            assertFalse(Files.exists(box.work().resolve("started")));
            assertFalse(Files.exists(box.serverFile("web")));
            assertEquals(2, box.check("web"));
            box.run("events", "web").ok().says("start failed").says("port " + port + " is held by process " + SELF);

            write(box.work(), "\"db\": {\"command\": \"sleep\", \"args\": [\"1000\"], \"port\": " + port + "}");
            JsonObject line = Objects.requireNonNull(
                    box.run("up", "--json", "--pid", client).exits(1).fleet().get("db"));
            assertEquals("failed", line.get("action").getAsString());
            assertTrue(line.get("error").getAsString().contains("held by process " + SELF), line::toString);
        }
    }

    @Test
    void aHolderThatIsAServerIsToldByItsName(Sandbox box) throws IOException {
        int port = freePort();
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--port",
                        "" + port,
                        "--ready-tcp",
                        "" + port,
                        "--shell",
                        "--",
                        WEB)
                .ok();
        Result use = box.run("use", "two", "--pid", "" + box.client().pid(), "--port", "" + port, "--", "sleep", "9");
        assertTold(use, port, "server web, process " + box.serverProcess("web").pid() + " (");
        use.complains("http.server " + port).complains("stop that server");
    }

    @Test
    void aListenerOfIpv6AloneIsAHolder(Sandbox box) throws IOException {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
        try (ServerSocket stranger = listen(loopback, 0)) {
            int port = stranger.getLocalPort();
            Result use =
                    box.run("use", "web", "--pid", "" + box.client().pid(), "--port", "" + port, "--", "sleep", "9");
            assertTold(use, port, "process " + SELF);
            use.complains("[::1]");
        }
    }

    @Test
    void aHostileHolderIsShownOnOneLine(Sandbox box) throws IOException {
        int port = freePort();
        box.start(
                "python3",
                "-c",
                "import socket, sys, time\ns = socket.create_server(('127.0.0.1', int(sys.argv[1])))\ntime.sleep(1000)",
                "" + port,
                "\033[31m\nport is free\n" + "x".repeat(5000));
        Until.holds(LONG, () -> isHeld(port), "it listens");
        Result use = box.run("use", "web", "--pid", "" + box.client().pid(), "--port", "" + port, "--", "sleep", "9");
        assertTold(use, port, "process ");
        assertFalse(use.err().contains("\033"), use::toString);
        assertTrue(use.err().length() < 1000, use::toString);
    }

    private static boolean isHeld(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void anotherUsersHolderIsToldByItsUserAlone(Sandbox box) throws IOException {
        Root.must("chmod", "755", box.root().toString());
        Root.giveToNobody(box.work());
        try (ServerSocket stranger = listen(0)) {
            int port = stranger.getLocalPort();
            Result use = box.command("use", "web", "--hold", "1h", "--port", "" + port, "--", "sleep", "1000")
                    .env("SHAREDSERVER_LOCKDIR", box.work().resolve("state").toString())
                    .withProduct(Product.binForOthers())
                    .under(Root.asNobody())
                    .run();
            assertTold(use, port, "a process of uid 0, ");
            assertFalse(use.err().contains("" + SELF), use::toString);
        }
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void rootSeesAnotherUsersHolder(Sandbox box) throws IOException {
        int port = freePort();
        List<String> argv = new ArrayList<>(List.of(Root.asNobody()));
        argv.addAll(List.of("redis-server", "--port", "" + port, "--bind", "127.0.0.1", "--save", ""));
        Stamped redis = box.start(argv.toArray(String[]::new));
        Until.holds(LONG, () -> Ports.answers(port, "PING", "+PONG"), "redis answers");
        Result use = box.run("use", "web", "--pid", "" + box.client().pid(), "--port", "" + port, "--", "sleep", "9");
        assertTold(use, port, "process " + redis.pid() + " of uid 65534 ('redis-server ");
    }

    // ---- held, and what ran before

    @Test
    void anOldRunThatStillListensIsWaitedFor(Sandbox box) throws IOException {
        int port = freePort();
        String[] use = {
            "use",
            "web",
            "--pid",
            "" + box.client().pid(),
            "--port",
            "" + port,
            "--stop-timeout",
            "1m",
            "--",
            "python3",
            "-c",
            SLOW_TO_LET_GO
        };
        box.run(use).ok();
        Until.holds(LONG, () -> Files.exists(box.work().resolve("up")), "it listens");
        Stamped first = box.serverProcess("web");
        Invocation.Running stop = box.inBackground(box.command("stop", "web", "--even-if-used"));
        Until.holds(LONG, () -> Files.exists(box.work().resolve("stopping")), "it is being stopped");
        assertTrue(isHeld(port), "it listens still");
        Invocation.Running again = box.inBackground(box.command(use));
        Until.holds(LONG, () -> box.requireServerOnDisk("web").get("pid").getAsLong() == first.pid(), "it is there");
        Files.createFile(box.work().resolve("go"));
        stop.await().ok();
        again.await().ok().isQuiet().says("Started server web");
        assertNotEquals(first, box.serverProcess("web"));
    }

    @Test
    void aServerThatFailsIsStartedAgainOnceItsPortIsFree(Sandbox box) throws IOException {
        int port = freePort();
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--port",
                        "" + port,
                        "--restart",
                        "on-failure",
                        "--",
                        "sleep",
                        "1000")
                .ok();
        Stamped first = box.serverProcess("web");
        try (ServerSocket stranger = listen(port)) {
            assertTrue(stranger.isBound());
            first.kill();
            String told = "port " + port + " is held by process " + SELF;
            Until.holds(LONG, () -> box.run("events", "web").out().contains(told), "the start is refused");
        }
        Until.holds(LONG, () -> box.check("web") == 0, "it is started again");
        assertNotEquals(first, box.serverProcess("web"));
        assertEquals(port, box.info("web").get("port").getAsInt());
    }

    @Test
    void aRestartThatFindsThePortTakenSaysSo(Sandbox box) throws IOException {
        int port = freePort();
        box.run("use", "web", "--pid", "" + box.client().pid(), "--port", "" + port, "--", "sleep", "1000")
                .ok();
        try (ServerSocket stranger = listen(port)) {
            assertTrue(stranger.isBound());
            assertTold(box.run("restart", "web", "--even-if-used"), port, "process " + SELF);
        }
        assertEquals(2, box.check("web"));
    }
}
