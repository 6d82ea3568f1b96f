package dev.sharedserver.agent.logs;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One run's log while its server writes and the guard cuts it. A <em>place</em> is counted in bytes of the server's output
 * from its beginning, so that it means the same before and after a cut. Used by one thread.
 */
public final class LogSource implements Closeable {

    private static final int CHUNK = 64 << 10;
    private static final int FIRST_LOOK = 256;

    /** How long the guard may take between two steps, in ms. */
    private static final int PATIENCE = 500;

    private final FileChannel channel;
    private final Object key;
    private final long inode;
    private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK);

    /** What a read found. */
    public sealed interface Found {
        /** Output; the buffer is reused by the next read. */
        record Output(ByteBuffer bytes) implements Found {}

        /** Nothing yet. */
        record End() implements Found {}

        /** The output up to {@code head.cut()} is gone. */
        record Cut(LogHead head) implements Found {}

        /** Somebody else has shortened the file; the output goes on at {@code place}. */
        record Shortened(long place) implements Found {}
    }

    private LogSource(FileChannel channel, Object key, long inode) {
        this.channel = channel;
        this.key = key;
        this.inode = inode;
    }

    /** Opens a log. */
    public static LogSource open(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            Object key = Objects.requireNonNull(key(file), "a file has a key");
            Object inode = Files.getAttribute(file, "unix:ino");
            return new LogSource(channel, key, inode instanceof Long number ? number : 0);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Tells whether {@code file} is another one than this. */
    boolean isAnother(Path file) {
        try {
            return !key.equals(key(file));
        } catch (IOException e) {
            return false; // removed, or renamed and not yet made anew
        }
    }

    private static @Nullable Object key(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    /** Returns the place where the output begins that is still there. */
    public long begin() throws IOException {
        return head().cut();
    }

    /** Returns the place behind the last byte. */
    public long end() throws IOException {
        for (int tries = 0; ; tries++) {
            LogHead head = head();
            long size = channel.size();
            if (head.equals(head()) && !isBeingShortened(head, size, tries)) {
                return head.cut() + Math.max(0, size - head.base());
            }
        }
    }

    /** Tells whether a file is shorter than its head says: it is about to get another one, for which this waits a little. */
    private static boolean isBeingShortened(LogHead head, long size, int tries) {
        if (size >= head.base() || tries >= PATIENCE) {
            return false;
        }
        LockSupport.parkNanos(1_000_000);
        return true;
    }

    LogHead head() throws IOException {
        byte[] bytes = new byte[FIRST_LOOK];
        int length = read(bytes, 0);
        if (LogHead.goesOn(bytes, length)) {
            bytes = new byte[LogHead.LONGEST];
            length = read(bytes, 0);
        }
        return LogHead.parse(bytes, length, inode);
    }

    private int read(byte[] bytes, long at) throws IOException {
        ByteBuffer into = ByteBuffer.wrap(bytes);
        while (into.hasRemaining() && channel.read(into, at + into.position()) > 0) {
            // until it is full or the file ends
        }
        return into.position();
    }

    /** Reads what stands at a place. */
    public Found read(long place) throws IOException {
        return read(place, CHUNK);
    }

    private Found read(long place, int most) throws IOException {
        for (int tries = 0; ; tries++) {
            LogHead head = head();
            if (place < head.cut()) {
                return new Found.Cut(head);
            }
            chunk.clear().limit(most);
            channel.read(chunk, head.base() + place - head.cut());
            long size = channel.size();
            if (!head.equals(head())) {
                continue; // cut in between: what was read may be anything
            }
            if (chunk.position() > 0) {
                return new Found.Output(chunk.flip());
            }
            if (isBeingShortened(head, size, tries)) {
                continue;
            }
            long end = head.cut() + size - head.base();
            boolean shortened = size >= head.base() && end < place;
            return shortened ? new Found.Shortened(head.cut() > 0 ? end : 0) : new Found.End();
        }
    }

    /**
     * Returns the place where the last {@code lines} lines before {@code end} begin, or the beginning of what is there. A last line
     * need not be complete.
     */
    long beginOfLast(int lines, long end) throws IOException {
        // a newline at the very end closes the last line, it does not begin another one
        long at = lines == 0 ? end : end - 1;
        int left = lines;
        while (left > 0) {
            long begin = begin();
            if (at <= begin) {
                return begin;
            }
            long from = Math.max(begin, at - CHUNK);
            if (read(from, (int) (at - from)) instanceof Found.Output(ByteBuffer bytes)
                    && bytes.remaining() == at - from) {
                for (int i = bytes.remaining() - 1; i >= 0; i--) {
                    if (bytes.get(i) == '\n' && --left == 0) {
                        return from + i + 1;
                    }
                }
                at = from;
            } else if (begin() <= from) {
                return at; // emptied meanwhile
            }
        }
        return at;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
