package dev.sharedserver.portable.posix;

import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What this process has open. */
public final class Descriptors {

    private static final Path OPEN = Proc.own();

    private static final int KIND = 0170000;
    private static final int FIFO = 0010000;

    private Descriptors() {}

    /** Returns a path of one of them. */
    public static Path path(int fd) {
        return OPEN.resolve(Integer.toString(fd));
    }

    /** Tells whether it is a pipe or a fifo. */
    public static boolean isFifo(int fd) {
        try {
            return Files.getAttribute(path(fd), "unix:mode") instanceof Integer mode && (mode & KIND) == FIFO;
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns who we are, without a native call. */
    public static int euid() {
        try {
            return Files.getAttribute(OPEN, "unix:uid") instanceof Integer uid ? uid : LibC.euid();
        } catch (IOException e) {
            return LibC.euid();
        }
    }

    /** Returns the descriptors from {@code lowest} on. */
    public static List<Integer> from(int lowest) throws IOException {
        List<Integer> open = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(OPEN)) {
            for (Path file : files) {
                int fd = Integer.parseInt(String.valueOf(file.getFileName()));
                if (fd >= lowest) {
                    open.add(fd);
                }
            }
        }
        // the one by which we looked is gone, and its number about to be something else's
        open.removeIf(
                fd -> Files.notExists(OPEN.resolve(Integer.toString(fd)), java.nio.file.LinkOption.NOFOLLOW_LINKS));
        return open;
    }
}
