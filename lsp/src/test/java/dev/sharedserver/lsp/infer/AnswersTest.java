package dev.sharedserver.lsp.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of what servers can do, and what is believed of it. */
final class AnswersTest {

    private static final String ANSWER = "{\"capabilities\":{\"hoverProvider\":true,\"odd\":1.50e3,\"none\":null}}";

    private final Path directory;
    private final Answers answers;

    AnswersTest(@TempDir Path root) {
        directory = root.resolve("cache/lsp");
        answers = new Answers(directory);
    }

    private Path kept() {
        answers.keep("a", ANSWER);
        assertEquals(ANSWER, answers.find("a"));
        return directory.resolve("a.json");
    }

    @Test
    void anAnswerIsKeptForItsUserAlone() throws IOException {
        Path file = kept();
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
        assertNull(answers.find("b"));
        assertEquals(ANSWER, new Answers(directory).find("a"));
    }

    @Test
    void whatOthersCouldHaveWrittenIsNotBelieved() throws IOException {
        Path file = kept();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw----rw-"));
        assertNull(answers.find("a"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwx---"));
        assertNull(answers.find("a"));
        answers.keep("b", ANSWER);
        assertTrue(Files.notExists(directory.resolve("b.json")), "nor is anything put there");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        assertEquals(ANSWER, answers.find("a"));

        Path elsewhere = Files.move(file, directory.resolveSibling("elsewhere"));
        Files.createSymbolicLink(file, elsewhere);
        assertNull(answers.find("a"), "a link");
        Files.delete(file);
        Files.createDirectory(file);
        assertNull(answers.find("a"), "a directory");
    }

    @Test
    void whatIsNoAnswerIsNotBelieved() throws IOException {
        Path file = kept();
        String good = Files.readString(file);
        for (String bad : List.of(
                "",
                "{",
                "null",
                "[]",
                "{\"identity\":\"a\"}",
                "{\"identity\":\"a\",\"answer\":{}}",
                "{\"identity\":\"a\",\"answer\":\"[]\"}",
                "{\"identity\":\"a\",\"answer\":\"{\\\"capabilities\\\":1}\"}",
                "{\"identity\":\"a\",\"answer\":\"" + "[".repeat(100_000) + "\"}",
                good.replace("\"identity\":\"a\"", "\"identity\":\"b\""),
                "\0\0\0",
                good + "{",
                "{\"x\":\"" + "y".repeat(Answers.LARGEST) + "\"}")) {
            Files.writeString(file, bad);
            assertNull(answers.find("a"), () -> bad.substring(0, Math.min(80, bad.length())));
        }
        Files.writeString(file, good);
        assertEquals(ANSWER, answers.find("a"));
        Files.setLastModifiedTime(
                file, FileTime.from(Instant.now().minus(Answers.VALID).minus(Duration.ofHours(1))));
        assertNull(answers.find("a"), "too old");
    }

    @Test
    void thereIsABoundToWhatIsKept() throws IOException {
        answers.keep("large", "{\"capabilities\":{},\"x\":\"" + "y".repeat(Answers.LARGEST) + "\"}");
        assertNull(answers.find("large"));
        for (int i = 0; i < Answers.MOST + 5; i++) {
            answers.keep("n" + i, ANSWER);
            Files.setLastModifiedTime(
                    directory.resolve("n" + i + ".json"),
                    FileTime.from(Instant.now().minusSeconds(1000 - i)));
        }
        answers.keep("last", ANSWER);
        try (var files = Files.list(directory)) {
            assertEquals(Answers.MOST, files.count());
        }
        assertNull(answers.find("n0"));
        assertEquals(ANSWER, answers.find("last"));
        assertEquals(ANSWER, answers.find("n" + (Answers.MOST + 4)));
    }

    @Test
    void withoutAPlaceNothingIsKept() {
        Answers nowhere = new Answers(Answers.directory(null, null));
        nowhere.keep("a", ANSWER);
        assertNull(nowhere.find("a"));
        assertEquals(Path.of("/c/sharedserver/lsp"), Answers.directory("/c", "/h"));
        assertEquals(Path.of("/h/.cache/sharedserver/lsp"), Answers.directory("relative", "/h"));
    }

    @Test
    void aUsersFileIsAnAnswerOrRefused(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("f"), "{ \"capabilities\": {} }\n");
        assertEquals("{\"capabilities\":{}}", Answers.read(file));
        for (String bad : List.of("", "{", "[]", "{\"hoverProvider\":true}", "x".repeat(Answers.LARGEST + 1))) {
            Files.writeString(file, bad);
            IOException refused = assertThrows(IOException.class, () -> Answers.read(file));
            assertTrue(String.valueOf(refused.getMessage()).startsWith(file.toString()), refused.getMessage());
        }
        assertThrows(IOException.class, () -> Answers.read(directory.resolve("none")));
    }

    @Test
    void anotherVersionIsAnotherServer(@TempDir Path directory) throws IOException {
        Path script = Files.writeString(
                Files.createDirectories(directory.resolve("p/bin")).resolve("cli.js"), "1");
        Path description = Files.writeString(directory.resolve("p/package.json"), "{\"version\":\"1\"}");
        String first = identity(directory, "p/bin/cli.js", Map.of());
        assertEquals(first, identity(directory, "p/bin/cli.js", Map.of("OF_NO_CONCERN", "x")));
        assertNotEquals(first, identity(directory, "p/bin/cli.js", Map.of("PYTHONPATH", "x")));
        assertNotEquals(first, identity(directory, "cli.js", Map.of()));
        FileTime time = Files.getLastModifiedTime(script);
        Files.writeString(description, "{\"version\":\"2\"}");
        String second = identity(directory, "p/bin/cli.js", Map.of());
        assertNotEquals(first, second);
        Files.writeString(script, "22");
        Files.setLastModifiedTime(script, time);
        assertNotEquals(second, identity(directory, "p/bin/cli.js", Map.of()));
    }

    private static String identity(Path directory, String script, Map<String, String> environment) {
        return Identity.of("/bin/true", List.of("node", script, "--stdio"), environment, directory);
    }
}
