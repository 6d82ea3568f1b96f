package dev.sharedserver.portable.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.core.OsText;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import dev.sharedserver.os.guard.GuardEvent;
import dev.sharedserver.os.guard.GuardLink;
import dev.sharedserver.os.guard.SpawnRequest;
import dev.sharedserver.portable.FileLock;
import dev.sharedserver.portable.posix.LibC;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The guard at the other end of the agent's link, with real processes. */
@Timeout(60)
final class GuardTest {

    private static final String PATH = "/usr/bin:/bin";

    private final Proc proc = new Proc(OsText::decode);

    private final Path root;

    GuardTest(@TempDir Path root) {
        this.root = root;
    }

    private Path state;
    private GuardLink link;
    private Pipe toAgent;
    private Pipe toGuard;
    private Thread watch;

    @BeforeEach
    void start() throws IOException {
        state = Files.createDirectory(root.resolve("state"));
        Files.createDirectories(root.resolve("home/lib"));
        FileLock lock = FileLock.take(state.resolve(".agent.lock"));
        assertNotNull(lock);
        toAgent = Pipe.open();
        toGuard = Pipe.open();
        Frames frames = new Frames(Channels.newInputStream(toGuard.source()), Channels.newOutputStream(toAgent.sink()));
        Starter starter = new Starter(proc.limits(ProcessHandle.current().pid()), LibC.nice());
        Guard guard = new Guard(proc, new Place(state, lock, null), frames, starter, new LogKeeper(), "boot");
        guard.introduce("1.0", "", "/home");
        Thread.ofPlatform().daemon().start(() -> {
            try {
                guard.obeyAll();
            } catch (IOException e) {
                return; // the test has closed the pipe
            }
        });
        watch = Thread.ofPlatform().daemon().start(guard::run);
        link = new GuardLink(
                Channels.newInputStream(toAgent.source()),
                Channels.newOutputStream(toGuard.sink()),
                OsText::decode,
                OsText::encode);
        GuardEvent.Init init = assertInstanceOf(GuardEvent.Init.class, link.next());
        assertEquals(state.toString(), init.stateDirectory());
        assertEquals(ProcessHandle.current().pid(), init.guardPid());
    }

    @AfterEach
    void stop() throws IOException {
        watch.interrupt();
        toGuard.sink().close();
        toAgent.source().close();
        LibC.chdir(Path.of("").toAbsolutePath().toString());
    }

    private SpawnRequest request(int umask, String cwd, String... argv) {
        return new SpawnRequest(
                1,
                umask,
                0,
                proc.limits(ProcessHandle.current().pid()),
                cwd,
                null,
                root.resolve("out").toString(),
                null,
                PATH,
                List.of(argv),
                List.of("A=1", "B=\udce9", "C=a b", "not.a.name=2"));
    }

    private <T extends GuardEvent> T next(Class<T> type) throws IOException {
        return assertInstanceOf(type, link.next());
    }

    private GuardEvent.Spawned spawn(String... argv) throws IOException {
        link.spawn(request(022, root.toString(), argv));
        return next(GuardEvent.Spawned.class);
    }

    @Test
    void aServerLeadsItsSessionAndHasItsEnvironmentAndNothingOfOurs() throws Exception {
        GuardEvent.Spawned server = spawn("sleep", "1000");
        ProcStat stat = proc.stat(server.pid());
        assertNotNull(stat);
        assertEquals(server.pid(), stat.session());
        assertEquals(server.pid(), stat.pgrp());
        assertEquals(server.startTime(), stat.startTime());
        List<String> environment = proc.environment(server.pid());
        while (environment == null || environment.size() < 4) {
            Thread.sleep(
                    1); // posix_spawn comes back when the program is being replaced, before its environment is there
            environment = proc.environment(server.pid());
        }
        assertEquals(List.of("A=1", "B=\udce9", "C=a b", "not.a.name=2"), environment);
        assertTrue(Files.exists(state.resolve(".starting-" + server.pid() + "-" + server.startTime() + "-boot")));

        link.signal(2, server.pid(), server.startTime(), LibC.SIGTERM, GuardLink.Scope.GROUP);
        GuardEvent first = link.next();
        GuardEvent second = link.next();
        GuardEvent.ChildDied died =
                assertInstanceOf(GuardEvent.ChildDied.class, first instanceof GuardEvent.Signalled ? second : first);
        assertEquals(new GuardEvent.Exit(2, LibC.SIGTERM), died.exit());
        stat = proc.stat(server.pid());
        assertNotNull(stat);
        assertEquals('Z', stat.state(), "kept until it is let go");
        link.awaitGroupEmpty(server.pid(), server.startTime());
        assertEquals(server.pid(), next(GuardEvent.GroupEmpty.class).pid());
        link.reap(server.pid(), server.startTime());
        link.watch(server.pid(), server.startTime());
        assertEquals(server.pid(), next(GuardEvent.Gone.class).pid());
    }

    @Test
    void aServerHasItsUmaskAndDirectoryAndThreeDescriptors() throws IOException {
        GuardEvent.Spawned server = spawn("sh", "-c", "umask; pwd; ls /proc/self/fd | wc -l");
        next(GuardEvent.ChildDied.class);
        link.reap(server.pid(), server.startTime());
        List<String> said = Files.readAllLines(root.resolve("out"));
        assertEquals("0022", said.get(0));
        assertEquals(root.toString(), said.get(1));
        assertEquals("4", said.get(2).strip(), "0 to 2, and the one by which ls looks");
    }

    @Test
    void whatCannotBeStartedSaysWhichStepItWas() throws IOException {
        link.spawn(request(022, root + "/nowhere", "true"));
        assertEquals(new GuardEvent.SpawnFailed(1, 6, LibC.ENOENT), link.next());
        link.spawn(request(022, root.toString(), "no-such-command-here"));
        assertEquals(new GuardEvent.SpawnFailed(1, 10, LibC.ENOENT), link.next());
        link.spawn(request(022, root.toString(), root.toString()));
        assertEquals(new GuardEvent.SpawnFailed(1, 10, LibC.EACCES), link.next());
        Files.deleteIfExists(root.resolve("out"));
        Files.createDirectory(root.resolve("out"));
        link.spawn(request(022, root.toString(), "true"));
        assertEquals(8, next(GuardEvent.SpawnFailed.class).step());
    }

    @Test
    void whatHasNoFirstLineIsAScript() throws IOException {
        Path script = Files.writeString(root.resolve("script"), "exit 7\n");
        assertTrue(script.toFile().setExecutable(true));
        GuardEvent.Spawned server = spawn("./script");
        GuardEvent.ChildDied died = next(GuardEvent.ChildDied.class);
        assertEquals(server.pid(), died.pid());
        assertEquals(new GuardEvent.Exit(GuardEvent.Exit.EXITED, 7), died.exit());
        link.reap(server.pid(), server.startTime());
    }

    @Test
    void aUmaskThatWeCouldNotBearAndLimitsAreSetByAShell() throws IOException {
        List<Long> limits =
                new java.util.ArrayList<>(proc.limits(ProcessHandle.current().pid()));
        limits.set(2 * 7, 64L); // RLIMIT_NOFILE
        SpawnRequest wanted = request(0777, root.toString(), "sh", "-c", "umask; ulimit -n");
        link.spawn(new SpawnRequest(
                5,
                wanted.umask(),
                0,
                limits,
                wanted.cwd(),
                null,
                wanted.stdout(),
                null,
                PATH,
                wanted.argv(),
                List.of()));
        GuardEvent.Spawned server = next(GuardEvent.Spawned.class);
        next(GuardEvent.ChildDied.class);
        link.reap(server.pid(), server.startTime());
        assertEquals(List.of("0777", "64"), Files.readAllLines(root.resolve("out")));
    }

    @Test
    void theGroupIsEmptyWhenItsLastProcessIsGone() throws Exception {
        GuardEvent.Spawned server = spawn("sh", "-c", "sleep 1000 & exit 3");
        assertEquals(3, next(GuardEvent.ChildDied.class).exit().status());
        link.awaitGroupEmpty(server.pid(), server.startTime());
        link.signal(2, server.pid(), server.startTime(), LibC.SIGKILL, GuardLink.Scope.GROUP);
        assertEquals(new GuardEvent.Signalled(2, 0), link.next());
        assertEquals(server.pid(), next(GuardEvent.GroupEmpty.class).pid());
        link.reap(server.pid(), server.startTime());
    }

    @Test
    void aStrangerIsWatchedByPidAndStampAndNotSignalledByAnother() throws Exception {
        Process stranger = new ProcessBuilder("sleep", "1000").start();
        ProcStat stat = proc.stat(stranger.pid());
        assertNotNull(stat);
        link.watch(stranger.pid(), stat.startTime());
        assertEquals(new GuardEvent.Watching(stranger.pid(), stat.startTime()), link.next());
        link.watch(stranger.pid(), stat.startTime() + 1);
        assertEquals(stat.startTime() + 1, next(GuardEvent.Gone.class).startTime());
        link.signal(2, stranger.pid(), stat.startTime() + 1, LibC.SIGKILL, GuardLink.Scope.PROCESS);
        assertEquals(new GuardEvent.Signalled(2, LibC.ESRCH), link.next());
        assertTrue(stranger.isAlive());
        link.signal(3, stranger.pid(), stat.startTime(), LibC.SIGKILL, GuardLink.Scope.PROCESS);
        assertEquals(new GuardEvent.Signalled(3, 0), link.next());
        assertEquals(stranger.pid(), next(GuardEvent.Gone.class).pid());
    }

    @Test
    void theTimerFires() throws IOException {
        link.timer(System.nanoTime() + 20_000_000);
        next(GuardEvent.TimerFired.class);
    }

    @Test
    void aRemovedDirectoryIsMadeAgain() throws IOException {
        try (var files = Files.list(state)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(state);
        assertEquals(1, next(GuardEvent.DirectoryChanged.class).what());
        assertTrue(Files.exists(state.resolve(".agent.sock")));
    }

    @Test
    void nobodyIsLetGoWhileSomethingHappenedThatHeHasNotSeenOrSomebodyIsLeft() throws IOException {
        GuardEvent.Spawned server = spawn("sleep", "1000");
        link.sleep(1);
        assertEquals(new GuardEvent.LeaveAnswer(GuardEvent.Leave.STAY), link.next());
        link.signal(2, server.pid(), server.startTime(), LibC.SIGKILL, GuardLink.Scope.PROCESS);
        link.next();
        link.next();
        link.reap(server.pid(), server.startTime());
        link.sleep(2);
        assertEquals(new GuardEvent.LeaveAnswer(GuardEvent.Leave.STAY), link.next());
        link.sleep(3);
        assertEquals(new GuardEvent.LeaveAnswer(GuardEvent.Leave.GO), link.next());
        assertTrue(Files.notExists(state.resolve(".agent.sock")));
    }
}
