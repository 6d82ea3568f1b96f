package dev.sharedserver.dev.process;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.os.ProcStat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class ProcessGroupTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final Path directory;

    private final GroupLedger ledger;
    private final List<String> out = new CopyOnWriteArrayList<>();
    private final List<String> err = new CopyOnWriteArrayList<>();

    ProcessGroupTest(@TempDir Path directory) throws IOException {
        this.directory = directory;
        ledger = Ledgers.open(directory);
    }

    @AfterEach
    void end() throws Exception {
        ledger.endStale();
        ledger.close();
    }

    private ProcessGroup start(String script) throws IOException {
        return ProcessGroup.start(
                new ProcessGroup.Command(List.of("sh", "-c", script), directory, Map.of("GREETING", "hello")),
                15173,
                ledger,
                out::add,
                err::add);
    }

    private static int code(ProcessGroup group) throws Exception {
        return group.ended().get(40, TimeUnit.SECONDS);
    }

    @Test
    void aCommandRunsWithItsEnvironmentInItsDirectoryAndItsLinesCome() throws Exception {
        ProcessGroup group = start("echo \"$GREETING\"; pwd; echo bad >&2; printf last; exit 3");
        assertEquals(3, code(group));
        assertEquals(List.of("hello", directory.toRealPath().toString(), "last"), out);
        assertEquals(List.of("bad"), err);
    }

    @Test
    void itLeadsAGroupOfItsOwnAndReadsNothing() throws Exception {
        ProcessGroup group = start("cat; echo end; sleep 1000");
        await().atMost(LONG).until(() -> out.contains("end"));
        ProcStat stat = Ledgers.PROC.stat(group.pgid());
        assertTrue(stat != null && stat.pgrp() == group.pgid() && stat.session() == group.pgid(), "" + stat);
        assertTrue(group.stop(Duration.ofSeconds(5), Duration.ofSeconds(3)));
        assertEquals(128 + Posix.SIGTERM, code(group));
    }

    @Test
    void allOfTheGroupEndsAndWhatIgnoresTermIsKilled() throws Exception {
        ProcessGroup group = start("sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & sleep 1000");
        await().atMost(LONG).until(() -> !out.isEmpty());
        long stubborn = Long.parseLong(out.getFirst());
        assertTrue(group.stop(Duration.ofMillis(300), Duration.ofSeconds(10)));
        assertFalse(Ledgers.alive(stubborn));
        assertFalse(Ledgers.alive(group.pgid()));
        code(group);
    }

    @Test
    void whatMadeAGroupOfItsOwnEndsToo() throws Exception {
        ProcessGroup group = start("bash -c 'set -m; sleep 1000 & echo $!; wait'");
        await().atMost(LONG).until(() -> !out.isEmpty());
        long other = Long.parseLong(out.getFirst());
        ProcStat stat = Ledgers.PROC.stat(other);
        assertTrue(stat != null && stat.pgrp() == other, "job control makes a group: " + stat);
        assertTrue(group.stop(Duration.ofSeconds(5), Duration.ofSeconds(3)));
        assertFalse(Ledgers.alive(other));
    }

    @Test
    void whatACommandLeavesRunningEndsWithIt() throws Exception {
        ProcessGroup group = start("sleep 1000 & echo $!");
        assertEquals(0, code(group));
        assertFalse(Ledgers.alive(Long.parseLong(out.getFirst())));
        assertFalse(Files.exists(directory.resolve(GroupLedger.FILE)), "nothing is left to record");
    }

    @Test
    void theLedgerHasItBeforeTheCommandRuns() throws Exception {
        ProcessGroup group = start("cat " + GroupLedger.FILE);
        assertEquals(0, code(group));
        assertEquals(1, out.size());
        assertTrue(out.getFirst().contains("\"pgid\":" + group.pgid() + ","), out.getFirst());
    }

    @Test
    void whenTheLedgerCannotBeWrittenNothingRuns() throws Exception {
        Files.createDirectories(directory.resolve(GroupLedger.FILE + ".new/in the way"));
        assertThrows(IOException.class, () -> start("touch ran"));
        Files.delete(directory.resolve(GroupLedger.FILE + ".new/in the way"));
        Files.delete(directory.resolve(GroupLedger.FILE + ".new"));
        assertEquals(0, code(start("exit 0")));
        assertFalse(Files.exists(directory.resolve("ran")));
    }

    @Test
    void aHubThatDiesBeforeItHasRecordedTheGroupLeavesNothing() throws Exception {
        // the gate alone, as a hub that is killed leaves it: its input ends without a line
        Process gate = new ProcessBuilder("setsid", "sh", "-c", ProcessGroup.GATE, "sh", "touch", "ran")
                .directory(directory.toFile())
                .start();
        gate.getOutputStream().close();
        assertTrue(gate.waitFor(20, TimeUnit.SECONDS));
        assertFalse(Files.exists(directory.resolve("ran")));
    }

    @Test
    void aLineOfAMebibyteDoesNotStopTheOthers() throws Exception {
        ProcessGroup group = start("head -c 1048576 /dev/zero | tr '\\0' x; echo; echo after");
        assertEquals(0, code(group));
        assertEquals("after", out.getLast());
        assertEquals(1 << 20, out.stream().mapToInt(String::length).sum() - "after".length());
    }

    @Test
    void aCommandThatIsNotThereEndsWith127() throws Exception {
        ProcessGroup group = ProcessGroup.start(
                new ProcessGroup.Command(List.of("no-such-command"), directory, Map.of()),
                0,
                ledger,
                out::add,
                err::add);
        assertEquals(127, code(group));
        assertTrue(err.toString().contains("no-such-command"), err.toString());
    }
}
