package dev.sharedserver.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
    }

    @Test
    void theOneThatIsTakenWhereNothingIsSaidIsTheSameByItsPath(@TempDir Path root) throws IOException {
        Path sessions = Files.createDirectory(root.resolve("user"));
        Path temporary = Files.createDirectory(root.resolve("tmp"));
        Map<String, String> nothing = Map.of("SHAREDSERVER_LOCKDIR", "", "XDG_RUNTIME_DIR", "");
        int uid = (Integer) Files.getAttribute(root, "unix:uid");
        Path shared = temporary.resolve("sharedserver");
        String before = StateDirectory.identity(null, nothing, sessions, temporary);
        assertEquals(StateDirectory.identity(shared, nothing), before);
        Files.createDirectory(shared);
        assertEquals(before, StateDirectory.identity(null, nothing, sessions, temporary));

        // what anybody may have put there is left alone
        Files.delete(shared);
        Files.createSymbolicLink(shared, root);
        Path own = temporary.resolve("sharedserver-" + uid);
        assertEquals(
                StateDirectory.identity(own, nothing), StateDirectory.identity(null, nothing, sessions, temporary));

        Path session = Files.createDirectory(sessions.resolve("" + uid)).resolve("sharedserver");
        assertEquals(
                StateDirectory.identity(session, nothing), StateDirectory.identity(null, nothing, sessions, temporary));
    }

    @Test
    void withoutAnyWordItIsADirectory() {
        assertTrue(StateDirectory.identity(null, Map.of()).startsWith("/"));
    }
}
