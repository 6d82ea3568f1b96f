package dev.sharedserver.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutputTest {

    private static final Instant AT = Instant.parse("2026-11-21T04:12:09Z");
    private static final Terminal PLAIN = new Terminal(false, 0);

    private static ServerView web(String name, String... command) {
        return new ServerView(
                name,
                State.ACTIVE,
                41207L,
                List.of(command),
                "30m",
                41206L,
                AT,
                List.of(new ClientView("40113", AT, "nvim", null, true, "/usr/bin/nvim", "/home/me", List.of("nvim"))),
                8L,
                7L,
                "/",
                "/log",
                18000,
                true,
                null,
                null);
    }

    @Test
    void thePhrasesThatProgramsMatchAreAsAgreed() {
        Messages messages = new Messages(PLAIN);
        assertEquals("✓ Started server web (PID: 5, refcount: 1)\n", messages.started("web", 5, 1));
        assertEquals("✓ Attached to server web (refcount: 2)\n", messages.attached("web", 2));
        assertEquals("✓ Rescued server web from grace period (refcount: 1)\n", messages.rescued("web", 1));
        assertTrue(messages.detached("web", 1, new dev.sharedserver.core.Period(0))
                .startsWith("✓ Detached from server web (refcount: 1"));
        assertTrue(messages.notRunning("web").contains("is not running"));
        assertTrue(messages.didNotStop("web", new dev.sharedserver.core.Period(10_000_000_000L))
                .contains("did not stop within 10s. Use --force to send SIGKILL"));
        assertTrue(messages.stopped("web", false).contains("stopped gracefully"));
        assertEquals("(no servers)\n", TextOutput.list(List.of(), PLAIN, AT));
    }

    @Test
    void theCommandOfAHubIsNotShownInAList() {
        String text = TextOutput.list(List.of(web("@dev", "java", "-XX:AOTCache=x")), PLAIN, AT);
        assertTrue(text.endsWith("  (hub of sharedserver dev)\n"), text);
    }

    @Test
    void whatIsHostileIsEscaped() {
        String text = TextOutput.list(List.of(web("web", "\u001b[31mred", "a\nb", "\udcff")), PLAIN, AT);
        assertFalse(text.contains("\u001b"), text);
        assertEquals(2, text.lines().count());
        assertTrue(text.contains("\\x1b") && text.contains("\\xff"), text);
    }

    @Test
    void aTableFitsItsTerminalAndWideCharactersAlign() {
        String text = TextOutput.list(
                List.of(web("web", "x".repeat(300)), web("🚀🚀", "y")), new Terminal(false, 80), AT.plusSeconds(8100));
        for (String line : text.lines().toList()) {
            assertTrue(TextOutput.width(line) <= 80, line);
        }
        assertTrue(text.contains("…") && text.contains("2h 15m"), text);
        List<String> lines = text.lines().toList();
        assertEquals(
                TextOutput.width(lines.get(1).substring(0, lines.get(1).indexOf("active"))),
                TextOutput.width(lines.get(2).substring(0, lines.get(2).indexOf("active"))));
    }

    @Test
    void jsonHasTheAgreedFieldsInTheAgreedOrder() {
        String json = JsonOutput.list(List.of(web("web", "sleep")));
        int at = -1;
        for (String field : List.of(
                "name",
                "state",
                "pid",
                "command",
                "grace_period",
                "watcher_pid",
                "started_at",
                "refcount",
                "clients",
                "attached_at",
                "metadata")) {
            int next = json.indexOf("\"" + field + "\"", at + 1);
            assertTrue(next > at, field + " in " + json);
            at = next;
        }
        assertTrue(json.contains("\"started_at\": " + AT.getEpochSecond()), json);
        assertTrue(JsonOutput.list(List.of(web("web", "\udcff"))).contains("\\udcff"));
    }
}
