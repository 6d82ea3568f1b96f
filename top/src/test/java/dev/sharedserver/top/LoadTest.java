package dev.sharedserver.top;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LoadTest {

    private static final long SECOND = 1_000_000_000L;

    private final Path proc;

    LoadTest(@TempDir Path proc) {
        this.proc = proc;
    }

    private static Load.Cost look(Load load, long nanoTime) {
        return Objects.requireNonNull(load.look(Set.of(10L), nanoTime).get(10L), "it lives");
    }

    private void process(long pid, String name, long parent, long group, long session, long ticks, long kib)
            throws IOException {
        Path directory = Files.createDirectories(proc.resolve(Long.toString(pid)));
        Files.writeString(
                directory.resolve("stat"),
                pid + " (" + name + ") S " + parent + " " + group + " " + session + " 0 -1 4194560 1 2 3 4 " + ticks
                        + " 0 0 0 20 0 1 0 100 1 1\n");
        Files.writeString(directory.resolve("status"), "Name:\t" + name + "\nVmRSS:\t    " + kib + " kB\n");
    }

    @Test
    void aServerIsItsSessionItsGroupAndItsDescendants() throws IOException {
        process(10, "server", 1, 10, 10, 100, 1000);
        process(11, "in ) session", 1, 11, 10, 0, 200);
        process(12, "left session", 10, 12, 12, 0, 30);
        process(13, "grandchild", 12, 12, 12, 0, 4);
        process(20, "stranger", 1, 20, 20, 5000, 90_000);
        Load load = new Load(proc);
        Load.Cost cost = look(load, 0);
        assertEquals(1234L * 1024, cost.bytes());
        assertNull(cost.cpu());
    }

    @Test
    void processorTimeIsARateBetweenTwoLooks() throws IOException {
        process(10, "server", 1, 10, 10, 100, 1000);
        Load load = new Load(proc);
        look(load, SECOND);
        process(10, "server", 1, 10, 10, 250, 1000);
        assertEquals(75.0, look(load, 3 * SECOND).cpu());
        // too close together to say anything new
        process(10, "server", 1, 10, 10, 260, 1000);
        assertEquals(75.0, look(load, 3 * SECOND + 1000).cpu());
    }

    @Test
    void whatEndedHasNoCost() throws IOException {
        process(10, "server", 1, 10, 10, 100, 1000);
        assertEquals(Map.of(), new Load(proc).look(Set.of(99L), 0));
    }

    @Test
    void aCircleOfParentsEnds() throws IOException {
        process(10, "a", 11, 10, 10, 0, 1);
        process(11, "b", 10, 11, 11, 0, 1);
        assertEquals(Map.of(), new Load(proc).look(Set.of(99L), 0));
    }
}
