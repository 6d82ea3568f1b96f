package dev.sharedserver.mcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LinesTest {

    @Test
    void aLineOfTheGreatestLengthIsKeptAndALongerOnePassedOver() throws IOException {
        String longest = "x".repeat(Lines.LONGEST);
        assertEquals(
                Arrays.asList("a", longest, null, "", "b", null),
                read("a\n" + longest + "\n" + longest + "x\n\nb\n" + longest.repeat(3)));
    }

    @Test
    void theLastLineNeedsNoEnd() throws IOException {
        assertEquals(List.of("a", "b"), read("a\nb"));
        assertEquals(List.of(), read(""));
    }

    @Test
    void piecesOfAnySizeMakeTheSameLines() throws IOException {
        InputStream oneByOne = new ByteArrayInputStream("ä{}\nb\n".getBytes(StandardCharsets.UTF_8)) {
            @Override
            public synchronized int read(byte[] bytes, int from, int length) {
                return super.read(bytes, from, Math.min(1, length));
            }
        };
        assertEquals(List.of("ä{}", "b"), read(new Lines(oneByOne)));
    }

    private static List<String> read(String text) throws IOException {
        return read(new Lines(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8))));
    }

    private static List<String> read(Lines lines) throws IOException {
        List<String> all = new ArrayList<>();
        for (Lines.Line line = lines.next(); line != null; line = lines.next()) {
            all.add(line.text());
        }
        return all;
    }
}
