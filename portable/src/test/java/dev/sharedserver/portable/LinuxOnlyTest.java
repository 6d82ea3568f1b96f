package dev.sharedserver.portable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What there is on Linux only stands behind {@code os}: a path is text, which no rule about classes sees. */
final class LinuxOnlyTest {

    /**
     * These ask before they look: attaching to a server that runs is ptrace(2), what is measured here is Linux, and the client, which
     * may not depend on {@code os}, looks elsewhere where there is none.
     */
    private static final Set<String> EXCEPT = Set.of(
            "os/",
            "bench/",
            "lsp/src/main/java/dev/sharedserver/lsp/interpose/",
            "client/src/main/java/dev/sharedserver/client/StateDirectory.java");

    @Test
    void nobodyButOsNamesProc() throws IOException {
        Path sources = Path.of("..").toRealPath();
        List<String> found = new ArrayList<>();
        int files = 0;
        try (Stream<Path> modules = Files.list(sources)) {
            for (Path module : modules.filter(one -> Files.isDirectory(one.resolve("src/main/java")))
                    .toList()) {
                try (Stream<Path> all = Files.walk(module.resolve("src/main/java"))) {
                    for (Path file :
                            all.filter(one -> one.toString().endsWith(".java")).toList()) {
                        files++;
                        String name = sources.relativize(file).toString();
                        if (EXCEPT.stream().noneMatch(name::startsWith)
                                && Files.readString(file).contains("\"/proc")) {
                            found.add(name);
                        }
                    }
                }
            }
        }
        assertTrue(files > 300, "the sources are where this test looks for them");
        assertEquals(List.of(), found);
    }
}
