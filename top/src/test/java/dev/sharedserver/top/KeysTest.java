package dev.sharedserver.top;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class KeysTest {

    private static List<Key> keys(String typed) throws Exception {
        return keys(typed.getBytes(StandardCharsets.UTF_8));
    }

    private static List<Key> keys(byte[] typed) throws Exception {
        Keys reader = new Keys(new ByteArrayInputStream(typed));
        List<Key> keys = new ArrayList<>();
        for (Key key = reader.next(); key != null; key = reader.next()) {
            keys.add(key);
        }
        return keys;
    }

    private static List<Key> kinds(Key.Kind... kinds) {
        return List.of(kinds).stream().map(Key::of).toList();
    }

    @Test
    void arrowsComeInBothModesOfTheKeypad() throws Exception {
        assertEquals(kinds(Key.Kind.UP, Key.Kind.DOWN), keys("\u001b[A\u001bOB"));
        assertEquals(
                kinds(Key.Kind.PAGE_UP, Key.Kind.PAGE_DOWN, Key.Kind.HOME, Key.Kind.END),
                keys("\u001b[5~\u001b[6~\u001b[1~\u001b[F"));
    }

    @Test
    void arrowsWithModifiersAreArrows() throws Exception {
        assertEquals(kinds(Key.Kind.UP), keys("\u001b[1;5A"));
    }

    @Test
    void escapeAloneIsAKey() throws Exception {
        assertEquals(kinds(Key.Kind.ESCAPE), keys("\u001b"));
    }

    @Test
    void sequencesThatMeanNothingAreSwallowedWhole() throws Exception {
        List<Key> keys = keys("\u001b[38;5;3m\u001b[200~q");
        assertEquals(3, keys.size());
        assertEquals(Key.of('q'), keys.get(2));
    }

    @Test
    void charactersOfEveryLengthAreRead() throws Exception {
        assertEquals(List.of(Key.of('q'), Key.of(0xe9), Key.of(0x65e5), Key.of(0x1f600)), keys("qé日😀"));
    }

    @Test
    void brokenUtf8IsOneKeyThatMeansNothing() throws Exception {
        assertEquals(List.of(Key.of(Key.Kind.OTHER), Key.of('q')), keys(new byte[] {(byte) 0x80, 'q'}));
        assertEquals(kinds(Key.Kind.OTHER), keys(new byte[] {(byte) 0xe6}));
        // a surrogate in UTF-8 (CESU)
        assertEquals(kinds(Key.Kind.OTHER), keys(new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80}));
    }

    @Test
    void enterAndBackspaceHaveTwoFormsEach() throws Exception {
        assertEquals(
                kinds(Key.Kind.ENTER, Key.Kind.ENTER, Key.Kind.BACKSPACE, Key.Kind.BACKSPACE), keys("\r\n\u007f\b"));
    }
}
