package dev.sharedserver.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventLogTest {

    private static final Instant AT = Instant.parse("2026-11-21T04:12:09.123456Z");
    private static final String LONG = "x".repeat(10_000);

    private static ServerName web() throws InvalidInput {
        return ServerName.of("web");
    }

    private static void fill(EventLog log, ServerName name, int from, int to) {
        for (int i = from; i < to; i++) {
            assertNull(log.append(name, AT, "n" + i, Map.of("detail", LONG)));
        }
    }

    @Test
    void whatIsLoggedIsReadInItsOrder(@TempDir Path dir) throws IOException, InvalidInput {
        EventLog log = new EventLog(dir);
        assertNull(log.append(web(), AT, "started", Map.of("pid", 7L)));
        assertNull(log.append(web(), AT, "stopped", Map.of()));
        assertEquals(
                List.of("started", "stopped"),
                log.read(web()).stream().map(LoggedEvent::event).toList());
        assertEquals(7L, log.read(web()).getFirst().number("pid"));
        assertEquals(List.of("{\"at\":\"2026-11-21T04:12:09.123456Z\",\"event\":\"stopped\"}"), log.tail(web(), 1));
        assertEquals(List.of(web()), log.names());
    }

    @Test
    void itIsRotatedOnceAndBounded(@TempDir Path dir) throws IOException, InvalidInput {
        EventLog log = new EventLog(dir);
        fill(log, web(), 0, 350);
        Path old = dir.resolve("web.invocations.log.1");
        assertTrue(Files.size(old) > 1 << 20 && Files.size(old) < (1 << 20) + 20_000, "" + Files.size(old));
        assertTrue(Files.size(dir.resolve("web.invocations.log")) <= 1 << 20);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(old)));
        List<LoggedEvent> read = log.read(web());
        assertEquals("n349", read.getLast().event());
        for (int i = 1; i < read.size(); i++) {
            assertEquals("n" + (350 - read.size() + i), read.get(i).event());
        }
    }

    @Test
    void theTailReachesBackBehindTheRotation(@TempDir Path dir) throws IOException, InvalidInput {
        EventLog log = new EventLog(dir);
        int n = 0;
        while (!Files.exists(dir.resolve("web.invocations.log.1"))) {
            fill(log, web(), n, ++n);
        }
        assertFalse(Files.exists(dir.resolve("web.invocations.log")));
        assertEquals(3, log.tail(web(), 3).size());
        fill(log, web(), n, n + 1);
        List<String> tail = log.tail(web(), 3);
        for (int i = 0; i < 3; i++) {
            assertTrue(
                    tail.get(i).contains("\"n" + (n - 2 + i) + "\""),
                    tail.get(i).substring(0, 80));
        }
        assertEquals(1, log.tail(web(), 1).size());
        assertEquals(List.of(), log.tail(web(), 0));
    }

    @Test
    void hostileTextIsOneLineAndComesBack(@TempDir Path dir) throws IOException, InvalidInput {
        EventLog log = new EventLog(dir);
        String hostile = "a\nb\u0000\u001b[2J\"\\\udcff\ud800\u2028ä";
        assertNull(log.append(web(), AT, "attached", Map.of("metadata", hostile)));
        assertEquals(1, log.tail(web(), 9).size());
        assertEquals(hostile, log.read(web()).getFirst().text("metadata"));
    }

    @Test
    void linesThatOthersWroteHarmNothing(@TempDir Path dir) throws IOException, InvalidInput {
        EventLog log = new EventLog(dir);
        Files.write(dir.resolve("web.invocations.log"), new byte[] {(byte) 0xff, 0, '\n', '{', '\n', '\n', '"'});
        Files.writeString(
                dir.resolve("web.invocations.log"),
                "\n[]\nnull\n{\"at\":1,\"event\":\"x\"}\n",
                StandardCharsets.UTF_8,
                java.nio.file.StandardOpenOption.APPEND);
        assertNull(log.append(web(), AT, "stopped", Map.of()));
        assertEquals(
                List.of("stopped"),
                log.read(web()).stream().map(LoggedEvent::event).toList());
        assertEquals(1, log.tail(web(), 1).size());
    }

    @Test
    void nobodysLogIsEmpty(@TempDir Path dir) throws IOException, InvalidInput {
        assertEquals(List.of(), new EventLog(dir).tail(web(), 5));
        assertEquals(List.of(), new EventLog(dir).read(web()));
        Files.createFile(dir.resolve("web.invocations.log"));
        assertEquals(List.of(), new EventLog(dir).tail(web(), 5));
    }

    @Test
    void whereItCannotBeWrittenTheReasonIsReturned(@TempDir Path dir) throws InvalidInput {
        // not even root makes files there
        assertNotNull(new EventLog(Path.of("/proc/self")).append(web(), AT, "x", Map.of()));
        assertNotNull(new EventLog(dir.resolve("missing")).append(web(), AT, "x", Map.of()));
    }

    @Test
    void whatIsNoRegularFileIsNeitherWrittenNorRead(@TempDir Path dir) throws IOException, InvalidInput {
        EventLog log = new EventLog(dir);
        Path other = Files.createFile(dir.resolve("other"));
        Files.createSymbolicLink(dir.resolve("web.invocations.log"), other);
        assertNotNull(log.append(web(), AT, "x", Map.of()));
        assertEquals(0, Files.size(other));
        Files.writeString(other, "secret\n");
        assertEquals(List.of(), log.tail(web(), 5));
    }

    @Test
    void aRotationThatFailsLosesNoEvent(@TempDir Path dir) throws IOException, InvalidInput {
        EventLog log = new EventLog(dir);
        fill(log, web(), 0, 100);
        Files.createDirectories(dir.resolve("web.invocations.log.1/in-the-way"));
        for (int i = 0; i < 10; i++) {
            log.append(web(), AT, "late" + i, Map.of("detail", LONG));
        }
        assertNotNull(log.append(web(), AT, "last", Map.of()));
        assertEquals(111, log.read(web()).size());
    }
}
