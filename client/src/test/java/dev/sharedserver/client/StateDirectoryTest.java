package dev.sharedserver.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDirectoryTest {

    @Test
    void oneDirectoryIsOneHoweverItIsNamed(@TempDir Path directory) throws IOException {
        Path real = Files.createDirectory(directory.resolve("real"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), real);
        String before = StateDirectory.identity(link.resolve("sharedserver"), Map.of());
        assertEquals(before, StateDirectory.identity(real.resolve("./x/../sharedserver"), Map.of()));
        Files.createDirectory(real.resolve("sharedserver"));
        assertEquals(before, StateDirectory.identity(link.resolve("sharedserver"), Map.of()));
        assertEquals(before, StateDirectory.identity(null, Map.of("XDG_RUNTIME_DIR", real.toString())));
        Map<String, String> both = Map.of("XDG_RUNTIME_DIR", "/other", "SHAREDSERVER_LOCKDIR", link + "/sharedserver");
        assertEquals(before, StateDirectory.identity(null, both));
        assertNotEquals(before, StateDirectory.identity(real, both));
        assertEquals("", StateDirectory.identity(null, Map.of("SHAREDSERVER_LOCKDIR", "")));
    }
}
