package dev.sharedserver.agent.logs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LogSourceTest {

    private static final String HEAD = "--- sharedserver: 1000 bytes cut at 2026-11-21T10:11:12.123Z ---\n";

    private final Path directory;

    LogSourceTest(@TempDir Path directory) {
        this.directory = directory;
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("log"), text, StandardCharsets.ISO_8859_1);
    }

    /** A head before a hole in the file that {@link #file} will write. */
    private String hole() throws IOException {
        return "--- sharedserver: 1000 bytes cut at 2026-11-21T10:11:12.123Z, continued at byte 4096 of inode "
                + Files.getAttribute(file(""), "unix:ino") + " ---\n";
    }

    private static String read(LogSource source, long place) throws IOException {
        LogSource.Found.Output found = assertInstanceOf(LogSource.Found.Output.class, source.read(place));
        ByteBuffer bytes = found.bytes();
        return StandardCharsets.ISO_8859_1.decode(bytes).toString();
    }

    @Test
    void aPlaceIsCountedFromTheBeginningOfTheOutput() throws IOException {
        String hole = hole();
        for (String head : new String[] {HEAD, hole + "\0".repeat(4096 - hole.length())}) {
            try (LogSource source = LogSource.open(file(head + "one\ntwo\n"))) {
                assertEquals(1000, source.begin());
                assertEquals(1008, source.end());
                assertEquals("two\n", read(source, 1004));
                assertInstanceOf(LogSource.Found.End.class, source.read(1008));
                assertEquals(
                        1000,
                        assertInstanceOf(LogSource.Found.Cut.class, source.read(999))
                                .head()
                                .cut());
            }
        }
    }

    @Test
    void aReaderGoesOnWhereItWasWhenTheLogIsCut() throws IOException {
        Path log = file("x".repeat(999) + "\none\ntwo\n");
        try (LogSource source = LogSource.open(log)) {
            assertEquals("two\n", read(source, 1004));
            file(HEAD + "one\ntwo\nthree\n");
            assertEquals("three\n", read(source, 1008));
        }
    }

    @Test
    void aLogThatSomebodyEmptiedIsReadFromItsBeginning() throws IOException {
        Path log = file("one\ntwo\n");
        try (LogSource source = LogSource.open(log)) {
            file("new\n");
            LogSource.Found.Shortened found = assertInstanceOf(LogSource.Found.Shortened.class, source.read(8));
            assertEquals("new\n", read(source, found.place()));
        }
    }

    @Test
    void aFileShorterThanItsHeadSaysIsLookedAtAgain() throws IOException {
        try (LogSource source = LogSource.open(file(hole()))) {
            assertInstanceOf(LogSource.Found.End.class, source.read(1008));
        }
    }

    @Test
    void theLastLinesAreFound() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 50_000; i++) {
            text.append("line ").append(i).append('\n');
        }
        for (String last : new String[] {"", "no newline"}) {
            try (LogSource source = LogSource.open(file(text + last))) {
                long end = source.end();
                assertEquals(end, source.beginOfLast(0, end));
                assertEquals(0, source.beginOfLast(60_000, end));
                assertEquals(last.isEmpty() ? "line 49999\n" : "no newline", read(source, source.beginOfLast(1, end)));
                for (int n : new int[] {2, 10, 4000, 49_999}) {
                    String first = "line " + (50_000 - n + (last.isEmpty() ? 0 : 1)) + "\n";
                    assertEquals(first, read(source, source.beginOfLast(n, end)).substring(0, first.length()));
                }
            }
        }
        try (LogSource source = LogSource.open(file(HEAD + "one\ntwo\n"))) {
            assertEquals(1000, source.beginOfLast(3, 1008));
            assertEquals(1004, source.beginOfLast(1, 1008));
        }
        try (LogSource source = LogSource.open(file("x".repeat(200_000) + "\nend"))) {
            assertEquals("end", read(source, source.beginOfLast(1, source.end())));
            assertEquals(0, source.beginOfLast(2, source.end()));
        }
    }

    @Test
    void anotherFileUnderTheNameIsNoticed() throws IOException {
        Path log = file("one\n");
        try (LogSource source = LogSource.open(log)) {
            Files.writeString(log, "two\n", StandardOpenOption.APPEND);
            assertEquals(false, source.isAnother(log));
            Files.move(log, directory.resolve("log.1"));
            assertEquals(false, source.isAnother(log));
            file("new\n");
            assertEquals(true, source.isAnother(log));
        }
    }

    @Test
    void notesTellWhereTheOutputOfATimeBegins() throws IOException {
        Path notes = directory.resolve("log.times");
        assertEquals(0, SizeNotes.placeAt(notes, 1000));
        ByteBuffer bytes = ByteBuffer.allocate(40);
        bytes.putLong(100).putLong(0).putLong(2000).putLong(50).putLong(1);
        Files.write(notes, bytes.array());
        assertEquals(0, SizeNotes.placeAt(notes, 99));
        assertEquals(0, SizeNotes.placeAt(notes, 1999));
        assertEquals(50, SizeNotes.placeAt(notes, 2000));
        Files.delete(notes);
        Files.createDirectory(notes);
        assertEquals(0, SizeNotes.placeAt(notes, 3000));
    }
}
