package dev.sharedserver.lsp.hub;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Where the two streams of a server are, for a hub that comes after one which was killed at any instruction. All of it is
 * mapped memory: what was written there is there for the next process, without a system call.
 *
 * <p>Reading: bytes go from the pipe straight into a buffer of zeros; no message contains a zero byte, so the zeros tell
 * how far a read came that nobody could take note of any more. There are two buffers, and one number says which of them
 * counts. Writing: a message is copied here first and then goes out in pieces that a pipe takes as a whole or not at all
 * (pipe(7), PIPE_BUF), each of which is counted. Only a hub that is killed between the system call and the count sends one
 * piece twice.
 */
final class Journal implements AutoCloseable {

    private static final int PIPE_BUF = 4096;
    private static final int BUFFER = 64 << 10;
    private static final int HEADER = 4096;
    private static final int SMALL = 64 << 10;

    private static final int NEXT_ID = 0;
    private static final int ACTIVE = 8;
    private static final int SKIP = 16;
    private static final int OUT_LENGTH = 32;
    private static final int OUT_DONE = 40;

    private final MappedByteBuffer memory;
    private final FileChannel outFile;
    private MappedByteBuffer out;

    private Journal(MappedByteBuffer memory, FileChannel outFile, MappedByteBuffer out) {
        this.memory = memory;
        this.outFile = outFile;
        this.out = out;
    }

    /** Opens the journal of a directory; an empty one if there is none. */
    static Journal open(Path directory) throws IOException {
        MappedByteBuffer memory;
        try (FileChannel file = FileChannel.open(
                directory.resolve("journal"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            memory = file.map(FileChannel.MapMode.READ_WRITE, 0, HEADER + 2L * BUFFER);
        }
        memory.order(ByteOrder.nativeOrder());
        FileChannel outFile = FileChannel.open(
                directory.resolve("sending"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        long size = Math.max(SMALL, outFile.size());
        return new Journal(memory, outFile, outFile.map(FileChannel.MapMode.READ_WRITE, 0, size));
    }

    /** Has the numbers begin at {@code first}, or go on behind it. */
    void idsFrom(long first) {
        memory.putLong(NEXT_ID, Math.max(first - 1, memory.getLong(NEXT_ID)));
    }

    /** Returns a number that no request to this server has had. */
    long nextId() {
        long id = memory.getLong(NEXT_ID) + 1;
        memory.putLong(NEXT_ID, id);
        return id;
    }

    // ---- reading ----

    /** Returns how many bytes at the beginning of {@link #left} belong to a body whose beginning is gone. */
    long skip() {
        return memory.getLong(SKIP + 8 * active());
    }

    /** Returns what a predecessor has read and nobody has finished with. */
    ByteBuffer left() {
        ByteBuffer buffer = buffer(active());
        int n = 0;
        while (n < BUFFER && buffer.get(n) != 0) {
            n++;
        }
        return buffer.limit(n);
    }

    /**
     * Reads what there is.
     *
     * @param skip how many bytes of a body are still to come
     * @param header what has come of the next header
     * @return null at the end of the stream
     */
    @Nullable
    ByteBuffer read(ReadableByteChannel from, long skip, byte[] header) throws IOException {
        ByteBuffer buffer = turn(skip, header);
        buffer.position(header.length).limit(BUFFER);
        if (from.read(buffer) < 0) {
            return null;
        }
        return buffer.limit(buffer.position()).position(header.length);
    }

    /** Notes that all that was read is worked off, but for the beginning of a header; parameters as for {@link #read}. */
    void done(long skip, byte[] header) {
        turn(skip, header);
    }

    /** Makes the other buffer the one that counts. */
    private ByteBuffer turn(long skip, byte[] header) {
        int next = 1 - active();
        ByteBuffer buffer = buffer(next);
        // what an earlier read left is contiguous
        for (int i = 0; i < BUFFER && buffer.getLong(i) != 0; i += 8) {
            buffer.putLong(i, 0);
        }
        buffer.put(0, header);
        memory.putLong(SKIP + 8 * next, skip);
        VarHandle.fullFence();
        memory.putInt(ACTIVE, next);
        VarHandle.fullFence();
        return buffer;
    }

    private int active() {
        return memory.getInt(ACTIVE);
    }

    private ByteBuffer buffer(int number) {
        return memory.slice(HEADER + number * BUFFER, BUFFER).order(ByteOrder.nativeOrder());
    }

    // ---- writing ----

    /** Finishes the message that a predecessor was writing. */
    void finish(WritableByteChannel to) throws IOException {
        int length = memory.getInt(OUT_LENGTH);
        if (length > 0 && length <= out.capacity()) {
            send(to, length, memory.getInt(OUT_DONE));
        }
        memory.putInt(OUT_LENGTH, 0);
    }

    /** Writes a message. */
    void write(WritableByteChannel to, byte[] header, byte[] body) throws IOException {
        int length = header.length + body.length;
        if (length > out.capacity() || length < SMALL && out.capacity() > 16 * SMALL) {
            int size = Math.max(SMALL, length);
            out = outFile.map(FileChannel.MapMode.READ_WRITE, 0, size);
            outFile.truncate(size);
        }
        out.put(0, header).put(header.length, body);
        memory.putInt(OUT_DONE, 0);
        VarHandle.fullFence();
        memory.putInt(OUT_LENGTH, length);
        send(to, length, 0);
        memory.putInt(OUT_LENGTH, 0);
    }

    private void send(WritableByteChannel to, int length, int done) throws IOException {
        int at = done;
        while (at < length) {
            int n = to.write(out.slice(at, Math.min(PIPE_BUF, length - at)));
            at += n;
            memory.putInt(OUT_DONE, at);
        }
    }

    @Override
    public void close() throws IOException {
        outFile.close();
    }
}
