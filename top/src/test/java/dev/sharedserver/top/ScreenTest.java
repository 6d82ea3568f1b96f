package dev.sharedserver.top;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.Test;

final class ScreenTest {

    private static final long NOW = 1_800_000_000_000L;
    private static final Screen SCREEN =
            new Screen(new Colors(false), true, pid -> new Screen.Facts("/usr/bin/vim", "/home/me"));

    private static Served server(String name, int holders) {
        List<Served.Holder> list = new ArrayList<>();
        for (int i = 0; i < holders; i++) {
            list.add(new Served.Holder(100L + i, null, "2027-01-15T07:59:00.000000Z", "editor " + i));
        }
        return new Served(name, "active", 4711L, NOW / 1000 - 3725, List.of("sleep", "10 00"), list, null);
    }

    private static View view(Served... servers) {
        View view = new View();
        view.show(List.of(servers));
        view.costs = Map.of(4711L, new Load.Cost(12.34, 123 << 20));
        return view;
    }

    private static List<String> lines(View view, int columns, int rows) {
        return SCREEN.lines(view, columns, rows, NOW).stream()
                .map(AttributedString::toString)
                .toList();
    }

    @Test
    void aServerIsOneLineWithAllItsFigures() {
        List<String> lines = lines(view(server("web", 1)), 100, 10);
        assertEquals("1 server, 1 reference, 123.0M memory", lines.get(0));
        assertEquals("NAME  STATE    PID  REFS  UPTIME  CPU%     RSS  COMMAND", lines.get(1));
        assertEquals(
                "web   active  4711     1   1h 2m  12.3  123.0M  sleep '10 00'",
                lines.get(2).stripTrailing());
        assertTrue(lines.contains("pid 100  editor 0  /usr/bin/vim  in /home/me  since 1m 0s"), lines.toString());
        assertTrue(lines.get(9).startsWith("s stop"), lines.toString());
    }

    @Test
    void graceCountsDown() {
        Served grace = new Served("web", "grace", 1L, 1L, List.of("x"), List.of(), NOW + 299_000);
        assertTrue(lines(view(grace), 80, 10).get(2).contains("grace 4m 59s"));
    }

    @Test
    void everyScreenHasTheSizeOfTheTerminal() {
        Random random = new Random(4);
        List<View.Mode> modes = List.of(View.Mode.values());
        for (int round = 0; round < 500; round++) {
            List<Served> servers = new ArrayList<>();
            int count = random.nextInt(30);
            for (int i = 0; i < count; i++) {
                servers.add(server(
                        switch (random.nextInt(4)) {
                            case 0 -> "x".repeat(1 + random.nextInt(128));
                            case 1 -> "日本".repeat(1 + random.nextInt(20)) + i;
                            case 2 -> "e\u0301" + i;
                            default -> "s" + i;
                        },
                        random.nextInt(12)));
            }
            View view = view(servers.toArray(Served[]::new));
            view.mode = modes.get(random.nextInt(modes.size()));
            view.subject = "s1";
            view.move(random.nextInt(30));
            int columns = 1 + random.nextInt(140);
            int rows = 2 + random.nextInt(50);
            List<AttributedString> lines = SCREEN.lines(view, columns, rows, NOW);
            assertEquals(rows, lines.size(), "round " + round);
            for (AttributedString line : lines) {
                assertTrue(line.columnLength() <= columns, () -> columns + " columns: " + line);
                assertTrue(Cells.width(line.toString()) <= columns, () -> columns + " columns: " + line);
            }
        }
    }

    @Test
    void aNarrowTerminalKeepsNameStateAndCount() {
        List<String> lines = lines(view(server("web", 2)), 40, 10);
        assertTrue(lines.get(1).startsWith("NAME  STATE "), lines.toString());
        assertTrue(lines.get(1).contains("REFS"), lines.toString());
        assertFalse(lines.get(1).contains("RSS"), lines.toString());
    }

    @Test
    void controlCharactersAreShownNotSent() {
        Served hostile = new Served(
                "a\u001b[2J",
                "active",
                1L,
                1L,
                List.of("x\u0007\r"),
                List.of(new Served.Holder(1L, null, "\u001b]0;x", "\u009b31m")),
                null);
        View view = view(hostile);
        for (View.Mode mode : View.Mode.values()) {
            view.mode = mode;
            view.subject = hostile.name();
            for (String line : lines(view, 120, 12)) {
                assertTrue(line.chars().noneMatch(Character::isISOControl), line);
            }
        }
    }

    @Test
    void theSelectionStaysWithItsServerAndThenWithItsPlace() {
        View view = view(server("a", 0), server("b", 0), server("c", 0));
        view.move(1);
        view.show(List.of(server("0", 0), server("a", 0), server("b", 0), server("c", 0)));
        assertEquals(2, view.index());
        view.show(List.of(server("0", 0), server("a", 0), server("c", 0)));
        assertEquals(2, view.index());
        view.show(List.of());
        assertEquals(-1, view.index());
    }

    @Test
    void theSelectedServerIsInSightHoweverManyThereAre() {
        List<Served> many = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            many.add(server("s" + i, 3));
        }
        View view = view(many.toArray(Served[]::new));
        for (int i = 0; i < 200; i++) {
            String name = "s" + i + " ";
            assertTrue(lines(view, 80, 12).stream().anyMatch(line -> line.startsWith(name)), name);
            view.move(1);
        }
    }

    @Test
    void whoHoldsItIsNamedInTheQuestion() {
        View view = view(server("web", 2));
        view.mode = View.Mode.CONFIRM_STOP;
        view.subject = "web";
        assertEquals(
                "Stop web? y/n  used by pid 100 (editor 0), pid 101 (editor 1)",
                lines(view, 100, 8).get(7));
    }
}
