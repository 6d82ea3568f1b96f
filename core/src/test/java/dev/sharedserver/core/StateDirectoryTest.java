package dev.sharedserver.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateDirectoryTest {

    private static final Instant AT = Instant.parse("2026-11-21T04:12:09.123456Z");

    private static ServerRecord server(@Nullable DeadlineRecord grace) {
        return new ServerRecord(
                41207,
                "web",
                List.of("a b", "", "\udcff", "ä\"\\\n"),
                "/home/me",
                "30m",
                41206L,
                AT,
                8123456L,
                8123455L,
                "boot",
                41207L,
                false,
                false,
                grace,
                false,
                new DeadlineRecord(10, AT),
                new DeadlineRecord(11, AT),
                new HealthRecord(
                        new ProbeRecord("log", List.of("rea\"dy"), "30s", null),
                        new ProbeRecord("notify", List.of(), null, "1s"),
                        "on-failure",
                        List.of(1L, 2L)),
                8000,
                "/log",
                true,
                15,
                "5s",
                null,
                null);
    }

    private static ClientsRecord clients() {
        Map<String, ClientRecord> clients = new LinkedHashMap<>();
        clients.put("40990", new ClientRecord(AT, null, 8119000L, null));
        clients.put("40113", new ClientRecord(AT, "nvim", 8111111L, null));
        clients.put("hold-1", new ClientRecord(AT, null, null, new DeadlineRecord(5, AT)));
        clients.put("50000", new ClientRecord(AT, null, 1L, null, false, List.of("api@0123abcd", "web")));
        clients.put("50001", new ClientRecord(AT, null, 1L, null, true, List.of("web")));
        return new ClientsRecord(clients);
    }

    private static ServerName web() throws InvalidInput {
        return ServerName.of("web");
    }

    @Test
    void whatIsWrittenIsRead(@TempDir Path dir) throws IOException, InvalidInput {
        StateDirectory state = StateDirectory.open(dir);
        state.write(web(), server(new DeadlineRecord(77, AT)), clients());
        assertEquals(new Found.Valid<>(server(new DeadlineRecord(77, AT))), state.readServer(web()));
        assertEquals(new Found.Valid<>(clients()), state.readClients(web()));
        assertEquals(List.of(web()), state.names());
        state.write(web(), null, null);
        assertInstanceOf(Found.Absent.class, state.readServer(web()));
        assertInstanceOf(Found.Absent.class, state.readClients(web()));
    }

    @Test
    void filesAreForTheirOwnerAlone(@TempDir Path dir) throws IOException, InvalidInput {
        StateDirectory.open(dir).write(web(), server(null), clients());
        try (Stream<Path> files = Files.list(dir)) {
            for (Path file : files.toList()) {
                assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            }
        }
    }

    @Test
    void aWriteThatFailsChangesNothingAndLeavesNothing(@TempDir Path dir) throws IOException, InvalidInput {
        StateDirectory state = StateDirectory.open(dir);
        state.write(web(), server(null), null);
        // the second temporary file cannot be made: its place is taken by a directory
        Files.createDirectory(dir.resolve(".tmp-web.clients.json"));
        assertThrows(IOException.class, () -> state.write(web(), server(new DeadlineRecord(1, AT)), clients()));
        assertEquals(new Found.Valid<>(server(null)), state.readServer(web()));
        assertInstanceOf(Found.Absent.class, state.readClients(web()));
        assertFalse(Files.exists(dir.resolve(".tmp-web.server.json")));
    }

    @Test
    void whatAKilledWriterLeftIsRemoved(@TempDir Path dir) throws IOException {
        Files.writeString(dir.resolve(".tmp-web.server.json"), "{");
        StateDirectory.open(dir);
        assertFalse(Files.exists(dir.resolve(".tmp-web.server.json")));
    }

    @Test
    void aFileCutOffAnywhereIsUnreadableAndNeverARecord(@TempDir Path dir) throws IOException, InvalidInput {
        StateDirectory state = StateDirectory.open(dir);
        state.write(web(), server(null), clients());
        byte[] whole = Files.readAllBytes(dir.resolve("web.server.json"));
        for (int length = 0; length < whole.length - 2; length++) {
            Files.write(dir.resolve("web.server.json"), java.util.Arrays.copyOf(whole, length));
            assertInstanceOf(Found.Unreadable.class, state.readServer(web()), "cut at " + length);
        }
    }

    @Test
    void garbageIsNeverACrash(@TempDir Path dir) throws IOException, InvalidInput {
        StateDirectory state = StateDirectory.open(dir);
        state.write(web(), server(null), clients());
        byte[] whole = Files.readAllBytes(dir.resolve("web.server.json"));
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 3_000; i++) {
            byte[] broken = whole.clone();
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                broken[random.nextInt(broken.length)] = (byte) random.nextInt(256);
            }
            Files.write(dir.resolve("web.server.json"), broken);
            Found<ServerRecord> found = state.readServer(web());
            if (found instanceof Found.Valid<ServerRecord> valid) {
                assertTrue(valid.value().pid() > 1, "seed " + seed);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "null",
                "1",
                "\"x\"",
                "{}",
                "{\"pid\":1}",
                "{\"pid\":-5}",
                "{\"pid\":0}",
                "{\"pid\":1.5}",
                "{\"pid\":\"7\"}",
                "{\"pid\":99999999999999999999}",
                "{\"pid\":4294967296}"
            })
    void whatIsNoServerIsUnreadable(String text, @TempDir Path dir) throws IOException, InvalidInput {
        Files.writeString(dir.resolve("web.server.json"), text);
        assertInstanceOf(Found.Unreadable.class, StateDirectory.open(dir).readServer(web()));
    }

    @Test
    void deepNestingIsRefusedNotFollowed(@TempDir Path dir) throws IOException, InvalidInput {
        Files.write(
                dir.resolve("web.server.json"), ("{\"x\":" + "[".repeat(1_000_000)).getBytes(StandardCharsets.UTF_8));
        assertInstanceOf(Found.Unreadable.class, StateDirectory.open(dir).readServer(web()));
    }

    @Test
    void filesOfOlderToolsAreAccepted(@TempDir Path dir) throws IOException, InvalidInput {
        Files.writeString(
                dir.resolve("web.server.json"),
                "{\"pid\":77,\"command\":[\"x\"],\"grace_period\":\"5m\",\"started_at\":\"2026-11-21T04:12:09Z\",\"new\":{}}");
        ServerRecord record =
                assertInstanceOf(Found.Valid.class, StateDirectory.open(dir).readServer(web()))
                                        .value()
                                instanceof ServerRecord server
                        ? server
                        : null;
        assertEquals(77, record == null ? 0 : record.pid());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "0", "01", "x", "", "12345678901", "1 "})
    void whatIsNoClientMakesTheFileUnreadable(String key, @TempDir Path dir) throws IOException, InvalidInput {
        Files.writeString(
                dir.resolve("web.clients.json"),
                "{\"refcount\":1,\"clients\":{\"" + key + "\":{\"attached_at\":\"2026-11-21T04:12:09Z\"}}}");
        assertInstanceOf(Found.Unreadable.class, StateDirectory.open(dir).readClients(web()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"web.server.json", "web.clients.json"})
    void aDirectoryInTheWayOfEitherFileChangesNothing(String odd, @TempDir Path dir) throws IOException, InvalidInput {
        StateDirectory state = StateDirectory.open(dir);
        state.write(web(), server(null), clients());
        String other = odd.equals("web.server.json") ? "web.clients.json" : "web.server.json";
        byte[] before = Files.readAllBytes(dir.resolve(other));
        Files.delete(dir.resolve(odd));
        Files.createDirectories(dir.resolve(odd).resolve("full"));
        IOException e =
                assertThrows(IOException.class, () -> state.write(web(), server(new DeadlineRecord(1, AT)), clients()));
        assertTrue(String.valueOf(e.getMessage()).contains(odd + " is a directory"), e::toString);
        assertThrows(IOException.class, () -> state.write(web(), server(null), null));
        assertThrows(IOException.class, () -> state.write(web(), null, null));
        assertArrayEquals(before, Files.readAllBytes(dir.resolve(other)));
        try (Stream<Path> files = Files.list(dir)) {
            assertEquals(2, files.count());
        }
    }

    @Test
    void whereNothingCanBeWrittenNothingIsLeft() throws IOException, InvalidInput {
        // not even root makes files there
        StateDirectory state = StateDirectory.open(Path.of("/proc/self"));
        assertThrows(IOException.class, () -> state.write(web(), server(null), clients()));
        assertThrows(IOException.class, () -> state.writeClients(web(), clients()));
        assertInstanceOf(Found.Absent.class, state.readServer(web()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"refcount\":0,\"clients\":{},\"clients\":{}}",
                "{\"clients\":{\"70\":{\"attached_at\":\"2026-11-21T04:12:09Z\"},"
                        + "\"70\":{\"attached_at\":\"2026-11-21T04:12:09Z\"}}}",
                "{\"clients\":{\"70\":{\"attached_at\":\"2026-11-21T04:12:09Z\",\"start_time\":1,\"start_time\":2}}}"
            })
    void aFieldThatStandsThereTwiceMakesTheFileUnreadable(String text, @TempDir Path dir)
            throws IOException, InvalidInput {
        Files.writeString(dir.resolve("web.clients.json"), text);
        Found<ClientsRecord> found = StateDirectory.open(dir).readClients(web());
        assertTrue(assertInstanceOf(Found.Unreadable.class, found).reason().contains("twice"), found::toString);
    }
}
