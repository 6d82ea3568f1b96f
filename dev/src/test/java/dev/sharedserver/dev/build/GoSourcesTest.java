package dev.sharedserver.dev.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GoSourcesTest {

    private final Path work;
    private final Path plugin;

    GoSourcesTest(@TempDir Path directory) throws IOException {
        work = directory.toRealPath();
        plugin = Files.createDirectories(work.resolve("plugin"));
        Files.createDirectories(plugin.resolve("pkg"));
    }

    private boolean relevant(String file) {
        return new GoSources(plugin).relevant(plugin.resolve(file));
    }

    private boolean entered(String directory) {
        return new GoSources(plugin).entered(plugin.resolve(directory));
    }

    @Test
    void whatMakesABackEndIsRelevant() {
        for (String file : List.of(
                "pkg/main.go",
                "pkg/a/b.txt",
                "pkg/ui/template.html",
                "go.mod",
                "go.sum",
                "go.work",
                "plugin.yaml",
                "embed.go",
                "internal/x.go")) {
            assertTrue(relevant(file), file);
        }
    }

    @Test
    void whatDoesNotIsNot() {
        for (String file : List.of(
                "README.md",
                "plugin.log",
                "ui/src/a.go",
                "build/bin/plugin",
                "build/x.go",
                "pkg/vendor/a.go",
                "pkg/node_modules/a.go",
                "pkg/.git/x",
                "pkg/.main.go.swp",
                "pkg/main.go~",
                "pkg/4913",
                "pkg/#main.go#",
                ".git/index",
                "vendor/x.go",
                "sub/go.mod")) {
            assertFalse(relevant(file), file);
        }
    }

    @Test
    void directoriesOfOthersAreNotEntered() {
        for (String directory : List.of("ui", "build", "vendor", ".git", "pkg/vendor", "pkg/node_modules", "pkg/.x")) {
            assertFalse(entered(directory), directory);
        }
        for (String directory : List.of("pkg", "pkg/a", "pkg/ui", "pkg/build", "internal")) {
            assertTrue(entered(directory), directory);
        }
    }

    @Test
    void whatTheRootEmbedsIsRelevant() throws Exception {
        Files.writeString(plugin.resolve("assets.go"), """
            package plugin
            //go:embed static templates/*.html "with all" all:hidden
            var files embed.FS
            """);
        for (String file : List.of("static/deep/a.css", "templates/a.html", "hidden/x")) {
            assertTrue(relevant(file), file);
        }
        assertFalse(relevant("other/a.css"));
    }

    @Test
    void theModulesOfAWorkspaceAreWatched() throws Exception {
        Path sdk = Files.createDirectories(work.resolve("sdk/pkg"));
        Files.createDirectories(work.resolve("none"));
        Path file = Files.writeString(work.resolve("go.work"), "use (\n./plugin\n./sdk // mine\n./none\n)\n");
        GoSources sources = new GoSources(plugin);
        assertEquals(List.of(plugin, sdk, work), sources.roots());
        assertTrue(sources.relevant(sdk.resolve("a/b.go")));
        assertTrue(sources.relevant(file));
        assertFalse(sources.relevant(work.resolve("sdk/README.md")));
        assertFalse(sources.relevant(sdk.resolve("vendor/b.go")));
        assertTrue(sources.entered(sdk.resolve("a")));
        assertFalse(sources.entered(work.resolve("none")));
        assertTrue(sources.outdatedBy(file));
        Files.writeString(file, "use ./plugin\n");
        assertFalse(sources.sameWatch(new GoSources(plugin)));
    }
}
