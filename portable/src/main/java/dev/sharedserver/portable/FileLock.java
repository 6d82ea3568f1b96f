package dev.sharedserver.portable;

import dev.sharedserver.portable.posix.Descriptors;
import dev.sharedserver.portable.posix.LibC;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A lock of flock(2) on a file, which is made if need be: the lock of the guard in C, so that the two know of each other, and one
 * that a child can be given, as those of Java's channels cannot.
 *
 * @param created whether the file was not there
 */
public record FileLock(Path file, int fd, boolean created) {

    /** Takes the lock; null if somebody has it or the directory is gone. */
    public static @Nullable FileLock take(Path file) throws IOException {
        while (true) {
            boolean created = true;
            int fd = LibC.open(
                    file.toString(), LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL | LibC.O_CLOEXEC | LibC.O_NOFOLLOW, 0600);
            if (fd == -LibC.EEXIST) {
                created = false;
                fd = LibC.open(file.toString(), LibC.O_RDWR | LibC.O_CLOEXEC | LibC.O_NOFOLLOW, 0);
            }
            if (fd == -LibC.ENOENT && !created) {
                continue;
            }
            if (fd == -LibC.ENOENT) {
                return null;
            }
            if (fd < 0) {
                throw new IOException(reason(-fd));
            }
            int locked = LibC.flock(fd, LibC.LOCK_EX | LibC.LOCK_NB);
            if (locked != 0) {
                LibC.close(fd);
                if (locked == -LibC.EAGAIN) {
                    return null;
                }
                throw new IOException(reason(-locked));
            }
            if (isAt(file, fd)) {
                return new FileLock(file, fd, created);
            }
            LibC.close(fd); // somebody replaced the file between open and flock
        }
    }

    private static String reason(int errno) {
        return dev.sharedserver.core.Errno.text(errno);
    }

    /** Tells whether the file of a descriptor is the one that has that name. */
    public static boolean isAt(Path file, int fd) {
        Object mine = key(Descriptors.path(fd));
        return mine != null && mine.equals(keyOfName(file));
    }

    /** Returns what tells a file from every other one that is there at the same time. */
    public static @Nullable Object key(Path file) {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    /** The same of a name itself, which may be a link. */
    public static @Nullable Object keyOfName(Path file) {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    /** Tells whether the file is still where it was made. */
    public boolean holds() {
        return isAt(file, fd);
    }

    /** Lets it go. */
    public void release() {
        LibC.flock(fd, LibC.LOCK_UN);
        LibC.close(fd);
    }

    /**
     * Returns the file whose lock says that a state directory has a guard even when somebody has removed it: without that a
     * launcher that makes the directory again would start a second guard.
     */
    public static Path nameOf(Path directory, int uid) {
        long hash = 0xcbf29ce484222325L; // FNV-1a
        for (byte b : dev.sharedserver.core.OsText.encode(directory.toString())) {
            hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
        }
        return Path.of("/tmp", ".sharedserver-" + uid + "-" + Long.toHexString(hash) + ".lock");
    }

    /** Tells whether a guard holds that name. */
    public static boolean isNameTaken(Path name) throws IOException {
        if (!Files.exists(name, LinkOption.NOFOLLOW_LINKS) || !isOurs(name)) {
            return false;
        }
        FileLock lock = take(name);
        if (lock == null) {
            return Files.exists(name, LinkOption.NOFOLLOW_LINKS);
        }
        Files.deleteIfExists(name);
        lock.release();
        return false;
    }

    private static boolean isOurs(Path name) throws IOException {
        Object uid = Files.getAttribute(name, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        return Objects.equals(uid, LibC.euid());
    }
}
