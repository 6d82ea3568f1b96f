package dev.sharedserver.dev.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GoWorkTest {

    private static List<String> modules(String text) {
        return GoWork.parse(text, Path.of("/w")).stream().map(Path::toString).toList();
    }

    @Test
    void allFormsOfUseAreRead() {
        assertEquals(List.of("/w/a", "/b", "/w/c d", "/w/raw", "/w/e", "/x/f", "/w"), modules("""
            // use ./commented
            go 1.19

            use ./a // the first
            use /b
            use "./c d"
            use `./raw`
            use (
                ./e// close by
                // ./f
                "../x/f"
                .
            )
            replace example.com/y => ./y
            """));
    }

    @Test
    void whatIsNoWorkspaceHasNoModules() {
        assertEquals(List.of(), modules(""));
        assertEquals(List.of(), modules("use"));
        assertEquals(List.of(), modules("used ./a\n)\n\"unclosed"));
        assertEquals(List.of("/w/a"), modules("use(\r\n./a\r\n)\r\n"));
    }

    @Test
    void theNearestFileUpwardsCounts(@TempDir Path directory) throws Exception {
        Path inner = Files.createDirectories(directory.resolve("a/b"));
        Path outer = Files.writeString(directory.resolve("go.work"), "use ./a");
        assertEquals(outer, GoWork.find(inner));
        Path nearer = Files.writeString(directory.resolve("a/go.work"), "use ./b");
        assertEquals(nearer, GoWork.find(inner));
        assertEquals(List.of(inner), GoWork.modules(nearer));
        assertNull(GoWork.find(Path.of("/")));
    }
}
