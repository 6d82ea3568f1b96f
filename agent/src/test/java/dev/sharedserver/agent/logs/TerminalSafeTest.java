package dev.sharedserver.agent.logs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TerminalSafeTest {

    /** Text whose characters up to U+00FF stand for bytes; cut at every place. */
    private static String shown(String bytes) throws IOException {
        byte[] text = bytes.getBytes(StandardCharsets.ISO_8859_1);
        String whole = null;
        for (int cut = 0; cut <= text.length; cut++) {
            Collected out = new Collected();
            TerminalSafe safe = new TerminalSafe(out);
            safe.take(text, 0, cut);
            safe.take(text, cut, text.length - cut);
            safe.finish();
            assertEquals(whole == null ? out.text() : whole, out.text());
            whole = out.text();
        }
        return whole == null ? "" : whole;
    }

    @Test
    void textAndColoursPass() throws IOException {
        String text = "plain\ttext\r\n\u001b[31mred\u001b[0m \u001b[38;2;1;2;3m\u001b[4:3m\u001b[m";
        assertEquals(text, shown(text));
        String utf8 = new String("grün 漢字 🦊 \ufffd".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        assertEquals("grün 漢字 🦊 \ufffd", shown(utf8));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "\u001b]0;title\u0007x,\\x1b]0;title\\x07x",
                "\u001b[2Jx,\\x1b[2Jx",
                "\u001b[31,\\x1b[31",
                "\u001b\u001b[1m,\\x1b\u001b[1m",
                "\u001bc,\\x1bc",
                "a\bb,a\\x08b",
                "a\u0000\u007f,a\\x00\\x7f",
                "\u00ff\u00fe,\\xff\\xfe",
                "\u00c3,\\xc3",
                "\u00c3x,\\xc3x",
                "\u00c2\u009b2J,\\xc2\\x9b2J",
                "\u00c0\u00af,\\xc0\\xaf",
                "\u00ed\u00a0\u0080,\\xed\\xa0\\x80",
                "\u00e0\u0080\u0080,\\xe0\\x80\\x80",
                "\u00f0\u009f\u00a6,\\xf0\\x9f\\xa6"
            })
    void whatATerminalWouldObeyIsShown(String bytes, String expected) throws IOException {
        assertEquals(expected, shown(bytes));
    }

    @Test
    void anEndlessColourIsNone() throws IOException {
        assertEquals("\\x1b[" + "1;".repeat(100) + "m", shown("\u001b[" + "1;".repeat(100) + "m"));
    }
}
