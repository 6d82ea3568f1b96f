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
 * (pipe(7): PIPE_BUF, and more if it is empty), each of which is counted. Only a hub that is killed between the system call and the count sends one
 * piece twice.
 */
final class Journal implements AutoCloseable {

    private static final int PIPE_BUF = 4096;

    /** How much is read at once, in bytes. */
    static final int BUFFER = 256 << 10;

    private static final int HEADER = 4096;
    private static final int SMALL = 64 << 10;

    private static final int NEXT_ID = 0;
    private static final int ACTIVE = 8;
    private static final int SKIP = 16;
    private static final int OUT_LENGTH = 32;
    private static final int OUT_DONE = 40;

    private static final byte[] ZEROS = new byte[BUFFER];

    private final MappedByteBuffer memory;

    /** How large each of the two buffers is: as it was when the journal began. */
    private final int size;

    private final ByteBuffer[] buffers;

    /** How much of each buffer may be other than zero. */
    private final int[] used;

    private final FileChannel outFile;
    private MappedByteBuffer out;

    private Journal(MappedByteBuffer memory, FileChannel outFile, MappedByteBuffer out) {
        this.memory = memory;
        this.size = (memory.capacity() - HEADER) / 2;
        this.buffers = new ByteBuffer[] {memory.slice(HEADER, size), memory.slice(HEADER + size, size)};
        this.used = new int[] {size, size};
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
            long length = file.size() > HEADER ? file.size() : reserved(file, HEADER + 2L * BUFFER);
            memory = file.map(FileChannel.MapMode.READ_WRITE, 0, length);
        }
        memory.order(ByteOrder.nativeOrder());
        FileChannel outFile = FileChannel.open(
                directory.resolve("sending"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        long size = reserved(outFile, Math.max(SMALL, outFile.size()));
        return new Journal(memory, outFile, outFile.map(FileChannel.MapMode.READ_WRITE, 0, size));
    }

    /**
     * Gives a file a size, and the room on the disk with it: a page of mapped memory that the disk has no room for is a fault
     * when it is written to, of whoever does.
     *
     * @throws IOException there is no room
     */
    private static long reserved(FileChannel file, long size) throws IOException {
        long before = file.size();
        try {
            for (long at = before; at < size; ) {
                at += file.write(ByteBuffer.wrap(ZEROS, 0, (int) Math.min(ZEROS.length, size - at)), at);
            }
            return size;
        } catch (IOException e) {
            file.truncate(before);
            throw e;
        }
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
        ByteBuffer buffer = buffers[active()].clear();
        int n = 0;
        while (n < size && buffer.get(n) != 0) {
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
        int number = turn(skip, header);
        ByteBuffer buffer = buffers[number].clear().position(header.length);
        if (from.read(buffer) < 0) {
            return null;
        }
        used[number] = buffer.position();
        return buffer.flip().position(header.length);
    }

    /** Notes that all that was read is worked off, but for the beginning of a header; parameters as for {@link #read}. */
    void done(long skip, byte[] header) {
        turn(skip, header);
    }

    /** Makes the other buffer the one that counts; returns its number. */
    private int turn(long skip, byte[] header) {
        int next = 1 - active();
        ByteBuffer buffer = buffers[next].clear();
        for (int at = 0; at < used[next]; at += ZEROS.length) {
            buffer.put(at, ZEROS, 0, Math.min(ZEROS.length, used[next] - at));
        }
        buffer.put(0, header);
        used[next] = header.length;
        memory.putLong(SKIP + 8 * next, skip);
        VarHandle.fullFence();
        memory.putInt(ACTIVE, next);
        VarHandle.fullFence();
        return next;
    }

    private int active() {
        return memory.getInt(ACTIVE);
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
            if (!resized(Math.max(SMALL, length))) {
                // better than not at all: only a hub that is killed in the middle of it leaves half a message
                sendAll(to, ByteBuffer.wrap(header));
                sendAll(to, ByteBuffer.wrap(body));
                return;
            }
        }
        out.put(0, header).put(header.length, body);
        memory.putInt(OUT_DONE, 0);
        VarHandle.fullFence();
        memory.putInt(OUT_LENGTH, length);
        send(to, length, 0);
        memory.putInt(OUT_LENGTH, 0);
    }

    /** Makes room for the next message; false if there is none. */
    private boolean resized(int size) throws IOException {
        try {
            reserved(outFile, size);
        } catch (IOException e) {
            return false;
        }
        out = outFile.map(FileChannel.MapMode.READ_WRITE, 0, size);
        outFile.truncate(size);
        return true;
    }

    private static void sendAll(WritableByteChannel to, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            to.write(bytes);
        }
    }

    private void send(WritableByteChannel to, int length, int done) throws IOException {
        int at = done;
        while (at < length) {
            int whole = to instanceof Fifo fifo ? Math.max(PIPE_BUF, fifo.free()) : PIPE_BUF;
            int n = to.write(out.slice(at, Math.min(whole, length - at)));
            at += n;
            memory.putInt(OUT_DONE, at);
        }
    }

    @Override
    public void close() throws IOException {
        outFile.close();
    }
}
