package dev.sharedserver.portable.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LogKeeperTest {

    private static final int LINES = 20_000;

    private final Path root;

    LogKeeperTest(@TempDir Path root) {
        this.root = root;
    }

    private static String lines(int from, int to) {
        StringBuilder text = new StringBuilder();
        for (int i = from; i < to; i++) {
            text.append("line ").append(1_000_000 + i).append('\n');
        }
        return text.toString();
    }

    @Test
    void aLogIsCutAtALineAndSaysHowMuchIsGone() throws IOException {
        Path log = root.resolve("a.log");
        Path notes = root.resolve("a.log.times");
        LogKeeper keeper = new LogKeeper();
        Files.createFile(log);
        keeper.tend(log, notes.toString(), 200_000, 50_000);
        Files.writeString(log, lines(0, LINES), StandardOpenOption.APPEND);
        keeper.look(System.nanoTime());
        checkCut(log, LINES);

        // once more: what was cut before counts, too
        Files.writeString(log, lines(LINES, 3 * LINES), StandardOpenOption.APPEND);
        keeper.look(System.nanoTime() + 1_000_000_000L);
        checkCut(log, 3 * LINES);
        ByteBuffer note = ByteBuffer.wrap(Files.readAllBytes(notes));
        assertTrue(note.getLong() <= System.currentTimeMillis());
        assertEquals(13L * LINES, note.getLong(), "what stood there by then, cut or not");
    }

    private static void checkCut(Path log, int lines) throws IOException {
        String text = Files.readString(log, StandardCharsets.ISO_8859_1);
        assertTrue(text.length() < 60_000, () -> "is " + text.length());
        int end = text.indexOf('\n');
        String head = text.substring(0, end);
        assertTrue(head.startsWith("--- sharedserver: ") && head.endsWith("---"), head);
        long cut = Long.parseLong(head.split(" ", -1)[2]);
        String rest = text.substring(end + 1);
        assertEquals(13L * lines, cut + rest.length(), "no byte is lost that nobody counted");
        assertEquals(lines((int) (cut / 13), lines), rest);
    }

    @Test
    void whatIsNoRegularFileIsLeftAlone() throws IOException {
        Path target = Files.writeString(root.resolve("target"), "x".repeat(300_000));
        Path link = Files.createSymbolicLink(root.resolve("a.log"), target);
        LogKeeper keeper = new LogKeeper();
        keeper.tend(link, "", 100_000, 50_000);
        keeper.look(System.nanoTime());
        assertEquals(300_000, Files.size(target));
    }
}
