package dev.sharedserver.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SyntaxTest {

    /** Splits each line at its first bar: a text, and what is expected of it. */
    private static Stream<Arguments> pairs(String... lines) {
        return Stream.of(lines).map(line -> {
            int split = line.indexOf('|');
            return Arguments.of(line.substring(0, split), line.substring(split + 1));
        });
    }

    /** Writes a node as strict JSON, so that what was read can be compared. */
    private static String shown(Node node) {
        return switch (node) {
            case Node.Dict dict -> {
                StringBuilder out = new StringBuilder("{");
                for (Node.Member member : dict.members()) {
                    out.append(out.length() > 1 ? "," : "")
                            .append('"')
                            .append(member.key())
                            .append("\":");
                    out.append(shown(member.value()));
                }
                yield out.append('}').toString();
            }
            case Node.Items items -> {
                StringBuilder out = new StringBuilder("[");
                for (Node item : items.items()) {
                    out.append(out.length() > 1 ? "," : "").append(shown(item));
                }
                yield out.append(']').toString();
            }
            case Node.Text text -> "\"" + text.value() + "\"";
            case Node.Numeral numeral -> numeral.text();
            case Node.Bool bool -> "" + bool.value();
            case Node.Nothing nothing -> "null";
        };
    }

    private static String read(String text) {
        try {
            return shown(Syntax.parse(text));
        } catch (Syntax.Wrong e) {
            throw new AssertionError(e.in("f").toString(), e);
        }
    }

    private static String refusal(String text) {
        return assertThrows(Syntax.Wrong.class, () -> Syntax.parse(text), text)
                .in("f")
                .toString();
    }

    static Stream<Arguments> whatPeopleWriteIsReadCases() {
        return pairs(
                "[]|[]",
                "{}|{}",
                " [ 1 , -0 , 1.5e+10 , true , false , null ] |[1,-0,1.5e+10,true,false,null]",
                "[1,]|[1]",
                "{\"a\":1,}|{\"a\":1}",
                "[1/*,*/,//\n]|[1]",
                "/**/{/* a */\"a\"/*:*/:/***/1/* } */}// end|{\"a\":1}",
                "[\"//\",\"/*\",\",]\"]|[\"//\",\"/*\",\",]\"]",
                "[\"\\u0041\\n\\\"\\\\\\/\"]|[\"A\n\"\\/\"]",
                "[\"\\ud83d\\ude00\",\"\\udc80\"]|[\"\ud83d\ude00\",\"\udc80\"]");
    }

    @ParameterizedTest
    @MethodSource("whatPeopleWriteIsReadCases")
    void whatPeopleWriteIsRead(String text, String expected) {
        assertEquals(expected, read(text));
        assertEquals(expected, read("\ufeff" + text));
        assertEquals(expected, read(text.replace("\n", "\r\n")));
    }

    static Stream<Arguments> anErrorNamesItsPlaceAndWhatToDoCases() {
        return pairs(
                "|f:1:1: a value is expected here, found the end of the file",
                "// nothing|f:1:11: a value is expected here, found the end of the file",
                "[,]|f:1:2: [0]: a value is expected, found ','",
                "[1,,2]|f:1:4: [1]: a value is expected, found ','",
                "[1,,]|f:1:4: [1]: a value is expected, found ','",
                "{,}|f:1:2: a key is expected, found ','",
                "{\"a\":1,,}|f:1:8: a key is expected, found ',' (or } is missing)",
                "[1 2]|f:1:4: [0]: a , or ] is expected behind the value, found '2'",
                "{\"a\":1 \"b\":2}|f:1:8: a: a , or } is expected behind the value, found '\"'",
                "{\"a\" 1}|f:1:6: a: a : is expected behind the key, found '1'",
                "{\"a\":}|f:1:6: a: a value is expected, found '}'",
                "{a:1}|f:1:2: a key is expected, found 'a': keys stand in double quotes",
                "{'a':1}|f:1:2: a key is expected, found ''': keys stand in double quotes",
                "['a']|f:1:2: [0]: a value is expected, found ''': strings stand in double quotes",
                "[oops]|f:1:2: [0]: a value is expected, found 'oops': strings stand in double quotes",
                "[True]|f:1:2: [0]: a value is expected, found 'True': strings stand in double quotes",
                "[truex]|f:1:2: [0]: a value is expected, found 'truex': strings stand in double quotes",
                "[NaN]|f:1:2: [0]: a value is expected, found 'NaN': strings stand in double quotes",
                "[01]|f:1:2: [0]: invalid number '01': strings stand in double quotes",
                "[1.]|f:1:2: [0]: invalid number '1.': strings stand in double quotes",
                "[-]|f:1:2: [0]: invalid number '-': strings stand in double quotes",
                "[1e]|f:1:2: [0]: invalid number '1e': strings stand in double quotes",
                "[0x1]|f:1:2: [0]: invalid number '0x1': strings stand in double quotes",
                "[+1]|f:1:2: [0]: a value is expected, found '+1'",
                "[\"a]|f:1:2: [0]: this string does not end in its line: add the closing \"",
                "[\"a\n\"]|f:1:2: [0]: this string does not end in its line: add the closing \"",
                "[\"\t\"]|f:1:3: [0]: '\\t' cannot stand in a string as it is: write \\t, \\n or \\u00XX",
                "[\"\\x\"]|f:1:3: [0]: unknown escape '\\x': a backslash itself is written \\\\",
                "[\"\\u12\"]|f:1:3: [0]: four hexadecimal digits are expected behind \\u",
                "[\"\\ud83d\"]|f:1:2: [0]: this string holds half a character: \\ud83d",
                "[1]]|f:1:4: ']' stands behind the end of the JSON value: remove it",
                "[1] /* |f:1:5: this comment never ends: add */",
                "{\"a\":{\"b c\":[1,{\"d\":|f:1:21: a[\"b c\"][1].d: a value is expected here, found the end of the"
                        + " file");
    }

    @ParameterizedTest
    @MethodSource("anErrorNamesItsPlaceAndWhatToDoCases")
    void anErrorNamesItsPlaceAndWhatToDo(String text, String expected) {
        assertEquals(expected, refusal(text));
    }

    @Test
    void linesAndColumnsCountCharacters() {
        assertEquals(
                "f:4:6: b: a value is expected, found 'x': strings stand in double quotes",
                refusal("{\r\n/* \ud83d\ude00\n*/ \"\ud83d\ude00\": 1,\n\"b\": x}")
                        .replace("f:4:6", "f:4:6"));
        assertEquals(
                "f:1:8: a value is expected, found 'x': strings stand in double quotes"
                        .replace("a value", "[1]: a value"),
                refusal("[\"\ud83d\ude00é\", x]"));
    }

    @ParameterizedTest
    @ValueSource(ints = {65, 1_000, 500_000})
    void depthIsLimited(int depth) {
        assertEquals("f:1:65: " + "[0]".repeat(64) + ": more than 64 levels deep", refusal("[".repeat(depth)));
        assertEquals("[".repeat(64) + "]".repeat(64), read("[".repeat(64) + "]".repeat(64)));
    }

    @Test
    void aHostileMebibyteIsReadInNoTime() throws Syntax.Wrong {
        String longKey = "k".repeat(400_000);
        for (String text : List.of(
                "[" + "1,".repeat(500_000) + "]",
                "[" + "{},".repeat(300_000) + "]",
                "{\"" + longKey + "\":[" + "1,".repeat(300_000) + "]}",
                "[".repeat(63) + "{\"" + longKey + "\":[".replace("[", "") + "1}" + "]".repeat(63),
                "[\"" + "\\u0041".repeat(170_000) + "\"]",
                "/*" + "*".repeat(1_000_000) + "*/[]",
                "//\n".repeat(300_000) + "[]")) {
            assertTimeout(Duration.ofSeconds(60), () -> Syntax.parse(text));
        }
    }

    @Test
    void whateverIsBrokenIsToldAndNeverAnAccident() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String sound = "{\"servers\": {\"web\": {\"command\": \"x\", \"args\": [\"a\", 1.5e3, null, true], // c\n"
                + "\"env\": {\"A\": \"\\u0041\\n\"}, /* d */ },},}";
        String alphabet = "{}[]\",:/*\\ \n\t01-+.eEtrufalsn'\u0000\ud83d\udc80$";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder(sound);
            for (int n = random.nextInt(4); n >= 0; n--) {
                int at = random.nextInt(text.length());
                char c = alphabet.charAt(random.nextInt(alphabet.length()));
                switch (random.nextInt(3)) {
                    case 0 -> text.setCharAt(at, c);
                    case 1 -> text.insert(at, c);
                    default -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(5)));
                }
            }
            try {
                ConfigFile file = ConfigFile.parse("f", text.toString(), variable -> "v");
                for (Problem error : file.errors()) {
                    assertEquals(true, error.line() > 0 && error.column() > 0, error::toString);
                }
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + text, e);
            }
        }
    }
}
