package dev.sharedserver.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.sharedserver.core.ClientRecord;
import dev.sharedserver.core.ClientsRecord;
import dev.sharedserver.core.DeadlineRecord;
import dev.sharedserver.core.HealthRecord;
import dev.sharedserver.core.ProbeRecord;
import dev.sharedserver.core.ServerRecord;
import dev.sharedserver.core.StateText;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The state files: any bytes on disk. */
class StateFuzzTest {

    private static final List<byte[]> WORDS = List.of(
            bytes("\"pid\":"),
            bytes("\"command\":[\"x\"],"),
            bytes("\"started_at\":\"2026-11-21T04:12:09.123456Z\","),
            bytes("\"grace_deadline\":{\"monotonic_ms\":1,\"at\":\"2026-11-21T04:12:09Z\"},"),
            bytes("\"clients\":{},"),
            bytes("\"hold-1\":{\"attached_at\":\"2026-11-21T04:12:09Z\"},"));

    /** Java knows these times, RFC 3339 does not; the last ones are beyond a LocalDateTime. */
    private static final List<String> OTHER_TIMES = List.of(
            "+10000-01-01T00:00:00Z",
            "-0001-12-31T23:59:59Z",
            "+1000000000-12-31T23:59:59.999999999Z",
            "-1000000000-01-01T00:00:00Z");

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Text of anything: lone surrogates, NUL, quotes, what JSON escapes and what it need not. */
    private static String text(Random random) {
        if (random.nextBoolean()) {
            return Frames.text(random);
        }
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(12); n > 0; n--) {
            switch (random.nextInt(4)) {
                case 0 -> text.append("\"\\/\b\f\n\r\t\0\u2028\u2029\u007f<>&='".charAt(random.nextInt(17)));
                case 1 -> text.append((char) (0xd800 + random.nextInt(0x800)));
                case 2 -> text.appendCodePoint(random.nextInt(0x110000));
                default -> text.append((char) random.nextInt(128));
            }
        }
        return text.toString();
    }

    private static <T> @Nullable T perhaps(Random random, Supplier<T> value) {
        return random.nextInt(4) == 0 ? null : value.get();
    }

    private static long positive(Random random) {
        return Frames.number(random) & Long.MAX_VALUE;
    }

    /** Whole microseconds of the years 0 to 9999, the first and the last among them. */
    private static Instant time(Random random) {
        long first = -62_167_219_200L;
        long last = 253_402_300_799L;
        long second = switch (random.nextInt(4)) {
            case 0 -> first;
            case 1 -> last;
            default -> random.nextLong(first, last);
        };
        return Instant.ofEpochSecond(second, 1000L * random.nextInt(1_000_000));
    }

    private static DeadlineRecord deadline(Random random) {
        return new DeadlineRecord(positive(random), time(random));
    }

    private static ServerRecord server(Random random) {
        List<String> command = new ArrayList<>();
        for (int n = 1 + random.nextInt(4); n > 0; n--) {
            command.add(text(random));
        }
        return new ServerRecord(
                2 + random.nextInt(Integer.MAX_VALUE - 2),
                "web",
                command,
                perhaps(random, () -> text(random)),
                text(random),
                perhaps(random, () -> positive(random)),
                time(random),
                perhaps(random, () -> positive(random)),
                perhaps(random, () -> positive(random)),
                perhaps(random, () -> text(random)),
                perhaps(random, () -> positive(random)),
                random.nextBoolean(),
                random.nextBoolean(),
                perhaps(random, () -> deadline(random)),
                random.nextBoolean(),
                perhaps(random, () -> deadline(random)),
                perhaps(random, () -> deadline(random)),
                perhaps(random, () -> health(random)),
                perhaps(random, () -> 1 + random.nextInt(65_535)),
                perhaps(random, () -> text(random)),
                random.nextBoolean(),
                perhaps(random, () -> 1 + random.nextInt(64)),
                perhaps(random, () -> text(random)),
                perhaps(random, () -> text(random)),
                perhaps(random, () -> text(random)));
    }

    private static HealthRecord health(Random random) {
        return new HealthRecord(
                perhaps(random, () -> probe(random)),
                perhaps(random, () -> probe(random)),
                text(random),
                List.of(positive(random), positive(random)));
    }

    private static ProbeRecord probe(Random random) {
        return new ProbeRecord(
                text(random),
                List.of(text(random)),
                perhaps(random, () -> text(random)),
                perhaps(random, () -> text(random)));
    }

    private static ClientsRecord clients(Random random) {
        Map<String, ClientRecord> clients = new LinkedHashMap<>();
        for (int n = random.nextInt(4); n > 0; n--) {
            clients.put(
                    random.nextBoolean() ? "hold-" + text(random) : Integer.toString(2 + random.nextInt(4_194_303)),
                    new ClientRecord(
                            time(random),
                            perhaps(random, () -> text(random)),
                            perhaps(random, () -> positive(random)),
                            perhaps(random, () -> deadline(random)),
                            random.nextBoolean(),
                            random.nextBoolean() ? List.of() : List.of(text(random), text(random))));
        }
        return new ClientsRecord(clients);
    }

    /** As it goes to disk and comes back. */
    private static String stored(String text) {
        return new String(bytes(text), StandardCharsets.UTF_8);
    }

    @Test
    void anyTextIsAServerOrNone() {
        Random random = new Random(1);
        List<byte[]> seeds = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            seeds.add(bytes(StateText.write(server(random))));
        }
        Fuzz.run("server.json", seeds, WORDS, 500, input -> {
            ServerRecord record = StateText.readServer(new String(input, StandardCharsets.UTF_8));
            if (record != null) {
                String text = stored(StateText.write(record));
                ServerRecord again = StateText.readServer(text);
                assertEquals(text, again == null ? null : StateText.write(again), "what was read can be written");
            }
        });
    }

    @Test
    void anyTextIsAListOfClientsOrNone() {
        Random random = new Random(1);
        List<byte[]> seeds = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            seeds.add(bytes(StateText.write(clients(random))));
        }
        Fuzz.run("clients.json", seeds, WORDS, 500, input -> {
            ClientsRecord record = StateText.readClients(new String(input, StandardCharsets.UTF_8));
            if (record != null) {
                String text = stored(StateText.write(record));
                ClientsRecord again = StateText.readClients(text);
                assertEquals(text, again == null ? null : StateText.write(again), "what was read can be written");
            }
        });
    }

    @Test
    void timesThatCannotBeWrittenAreNotRead() {
        for (String time : OTHER_TIMES) {
            String server = "{\"pid\":7,\"command\":[\"x\"],\"grace_period\":\"5m\",\"started_at\":\"%s\"}";
            assertNull(StateText.readServer(server.replace("%s", time)), time);
            assertNotNull(StateText.readServer(server.replace("%s", "9999-12-31T23:59:59Z")));
            String clients = "{\"clients\":{\"7\":{\"attached_at\":\"%s\"}}}";
            assertNull(StateText.readClients(clients.replace("%s", time)), time);
            assertNotNull(StateText.readClients(clients.replace("%s", "0000-01-01T00:00:00Z")));
        }
    }

    @Test
    void whatIsWrittenIsRead() {
        Random random = Fuzz.random();
        for (int i = 0; i < Fuzz.inputs(); i++) {
            ServerRecord server = server(random);
            assertEquals(server, StateText.readServer(stored(StateText.write(server))), Fuzz.seed());
            ClientsRecord clients = clients(random);
            assertEquals(clients, StateText.readClients(stored(StateText.write(clients))), Fuzz.seed());
        }
    }
}
