package dev.sharedserver.lsp.interpose;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Our copy of one of the target's old descriptors. Whether it blocks is left as it is, since that belongs to the target, too;
 * so every read and write waits until it cannot block.
 */
abstract sealed class OldClient implements Channel {

    /** How long a closed channel may go on waiting in the kernel, ms. */
    private static final long GLANCE = 50;

    final Kernel kernel;
    final int descriptor;
    final Arena arena = Arena.ofShared();
    final MemorySegment buffer;
    private final AtomicBoolean open = new AtomicBoolean(true);
    /** Held in every call on the descriptor. Fair: who waits for input asks for it again and again. */
    final ReentrantLock turn = new ReentrantLock(true);

    private OldClient(Kernel kernel, int descriptor, int size) {
        this.kernel = kernel;
        this.descriptor = descriptor;
        buffer = arena.allocate(size);
    }

    @Override
    public boolean isOpen() {
        return open.get();
    }

    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            // whoever is in a call leaves it first: the number may be another file's afterwards
            turn.lock();
            try {
                kernel.close(descriptor);
                arena.close();
            } finally {
                turn.unlock();
            }
        }
    }

    /** Tells whether the peer has its end open. */
    boolean hungUp() {
        turn.lock();
        try {
            return !isOpen()
                    || (kernel.poll(descriptor, (short) 0, 0) & (Kernel.POLLHUP | Kernel.POLLERR | Kernel.POLLNVAL))
                            != 0;
        } finally {
            turn.unlock();
        }
    }

    /** Waits a little; 0 for nothing. */
    final int glance(short events) throws ClosedChannelException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        return kernel.poll(descriptor, events, GLANCE);
    }

    /** What it sends to the server. */
    static final class Input extends OldClient implements ReadableByteChannel {

        private static final int EIO = 5;
        private static final int EAGAIN = 11;

        private final AtomicLong taken = new AtomicLong();
        private ByteBuffer before = ByteBuffer.allocate(0);

        Input(Kernel kernel, int descriptor) {
            super(kernel, descriptor, 1 << 16);
        }

        /** Returns how many bytes were read so far. */
        long taken() {
            return taken.get();
        }

        /** Tells whether bytes that were pushed back have not been read again. */
        boolean hasMore() {
            return before.hasRemaining();
        }

        @Override
        public int read(ByteBuffer to) throws IOException {
            int length = 0;
            while (to.hasRemaining() && length == 0) {
                length = readNow(to);
            }
            return length;
        }

        /** Reads what comes within a moment; 0 for nothing. */
        int readNow(ByteBuffer to) throws IOException {
            turn.lock();
            try {
                if (before.hasRemaining()) {
                    int length = Math.min(before.remaining(), to.remaining());
                    to.put(before.slice(before.position(), length));
                    before.position(before.position() + length);
                    taken.addAndGet(length);
                    return length;
                }
                if (glance(Kernel.POLLIN) == 0) {
                    return 0;
                }
                long length = kernel.read(descriptor, buffer, Math.min(to.remaining(), buffer.byteSize()));
                if (length == 0 || length == -EIO) {
                    return -1; // a terminal that is gone answers EIO
                }
                if (length > 0) {
                    to.put(buffer.asSlice(0, length).asByteBuffer());
                    taken.addAndGet(length);
                    return (int) length;
                }
                if (length == -EAGAIN) {
                    return 0;
                }
                throw new IOException("the old client's messages cannot be read (errno " + -length + ")");
            } finally {
                turn.unlock();
            }
        }

        /** Makes bytes that were read the next ones, and forgets that anything was read at all. */
        void pushBack(byte[] bytes) {
            turn.lock();
            try {
                before = ByteBuffer.wrap(bytes);
                taken.set(0);
            } finally {
                turn.unlock();
            }
        }
    }

    /** What it gets from the server. */
    static final class Output extends OldClient implements WritableByteChannel {

        /** PIPE_BUF: as much as a pipe that poll(2) finds writable takes without blocking. */
        private static final int ATOMIC = 4096;

        private static final int EAGAIN = 11;

        Output(Kernel kernel, int descriptor) {
            super(kernel, descriptor, ATOMIC);
        }

        @Override
        public int write(ByteBuffer from) throws IOException {
            int total = 0;
            while (from.hasRemaining()) {
                turn.lock();
                try {
                    int events = glance(Kernel.POLLOUT);
                    if (events == 0) {
                        continue;
                    }
                    int length = Math.min(from.remaining(), ATOMIC);
                    buffer.asByteBuffer().put(from.slice(from.position(), length));
                    long written = kernel.write(descriptor, buffer, length);
                    if (written > 0) {
                        from.position(from.position() + (int) written);
                        total += (int) written;
                    } else if (written != -EAGAIN) {
                        throw new IOException(
                                "the old client does not take messages any more (errno " + -written + ")");
                    }
                } finally {
                    turn.unlock();
                }
            }
            return total;
        }
    }
}
