package dev.sharedserver.os;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class OwnCommandTest {

    private final OwnCommand shell = new OwnCommand(Path.of("/bin/sh"));

    @Test
    void bothStreamsAndTheExitCodeAreReadHoweverLongTheyAre() throws Exception {
        OwnCommand.Answer answer = shell.call(List.of("-c", "seq 100000; seq 100000 >&2; exit 3"), Map.of());
        assertEquals(3, answer.exit());
        assertEquals(100_000, answer.out().lines().count());
        assertEquals(answer.out(), answer.err());
    }

    @Test
    void variablesThatWerePutAsideStandWhereTheyStoodForTheUser() {
        Map<String, String> environment = new HashMap<>(Map.of(
                "LC_ALL",
                "C.UTF-8",
                "HOME",
                "/",
                "SHAREDSERVER_ASIDE_LC_ALL",
                "C",
                "SHAREDSERVER_ASIDE__JAVA_OPTIONS",
                "-ea"));
        OwnCommand.restore(environment);
        assertEquals(Map.of("LC_ALL", "C", "HOME", "/", "_JAVA_OPTIONS", "-ea"), environment);
        Map<String, String> without = new HashMap<>(Map.of("LC_ALL", "C.UTF-8"));
        OwnCommand.restore(without);
        assertEquals(Map.of(), without);
    }

    @Test
    void ofTooMuchTheEndIsKept() throws Exception {
        for (int longest : List.of(1, 5, 8191, 8192, 8193, 100_000)) {
            String text = "0123456789".repeat(30_000);
            OwnCommand.Tail tail = new OwnCommand.Tail(longest);
            tail.readAll(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
            assertEquals(text.substring(text.length() - longest), tail.text());
            assertEquals(true, tail.cut());
        }
        OwnCommand.Tail tail = new OwnCommand.Tail(4);
        tail.readAll(new ByteArrayInputStream("abcd".getBytes(StandardCharsets.UTF_8)));
        assertEquals("abcd", tail.text());
        assertEquals(false, tail.cut());
    }
}
