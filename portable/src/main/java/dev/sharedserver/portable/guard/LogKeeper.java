package dev.sharedserver.portable.guard;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keeps the logs that servers write by themselves below a limit, and notes when they grew, as {@code launcher/src/logs.c} does. Used
 * under the guard's lock.
 */
final class LogKeeper {

    private static final long GROWING = 100_000_000L;
    private static final long RESTING = 500_000_000L;
    private static final long SECOND = 1_000_000_000L;
    private static final int LAST_TRIES = 10;
    private static final int NOTE = 16;
    private static final int NOTES = 512;

    private final Map<Path, Log> logs = new HashMap<>();

    private static final class Log {
        final Path file;
        final String notes;
        final long limit;
        final long keep;
        long size;
        LogCut.Head head = LogCut.Head.NONE;
        long lookAt;
        long noteAt;

        Log(Path file, String notes, long limit, long keep) {
            this.file = file;
            this.notes = notes;
            this.limit = limit;
            this.keep = keep;
        }

        void is(long size, LogCut.Head head) {
            this.size = size;
            this.head = head;
        }

        /** How much of the output is in it. */
        long length() {
            return Math.max(0, size - head.base());
        }

        boolean isTooLong() {
            return limit > 0 && length() > limit;
        }
    }

    void tend(Path file, String notes, long limit, long keep) {
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            logs.put(file, new Log(file, notes, limit, keep));
        }
    }

    void leave(Path file) {
        Log log = logs.remove(file);
        if (log == null) {
            return;
        }
        look(log);
        if (log.head.hasHole()) {
            // its writer is gone, and nobody comes back to it: it is left as it should be
            try {
                shorten(log, LAST_TRIES);
            } catch (IOException e) {
                // the disk is full, say: readers know what a hole is
            }
        }
    }

    /** Tells whether there is anything to look after. */
    boolean isBusy() {
        return !logs.isEmpty();
    }

    void look(long now) {
        for (Log log : logs.values()) {
            if (now - log.lookAt >= 0) {
                log.lookAt = now + (look(log) ? GROWING : RESTING);
            }
        }
    }

    /** Returns whether it has grown. */
    private static boolean look(Log log) {
        try {
            long size = Files.size(log.file);
            boolean grown = size != log.size;
            if (grown) {
                note(log, size);
            }
            if (log.isTooLong() || log.head.hasHole() && !grown) {
                shorten(log, 1);
            }
            return grown;
        } catch (IOException e) {
            return false; // removed, or the disk is full: at the next look
        }
    }

    /** Cuts it if it is too long, else closes the hole that a cut left, if its writer pauses. */
    private static void shorten(Log log, int tries) throws IOException {
        try (LogCut taken = LogCut.take(log.file)) {
            if (taken == null) {
                return; // the guard of another state directory is at it
            }
            log.is(taken.size(), taken.head());
            if (log.isTooLong()) {
                taken.cut(log.keep, LogCut.Way.COLLAPSE);
            } else {
                for (int i = 0; i < tries && !taken.closeGap(); i++) {}
            }
            log.is(taken.size(), taken.head());
        }
    }

    /** Notes that the output has come so far. */
    private static void note(Log log, long size) throws IOException {
        boolean anew = size < log.size; // cut by somebody else, who keeps no count of it
        try (FileChannel channel = FileChannel.open(
                log.file, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
            Object inode = Files.getAttribute(log.file, "unix:ino", LinkOption.NOFOLLOW_LINKS);
            log.is(size, LogCut.Head.of(channel, inode instanceof Long number ? number : 0));
        }
        long now = System.nanoTime();
        if (log.notes.isEmpty() || !anew && now - log.noteAt < SECOND && log.noteAt != 0) {
            return;
        }
        log.noteAt = now;
        Path file = Path.of(log.notes);
        ByteBuffer old = ByteBuffer.wrap(
                !anew && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? Files.readAllBytes(file) : new byte[0]);
        List<long[]> notes = new ArrayList<>();
        while (old.remaining() >= NOTE) {
            notes.add(new long[] {old.getLong(), old.getLong()});
        }
        notes.add(new long[] {System.currentTimeMillis(), log.head.cut() + log.length()});
        if (notes.size() > NOTES) {
            // of the older half every second one goes
            for (int i = NOTES / 4; i >= 0; i--) {
                notes.remove(2 * i + 1);
            }
        }
        ByteBuffer bytes = ByteBuffer.allocate(notes.size() * NOTE);
        for (long[] note : notes) {
            bytes.putLong(note[0]).putLong(note[1]);
        }
        try (FileChannel out = FileChannel.open(
                file,
                Set.of(
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        LinkOption.NOFOLLOW_LINKS),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            out.write(bytes.flip());
        }
    }
}
