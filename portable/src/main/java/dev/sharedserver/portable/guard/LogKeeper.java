package dev.sharedserver.portable.guard;

import dev.sharedserver.core.Timestamps;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keeps the logs that servers write by themselves below a limit, and notes when they grew: what {@code launcher/src/logs.c} does,
 * by moving the end of a log to its beginning as that does where a file system knows nothing better. Used under the guard's lock.
 */
final class LogKeeper {

    private static final long GROWING = 100_000_000L;
    private static final long RESTING = 500_000_000L;
    private static final long SECOND = 1_000_000_000L;
    private static final long SILENCE = 2_000_000L;
    private static final long PATIENCE = 30_000_000L;
    private static final int ROOM = 32 << 10;
    private static final int WINDOW = 1 << 20;
    private static final int CHUNK = 256 << 10;
    private static final int HEAD = 512;
    private static final int NOTE = 16;
    private static final int NOTES = 512;
    private static final Pattern LINE = Pattern.compile("--- sharedserver: (\\d{1,18}) bytes cut at [^\\n]*---\\n");

    private final Map<Path, Log> logs = new HashMap<>();

    private static final class Log {
        final Path file;
        final String notes;
        final long limit;
        final long keep;
        long size;
        long lookAt;
        long noteAt;

        Log(Path file, String notes, long limit, long keep) {
            this.file = file;
            this.notes = notes;
            this.limit = limit;
            this.keep = keep;
        }
    }

    /** What the first line of a cut log says: how much is gone, and where in the file the rest begins. */
    private record Head(long cut, long base) {}

    void tend(Path file, String notes, long limit, long keep) {
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            logs.put(file, new Log(file, notes, limit, keep));
        }
    }

    void leave(Path file) {
        Log log = logs.remove(file);
        if (log != null) {
            look(log);
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
        try (FileChannel channel = FileChannel.open(
                log.file, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
            long size = channel.size();
            boolean grown = size != log.size;
            if (log.limit > 0 && size > log.limit) {
                cut(log.file, channel, log.keep);
                size = channel.size();
            }
            log.size = size;
            if (grown && !log.notes.isEmpty()) {
                note(log, channel, size);
            }
            return grown;
        } catch (IOException e) {
            return false; // removed, or the disk is full: at the next look
        }
    }

    private static Head head(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(HEAD);
        channel.read(bytes, 0);
        Matcher line = LINE.matcher(new String(bytes.array(), 0, bytes.position(), StandardCharsets.ISO_8859_1));
        return line.lookingAt() ? new Head(Long.parseLong(line.group(1)), line.end()) : new Head(0, 0);
    }

    /** A line of {@code length} bytes, if that is more than it needs. */
    private static byte[] line(long cut, String where, int length) {
        StringBuilder line = new StringBuilder("--- sharedserver: ")
                .append(cut)
                .append(" bytes cut at ")
                .append(Timestamps.format(Instant.now()))
                .append(where)
                .append(" ---");
        while (line.length() + 1 < length) {
            line.append('-');
        }
        return line.append('\n').toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Cuts a log while its writer appends to it. What comes between the last look and the truncation is lost. */
    private static void cut(Path file, FileChannel channel, long keep) throws IOException {
        long size = channel.size();
        Head head = head(channel);
        if (size < head.base() + keep + ROOM) {
            return;
        }
        long at = beginOfLine(channel, size - keep);
        long cut = head.cut() + at - head.base();
        // until the rest has moved, the line says where it goes on
        Object inode = Files.getAttribute(file, "unix:ino");
        byte[] first = line(cut, ", continued at byte " + at + " of inode " + inode, 0);
        channel.write(ByteBuffer.wrap(first), 0);
        moveDown(channel, at, first.length);
        channel.write(ByteBuffer.wrap(line(cut, "", first.length)), 0);
    }

    private static long beginOfLine(FileChannel channel, long from) throws IOException {
        ByteBuffer window = ByteBuffer.allocate(WINDOW);
        channel.read(window, from);
        for (int i = 0; i < window.position(); i++) {
            if (window.get(i) == '\n') {
                return from + i + 1;
            }
        }
        return from; // no line ends here: it is split, the bound comes first
    }

    private static void moveDown(FileChannel channel, long from, long to) throws IOException {
        long last = System.nanoTime();
        long begun = last;
        long end = channel.size();
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        while (true) {
            long now = System.nanoTime();
            int read = channel.read(chunk.clear(), from);
            if (read > 0) {
                channel.write(chunk.flip(), to);
                from += read;
                to += read;
                last = System.nanoTime();
                begun = from <= end ? last : begun;
            } else if (now - last >= SILENCE || now - begun > PATIENCE) {
                channel.truncate(to);
                return;
            }
            if (now - begun > PATIENCE && from > end) {
                channel.truncate(to);
                return;
            }
        }
    }

    private static void note(Log log, FileChannel channel, long size) throws IOException {
        long now = System.nanoTime();
        if (now - log.noteAt < SECOND && log.noteAt != 0) {
            return;
        }
        log.noteAt = now;
        Path file = Path.of(log.notes);
        Head head = head(channel);
        ByteBuffer old = ByteBuffer.wrap(
                Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? Files.readAllBytes(file) : new byte[0]);
        List<long[]> notes = new ArrayList<>();
        while (old.remaining() >= NOTE) {
            notes.add(new long[] {old.getLong(), old.getLong()});
        }
        notes.add(new long[] {System.currentTimeMillis(), head.cut() + Math.max(0, size - head.base())});
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
