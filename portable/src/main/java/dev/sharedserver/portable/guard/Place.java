package dev.sharedserver.portable.guard;

import dev.sharedserver.portable.FileLock;
import dev.sharedserver.portable.Sockets;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** The state directory with the lock, the socket and the name by which a guard is found when somebody has removed them. */
final class Place {

    private static final String LOCK = ".agent.lock";
    private static final String SOCKET = ".agent.sock";
    private static final int BACKLOG = 4096;

    private final Path directory;
    private final @Nullable FileLock name;
    private FileLock lock;
    private ServerSocketChannel listener;
    private @Nullable Object directoryKey;
    private @Nullable Object socketKey;

    /** What has happened to the directory. */
    enum Change {
        NONE,
        /** It was removed or replaced, and stands again. */
        DIRECTORY,
        /** Lock or socket of it were removed, and stand again. */
        FILES,
        /** Its parent is gone, too. */
        SESSION
    }

    /** Listens in the directory, whose lock was taken. */
    Place(Path directory, FileLock lock, @Nullable FileLock name) throws IOException {
        this.directory = directory;
        this.lock = lock;
        this.name = name;
        this.listener = Sockets.listen(directory, SOCKET, BACKLOG);
        remember();
    }

    private void remember() {
        directoryKey = FileLock.key(directory);
        socketKey = FileLock.keyOfName(directory.resolve(SOCKET));
    }

    Path directory() {
        return directory;
    }

    ServerSocketChannel listener() {
        return listener;
    }

    private static boolean same(@Nullable Object one, @Nullable Object other) {
        return one != null && one.equals(other);
    }

    /** Looks whether all is there, and makes again what is not. */
    Change look() throws IOException {
        boolean replaced = !same(directoryKey, FileLock.key(directory));
        boolean lockLost = replaced || !lock.holds();
        boolean socketLost = !same(socketKey, FileLock.keyOfName(directory.resolve(SOCKET)));
        if (!lockLost && !socketLost) {
            return Change.NONE;
        }
        Path parent = directory.getParent();
        if (parent != null && !Files.exists(parent)) {
            return Change.SESSION;
        }
        try {
            Files.createDirectory(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException e) {
            // made again by a launcher
        }
        if (lockLost) {
            FileLock again = FileLock.take(directory.resolve(LOCK));
            if (again == null) {
                return Change.NONE; // a launcher holds it until it finds out that we live: at the next look
            }
            lock.release();
            lock = again;
        }
        // the old one is listened to still by who has it
        listener = Sockets.listen(directory, SOCKET, BACKLOG);
        remember();
        return replaced ? Change.DIRECTORY : Change.FILES;
    }

    /** Removes the socket and the name: the next launcher starts anew. The lock goes with the process. */
    void leave() throws IOException {
        if (lock.holds()) {
            Files.deleteIfExists(directory.resolve(SOCKET));
        }
        leaveName();
    }

    void leaveName() throws IOException {
        if (name != null && name.holds()) {
            Files.deleteIfExists(name.file());
        }
    }
}
