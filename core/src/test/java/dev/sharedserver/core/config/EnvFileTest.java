package dev.sharedserver.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class EnvFileTest {

    /** Splits each line at its first bar: a text, and what is expected of it. */
    private static Stream<Arguments> pairs(String... lines) {
        return Stream.of(lines).map(line -> {
            int split = line.indexOf('|');
            return Arguments.of(line.substring(0, split), line.substring(split + 1));
        });
    }

    private static EnvFile parse(String text) {
        return EnvFile.parse("f.env", "web", text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void linesAreVariables() {
        EnvFile file = parse("""
            # a comment
            A=1

              export B = two words  # a comment
            export\tC='single $X \\n "#" '
            D="double \\"quoted\\" \\$ \\\\ \\n\\t#" # a comment
            E=
            F=a#b
            G=#none
            H=""
            exported=x
            A=again
            I.j-k=ü\
            """);
        assertEquals(List.of(), file.errors());
        assertEquals(
                List.of(
                        "A=1",
                        "B=two words",
                        "C=single $X \\n \"#\" ",
                        "D=double \"quoted\" $ \\ \n\t#",
                        "E=",
                        "F=a#b",
                        "G=",
                        "H=",
                        "exported=x",
                        "A=again",
                        "I.j-k=ü"),
                file.entries());
    }

    @Test
    void windowsEditorsAreForgiven() {
        assertEquals(List.of("A=1", "B=2"), parse("\ufeffA=1\r\nB=\"2\"\r\n").entries());
    }

    @Test
    void bytesThatAreNoTextAreKept() {
        byte[] bytes = {'A', '=', (byte) 0xff, 'x', '\n'};
        assertEquals(List.of("A=\udcffx"), EnvFile.parse("f.env", "web", bytes).entries());
    }

    static Stream<Arguments> anErrorNamesItsLineCases() {
        return pairs(
                "A|f.env:1:1: KEY=VALUE is expected, the key of letters, digits, _ - . and no digit first; found 'A'",
                "=x|f.env:1:1: KEY=VALUE is expected, the key of letters, digits, _ - . and no digit first; found '=x'",
                "1A=x|f.env:1:1: KEY=VALUE is expected, the key of letters, digits, _ - . and no digit first; found"
                        + " '1A=x'",
                "\n A B=x|f.env:2:2: KEY=VALUE is expected, the key of letters, digits, _ - . and no digit first; found"
                        + " 'A B=x'",
                "export|f.env:1:1: KEY=VALUE is expected, the key of letters, digits, _ - . and no digit first; found"
                        + " 'export'",
                "A=1\nB=\"x|f.env:2:3: B: this value does not end in its line: add the closing \"",
                "B='x|f.env:1:3: B: this value does not end in its line: add the closing '",
                "B=\"x\"y|f.env:1:6: B: nothing but a comment can stand behind the closing quote, found 'y'",
                "B=\"\\x\"|f.env:1:5: B: unknown escape: \\n \\r \\t \\\" \\\\ and \\$ are known",
                "B=\"\\|f.env:1:5: B: unknown escape: \\n \\r \\t \\\" \\\\ and \\$ are known",
                "B=a\0b|f.env:1:4: a NUL byte cannot stand in a variable");
    }

    @ParameterizedTest
    @MethodSource("anErrorNamesItsLineCases")
    void anErrorNamesItsLine(String text, String expected) {
        assertEquals(
                List.of(expected),
                parse(text).errors().stream().map(Problem::toString).toList());
    }

    @Test
    void allErrorsAreTold() {
        assertEquals(2, parse("A\nB=1\nC='\n").errors().size());
    }

    @Test
    void randomBytesAreEntriesOrErrors() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] alphabet = "AB=\"'\\ #\n\r\texport1\0\u00ff".getBytes(StandardCharsets.ISO_8859_1);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(40)];
            for (int at = 0; at < bytes.length; at++) {
                bytes[at] = alphabet[random.nextInt(alphabet.length)];
            }
            EnvFile file = EnvFile.parse("f", "web", bytes);
            for (String entry : file.entries()) {
                assertEquals(true, entry.indexOf('=') > 0 && entry.indexOf('\0') < 0, "seed " + seed + ": " + entry);
            }
        }
    }
}
