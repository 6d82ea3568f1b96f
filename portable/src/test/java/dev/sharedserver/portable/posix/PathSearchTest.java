package dev.sharedserver.portable.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class PathSearchTest {

    private final List<String> tried = new ArrayList<>();

    private long search(String path, List<String> argv, Map<String, Long> results) {
        return PathSearch.first(path, argv, (file, words) -> {
            tried.add(file + " " + String.join(" ", words));
            return results.getOrDefault(file, (long) -LibC.ENOENT);
        });
    }

    @Test
    void aNameIsLookedForInOrderAndAnEmptyEntryIsTheWorkingDirectory() {
        assertEquals(7, search("/a::/b", List.of("x", "1"), Map.of("/b/x", 7L)));
        assertEquals(List.of("/a/x x 1", "x x 1", "/b/x x 1"), tried);
    }

    @Test
    void aNameWithASlashIsNotLookedFor() {
        assertEquals(-LibC.ENOENT, search("/a", List.of("./x"), Map.of("/a/./x", 7L)));
        assertEquals(List.of("./x ./x"), tried);
    }

    @Test
    void whatWasRefusedSaysMoreThanWhatIsMissing() {
        assertEquals(-LibC.EACCES, search("/a:/b", List.of("x"), Map.of("/a/x", (long) -LibC.EACCES)));
    }

    @Test
    void anotherFailureEndsTheSearch() {
        assertEquals(-LibC.EAGAIN, search("/a:/b", List.of("x"), Map.of("/a/x", (long) -LibC.EAGAIN, "/b/x", 7L)));
    }

    @Test
    void aScriptWithoutAFirstLineGoesToTheShell() {
        assertEquals(7, search("/a", List.of("x", "1"), Map.of("/a/x", (long) -LibC.ENOEXEC, "/bin/sh", 7L)));
        assertEquals(List.of("/a/x x 1", "/bin/sh /bin/sh /a/x 1"), tried);
    }

    @Test
    void noNameIsNoFile() {
        assertEquals(-LibC.ENOENT, search("/a", List.of(""), Map.of()));
    }
}
