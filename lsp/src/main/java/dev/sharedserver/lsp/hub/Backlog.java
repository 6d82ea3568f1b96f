package dev.sharedserver.lsp.hub;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Bodies that wait to be written, with how many bytes they are. */
final class Backlog {

    private final Deque<byte[]> bodies = new ArrayDeque<>();
    private long bytes;
    private boolean closed;
    private boolean inHand;
    private boolean bypassed;

    /** Adds a body; nothing happens if the backlog is closed. */
    synchronized void add(byte[] body) {
        if (!closed) {
            bodies.add(body);
            bytes += body.length;
            notifyAll();
        }
    }

    /** Waits for a body; null once the backlog is closed and empty. */
    synchronized byte @Nullable [] take() throws InterruptedException {
        inHand = false;
        while (bodies.isEmpty() && !closed) {
            wait();
        }
        byte[] body = bodies.poll();
        if (body != null) {
            bytes -= body.length;
            inHand = true;
            notifyAll();
        }
        return body;
    }

    /**
     * Lets a body by if nothing is before it: the caller writes it itself, and says {@link #bypassed} then. Bodies are added by one
     * thread at a time, which this one is.
     */
    synchronized boolean bypass() {
        bypassed = bodies.isEmpty() && !inHand && !closed;
        return bypassed;
    }

    /** What was let by is written. */
    synchronized void bypassed() {
        bypassed = false;
    }

    /** Waits until there is less than {@code limit} bytes, or nobody writes any more. */
    synchronized void awaitLess(long limit) throws InterruptedException {
        while (bytes >= limit && !closed) {
            wait();
        }
    }

    /** Tells whether nothing waits, and what was taken last is written: who takes comes back for more. */
    synchronized boolean isIdle() {
        return bodies.isEmpty() && !inHand && !bypassed;
    }

    synchronized long bytes() {
        return bytes;
    }

    /** Nothing more comes; what there is may be taken. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }

    /** Nothing more comes, and nothing more is taken. */
    synchronized void discard() {
        bodies.clear();
        bytes = 0;
        close();
    }
}
