package dev.sharedserver.dev;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.dev.event.HubEvent;
import dev.sharedserver.dev.event.Subscription;
import dev.sharedserver.dev.process.Ledgers;
import dev.sharedserver.dev.process.Posix;
import dev.sharedserver.dev.project.Projects;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Projects that are no plugins, with the shell as every tool; DevProjectsIT has real ones. */
@Timeout(120)
final class GenericProjectTest {

    private static final Duration LONG = Duration.ofSeconds(40);

    private final Path root;
    private final Path directory;
    private final DevServerManager manager;
    private final Subscription events;
    private final List<String> reloads = new CopyOnWriteArrayList<>();

    GenericProjectTest(@TempDir Path temporary) throws Exception {
        root = temporary.toRealPath();
        directory = Files.createDirectory(root.resolve("shop"));
        manager = new DevServerManager(
                DevServerManager.Setup.of(root.resolve("state"), root.resolve("bin") + ":/usr/bin:/bin"),
                Ledgers.PROC,
                id -> new PluginRef.DevPlugin(true, directory.toString()),
                reloads::add,
                key -> "");
        events = manager.events().subscribe();
        manager.initialize();
    }

    @AfterEach
    void end() throws Exception {
        manager.shutdown();
        Path pids = directory.resolve("pids");
        for (String pid : Files.exists(pids) ? Files.readAllLines(pids) : List.<String>of()) {
            assertFalse(Ledgers.alive(Long.parseLong(pid)), "a process was left");
        }
    }

    private DevServerState start(String json) throws Exception {
        Files.writeString(directory.resolve(Projects.FILE), json);
        return manager.startDevServerForPath("shop", directory.toString());
    }

    private DevServerState state() {
        return manager.getDevServerState("shop");
    }

    private ProjectState project() {
        DevServerState.Extra extra = state().extra();
        return Objects.requireNonNull(Objects.requireNonNull(extra).project());
    }

    private ProjectState.OfProcess process(int number) {
        return project().processes().get(number);
    }

    private ProjectState.OfBuilder builder(int number) {
        return project().builders().get(number);
    }

    private void until(Callable<Boolean> condition) {
        await().atMost(LONG)
                .conditionEvaluationListener(look -> {
                    if (look.getRemainingTimeInMS() < 1000) {
                        System.err.println(state());
                        manager.getDevServerLogs("shop", 50).forEach(System.err::println);
                    }
                })
                .until(condition);
    }

    private List<String> happened(String name) throws Exception {
        List<String> all = new ArrayList<>();
        for (HubEvent event = events.next(0); event != null; event = events.next(0)) {
            if (event.name().equals(name)) {
                all.add(event.data());
            }
        }
        return all;
    }

    private boolean logged(String source, LogEntry.Level level, String text) {
        return manager.getDevServerLogs("shop", 0).stream()
                .anyMatch(entry -> entry.source().equals(source)
                        && entry.level() == level
                        && entry.message().contains(text));
    }

    private int lines(String file) throws IOException {
        Path path = directory.resolve(file);
        return Files.exists(path) ? Files.readAllLines(path).size() : 0;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }

    @Test
    void theFirstProcessIsToldWhereAHostLooksForTheFrontEndAndAllOfThemInExtra() throws Exception {
        DevServerState first = start("""
            {"processes": {
              "web": {"command": "echo $$$$ >>pids; echo up at ${PORT} $MODE; exec sleep 1000", "port": "auto",
                      "env": {"MODE": "quick"}, "ready": {"log": "up at ${PORT} quick$"}},
              "jobs": {"command": "echo $$$$ >>pids; echo working >&2; exec sleep 1000", "dir": "."}
            }}
            """);
        assertEquals(DevServerMode.MANAGED, first.mode());
        until(() -> state().viteStatus() == DevProcessStatus.READY && process(1).status() == DevProcessStatus.RUNNING);
        int port = state().vitePort();
        assertTrue(port >= PortAllocator.PORT_RANGE_START && port < PortAllocator.PORT_RANGE_END);
        assertEquals("http://127.0.0.1:" + port, state().viteURL());
        assertEquals(DevProcessStatus.IDLE, state().goStatus());
        assertEquals("custom", project().profile());
        assertEquals(manager.vitePGID("shop"), process(0).pid());
        assertTrue(Ledgers.alive(process(1).pid()));
        assertEquals(0, process(1).port());
        assertEquals("", process(1).url());
        until(() -> logged("web", LogEntry.Level.INFO, "up at " + port));
        until(() -> logged("jobs", LogEntry.Level.WARN, "working"));

        JsonObject json = JsonParser.parseString(JsonText.of(JsonText.Form.LINE, state()::writeTo))
                .getAsJsonObject();
        assertEquals(
                "{\"name\":\"web\",\"status\":\"ready\",\"pid\":" + process(0).pid() + ",\"port\":" + port
                        + ",\"url\":\"http://127.0.0.1:" + port + "\",\"error\":\"\"}",
                json.getAsJsonObject("extra").getAsJsonArray("processes").get(0).toString());
        assertEquals(
                "[]", json.getAsJsonObject("extra").getAsJsonArray("builders").toString());

        DevServerException refused = assertThrows(DevServerException.class, () -> manager.rebuildPlugin("shop"));
        assertTrue(String.valueOf(refused.getMessage()).contains("nothing that builds"), refused::toString);
    }

    @Test
    void aProcessThatEndsIsReportedAtOnceAndARestartRunsItAgain() throws Exception {
        start("""
            {"processes": {
              "web": {"command": "echo $$$$ >>pids; exec sleep 1000", "port": "auto", "ready": {"log": "never"}},
              "jobs": {"command": "echo $$$$ >>pids; echo ready; exec sleep 1000", "ready": {"log": "ready"}}
            }}
            """);
        until(() -> process(1).status() == DevProcessStatus.READY && lines("pids") == 2);
        assertEquals(0, Posix.kill(-process(1).pid(), Posix.SIGKILL));
        until(() -> process(1).status() == DevProcessStatus.ERROR);
        assertEquals("jobs ended with exit code 137", process(1).error());
        assertEquals(137, process(1).exitCode());
        assertEquals(0, process(1).pid());
        assertEquals("jobs ended with exit code 137", state().lastError());
        int port = state().vitePort();
        manager.restartDevServer("shop");
        until(() -> process(1).status() == DevProcessStatus.READY);
        assertEquals(port, state().vitePort());
        assertNull(process(1).exitCode());
        assertEquals("", state().lastError());
    }

    @Test
    void aProgramThatIsDoneIsNoFailureOneThatShouldServeIs() throws Exception {
        start("""
            {"processes": {
              "once": {"command": "exit 0"},
              "fails": {"command": "exit 3"},
              "serves": {"command": "exit 0", "ready": {"log": "never"}}
            }}
            """);
        until(() -> process(0).status() == DevProcessStatus.STOPPED
                && process(1).status() == DevProcessStatus.ERROR
                && process(2).status() == DevProcessStatus.ERROR);
        assertEquals(0, process(0).exitCode());
        assertEquals("fails ended with exit code 3", process(1).error());
        assertEquals(
                "serves ended with exit code 0 before it was ready", process(2).error());
    }

    @Test
    void whoIsNotReadyInTimeIsSaidToBeLateAndMayStillBecomeReady() throws Exception {
        start("""
            {"processes": {"web": {
              "command": "echo $$$$ >>pids; until [ -e go ]; do sleep 0.05; done; echo up; exec sleep 1000",
              "ready": {"log": "^up$", "timeout": "300ms"}}}}
            """);
        until(() -> state().viteStatus() == DevProcessStatus.ERROR);
        assertEquals("web was not ready in 300 ms", state().lastError());
        Files.createFile(directory.resolve("go"));
        until(() -> state().viteStatus() == DevProcessStatus.READY);
        assertEquals("", state().lastError());
    }

    @Test
    void aPortThatIsTakenIsNoReadiness() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            start("""
                {"processes": {"web": {"command": "touch started; exec sleep 1000", "port": %d,
                                       "ready": {"tcp": "${PORT}"}}}}
                """.formatted(taken.getLocalPort()));
            until(() -> state().viteStatus() == DevProcessStatus.ERROR);
            assertEquals(
                    "web needs port " + taken.getLocalPort() + ", which somebody else listens at", state().lastError());
            assertFalse(Files.exists(directory.resolve("started")));
        }
    }

    @Test
    void whatIsWrongWithTheFileOrAToolIsSaidAndNothingIsLeft() throws Exception {
        DevServerException wrong = assertThrows(DevServerException.class, () -> start("{\"processes\": 1}"));
        assertEquals("omniview:validation", wrong.type());
        assertEquals(
                "sharedserver-dev.json:1:15: processes: an object is expected, {\"NAME\": {\"command\": …}}, not the"
                        + " number 1",
                wrong.getMessage());
        DevServerException tool = assertThrows(
                DevServerException.class,
                () -> start("{\"processes\": {\"a\": {\"command\": [\"no-such-tool\"], \"port\": \"auto\"}}}"));
        assertEquals("omniview:settings/missing-config", tool.type());
        assertEquals("The command 'no-such-tool' is not on PATH.", tool.getMessage());
        DevServerException nowhere = assertThrows(
                DevServerException.class,
                () -> start("{\"processes\": {\"a\": {\"command\": \"x\", \"dir\": \"none\"}}}"));
        assertTrue(String.valueOf(nowhere.getMessage()).contains("none for a to run in"), nowhere::toString);
        assertFalse(manager.isManaged("shop"));
        assertEquals(DevServerState.idle("shop"), state());
    }

    private static final String BUILT = """
        {
          "processes": {
            "app": {"command": ["./run"], "port": "auto", "ready": {"log": "serving"}}
          },
          "builders": {
            "cc": {
              "watch": ["src/**", "*.mk"], "ignore": ["src/gen"],
              "command": ["./build"],
              "parser": "gcc",
              "deploy": {"from": "program", "to": "bin"},
              "restart": ["app"]
            }
          }
        }
        """;

    private void script(String name, String text) throws IOException {
        // renamed into place: what runs may be read while it is written
        Path file = directory.resolve(name + ".new");
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.move(file, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private void save(String file) throws IOException {
        // in one step, which is one change
        Path path = directory.resolve(file);
        Files.createDirectories(path.getParent());
        Path whole = Files.writeString(root.resolve("whole"), Long.toString(System.nanoTime()));
        Files.move(whole, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private void startBuilt() throws Exception {
        script("run", "echo $$ >>pids; echo serving; exec sleep 1000");
        script("build", "echo $$ >>pids; echo x >>builds; echo program >program; chmod 750 program");
        save("src/a.c");
        start(BUILT);
        until(() -> state().goStatus() == DevProcessStatus.READY && state().viteStatus() == DevProcessStatus.READY);
    }

    @Test
    void whatIsBuiltIsDeployedStartedAnewAndLoadedAgain() throws Exception {
        startBuilt();
        assertEquals(
                PosixFilePermissions.fromString("rwxr-x---"),
                Files.getPosixFilePermissions(directory.resolve("bin/program")));
        assertEquals(List.of("shop"), reloads);
        assertTrue(state().grpcConnected());
        assertEquals("gcc", builder(0).parser());
        assertEquals(1, builder(0).buildId());
        assertEquals(state().lastBuildDuration(), builder(0).lastBuildDuration());
        long pid = process(0).pid();
        for (int i = 0; i < 10; i++) {
            save("made/er/file" + i + ".c");
        }
        Files.move(directory.resolve("made"), directory.resolve("src/deep"), StandardCopyOption.ATOMIC_MOVE);
        until(() -> reloads.size() == 2);
        until(() -> process(0).status() == DevProcessStatus.READY && process(0).pid() > 0);
        assertNotEquals(pid, process(0).pid());
        assertFalse(Ledgers.alive(pid));
        assertEquals(2, lines("builds"), "ten files are one build");
        manager.rebuildPlugin("shop");
        until(() -> reloads.size() == 3);
    }

    @Test
    void onlyWhatTheGlobsMeanIsBuilt() throws Exception {
        startBuilt();
        for (String other :
                List.of("README", "src/gen/a.c", "src/.a.c.swp", "src/a.c~", "src/node_modules/x/a.c", "docs/x.mk")) {
            save(other);
        }
        // what comes later is seen later
        save("rules.mk");
        until(() -> logged("cc", LogEntry.Level.DEBUG, "changed: rules.mk"));
        until(() -> builder(0).buildId() == 2);
        List<String> seen = manager.getDevServerLogs("shop", 0).stream()
                .map(LogEntry::message)
                .filter(message -> message.startsWith("changed: "))
                .distinct()
                .toList();
        assertEquals(List.of("changed: rules.mk"), seen);
    }

    @Test
    void errorsAreParsedToldAndClearedAndTheProcessGoesOn() throws Exception {
        startBuilt();
        long pid = process(0).pid();
        happened(DevServerManager.EVENT_ERROR);
        script("build", "echo \"src/a.c:3:5: error: 'x' undeclared\" >&2; echo note; exit 2");
        save("src/a.c");
        until(() -> state().goStatus() == DevProcessStatus.ERROR);
        assertEquals("cc failed with exit code 2: src/a.c:3:5: 'x' undeclared", state().lastError());
        assertEquals(1, builder(0).errors());
        assertEquals(pid, process(0).pid());
        assertTrue(logged("cc", LogEntry.Level.ERROR, "'x' undeclared"));
        assertEquals(
                "[\"shop\",[{\"file\":\"src/a.c\",\"line\":3,\"column\":5,\"message\":\"'x'"
                        + " undeclared\",\"extra\":{\"parser\":\"gcc\",\"path\":\"" + directory + "/src/a.c\"}}]]",
                happened(DevServerManager.EVENT_ERROR).getLast());
        script("build", "echo program >program");
        save("src/a.c");
        until(() -> state().goStatus() == DevProcessStatus.READY);
        assertEquals("[\"shop\",[]]", happened(DevServerManager.EVENT_ERROR).getLast());
        assertEquals("", state().lastError());
        assertEquals(0, builder(0).errors());
    }

    @Test
    void aProcessWaitsForTheFirstGoodBuild() throws Exception {
        script("run", "echo $$ >>pids; echo serving; exec sleep 1000");
        script("build", "exit 1");
        save("src/a.c");
        start(BUILT);
        until(() -> state().goStatus() == DevProcessStatus.ERROR);
        assertEquals(DevProcessStatus.IDLE, state().viteStatus());
        script("build", "echo program >program");
        save("src/a.c");
        until(() -> state().viteStatus() == DevProcessStatus.READY);
    }

    @Test
    void aBuildThatTakesTooLongIsEndedAndAStopEndsOneThatRuns() throws Exception {
        script("build", "echo $$ >>pids; exec sleep 1000");
        script("other", "echo $$ >>pids; touch begun; exec sleep 1000");
        start("""
            {"builders": {"slow": {"watch": ["src"], "command": ["./build"], "timeout": "300ms"},
                          "other": {"watch": ["src"], "command": ["./other"], "reload": false}}}
            """);
        until(() -> builder(0).status() == DevProcessStatus.ERROR);
        assertEquals("the build took longer than 300 ms", builder(0).error());
        // one at a time: the other had to wait for its turn
        until(() -> builder(1).status() == DevProcessStatus.BUILDING && Files.exists(directory.resolve("begun")));
        manager.stopDevServer("shop");
        assertEquals(DevServerState.idle("shop"), state());
    }

    @Test
    void buildersOfOneProjectTakeTurns() throws Exception {
        Files.createDirectory(directory.resolve("src"));
        script("build", "[ -e busy ] && echo two >>both; touch busy; sleep 0.3; rm busy; echo x >>builds");
        start("""
            {"builders": {"a": {"watch": ["src"], "command": ["./build"], "reload": false},
                          "b": {"watch": ["src"], "command": ["./build"], "reload": false}}}
            """);
        until(() -> builder(0).buildId() == 1 && builder(1).buildId() == 1);
        save("src/a");
        until(() -> builder(0).buildId() == 2 && builder(1).buildId() == 2);
        assertEquals(4, lines("builds"));
        assertFalse(Files.exists(directory.resolve("both")));
        assertEquals(List.of(), reloads);
        assertFalse(state().grpcConnected());
    }

    @Test
    void aBuildThatWritesWhatItWatchesIsToldSo() throws Exception {
        script("build", "echo x >>src/made; sleep 1");
        save("src/a");
        start("""
            {"builders": {"loop": {"watch": ["src"], "command": ["./build"], "reload": false}}}
            """);
        until(() -> logged("manager", LogEntry.Level.WARN, "src/made changed while it was built 3 times in a row"));
    }

    @Test
    void whatIsMissingIsInstalledOnceThoughTwoNeedIt() throws Exception {
        script("install", "echo $$ >>pids; sleep 0.2; mkdir deps; echo x >>installs");
        start("""
            {"processes": {"web": {"command": "test -d deps && echo up; exec sleep 1000",
                 "install": {"command": ["./install"], "missing": "deps"}, "ready": {"log": "up"}}},
             "builders": {"check": {"watch": ["src"], "command": "test -d deps", "reload": false,
                 "install": {"command": ["./install"], "missing": "deps"}}}}
            """);
        until(() -> state().viteStatus() == DevProcessStatus.READY && state().goStatus() == DevProcessStatus.READY);
        assertEquals(1, lines("installs"));
        assertTrue(logged("manager", LogEntry.Level.INFO, "no deps: ./install"));
    }

    @Test
    void aFixedPortIsTheOneThatIsNamedAndSeveralFreeOnesDiffer() throws Exception {
        int free = freePort();
        start("""
            {"processes": {"a": {"command": "exec sleep 1000", "port": "auto"},
                           "b": {"command": "exec sleep 1000", "port": "auto"},
                           "c": {"command": "exec sleep 1000", "port": %d}}}
            """.formatted(free));
        until(() -> project().processes().stream().allMatch(process -> process.status() == DevProcessStatus.RUNNING));
        assertEquals(state().vitePort(), process(0).port());
        assertNotEquals(process(0).port(), process(1).port());
        assertEquals(free, process(2).port());
        assertEquals("http://127.0.0.1:" + free, process(2).url());
        assertEquals("", state().viteURL(), "whether it answers nobody knows");
        List<Integer> before =
                project().processes().stream().map(ProjectState.OfProcess::port).toList();
        manager.restartDevServer("shop");
        assertEquals(
                before,
                project().processes().stream().map(ProjectState.OfProcess::port).toList());
    }
}
