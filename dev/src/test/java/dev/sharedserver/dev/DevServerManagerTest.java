package dev.sharedserver.dev;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.dev.event.HubEvent;
import dev.sharedserver.dev.event.Subscription;
import dev.sharedserver.dev.process.GroupLedger;
import dev.sharedserver.dev.process.Ledgers;
import dev.sharedserver.dev.process.Posix;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole of it, with tools of paper; ViteAndGoIT has real ones. */
@Timeout(120)
final class DevServerManagerTest {

    private static final Duration LONG = Duration.ofSeconds(40);

    private final Project project;
    private DevServerManager manager;
    private Subscription events;

    DevServerManagerTest(@TempDir Path directory) throws Exception {
        project = new Project(directory);
        manager = project.manager(ServerProcess.READY_PATIENCE);
        events = manager.events().subscribe();
        manager.initialize();
    }

    @AfterEach
    void end() throws Exception {
        manager.shutdown();
        assertFalse(project.runs("npm") || project.runs("go"), "a process was left");
    }

    private DevServerState state() {
        return manager.getDevServerState("k8s");
    }

    private static void until(Callable<Boolean> condition) {
        await().atMost(LONG).until(condition);
    }

    private void startAndAwaitReady() throws Exception {
        manager.startDevServer("k8s");
        until(() -> state().viteStatus() == DevProcessStatus.READY && state().goStatus() == DevProcessStatus.READY);
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

    private boolean logged(LogEntry.Level level, String text) {
        return manager.getDevServerLogs("k8s", 0).stream()
                .anyMatch(entry -> entry.level() == level && entry.message().contains(text));
    }

    @Test
    void aStartEndsWithBothReadyTheProgramInItsPlaceAndThePluginLoaded() throws Exception {
        DevServerState first = manager.startDevServer("k8s");
        assertEquals(DevServerMode.MANAGED, first.mode());
        assertEquals(project.plugin.toString(), first.devPath());
        assertTrue(first.vitePort() >= 15173 && first.vitePort() < 15273);
        startAndAwaitReady();
        DevServerState ready = state();
        assertEquals("http://127.0.0.1:" + ready.vitePort(), ready.viteURL());
        assertTrue(ready.grpcConnected());
        assertTrue(ready.lastBuildDuration() > 0);
        assertTrue(ready.lastBuildTime().startsWith("20"), ready.lastBuildTime());
        assertEquals("", ready.lastError());
        assertEquals(List.of("k8s"), project.reloads);
        Path program = project.state.resolve("plugins/k8s/bin/plugin");
        assertEquals("program\n", Files.readString(program));
        assertEquals("rwxr-x---", PosixFilePermissions.toString(Files.getPosixFilePermissions(program)));
        assertEquals(List.of(ready), manager.listDevServerStates());
        assertTrue(manager.isManaged("k8s"));
        assertTrue(logged(LogEntry.Level.INFO, "Local:"));
        assertEquals(1, project.builds());
        // a state is told of a moment after it can be asked for
        List<String> states = new ArrayList<>();
        until(() -> states.addAll(happened(DevServerManager.EVENT_STATUS))
                && states.getLast().contains("\"viteStatus\":\"ready\",\"goStatus\":\"ready\""));
        assertTrue(states.getFirst().contains("\"viteStatus\":\"idle\",\"goStatus\":\"idle\""), states.getFirst());
        for (int i = 1; i < states.size(); i++) {
            assertFalse(states.get(i).equals(states.get(i - 1)), "an event without a change: " + states.get(i));
        }
    }

    @Test
    void aStopLeavesNothingAndTheStateIsIdle() throws Exception {
        startAndAwaitReady();
        manager.stopDevServer("k8s");
        assertFalse(project.runs("npm"));
        assertEquals(DevServerState.idle("k8s"), state());
        assertEquals(List.of(), manager.listDevServerStates());
        assertFalse(manager.isManaged("k8s"));
        assertFalse(Files.exists(project.state.resolve(GroupLedger.FILE)));
        List<String> states = happened(DevServerManager.EVENT_STATUS);
        assertTrue(states.getLast().contains("\"mode\":\"idle\""), states.getLast());
        assertTrue(states.stream().anyMatch(state -> state.contains("\"viteStatus\":\"stopped\"")), states.toString());
        assertTrue(logged(LogEntry.Level.INFO, "Local:"), "the lines stay");
    }

    @Test
    void tenFilesSavedAtOnceAreOneBuildAndOneReload() throws Exception {
        startAndAwaitReady();
        for (int i = 0; i < 10; i++) {
            project.save("pkg/file" + i + ".go");
        }
        until(() -> project.reloads.size() == 2);
        // what would come later comes within the time in which changes are gathered
        project.save("pkg/last.go");
        until(() -> project.reloads.size() == 3);
        assertEquals(3, project.builds());
    }

    @Test
    void aSaveDuringABuildIsOneMoreBuild() throws Exception {
        startAndAwaitReady();
        project.go("touch begun; while [ ! -e gate ]; do sleep 0.05; done; " + Project.BUILDS);
        manager.rebuildPlugin("k8s");
        until(() -> Files.exists(project.plugin.resolve("begun")));
        project.save("pkg/a.go");
        until(() -> logged(LogEntry.Level.DEBUG, "pkg/a.go"));
        project.save("pkg/b.go");
        until(() -> logged(LogEntry.Level.DEBUG, "pkg/b.go"));
        Files.createFile(project.plugin.resolve("gate"));
        until(() -> project.reloads.size() == 3);
        project.save("pkg/last.go");
        until(() -> project.reloads.size() == 4);
        assertEquals(4, project.builds());
    }

    @Test
    void aFrontEndThatIsKilledAfterItWasReadyIsReportedAtOnce() throws Exception {
        startAndAwaitReady();
        assertEquals(0, Posix.kill(-manager.vitePGID("k8s"), Posix.SIGKILL));
        until(() -> state().viteStatus() == DevProcessStatus.ERROR);
        assertEquals("the front end ended with exit code 137", state().lastError());
        assertEquals("", state().viteURL());
        assertEquals(Integer.valueOf(137), exitCode());
        assertEquals(DevProcessStatus.READY, state().goStatus());
        assertEquals(0, manager.vitePGID("k8s"));
        manager.restartDevServer("k8s");
        startAndAwaitReady();
        assertEquals("", state().lastError());
    }

    private Integer exitCode() {
        DevServerState.Extra extra = state().extra();
        Integer code = extra == null ? null : extra.exitCode();
        return code == null ? -1 : code;
    }

    @Test
    void aFrontEndThatEndsBeforeItIsReadyIsReported() throws Exception {
        project.npm("echo no such thing >&2; exit 3");
        manager.startDevServer("k8s");
        until(() -> state().viteStatus() == DevProcessStatus.ERROR);
        assertEquals("the front end ended with exit code 3 before it was ready", state().lastError());
        assertTrue(logged(LogEntry.Level.ERROR, "no such thing"));
    }

    @Test
    void aFrontEndThatIsLateIsAnErrorUntilItIsReady() throws Exception {
        manager.shutdown();
        manager = project.manager(Duration.ofMillis(200));
        manager.initialize();
        project.npm("while [ ! -e ready ]; do sleep 0.05; done; " + Project.SERVES);
        manager.startDevServer("k8s");
        until(() -> state().viteStatus() == DevProcessStatus.ERROR);
        assertTrue(state().lastError().startsWith("the front end was not ready in "), state().lastError());
        Files.createFile(project.plugin.resolve("ui/ready"));
        until(() -> state().viteStatus() == DevProcessStatus.READY);
        assertEquals("", state().lastError());
    }

    @Test
    void coloursDoNotHideThatItIsReady() throws Exception {
        project.npm("printf '  \\033[32m\\342\\236\\234\\033[39m  \\033[1mLocal\\033[22m:   "
                + "\\033[36mhttp://127.0.0.1:\\033[1m%s\\033[22m/\\033[39m\\n' $port; exec sleep 1000");
        startAndAwaitReady();
    }

    @Test
    void whatIsMissingIsInstalledFirst() throws Exception {
        Files.delete(project.plugin.resolve("ui/node_modules"));
        project.install("echo \"installing, Local: http://127.0.0.1:$port\"; mkdir node_modules");
        startAndAwaitReady();
        assertTrue(logged(LogEntry.Level.INFO, "installing"));
    }

    @Test
    void anInstallThatFailsIsTheEndOfTheStart() throws Exception {
        Files.delete(project.plugin.resolve("ui/node_modules"));
        project.install("exit 9");
        manager.startDevServer("k8s");
        until(() -> state().viteStatus() == DevProcessStatus.ERROR);
        assertEquals("npm install failed with exit code 9", state().lastError());
        assertEquals(1, project.pids("npm").size(), "nothing is served");
    }

    @Test
    void aStopDuringTheInstallCancelsIt() throws Exception {
        Files.delete(project.plugin.resolve("ui/node_modules"));
        project.install("trap 'echo npm error: terminated >&2; exit 1' TERM; touch begun; sleep 1000 & wait");
        manager.startDevServer("k8s");
        until(() -> Files.exists(project.plugin.resolve("ui/begun")));
        manager.stopDevServer("k8s");
        assertFalse(project.runs("npm"));
        assertEquals(DevServerState.idle("k8s"), state());
        assertFalse(logged(LogEntry.Level.ERROR, "npm"), "what it says of our TERM is no error");
        assertFalse(happened(DevServerManager.EVENT_STATUS).toString().contains("\"viteStatus\":\"error\""));
    }

    @Test
    void aStopDuringABuildCancelsIt() throws Exception {
        project.go("touch begun; sleep 1000");
        manager.startDevServer("k8s");
        until(() -> Files.exists(project.plugin.resolve("begun")));
        manager.stopDevServer("k8s");
        assertFalse(project.runs("go"));
        assertEquals(List.of(), project.reloads);
    }

    @Test
    void compilerErrorsAreToldAndTakenBackByTheNextGoodBuild() throws Exception {
        project.go("echo '# example.com/k8s/pkg' >&2; echo 'pkg/main.go:5:2: undefined: x' >&2; exit 2");
        manager.startDevServer("k8s");
        until(() -> state().goStatus() == DevProcessStatus.ERROR);
        assertEquals("go build failed with exit code 2: pkg/main.go:5:2: undefined: x", state().lastError());
        assertFalse(state().grpcConnected());
        assertEquals(
                List.of("[\"k8s\",[{\"file\":\"pkg/main.go\",\"line\":5,\"column\":2,\"message\":\"undefined: x\","
                        + "\"extra\":{\"parser\":\"go\",\"path\":\"" + project.plugin + "/pkg/main.go\"}}]]"),
                happened(DevServerManager.EVENT_ERROR));
        project.go(Project.BUILDS);
        project.save("pkg/main.go");
        until(() -> state().goStatus() == DevProcessStatus.READY);
        assertEquals("", state().lastError());
        assertEquals(List.of("[\"k8s\",[]]"), happened(DevServerManager.EVENT_ERROR));
    }

    @Test
    void aFailureWithoutAComplaintIsAnErrorAllTheSame() throws Exception {
        project.go("exit 1");
        manager.startDevServer("k8s");
        until(() -> state().goStatus() == DevProcessStatus.ERROR);
        assertEquals(
                List.of("[\"k8s\",[{\"file\":\"\",\"line\":0,\"column\":0,"
                        + "\"message\":\"go build failed with exit code 1\"}]]"),
                happened(DevServerManager.EVENT_ERROR));
    }

    @Test
    void aPluginThatIsNotLoadedAgainIsNotConnected() throws Exception {
        project.reloadFails("it panicked");
        startAndAwaitReady();
        assertFalse(state().grpcConnected());
        assertEquals("the plugin was built, but not loaded again: it panicked", state().lastError());
    }

    @Test
    void aLineOfAMebibyteComesWhole() throws Exception {
        project.npm("head -c 1048576 /dev/zero | tr '\\0' x; echo; " + Project.SERVES);
        startAndAwaitReady();
        int length = manager.getDevServerLogs("k8s", 0).stream()
                .filter(entry -> entry.message().startsWith("xxx"))
                .mapToInt(entry -> entry.message().length())
                .sum();
        assertEquals(1 << 20, length);
    }

    @Test
    void ofManyLinesTheNewestAreKeptAndAllAreTold() throws Exception {
        project.npm("seq 0 5999 | sed 's/^/line /'; " + Project.SERVES);
        startAndAwaitReady();
        until(() -> manager.getDevServerLogs("k8s", 0).size() == LogRingBuffer.DEFAULT_CAPACITY);
        List<String> batches = happened(DevServerManager.EVENT_LOG);
        assertTrue(batches.toString().contains("\"line 0\""), "the first line was told");
        assertTrue(batches.size() < 600, "lines come in batches, not in " + batches.size() + " events");
        assertEquals(3, manager.getDevServerLogs("k8s", 3).size());
    }

    @ParameterizedTest
    @CsvSource({
        "nobody, 404, omniview:plugin/not-found",
        "released, 422, omniview:validation",
        "lost, 422, omniview:validation",
        "../k8s, 422, omniview:validation",
        "'', 422, omniview:validation"
    })
    void aStartThatMakesNoSenseIsRefused(String id, int status, String type) {
        DevServerException problem = assertThrows(DevServerException.class, () -> manager.startDevServer(id));
        assertEquals(status + " " + type, problem.status() + " " + problem.type());
        assertEquals(DevServerState.idle(id), manager.getDevServerState(id));
    }

    @Test
    void aDirectoryThatIsNoPluginIsRefused() throws Exception {
        Files.delete(project.plugin.resolve("pkg"));
        DevServerException problem = assertThrows(DevServerException.class, () -> manager.startDevServer("k8s"));
        assertEquals("omniview:plugin/build-failed", problem.type());
        for (String path : List.of("relative", "/no/such/directory", "")) {
            problem = assertThrows(DevServerException.class, () -> manager.startDevServerForPath("k8s", path));
            assertEquals("omniview:validation", problem.type());
        }
        assertEquals(List.of(), manager.listDevServerStates());
    }

    @Test
    void aToolThatIsMissingIsNamed() throws Exception {
        Files.delete(project.root.resolve("bin/npm"));
        Files.createFile(project.plugin.resolve("ui/yarn.lock"));
        DevServerException problem = assertThrows(DevServerException.class, () -> manager.startDevServer("k8s"));
        assertEquals("omniview:settings/missing-config", problem.type());
        assertTrue(String.valueOf(problem.getMessage()).contains("'yarn'"), problem.getMessage());
    }

    @Test
    void whereNothingRunsThereIsNothingToStopRestartOrBuild() {
        for (Executable request : List.<Executable>of(
                () -> manager.stopDevServer("k8s"),
                () -> manager.restartDevServer("k8s"),
                () -> manager.rebuildPlugin("k8s"))) {
            assertEquals(422, assertThrows(DevServerException.class, request).status());
        }
    }

    @Test
    void aRestartKeepsPathAndPort() throws Exception {
        DevServerState first = manager.startDevServerForPath("unknown-yet", project.plugin.toString());
        DevServerState again = manager.restartDevServer("unknown-yet");
        assertEquals(first.devPath(), again.devPath());
        assertEquals(first.vitePort(), again.vitePort());
        until(() -> manager.getDevServerState("unknown-yet").viteStatus() == DevProcessStatus.READY);
    }

    @Test
    void aSecondStartIsTheFirst() throws Exception {
        startAndAwaitReady();
        DevServerState ready = state();
        assertEquals(ready, manager.startDevServer("k8s"));
        assertEquals(1, project.pids("npm").size());
    }

    @Test
    void aPluginThatIsRunByHandCountsMoreAndIsListedOnce() throws Exception {
        startAndAwaitReady();
        try (ServerSocket socket = new ServerSocket(0, 5, InetAddress.ofLiteral("127.0.0.1"))) {
            Path file = project.state.resolve("plugins/k8s/" + ExternalWatcher.FILE);
            Files.writeString(
                    file,
                    "{\"pid\": " + ProcessHandle.current().pid() + ", \"addr\": \"127.0.0.1:" + socket.getLocalPort()
                            + "\"}");
            until(() -> state().mode() == DevServerMode.EXTERNAL);
            assertEquals(List.of(state()), manager.listDevServerStates());
            assertTrue(manager.getExternalPluginInfo("k8s") != null);
            Files.delete(file);
            until(() -> state().mode() == DevServerMode.MANAGED);
        }
    }

    @Test
    void aHubThatIsKilledDuringItsFirstBuildLeavesNothingAfterTheNextStart() throws Exception {
        manager.shutdown();
        project.go("touch begun; sleep 1000");
        // one that speaks when nobody hears it any more would end of that
        project.npm("echo \"  Local:   http://127.0.0.1:$port/\"; touch spoken; exec sleep 1000");
        Process hub = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledHub.class.getName(),
                        project.root.toString())
                .inheritIO()
                .start();
        try {
            until(() ->
                    Files.exists(project.plugin.resolve("begun")) && Files.exists(project.plugin.resolve("ui/spoken")));
            assertThrows(IOException.class, () -> Ledgers.open(project.state), "it has the directory");
        } finally {
            hub.destroyForcibly().waitFor();
        }
        assertTrue(project.runs("npm") && project.runs("go"), "they outlive the hub");
        manager = project.manager(ServerProcess.READY_PATIENCE);
        manager.initialize();
        assertFalse(project.runs("npm") || project.runs("go"));
        assertFalse(Files.exists(project.state.resolve(GroupLedger.FILE)));
    }
}
