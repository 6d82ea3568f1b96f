package dev.sharedserver.portable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.portable.posix.LibC;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The state directory, its locks and its sockets. */
final class StateHomeTest {

    private final Path root;

    StateHomeTest(@TempDir Path root) {
        this.root = root;
    }

    private StateHome open(Map<String, String> variables) throws StateHome.Unusable {
        return StateHome.open(variables::get, root.toString(), LibC.euid());
    }

    @Test
    void theChosenDirectoryIsMadeForUsAlone() throws Exception {
        StateHome first = open(Map.of("SHAREDSERVER_LOCKDIR", root + "/a/b", "XDG_RUNTIME_DIR", root + "/run"));
        assertEquals(root.resolve("a/b"), first.path());
        assertTrue(first.created());
        assertEquals("", first.logs());
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(first.path())));
        assertFalse(open(Map.of("SHAREDSERVER_LOCKDIR", root + "/a/b")).created());
    }

    @Test
    void aRelativeOneIsBelowTheWorkingDirectory() throws Exception {
        assertEquals(
                root.resolve("s"), open(Map.of("SHAREDSERVER_LOCKDIR", "s")).path());
    }

    @Test
    void theRuntimeDirectoryIsNextAndLogsOutliveIt() throws Exception {
        StateHome home = open(Map.of("XDG_RUNTIME_DIR", root + "/run", "HOME", "/home/x"));
        assertEquals(root.resolve("run/sharedserver"), home.path());
        assertEquals("/home/x/.local/state/sharedserver", home.logs());
    }

    @Test
    void whatOthersMayWriteToIsRefused() throws Exception {
        Path open = Files.createDirectory(root.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwx---"));
        StateHome.Unusable refused =
                assertThrows(StateHome.Unusable.class, () -> open(Map.of("SHAREDSERVER_LOCKDIR", open.toString())));
        assertEquals(
                "cannot use the state directory " + open + ": other users may write to it; run chmod 700 on it",
                refused.getMessage());
    }

    @Test
    void aFileIsNoDirectory() throws IOException {
        Path file = Files.createFile(root.resolve("file"));
        assertThrows(StateHome.Unusable.class, () -> open(Map.of("SHAREDSERVER_LOCKDIR", file.toString())));
    }

    @Test
    void aLockIsHeldOnceAndNamesTheFileThatIsThere() throws IOException {
        Path file = root.resolve("lock");
        FileLock lock = FileLock.take(file);
        assertNotNull(lock);
        assertTrue(lock.created());
        assertNull(FileLock.take(file), "somebody has it");
        assertTrue(lock.holds());
        Files.delete(file);
        assertFalse(lock.holds());
        FileLock next = FileLock.take(file);
        assertNotNull(next, "another file");
        next.release();
        lock.release();
        assertNull(FileLock.take(root.resolve("missing/lock")));
    }

    @Test
    void aNameIsTakenAsLongAsItIsLocked() throws IOException {
        Path name = FileLock.nameOf(root, LibC.euid());
        assertFalse(FileLock.isNameTaken(name));
        FileLock lock = FileLock.take(name);
        assertNotNull(lock);
        assertTrue(FileLock.isNameTaken(name));
        lock.release();
        assertFalse(FileLock.isNameTaken(name));
        assertTrue(Files.notExists(name), "what nobody holds is cleared away");
    }

    @Test
    void aPathThatIsTooLongForAnAddressIsReachedAllTheSame() throws IOException {
        Path deep = Files.createDirectories(root.resolve("d".repeat(120)));
        try (ServerSocketChannel listener = Sockets.listen(deep, ".agent.sock", 1);
                SocketChannel client = Sockets.connect(deep, ".agent.sock", "/")) {
            assertTrue(client.isConnected());
            assertEquals(
                    "rw-------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(deep.resolve(".agent.sock"))));
            assertTrue(listener.isOpen());
        } finally {
            LibC.chdir(Path.of("").toAbsolutePath().toString());
        }
    }
}
