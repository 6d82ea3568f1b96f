package dev.sharedserver.dev.process;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the next hub does with what a killed one has left. */
@Timeout(60)
final class GroupLedgerTest {

    private final Path directory;

    private final List<Process> processes = new ArrayList<>();

    GroupLedgerTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @AfterEach
    void end() throws Exception {
        for (Process process : processes) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }

    /** Starts a session as a killed hub leaves it. */
    private Process orphan(String token, String script) throws Exception {
        ProcessBuilder builder = new ProcessBuilder("setsid", "sh", "-c", "echo up; " + script);
        builder.environment().put(ProcessGroup.TOKEN, token);
        Process process = builder.start();
        processes.add(process);
        // setsid has been called when the shell speaks
        assertEquals('u', process.getInputStream().read());
        return process;
    }

    private void record(RecordedGroup group) throws IOException {
        record(group, Ledgers.PROC.bootId());
    }

    private void record(RecordedGroup group, String bootId) throws IOException {
        Files.writeString(
                directory.resolve(GroupLedger.FILE),
                "{\"bootId\":\"" + bootId + "\",\"groups\":[{\"port\":" + group.port() + ",\"pgid\":" + group.pgid()
                        + ",\"stamp\":" + group.stamp() + ",\"token\":\"" + group.token() + "\"}]}");
    }

    private GroupLedger.Stale endStale() throws Exception {
        try (GroupLedger ledger = Ledgers.open(directory)) {
            GroupLedger.Stale stale = ledger.endStale();
            assertFalse(Files.exists(directory.resolve(GroupLedger.FILE)), "the file is done with");
            return stale;
        }
    }

    @Test
    void aGroupWhoseStampHoldsIsEnded() throws Exception {
        Process orphan = orphan("t", "sleep 1000 & sleep 1000");
        List<ProcessHandle> children = orphan.descendants().toList();
        record(new RecordedGroup(15173, orphan.pid(), Ledgers.stamp(orphan.pid()), ""));
        assertEquals(1, endStale().ended().size());
        assertTrue(orphan.waitFor(10, TimeUnit.SECONDS));
        assertTrue(children.stream().noneMatch(child -> Ledgers.alive(child.pid())), "children were left");
    }

    @Test
    void whatOutlivesTheFirstProcessIsStillOfTheGroupWithoutTheToken() throws Exception {
        // each of the two has put its environment away; the second one notices TERM only by KILL
        Process orphan =
                orphan("t", "env -i sh -c 'trap \"\" TERM; echo deaf; exec sleep 1000' & exec env -i sleep 1000");
        // the trap is set when it speaks
        assertEquals('p', orphan.getInputStream().read());
        assertEquals('\n', orphan.getInputStream().read());
        assertEquals('d', orphan.getInputStream().read());
        List<ProcessHandle> children = orphan.descendants().toList();
        assertEquals(1, children.size());
        record(new RecordedGroup(15173, orphan.pid(), Ledgers.stamp(orphan.pid()), "t"));
        assertEquals(1, endStale().ended().size());
        assertTrue(orphan.waitFor(10, TimeUnit.SECONDS));
        assertFalse(Ledgers.alive(children.getFirst().pid()), "the deaf one was left");
    }

    @Test
    void aGroupWhoseFirstProcessHasEndedIsKnownByItsToken() throws Exception {
        Process orphan = orphan("the token", "sleep 1000 & echo $!; exit 0");
        BufferedReader lines = orphan.inputReader(StandardCharsets.UTF_8);
        lines.readLine();
        long child = Long.parseLong(Objects.requireNonNull(lines.readLine(), "the shell says it"));
        assertTrue(orphan.waitFor(20, TimeUnit.SECONDS));
        // in the middle of its execve a process has no environment
        await().atMost(Duration.ofSeconds(20))
                .until(() -> List.of("sleep", "1000").equals(Ledgers.PROC.cmdline(child)));
        record(new RecordedGroup(0, orphan.pid(), 1, "the token"));
        assertEquals(1, endStale().ended().size());
    }

    @Test
    void aRecycledPidIsNeverSignalled() throws Exception {
        Process stranger = orphan("another", "sleep 1000");
        record(new RecordedGroup(15173, stranger.pid(), Ledgers.stamp(stranger.pid()) - 1, "mine"));
        assertEquals(List.of(), endStale().ended());
        assertTrue(stranger.isAlive());
    }

    @Test
    void aRecycledGroupWhoseFirstProcessHasEndedIsNeverSignalled() throws Exception {
        Process stranger = orphan("another", "sleep 1000 & echo $!; exit 0");
        // the sleep holds the pipe open: line by line, not to its end
        BufferedReader lines = stranger.inputReader(StandardCharsets.UTF_8);
        lines.readLine();
        String pid = Objects.requireNonNull(lines.readLine(), "the shell says it");
        long child = Long.parseLong(pid);
        try {
            record(new RecordedGroup(15173, stranger.pid(), 1, "mine"));
            assertEquals(List.of(), endStale().ended());
            assertTrue(Ledgers.alive(child));
        } finally {
            Posix.kill(child, Posix.SIGKILL);
        }
    }

    @Test
    void aGroupOfAnotherBootIsNeverSignalled() throws Exception {
        Process process = orphan("t", "sleep 1000");
        record(new RecordedGroup(15173, process.pid(), Ledgers.stamp(process.pid()), "t"), "another boot");
        assertEquals(List.of(), endStale().ended());
        assertTrue(process.isAlive());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 0, -1, -2, Long.MIN_VALUE, 1L << 40})
    void numbersThatAreNoGroupsAreNeverSignalled(long pgid) throws Exception {
        record(new RecordedGroup(15173, pgid, 1, "t"));
        assertEquals(List.of(), endStale().ended());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 0, -1, 1L << 40})
    void killRefusesWhatMeansMoreThanOneGroup(long pid) {
        assertThrows(IllegalArgumentException.class, () -> Posix.kill(pid, Posix.NONE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "null",
                "{\"15173\": 4242}",
                "{\"bootId\": 7}",
                "{\"bootId\": \"BOOT\"}",
                "{\"bootId\": \"BOOT\", \"groups\": {}}",
                "{\"bootId\": \"BOOT\", \"groups\": [7, null, {}]}",
                "{\"bootId\": \"BOOT\", \"groups\": [{\"port\": \"x\", \"pgid\": 1e99, \"stamp\": [], \"token\": 4}]}"
            })
    void aFileThatIsNoneOfOursIsDoneAwayWith(String text) throws Exception {
        Files.writeString(directory.resolve(GroupLedger.FILE), text.replace("BOOT", Ledgers.PROC.bootId()));
        assertEquals(List.of(), endStale().ended());
    }

    @Test
    void aFileOfBytesIsDoneAwayWith() throws Exception {
        Files.write(directory.resolve(GroupLedger.FILE), new byte[] {(byte) 0xff, 0, (byte) 0xfe});
        assertEquals(List.of(), endStale().ended());
    }

    @Test
    void oneHubAStateDirectory() throws Exception {
        try (GroupLedger first = Ledgers.open(directory)) {
            assertThrows(IOException.class, () -> Ledgers.open(directory));
            first.save();
        }
        Ledgers.open(directory).close();
    }
}
