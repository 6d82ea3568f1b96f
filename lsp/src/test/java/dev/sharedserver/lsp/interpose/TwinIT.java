package dev.sharedserver.lsp.interpose;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.sharedserver.lsp.infer.Twin;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a second server of the same kind says of itself is true of the first. */
class TwinIT {

    private static final Duration LONG = Duration.ofSeconds(60);

    /** What every one of them can do, whatever the editor said that it can. */
    private static final Set<String> COMMON = Set.of("textDocumentSync", "hoverProvider", "definitionProvider");

    private final Path directory;

    TwinIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @ParameterizedTest
    @EnumSource
    void theAnswerToInitializeIsThatOfTheServerThatRuns(RealServer kind) throws Exception {
        try (Editor editor = new Editor(directory, "pipe", kind.command())) {
            JsonObject real =
                    kind.initialize(editor.client(), directory, "null").getAsJsonObject("capabilities");
            String twin = Twin.initializeResult(kind.command(), System.getenv(), directory, LONG);
            JsonObject inferred = JsonParser.parseString(twin).getAsJsonObject().getAsJsonObject("capabilities");
            assertTrue(inferred.keySet().containsAll(COMMON), twin);
            // what is asked for with fewer words is answered with no more
            Set<String> unknown = new TreeSet<>(real.keySet());
            unknown.removeAll(inferred.keySet());
            assertEquals(Set.of(), unknown);
            assertEquals(real.get("textDocumentSync"), inferred.get("textDocumentSync"));
            Waiting.until(LONG, "the end of the twin", () -> besides(editor).isEmpty());
        }
    }

    /** Returns the processes that this one has started but for an editor with its server, which starts others when it likes. */
    private static Set<ProcessHandle> besides(Editor editor) {
        Set<ProcessHandle> rest = ProcessHandle.current().children().collect(Collectors.toCollection(HashSet::new));
        rest.removeIf(one -> one.pid() == editor.pid());
        return rest;
    }

    @Test
    void whatIsNoServerIsToldFrom() {
        IOException silent = assertThrows(
                IOException.class,
                () -> Twin.initializeResult(
                        List.of("sleep", "1000"), Map.of("PATH", "/usr/bin:/bin"), directory, Duration.ofMillis(300)));
        assertTrue(String.valueOf(silent.getMessage()).contains("within 300 ms"), silent.getMessage());
        assertThrows(
                IOException.class,
                () -> Twin.initializeResult(List.of("true"), Map.of("PATH", "/usr/bin:/bin"), directory, LONG));
        assertThrows(
                IOException.class,
                () -> Twin.initializeResult(
                        List.of("echo", "hello"), Map.of("PATH", "/usr/bin:/bin"), directory, LONG));
        assertThrows(
                IOException.class, () -> Twin.initializeResult(List.of("/no/such/program"), Map.of(), directory, LONG));
    }
}
