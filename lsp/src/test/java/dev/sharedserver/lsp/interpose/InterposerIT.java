package dev.sharedserver.lsp.interpose;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import dev.sharedserver.os.ProcStat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What may be in the way, with a server that notices everything. */
class InterposerIT {

    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofSeconds(1);

    private static @Nullable TinyServer tiny;

    private final Path directory;
    private final Interposer interposer = new Interposer();
    private final List<Editor> editors = new ArrayList<>();

    InterposerIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @BeforeAll
    static void compile(@TempDir Path shared) throws Exception {
        tiny = TinyServer.compiled(shared);
    }

    @AfterEach
    void end() {
        editors.forEach(Editor::close);
    }

    private static List<String> tiny(String... words) {
        if (tiny == null) {
            throw new IllegalStateException("not compiled");
        }
        return tiny.command(words);
    }

    private Editor editor(String stdio, List<String> command) throws IOException {
        Editor editor = new Editor(directory, stdio, command);
        editors.add(editor);
        return editor;
    }

    private static void answers(Client client, String what) {
        assertEquals("{\"echo\":\"" + what + "\"}", String.valueOf(client.ask(what, "{}")));
    }

    @ParameterizedTest(name = "{0} on {1}")
    @CsvSource({"read,pipe", "poll,sockets", "epoll,socket", "epoll-timeout,pipe", "epoll,sockets"})
    void aStaticStrippedServerNoticesNothing(String mode, String stdio) throws Exception {
        Editor editor = editor(stdio, tiny(mode));
        answers(editor.client(), "before");
        Target before = Target.of(editor.server());
        for (int i = 0; i < 2; i++) {
            try (Relay relay = Relay.attach(interposer, editor.server(), directory)) {
                answers(editor.client(), "during");
                answers(relay.client(), "new");
                relay.detach();
            }
            assertEquals(before, Target.of(editor.server()));
            answers(editor.client(), "after");
        }
    }

    @ParameterizedTest(name = "{0} on {1}")
    @CsvSource({"read,pipe", "epoll,sockets"})
    void gdbDoesTheSame(String mode, String stdio) throws Exception {
        Editor editor = editor(stdio, tiny(mode, "threads"));
        answers(editor.client(), "before");
        Target before = Target.of(editor.server());
        List<Path> fifos = Relay.fifos(directory);
        for (int i = 0; i < 2; i++) {
            try (Relay relay = new Relay(
                    interposer.interpose(editor.server(), 0, fifos.get(0), fifos.get(1), LONG, Via.GDB), fifos)) {
                answers(editor.client(), "during");
                answers(relay.client(), "new");
                relay.detach();
            }
            assertEquals(before, Target.of(editor.server()));
            answers(editor.client(), "after");
        }
    }

    @Test
    void aServerWithFewDescriptorsIsAttachedTo() throws Exception {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 40; exec \"$@\"", "sh"));
        command.addAll(tiny("epoll"));
        Editor editor = editor("pipe", command);
        answers(editor.client(), "before");
        Target before = Target.of(editor.server());
        try (Relay relay = Relay.attach(interposer, editor.server(), directory)) {
            answers(relay.client(), "new");
            relay.detach();
        }
        assertEquals(before, Target.of(editor.server()));
        answers(editor.client(), "after");
    }

    @ParameterizedTest
    @ValueSource(strings = {"signals", "threads"})
    void neitherSignalsNorNewThreadsAreLostOrSeen(String trouble) throws Exception {
        Editor editor = editor("sockets", tiny("epoll", trouble));
        for (int i = 0; i < 10; i++) {
            try (Relay relay = Relay.attach(new Interposer(Duration.ZERO), editor.server(), directory)) {
                answers(editor.client(), "during");
                answers(relay.client(), "new");
                relay.detach();
            }
            answers(editor.client(), "after");
        }
        assertEquals("TracerPid:\t0", Target.of(editor.server()).tracer());
    }

    @Test
    void manyRoundsLeaveNothingBehind() throws Exception {
        Editor editor = editor("pipe", tiny("epoll", "threads"));
        answers(editor.client(), "before");
        Target before = Target.of(editor.server());
        List<Path> fifos = Relay.fifos(directory);
        rounds(2, editor, fifos); // loads the classes, whose archives stay open
        long ours = descriptors("self");
        rounds(200, editor, fifos);
        assertEquals(before, Target.of(editor.server()));
        Waiting.until(LONG, "as many descriptors of ours as before", () -> descriptors("self") <= ours);
        Waiting.until(
                LONG,
                "the end of the tracing threads",
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().endsWith("-" + editor.server())));
        answers(editor.client(), "after");
    }

    private static void rounds(int count, Editor editor, List<Path> fifos) throws Exception {
        Interposer quick = new Interposer(Duration.ZERO);
        for (int i = 0; i < count; i++) {
            Interposed interposed = quick.interpose(editor.server(), 0, fifos.get(0), fifos.get(1), LONG);
            interposed.restore();
            interposed.park();
        }
    }

    private static long descriptors(String process) throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc", process, "fd"))) {
            return all.count();
        }
    }

    @Test
    void aNewHubTakesUpWhatADeadOneLeft() throws Exception {
        Editor editor = editor("sockets", tiny("poll"));
        answers(editor.client(), "before");
        Target before = Target.of(editor.server());
        List<Path> fifos = Relay.fifos(directory);
        Process doomed = doomed(editor, fifos);
        Attachment record = new Gson().fromJson(doomed.inputReader().readLine(), Attachment.class);
        assertTrue(doomed.inputReader().readLine().startsWith("done"));
        doomed.destroyForcibly().waitFor(); // kill -9
        CompletableFuture<JsonObject> meanwhile = editor.client().asking("meanwhile", "{}");

        try (Relay relay = new Relay(new Interposer().resume(record), fifos)) {
            answers(relay.client(), "new");
            assertEquals(
                    "{\"echo\":\"meanwhile\"}", String.valueOf(editor.client().await(meanwhile, "meanwhile")));
            relay.detach();
        }
        assertEquals(before, Target.of(editor.server()));
        answers(editor.client(), "after");
        Refusal refusal = assertThrows(Refusal.class, () -> new Interposer().resume(record));
        assertEquals(Reason.FAILED, refusal.reason());
    }

    private static Process doomed(Editor editor, List<Path> fifos) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        DoomedHub.class.getName(),
                        Long.toString(editor.server()),
                        fifos.get(0).toString(),
                        fifos.get(1).toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    @Test
    void aHubThatIsKilledBeforeTheEditorHasAnsweredIsSucceeded() throws Exception {
        Editor editor = editor("pipe", tiny("read"));
        answers(editor.client(), "before");
        Target before = Target.of(editor.server());
        editor.client().mute(); // so that it waits for an answer
        List<Path> fifos = Relay.fifos(directory);
        Process doomed = doomed(editor, fifos);
        Attachment record = new Gson().fromJson(doomed.inputReader().readLine(), Attachment.class);
        Waiting.until(LONG, "the FIFOs in their places", () -> {
            Target now = Target.of(editor.server());
            return now.tracer().equals("TracerPid:\t0") && !now.equals(before) && isOn(now, fifos);
        });
        assertTrue(doomed.isAlive(), "it waits for the editor");
        doomed.destroyForcibly().waitFor(); // kill -9
        try (Relay relay = new Relay(new Interposer().resume(record), fifos)) {
            answers(relay.client(), "new");
            answers(editor.client(), "during");
            relay.detach();
        }
        assertEquals(before, Target.of(editor.server()));
        answers(editor.client(), "after");
    }

    private static boolean isOn(Target target, List<Path> fifos) {
        return String.valueOf(target.descriptors().get(0))
                        .startsWith(fifos.get(0).toString())
                && String.valueOf(target.descriptors().get(1))
                        .startsWith(fifos.get(1).toString());
    }

    @ParameterizedTest
    @CsvSource({"INJECT,read,pipe", "INJECT,epoll,sockets", "GDB,poll,pipe"})
    void whatCannotBeWrittenDownIsNotDone(Via via, String mode, String stdio) throws Exception {
        Editor editor = editor(stdio, tiny(mode));
        answers(editor.client(), "before");
        Target before = Target.of(editor.server());
        List<Path> fifos = Relay.fifos(directory);
        List<Attachment> told = new ArrayList<>();
        Refusal refusal = assertThrows(
                Refusal.class,
                () -> interposer.interpose(editor.server(), 0, fifos.get(0), fifos.get(1), LONG, via, attachment -> {
                    told.add(attachment);
                    assertFalse(isOn(Target.of(editor.server()), fifos), "nothing is done before");
                    throw new IOException("no room");
                }));
        assertEquals(Reason.NOT_RECORDED, refusal.reason());
        assertTrue(String.valueOf(refusal.getMessage()).contains("no room"), refusal::getMessage);
        assertEquals(before, Target.of(editor.server()));
        assertEquals(2, told.getFirst().swapped().size());
        answers(editor.client(), "after");
        // and what it was told is what is done
        try (Relay relay = new Relay(
                interposer.interpose(editor.server(), 0, fifos.get(0), fifos.get(1), LONG, via, told::add), fifos)) {
            assertEquals(told.getLast(), relay.interposed().attachment());
            answers(relay.client(), "new");
            relay.detach();
        }
        assertEquals(before, Target.of(editor.server()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pipe", "sockets", "pty"})
    void aServerOutlivesItsEditorOnTheFifos(String stdio) throws Exception {
        Editor editor = editor(stdio, tiny("read"));
        answers(editor.client(), "before");
        List<Path> fifos = Relay.fifos(directory);
        Interposed interposed = interposer.interpose(editor.server(), 0, fifos.get(0), fifos.get(1), LONG);
        try (Relay relay = new Relay(interposed, fifos)) {
            assertTrue(interposed.oldClientLives());
            editor.die();
            Waiting.until(LONG, "the end of the editor", () -> !interposed.oldClientLives());
            Refusal refusal = assertThrows(Refusal.class, interposed::restore);
            assertEquals(Reason.STDIO, refusal.reason());
            answers(relay.client(), "alone");
            interposed.park();
        }
        assertTrue(editor.serverLives());
        // there is no second hub on the same FIFOs at the same time, but a later one
        try (Relay later = new Relay(new Interposer().resume(interposed.attachment()), fifos)) {
            answers(later.client(), "later");
        }
        assertTrue(editor.serverLives());
    }

    @Test
    void halfAMessageInTheServersMemoryIsNotBrokenIntoTwo() throws Exception {
        Editor editor = editor("pipe", tiny("read"));
        answers(editor.client(), "before");
        Target before = Target.of(editor.server());
        String message =
                "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"Content-Length: 5\",\"none\":\"" + "x".repeat(200) + "\"}";
        String framed = "Content-Length: " + message.length() + "\r\n\r\n" + message;
        editor.client().mute();
        editor.send(framed.substring(0, 60));
        List<Path> fifos = Relay.fifos(directory);
        Refusal refusal = assertThrows(
                Refusal.class, () -> interposer.interpose(editor.server(), 0, fifos.get(0), fifos.get(1), SHORT));
        assertEquals(Reason.BUSY, refusal.reason());
        assertEquals(before, Target.of(editor.server()));

        // and an editor that goes on after all is attached to: nothing comes between the halves
        CompletableFuture<Relay> attaching = CompletableFuture.supplyAsync(() -> {
            try {
                return new Relay(interposer.interpose(editor.server(), 0, fifos.get(0), fifos.get(1), LONG), fifos);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        Waiting.until(LONG, "the FIFOs in their places", () -> !before.equals(Target.of(editor.server())));
        CompletableFuture<JsonObject> seventh = editor.client().expecting("7");
        editor.send(framed.substring(60));
        editor.client().answer();
        try (Relay relay = attaching.get(30, TimeUnit.SECONDS)) {
            assertEquals(
                    "{\"echo\":\"Content-Length: 5\"}",
                    String.valueOf(editor.client().await(seventh, "7")));
            answers(relay.client(), "new");
            relay.detach();
        }
        assertEquals(before, Target.of(editor.server()));
        answers(editor.client(), "after");
    }

    @Test
    void aServerThatReadsNotIsBusy() throws Exception {
        Editor editor = editor(
                "pipe", List.of("python3", "-c", "import os; os.execvp('sleep', ['busy-language-server', '1000'])"));
        Waiting.until(LONG, "its name", () -> isServer(editor));
        refused(editor, Reason.BUSY, 0);
        editor.send("x");
        refused(editor, Reason.BUSY, 0);
    }

    @Test
    void anotherProcessOfTheSameNumberIsRefused() throws Exception {
        Editor editor = editor("pipe", tiny("read"));
        answers(editor.client(), "before");
        long stamp = stat(editor).startTime();
        refused(editor, Reason.RECYCLED, stamp + 1);
        refused(editor, Reason.RECYCLED, stamp - 1);
        answers(editor.client(), "after");
    }

    @Test
    void aProcessThatIsGoneIsRefused() throws Exception {
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        List<Path> fifos = Relay.fifos(directory);
        Refusal refusal = assertThrows(
                Refusal.class, () -> interposer.interpose(ended.pid(), 0, fifos.get(0), fifos.get(1), SHORT));
        assertEquals(Reason.GONE, refusal.reason());
    }

    @Test
    void whatIsNoLanguageServerIsRefused() throws Exception {
        refused(editor("pipe", List.of("sleep", "1000")), Reason.NOT_A_LANGUAGE_SERVER, 0);
    }

    @Test
    void aServerOfSomebodyElseIsRefused() throws Exception {
        boolean root = Files.isWritable(Path.of("/proc/1/oom_score_adj"));
        List<String> command = new ArrayList<>(List.of("setpriv", "--reuid=65534", "--clear-groups"));
        command.addAll(List.of("sh", "-c", "exec sleep 1000", "a-language-server"));
        long pid = root ? editor("pipe", command).server() : 1;
        Waiting.until(
                LONG,
                "another user",
                () -> Facts.PROC.uid(pid)
                        != Facts.PROC.uid(ProcessHandle.current().pid()));
        List<Path> fifos = Relay.fifos(directory);
        Refusal refusal =
                assertThrows(Refusal.class, () -> interposer.interpose(pid, 0, fifos.get(0), fifos.get(1), SHORT));
        assertEquals(Reason.NOT_OWNER, refusal.reason());
    }

    @Test
    void aServerThatDoesNotWantToBeLookedIntoIsRefused() throws Exception {
        Editor editor = editor("pipe", tiny("read", "hidden"));
        answers(editor.client(), "before");
        refused(editor, Reason.NON_DUMPABLE, 0);
        answers(editor.client(), "after");
    }

    @Test
    void aStoppedServerIsRefused() throws Exception {
        Editor editor = editor("pipe", tiny("read"));
        answers(editor.client(), "before");
        signal(editor, "-STOP");
        Waiting.until(LONG, "the stop", () -> stat(editor).state() == 'T');
        refused(editor, Reason.STOPPED, 0);
        assertEquals('T', stat(editor).state());
        signal(editor, "-CONT");
        answers(editor.client(), "after");
    }

    @Test
    void aTracedServerIsRefused() throws Exception {
        Editor editor = editor("pipe", tiny("read"));
        answers(editor.client(), "before");
        Process strace = new ProcessBuilder("strace", "-o", "/dev/null", "-p", Long.toString(editor.server()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            Waiting.until(LONG, "the tracer", () -> new Facts(editor.server()).tracer() != 0);
            refused(editor, Reason.TRACED, 0);
            assertEquals(strace.pid(), new Facts(editor.server()).tracer());
        } finally {
            strace.destroy();
            strace.waitFor();
        }
        answers(editor.client(), "after");
    }

    @Test
    void aServerOnAFileIsRefused() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        Editor editor = editor("pipe", List.of("python3", "-c", """
            import os, sys
            os.dup2(os.open(sys.argv[1], os.O_RDWR), 1)
            os.execv(sys.argv[2], sys.argv[2:])
            """, file.toString(), tiny().getFirst(), "read"));
        Waiting.until(
                LONG,
                "its file",
                () -> file.toRealPath().toString().equals(new Facts(editor.server()).link(1)) && isServer(editor));
        refused(editor, Reason.STDIO, 0);
    }

    @Test
    void aChildOfOursIsRefused() throws Exception {
        Process child = new ProcessBuilder(tiny("read")).start();
        try {
            List<Path> fifos = Relay.fifos(directory);
            Refusal refusal = assertThrows(
                    Refusal.class, () -> interposer.interpose(child.pid(), 0, fifos.get(0), fifos.get(1), SHORT));
            assertEquals(Reason.OWN_CHILD, refusal.reason());
        } finally {
            child.destroyForcibly();
        }
    }

    @Test
    void fifosThatTheServerCannotOpenAreRefused() throws Exception {
        Editor editor = editor("pipe", tiny("epoll"));
        answers(editor.client(), "before");
        Target before = Target.of(editor.server());
        Path in = Relay.fifos(directory).get(0);
        Refusal refusal = assertThrows(
                Refusal.class, () -> interposer.interpose(editor.server(), 0, in, directory.resolve("none"), LONG));
        assertEquals(Reason.FAILED, refusal.reason());
        // the first of the two had been put in its place, with what epoll knows of it
        assertEquals(before, Target.of(editor.server()));
        answers(editor.client(), "after");
    }

    @Test
    void aServerThatIsKilledMeanwhileHarmsNobody() throws Exception {
        Interposer quick = new Interposer(Duration.ZERO);
        for (int i = 0; i < 12; i++) {
            Editor editor = editor("pipe", tiny("epoll", "threads"));
            answers(editor.client(), "before");
            List<Path> fifos = Relay.fifos(directory);
            int delay = i * 3;
            CompletableFuture<Void> killing = CompletableFuture.runAsync(() -> {
                try {
                    Thread.sleep(delay);
                    signal(editor, "-KILL");
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            try {
                while (true) {
                    Interposed interposed = quick.interpose(editor.server(), 0, fifos.get(0), fifos.get(1), LONG);
                    try {
                        interposed.restore();
                    } finally {
                        interposed.park();
                    }
                }
            } catch (Refusal refusal) {
                assertEquals(Reason.GONE, refusal.reason(), refusal.getMessage());
            }
            killing.join();
            // its parent hears of it: we keep no zombie
            Waiting.until(LONG, "the end of the server", () -> Facts.PROC.stat(editor.server()) == null);
        }
    }

    @Test
    void aWaitForAMomentCanBeInterrupted() throws Exception {
        Editor editor = editor("pipe", tiny("read"));
        answers(editor.client(), "before");
        Target before = Target.of(editor.server());
        editor.client().mute();
        List<Path> fifos = Relay.fifos(directory);
        CompletableFuture<Throwable> result = new CompletableFuture<>();
        Thread waiting = Thread.ofPlatform().start(() -> {
            try {
                interposer.interpose(editor.server(), 0, fifos.get(0), fifos.get(1), LONG);
            } catch (Throwable thrown) {
                result.complete(thrown);
            }
        });
        Waiting.until(LONG, "the question", () -> !before.equals(Target.of(editor.server())));
        waiting.interrupt();
        assertEquals(
                InterruptedException.class, result.get(30, TimeUnit.SECONDS).getClass());
        assertEquals(before, Target.of(editor.server()));
        editor.client().answer();
        answers(editor.client(), "after");
    }

    private static ProcStat stat(Editor editor) {
        return Objects.requireNonNull(Facts.PROC.stat(editor.server()), "the server is gone");
    }

    private static boolean isServer(Editor editor) {
        List<String> argv = Facts.PROC.cmdline(editor.server());
        return argv != null && ServerType.of(argv) != null;
    }

    private static void signal(Editor editor, String signal) throws Exception {
        Process kill = new ProcessBuilder("kill", signal, Long.toString(editor.server()))
                .inheritIO()
                .start();
        assertEquals(0, kill.waitFor());
    }

    private void refused(Editor editor, Reason reason, long startStamp) throws Exception {
        Target before = Target.of(editor.server());
        List<Path> fifos = Relay.fifos(directory);
        Refusal refusal = assertThrows(
                Refusal.class,
                () -> interposer.interpose(editor.server(), startStamp, fifos.get(0), fifos.get(1), SHORT));
        assertEquals(reason, refusal.reason(), refusal.getMessage());
        assertEquals(reason.exitCode(), refusal.exitCode());
        assertEquals(before, Target.of(editor.server()));
        assertTrue(editor.serverLives());
        assertFalse(String.valueOf(refusal.getMessage()).isBlank());
    }
}
