package dev.sharedserver.agent.logs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LineFilterTest {

    private static String filtered(String regex, byte[] text, int piece) throws IOException, InvalidPattern {
        Collected out = new Collected();
        LineFilter filter = new LineFilter(LineFilter.compile(regex), out);
        for (int at = 0; at < text.length; at += piece) {
            filter.take(text, at, Math.min(piece, text.length - at));
        }
        filter.finish();
        return out.text();
    }

    private static String filtered(String regex, String text) throws IOException, InvalidPattern {
        return filtered(regex, text.getBytes(StandardCharsets.UTF_8), 1 << 20);
    }

    @Test
    void linesWithTheExpressionPassWhole() throws Exception {
        assertEquals("two\n", filtered("^t.o$", "one\ntwo\nthree\n"));
        assertEquals("two\r\n", filtered("^t.o$", "one\r\ntwo\r\nthree\r\n"));
        assertEquals("grün\n", filtered("gr.n$", "rot\ngrün\n"));
        assertEquals("two", filtered("wo", "one\ntwo"));
        assertEquals("\n", filtered("^$", "one\n\ntwo\n"));
    }

    @Test
    void whereTheTextIsCutIntoPiecesDoesNotMatter() throws Exception {
        byte[] text = "one\ntwo\nthree\nfour".getBytes(StandardCharsets.UTF_8);
        for (int piece = 1; piece < text.length; piece++) {
            assertEquals("two\nfour", filtered("o$|our", text, piece).replace("one\n", ""));
        }
    }

    @Test
    void bytesThatAreNoTextPassUnchanged() throws Exception {
        byte[] line = {(byte) 0xff, 0, 'x', (byte) 0xc3, '\n'};
        Collected out = new Collected();
        new LineFilter(LineFilter.compile("x"), out).take(line, 0, line.length);
        assertArrayEquals(line, out.bytes());
    }

    @Test
    void noExpressionTakesForEver() throws Exception {
        String text = "a".repeat(5000) + "!\n";
        for (String regex : new String[] {"(a+)+$", "(a|aa)*$", "(a*)*b", "(.*)(.*)(.*)(.*)x", "(a?){30}a{30}$"}) {
            assertTimeout(Duration.ofSeconds(5), () -> filtered(regex, text), regex);
        }
    }

    @Test
    void aLongLineIsTakenInPieces() throws Exception {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        byte[] line = new byte[3 * LineFilter.LONGEST_LINE];
        Arrays.fill(line, (byte) 'a');
        text.write(line);
        text.write("needle\nshort needle\n".getBytes(StandardCharsets.UTF_8));
        assertEquals("needle\nshort needle\n", filtered("needle", text.toByteArray(), 64 << 10));
        assertEquals(line.length, filtered("^a", text.toByteArray(), 64 << 10).length());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"(", "a**b[", "(?=x)", "(a)\\1", "((a{100}){100}){100}", "x{1001}", "(x{300}){300}", "[z-a]"})
    void whatIsNoExpressionOrATooLargeOneIsRefused(String regex) {
        InvalidPattern refused = assertThrows(InvalidPattern.class, () -> LineFilter.compile(regex));
        assertEquals(refused.reason().strip(), refused.reason());
    }
}
