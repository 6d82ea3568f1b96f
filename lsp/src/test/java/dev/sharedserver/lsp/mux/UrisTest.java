package dev.sharedserver.lsp.mux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class UrisTest {

    @Test
    void spellingsOfOneFileAreTheSame() {
        // Neovim, Emacs, VS Code, one that escapes nothing, RFC 8089
        List<String> all = List.of(
                "file:///c++/a%3ab/%c3%a9%20(1)@x.c",
                "file:///c++/a%3Ab/%C3%A9%20(1)@x.c",
                "file:///c%2B%2B/a%3Ab/%C3%A9%20%281%29%40x.c",
                "file:///c++/a:b/é (1)@x.c",
                "file://localhost/%63++/a:b/é%20(1)@x.c");
        for (String one : all) {
            assertTrue(Uris.same(all.get(0), one), one);
            assertEquals("file:///c%2B%2B/a%3Ab/%C3%A9%20%281%29%40x.c", Uris.key(one));
        }
    }

    @Test
    void whatMeansSomethingElseIsNotTheSame() {
        assertFalse(Uris.same("file:///a/b", "file:///a%2Fb"));
        assertFalse(Uris.same("file:///a?b", "file:///a%3Fb"));
        assertFalse(Uris.same("file:///a#b", "file:///a%23b"));
        assertFalse(Uris.same("file:///a", "file:///A"));
        assertFalse(Uris.same("file:///a", "file:///a/"));
        assertFalse(Uris.same("file:///a", "file://a"));
        assertFalse(Uris.same("untitled:%41", "untitled:A"));
        assertNotEquals(Uris.key("file:///é"), Uris.key("file:///%E9"));
    }

    @Test
    void aPercentSignThatEscapesNothingIsOne() {
        assertTrue(Uris.same("file:///100%", "file:///100%25"));
        assertTrue(Uris.same("file:///%4", "file:///%254"));
        assertTrue(Uris.same("file:///%zz", "file:///%25zz"));
    }

    @Test
    void aDirectoryMayEndWithASlash() {
        assertEquals(Uris.folderKey("file:///a%2B"), Uris.folderKey("file:///a+/"));
        assertEquals("file:///", Uris.folderKey("file:///"));
    }

    /** Whatever an editor escapes of a path, and how: all is one key, and no other path has it. */
    @Test
    void everySpellingOfAPathHasItsKeyAndNoOther() {
        Random random = new Random(7);
        for (int round = 0; round < 2_000; round++) {
            String path = path(random);
            String key = Uris.key(spelled(path, random));
            assertEquals(key, Uris.key(spelled(path, random)), path);
            assertEquals(key, Uris.key(key), path);
            String other = path(random);
            assertEquals(path.equals(other), key.equals(Uris.key(spelled(other, random))), path + " and " + other);
        }
    }

    private static String path(Random random) {
        StringBuilder path = new StringBuilder("/");
        for (int length = 1 + random.nextInt(3); length > 0; length--) {
            path.append(letter(random));
        }
        return path.toString();
    }

    private static String letter(Random random) {
        int[] letters = "aB0-./ %+:é😀~#?\\\u0001".codePoints().toArray();
        return Character.toString(letters[random.nextInt(letters.length)]);
    }

    private static String spelled(String path, Random random) {
        StringBuilder uri = new StringBuilder("file://");
        path.codePoints().forEach(letter -> {
            boolean must = "%#?".indexOf(letter) >= 0;
            boolean may = letter != '/';
            if (must || may && random.nextBoolean()) {
                for (byte one : Character.toString(letter).getBytes(StandardCharsets.UTF_8)) {
                    uri.append(String.format(random.nextBoolean() ? "%%%02x" : "%%%02X", one & 0xff));
                }
            } else {
                uri.appendCodePoint(letter);
            }
        });
        return uri.toString();
    }
}
