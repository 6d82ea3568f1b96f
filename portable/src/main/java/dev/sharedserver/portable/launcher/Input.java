package dev.sharedserver.portable.launcher;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;

/**
 * Standard input, as far as somebody wants it. What was read is kept: if an agent dies, the next one asks for it again. A thread
 * reads, since nothing can interrupt that.
 */
final class Input {

    private static final int PIECE = 64 << 10;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int wanted;
    private boolean started;
    private boolean ended;
    private boolean broken;

    /** Why there is no more. */
    enum End {
        WHOLE(0),
        LONGER(1),
        LATE(2),
        BROKEN(3);

        private final int wire;

        End(int wire) {
            this.wire = wire;
        }
    }

    /** What was read: at most as much as was asked for. */
    static final class Read {
        private final End end;
        private final byte[] bytes;

        private Read(End end, byte[] bytes) {
            this.end = end;
            this.bytes = bytes;
        }

        void writeTo(DataOutputStream body) throws IOException {
            body.writeByte(end.wire);
            body.write(bytes);
        }
    }

    synchronized Read upTo(int limit, long timeoutMillis) throws InterruptedException {
        wanted = Math.max(wanted, limit + 1);
        begin();
        notifyAll();
        long until = System.nanoTime() + timeoutMillis * 1_000_000L;
        while (!ended && bytes.size() <= limit) {
            long left = (until - System.nanoTime()) / 1_000_000L;
            if (left <= 0) {
                return new Read(End.LATE, first(limit));
            }
            wait(left);
        }
        End end = broken ? End.BROKEN : bytes.size() <= limit ? End.WHOLE : End.LONGER;
        return new Read(end, first(limit));
    }

    private byte[] first(int limit) {
        byte[] all = bytes.toByteArray();
        return all.length <= limit ? all : java.util.Arrays.copyOf(all, limit);
    }

    private void begin() {
        if (!started) {
            started = true;
            Thread.ofPlatform().daemon().name("input").start(this::read);
        }
    }

    private void read() {
        byte[] piece = new byte[PIECE];
        try {
            FileInputStream in = new FileInputStream(FileDescriptor.in);
            for (int n = 0; n >= 0; n = in.read(piece)) {
                take(piece, n);
            }
        } catch (IOException e) {
            synchronized (this) {
                broken = true;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            ended = true;
            notifyAll();
        }
    }

    /** Keeps a piece, and waits until more is wanted. */
    private synchronized void take(byte[] piece, int n) throws InterruptedException {
        bytes.write(piece, 0, n);
        notifyAll();
        while (bytes.size() >= wanted) {
            wait();
        }
    }
}
