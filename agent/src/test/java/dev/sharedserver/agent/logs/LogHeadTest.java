package dev.sharedserver.agent.logs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LogHeadTest {

    private static LogHead parse(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return LogHead.parse(bytes, bytes.length, 17);
    }

    @Test
    void aHeadSaysWhatIsGoneAndWhereTheOutputGoesOn() {
        LogHead head = parse("--- sharedserver: 12345 bytes cut at 2026-11-21T10:11:12.123Z ---------\nrest");
        assertEquals(new LogHead(12345, 72, "--- sharedserver: 12345 bytes cut at 2026-11-21T10:11:12.123Z ---"), head);
        assertEquals("--- sharedserver: 7 bytes cut at 2026-11-21T10:11:12.123Z ---\n", head.line(7));
    }

    @Test
    void aHeadBeforeAHoleSaysWhereTheHoleEnds() {
        LogHead head = parse(
                "--- sharedserver: 7 bytes cut at 2026-11-21T10:11:12.123Z, continued at byte 8192 of inode 17 ---\n"
                        + "\0\0");
        assertEquals(new LogHead(7, 8192, "--- sharedserver: 7 bytes cut at 2026-11-21T10:11:12.123Z ---"), head);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                "a line\n",
                "--- sharedserver: ",
                "--- sharedserver: 5 bytes cut at 2026 ---",
                "--- sharedserver:  bytes cut at 2026 ---\n",
                "--- sharedserver: -5 bytes cut at 2026 ---\n",
                "--- sharedserver: 5x bytes cut at 2026 ---\n",
                "--- sharedserver: 1234567890123456789 bytes cut at 2026 ---\n",
                "--- sharedserver: 5 bytes cut at 2026\n",
                "--- sharedserver: 5 bytes cut at 2026, continued at byte z of inode 17 ---\n",
                "--- sharedserver: 5 bytes cut at 2026, continued at byte 8192 ---\n",
                "--- sharedserver: 5 bytes cut at 2026, continued at byte 8192 of inode 18 ---\n",
                "--- sharedserver: 5 bytes cut at 2026, continued at byte 8192 of inode ---\n",
                " --- sharedserver: 5 bytes cut at 2026 ---\n"
            })
    void whatIsNoHeadIsOutput(String text) {
        assertEquals(LogHead.NONE, parse(text));
    }

    @Test
    void aLongHeadIsReadToItsEnd() {
        byte[] begin = "--- sharedserver: 5 bytes cut at 2026 -----".getBytes(StandardCharsets.ISO_8859_1);
        assertTrue(LogHead.goesOn(begin, begin.length));
        byte[] other = "--- something else".getBytes(StandardCharsets.ISO_8859_1);
        assertFalse(LogHead.goesOn(other, other.length));
        byte[] whole = "--- sharedserver: 5 bytes cut at 2026 ---\n".getBytes(StandardCharsets.ISO_8859_1);
        assertFalse(LogHead.goesOn(whole, whole.length));
    }
}
