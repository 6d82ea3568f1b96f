package dev.sharedserver.agent.supervise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NotificationTest {

    private static @Nullable String status(String text) {
        return Notification.parse("STATUS=" + text).status();
    }

    @Test
    void linesAreRead() {
        assertEquals(
                new Notification(true, true, true, "27 % done", 2),
                Notification.parse("READY=1\nWATCHDOG=1\nSTOPPING=1\nSTATUS=27 % done\nERRNO=2\n"));
        assertEquals(new Notification(true, false, false, "", 0), Notification.parse("\n\nSTATUS=\nREADY=1"));
        assertEquals("last", Notification.parse("STATUS=first\nSTATUS=last").status());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                "=",
                "READY",
                "READY=",
                "READY=0",
                "READY=11",
                "READY=1 ",
                " READY=1",
                "ready=1",
                "XREADY=1",
                "READY=1\r\n",
                "READY=1;STOPPING=1",
                "ERRNO=",
                "ERRNO=-1",
                "ERRNO=4096",
                "ERRNO=99999999999999999999",
                "ERRNO=2x",
                "ERRNO=\u0662",
                "STATUS",
                "MAINPID=1",
                "WATCHDOG=trigger",
                "BARRIER=1"
            })
    void otherLinesSayNothing(String text) {
        assertEquals(Notification.NOTHING, Notification.parse(text));
    }

    @Test
    void aStatusIsSafeToPrint() {
        assertEquals("\\x1b[31mred\\x07", status("\u001b[31mred\u0007"));
        assertEquals("a\\tb\\r\\x00c", status(" a\tb\r\0c "));
        assertEquals("\\u202egnp.exe", status("\u202egnp.exe"));
        assertEquals("\\xff\\xfe", status("\udcff\udcfe"));
        assertEquals("läuft 😀", status("läuft 😀"));
    }

    @Test
    void aLongStatusIsCutBetweenTwoCharacters() {
        assertEquals("x".repeat(500), status("x".repeat(500)));
        assertEquals("x".repeat(500) + "…", status("x".repeat(501)));
        assertEquals("x".repeat(499) + "…", status("x".repeat(499) + "😀"));
        assertEquals("x".repeat(498) + "😀…", status("x".repeat(498) + "😀y"));
        assertEquals("\\x1b".repeat(125) + "…", status("\u001b".repeat(4000)));
        assertEquals("x" + "\\x1b".repeat(124) + "…", status("x" + "\u001b".repeat(4000)));
    }

    @Test
    void whatWasSaidStays() {
        Notification first = Notification.parse("READY=1\nSTATUS=up\nERRNO=3");
        assertEquals(
                new Notification(true, false, true, "up", 3), first.and(Notification.parse("STOPPING=1\nERRNO=x")));
        Notification later = first.and(Notification.parse("STATUS="));
        assertTrue(later.ready());
        assertEquals("", later.status());
        assertNull(Notification.NOTHING.and(Notification.NOTHING).status());
        assertFalse(Notification.NOTHING.ready());
    }

    @Test
    void anyTextIsRead() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String[] parts = {
            "READY=1", "STATUS=", "ERRNO=", "\n", "\n", "=", "1", "\ud83d", "\ude00", "\u001b", "\0", "\u202e", "x"
        };
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(random.nextInt(10) == 0 ? 2000 : 20); n > 0; n--) {
                text.append(parts[random.nextInt(parts.length)]);
            }
            Notification notification = Notification.parse(text.toString());
            String status = Objects.requireNonNullElse(notification.status(), "");
            assertTrue(status.length() <= 501, () -> "seed " + seed);
            assertTrue(status.chars().noneMatch(c -> Character.isISOControl(c) || c == '\u202e'), () -> "seed " + seed);
            assertTrue(notification.errno() >= 0 && notification.errno() <= 4095, () -> "seed " + seed);
            assertNotNull(notification.and(notification));
        }
    }
}
