package dev.sharedserver.dev.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LineSplitterTest {

    private static List<String> split(byte[] bytes, int piece) {
        List<String> lines = new ArrayList<>();
        LineSplitter splitter = new LineSplitter(lines::add);
        for (int at = 0; at < bytes.length; at += piece) {
            byte[] part = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + piece));
            splitter.feed(part, part.length);
        }
        splitter.end();
        return lines;
    }

    /** Text with \\e for ESC and so on; the expected lines are joined by |. */
    @ParameterizedTest
    @CsvSource(textBlock = """
        'a\\nb\\n'                                                  , 'a|b'
        'a\\nb'                                                     , 'a|b'
        'a\\r\\nb\\r\\n'                                            , 'a|b'
        '10%\\r20%\\r\\n'                                           , '10%|20%'
        'a\\n\\nb\\n'                                               , 'a||b'
        '\\e[32m\\e[1m➜\\e[22m  Local\\e[0m: \\e[36mhttp://x:1/\\e[m', '➜  Local: http://x:1/'
        '\\e]0;title\\aA\\e]8;;http://l\\e\\\\B'                    , 'AB'
        '\\e(BA\\e=B\\e[?25lC\\e[2K\\e[1GD'                         , 'ABCD'
        '\\e[31\\nrest\\e]0;x\\ny'                                  , '|rest|y'
        'ü€😀'                                                      , 'ü€😀'
        'tab\\tis kept, bell\\a is not'                             , 'tab\tis kept, bell is not'
        """)
    void linesWithoutWhatIsForTerminals(String text, String expected) {
        byte[] bytes = text.replace("\\\\", "\u0001")
                .replace("\\n", "\n")
                .replace("\\r", "\r")
                .replace("\\e", "\u001b")
                .replace("\\a", "\u0007")
                .replace("\\t", "\t")
                .replace("\u0001", "\\")
                .getBytes(StandardCharsets.UTF_8);
        // wherever the bytes are cut
        for (int piece = 1; piece <= bytes.length; piece++) {
            assertEquals(expected, String.join("|", split(bytes, piece)), "in pieces of " + piece);
        }
    }

    @Test
    void aLineOfAMebibyteComesWholeInPieces() {
        String line = "x".repeat(1 << 20);
        List<String> lines = split((line + "\nnext\n").getBytes(StandardCharsets.UTF_8), 65_536);
        assertEquals("next", lines.removeLast());
        assertEquals(line, String.join("", lines));
        assertTrue(lines.stream().allMatch(piece -> piece.length() <= LineSplitter.LONGEST), "pieces are short");
    }

    @Test
    void aPieceNeverEndsInTheMiddleOfACharacter() {
        String line = "x" + "😀".repeat(20_000);
        List<String> lines = split(line.getBytes(StandardCharsets.UTF_8), 1000);
        assertEquals(line, String.join("", lines));
        assertTrue(
                lines.stream().noneMatch(piece -> Character.isHighSurrogate(piece.charAt(piece.length() - 1))),
                "a pair of surrogates was parted");
    }

    @Test
    void whatIsNoUtf8IsReplaced() {
        assertEquals(List.of("a\ufffd\ufffdb"), split(new byte[] {'a', (byte) 0xff, (byte) 0xc3, 'b'}, 1));
        assertEquals(List.of("a\ufffd"), split(new byte[] {'a', (byte) 0xe2, (byte) 0x82}, 1));
    }

    @Test
    void bytesOfAnyKindAreSplitAlikeHoweverTheyAreCut() {
        Random random = new Random(11);
        byte[] likely = {'\n', '\r', 0x1b, '[', ']', 'm', '3', '\\', 7, (byte) 0xc3, (byte) 0xa4, (byte) 0xe2};
        for (int round = 0; round < 2000; round++) {
            byte[] bytes = new byte[random.nextInt(60)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = random.nextBoolean() ? likely[random.nextInt(likely.length)] : (byte) random.nextInt(256);
            }
            assertEquals(split(bytes, Math.max(1, bytes.length)), split(bytes, 1 + random.nextInt(5)));
        }
    }
}
