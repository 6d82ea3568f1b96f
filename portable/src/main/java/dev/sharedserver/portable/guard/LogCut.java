package dev.sharedserver.portable.guard;

import dev.sharedserver.agent.logs.LogHead;
import dev.sharedserver.core.Errno;
import dev.sharedserver.core.Timestamps;
import dev.sharedserver.portable.posix.Descriptors;
import dev.sharedserver.portable.posix.LibC;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One log, taken to make it shorter while its writer appends to it: the steps of {@code launcher/src/logs.c}. Whoever has it is
 * alone, also with the guards of other state directories whose servers write to the same file.
 */
final class LogCut implements AutoCloseable {

    /** Where in a file it is done how; the best first, a worse one where the file system does not know it. */
    enum Way {
        /** ext4, xfs: one step for whoever reads or writes. */
        COLLAPSE,
        /** tmpfs, btrfs: the space is given back, the file keeps its size until its writer is silent. */
        HOLE,
        /** Others: the rest is copied to the beginning, and the file ends behind it. */
        MOVE
    }

    private static final long SILENCE = 2_000_000L;
    private static final long PATIENCE = 30_000_000L;
    private static final int ROOM = 32 << 10;
    private static final int WINDOW = 1 << 20;
    private static final int CHUNK = 256 << 10;
    /** A file system with another size of its blocks refuses to collapse, and gets a hole. */
    private static final int BLOCK = 4096;

    private final int fd;
    private final FileChannel channel;
    private final long inode;

    /**
     * What the first line of a cut log says.
     *
     * @param cut how much of the output is gone
     * @param base where in the file the rest begins: behind the line, or behind a hole
     * @param size how long the line is
     */
    record Head(long cut, long base, int size) {

        static final Head NONE = new Head(0, 0, 0);

        static Head of(FileChannel channel, long inode) throws IOException {
            byte[] bytes = new byte[LogHead.LONGEST];
            int length = Math.max(0, channel.read(ByteBuffer.wrap(bytes), 0));
            LogHead head = LogHead.parse(bytes, length, inode);
            if (head.line().isEmpty()) {
                return NONE;
            }
            int size = 1;
            while (bytes[size - 1] != '\n') {
                size++;
            }
            // behind the end: somebody has shortened the file
            return new Head(head.cut(), head.base() > channel.size() ? size : head.base(), size);
        }

        boolean hasHole() {
            return base > size;
        }
    }

    private LogCut(int fd, FileChannel channel, long inode) {
        this.fd = fd;
        this.channel = channel;
        this.inode = inode;
    }

    /** Takes a log; null if another guard has it at the moment. */
    static @Nullable LogCut take(Path file) throws IOException {
        int fd = LibC.open(
                file.toString(), LibC.O_RDWR | LibC.O_NOFOLLOW | LibC.O_NONBLOCK | LibC.O_NOCTTY | LibC.O_CLOEXEC, 0);
        if (fd < 0) {
            throw new IOException(file + ": " + Errno.text(-fd));
        }
        FileChannel channel = null;
        try {
            Path open = Descriptors.path(fd);
            if (LibC.flock(fd, LibC.LOCK_EX | LibC.LOCK_NB) == 0
                    && Files.isRegularFile(open)
                    && Files.getAttribute(open, "unix:ino") instanceof Long inode) {
                channel = FileChannel.open(open, StandardOpenOption.READ, StandardOpenOption.WRITE);
                return new LogCut(fd, channel, inode);
            }
            return null;
        } finally {
            if (channel == null) {
                LibC.close(fd);
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        LibC.close(fd);
    }

    Head head() throws IOException {
        return Head.of(channel, inode);
    }

    long size() throws IOException {
        return channel.size();
    }

    /** Removes all but about the last {@code keep} bytes, from the beginning of a line on. */
    void cut(long keep, Way best) throws IOException {
        long size = channel.size();
        Head old = head();
        if (size < old.base() + keep + ROOM) {
            return;
        }
        long at = beginOfLine(size - keep, old);
        long cut = old.cut() + at - old.base();
        long aligned = aligned(at, cut);
        // the head stands at the end of what is cut before that
        if (best == Way.COLLAPSE && aligned > 0 && at - aligned <= LogHead.LONGEST) {
            write(line(cut, "", (int) (at - aligned)), aligned);
            if (LibC.fallocate(fd, LibC.FALLOC_FL_COLLAPSE_RANGE, 0, aligned) == 0) {
                return;
            }
        }
        // until the rest has moved, the line says where it goes on
        byte[] line = line(cut, ", continued at byte " + at + " of inode " + inode, 0);
        write(line, 0);
        if (best == Way.MOVE || !punch(line.length, at)) {
            closeGap(new Head(cut, at, line.length), true);
        }
    }

    /** Closes the hole that a cut left; false if the writer did not pause. */
    boolean closeGap() throws IOException {
        Head head = head();
        return !head.hasHole() || closeGap(head, false);
    }

    private boolean closeGap(Head head, boolean atAnyRate) throws IOException {
        if (moveDown(head.base(), head.size(), atAnyRate)) {
            write(line(head.cut(), "", head.size()), 0);
            return true;
        }
        punch(head.size(), head.base()); // what was moved is no one's: the line still says where the output goes on
        return false;
    }

    private boolean punch(long from, long to) {
        return LibC.fallocate(fd, LibC.FALLOC_FL_PUNCH_HOLE | LibC.FALLOC_FL_KEEP_SIZE, from, to - from) == 0;
    }

    /** Returns the last block's beginning that leaves room for a head before what stays. */
    private static long aligned(long at, long cut) {
        return (at - line(cut, "", 0).length) / BLOCK * BLOCK;
    }

    /**
     * Finds the beginning of a line behind {@code from}. Of those in the window the one is taken that is the shortest way behind a
     * block's beginning: a file system that removes whole blocks leaves just the room that the head needs.
     */
    private long beginOfLine(long from, Head old) throws IOException {
        ByteBuffer window = ByteBuffer.allocate(WINDOW);
        channel.read(window, from);
        int shortest = line(0, "", 0).length - 1;
        long best = from; // no line ends here: it is split, the bound comes first
        long closest = BLOCK;
        for (int i = 0; i < window.position(); i++) {
            if (window.get(i) == '\n') {
                long at = from + i + 1;
                long cut = old.cut() + at - old.base();
                long behind = (at - shortest - Long.toString(cut).length()) % BLOCK;
                best = behind < closest ? at : best;
                closest = Math.min(behind, closest);
            }
        }
        return best;
    }

    /** A head of {@code length} bytes, if that is more than it needs. */
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
        return bytes(line.append('\n'));
    }

    private static byte[] bytes(StringBuilder text) {
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private void write(byte[] bytes, long at) throws IOException {
        write(ByteBuffer.wrap(bytes), at);
    }

    private void write(ByteBuffer bytes, long at) throws IOException {
        for (long to = at; bytes.hasRemaining(); ) {
            to += channel.write(bytes, to);
        }
    }

    /**
     * Moves what stands at {@code from} and everything behind it, and ends the file there once nothing has been added for a while;
     * false: nobody got there. What is appended between the last look and the truncation is lost, some µs after ms of silence.
     */
    private boolean moveDown(long from, long to, boolean atAnyRate) throws IOException {
        long end = channel.size();
        long begun = System.nanoTime();
        long last = begun;
        boolean midLine = false;
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        while (true) {
            // before the look: if we are made to pause between the two, the look sees what the writer did meanwhile
            long now = System.nanoTime();
            if (now - last >= SILENCE) {
                LockSupport.parkNanos(1); // rather now than between the last look and the truncation
            }
            int read = channel.read(chunk.clear(), from);
            if (read > 0) {
                write(chunk.flip(), to);
                midLine = chunk.get(read - 1) != '\n';
                from += read;
                to += read;
                last = System.nanoTime();
                // the chase begins behind what was there: a slow disk is no busy writer
                begun = from <= end ? last : begun;
            } else if (now - last >= SILENCE) {
                channel.truncate(to);
                return true;
            }
            if (now - begun > PATIENCE) {
                if (atAnyRate) {
                    giveUpChase(from, to, midLine);
                }
                return atAnyRate;
            }
        }
    }

    /** Behind a writer that does not pause: what it has written since the last look is lost, and a line says so in its place. */
    private void giveUpChase(long from, long to, boolean midLine) throws IOException {
        StringBuilder mark = new StringBuilder(midLine ? "\n" : "")
                .append("--- sharedserver: at least ")
                .append(channel.size() - from)
                .append(" bytes lost at ")
                .append(Timestamps.format(Instant.now()))
                .append(" ---\n");
        byte[] line = bytes(mark);
        write(line, to);
        channel.truncate(to + line.length);
    }
}
