package dev.sharedserver.portable.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
        // where a hole was left it is closed now that nothing was added
        keeper.look(System.nanoTime() + 1_000_000_000L);
        checkCut(log, LINES);

        // once more: what was cut before counts, too
        Files.writeString(log, lines(LINES, 3 * LINES), StandardOpenOption.APPEND);
        keeper.look(System.nanoTime() + 2_000_000_000L);
        keeper.look(System.nanoTime() + 3_000_000_000L);
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

    /** Appends numbered lines as fast as it can, as a server does, until it is told to end. */
    private static final class Writer extends Thread {
        private static final int LINE = 13;

        private final Path log;
        private final AtomicBoolean end = new AtomicBoolean();
        private long lines;

        Writer(Path log) {
            this.log = log;
        }

        @Override
        public void run() {
            try (OutputStream out = Files.newOutputStream(log, StandardOpenOption.APPEND)) {
                while (!end.get()) {
                    StringBuilder text = new StringBuilder();
                    for (int i = 0; i < 20; i++) {
                        text.append(100_000_000_000L + lines++).append('\n');
                    }
                    out.write(text.toString().getBytes(StandardCharsets.ISO_8859_1));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Returns how many lines it has written. */
        long end() throws InterruptedException {
            end.set(true);
            join();
            return lines;
        }
    }

    /** However the file system lets us: what a writer that never pauses has written is there, or counted, or said to be lost. */
    @ParameterizedTest
    @EnumSource
    void aWriterThatDoesNotPauseLosesNothingUnsaid(LogCut.Way way) throws IOException, InterruptedException {
        Path log = Files.createFile(root.resolve("a.log"));
        Writer writer = new Writer(log);
        writer.start();
        long written;
        try {
            for (int cuts = 0; cuts < 20; ) {
                try (LogCut taken = Objects.requireNonNull(LogCut.take(log))) {
                    if (taken.size() - taken.head().base() > 300_000) {
                        taken.cut(100_000, way);
                        cuts++;
                    }
                }
            }
        } finally {
            written = writer.end();
        }
        try (LogCut taken = Objects.requireNonNull(LogCut.take(log))) {
            assertTrue(taken.closeGap(), "nobody writes any more");
        }
        List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
        Matcher head =
                Pattern.compile("--- sharedserver: (\\d+) bytes cut at \\S+ -+").matcher(lines.getFirst());
        assertTrue(head.matches(), lines.getFirst());
        Pattern mark = Pattern.compile("--- sharedserver: at least \\d+ bytes lost at \\S+ ---");
        boolean lossy = way == LogCut.Way.MOVE;
        long next = lossy ? -1 : Long.parseLong(head.group(1)) / Writer.LINE;
        boolean said = lossy; // the line before may have gone with the beginning
        for (int i = 1; i < lines.size(); i++) {
            String line = lines.get(i);
            if (mark.matcher(line).matches()) {
                assertTrue(lossy, line);
                said = true;
            } else if (line.length() == Writer.LINE - 1) {
                long number = Long.parseLong(line) - 100_000_000_000L;
                assertTrue(said ? number >= next : number == next, () -> "behind a gap that nobody said: " + line);
                next = number + 1;
                said = false;
            } else {
                // a part of a line: a mark stands before it, or behind it
                assertTrue(lossy && (said || mark.matcher(lines.get(i + 1)).matches()), line);
            }
        }
        assertTrue(said || written == next, "the end is kept");
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
