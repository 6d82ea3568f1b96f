package dev.sharedserver.lsp.hub;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * An editor's session. One thread reads what it says. Who has something to tell it does so, if that does not wait; else another
 * thread does, which is there from the first time on that there was no room. An editor that does not read is let go when too much
 * waits for it; one that reads, but not as fast as a server can talk, gets some more room.
 */
final class Session {

    /** How much may wait for an editor that takes nothing, in bytes, and for how long it may do so, in ns. */
    private static final long LIMIT = 32L << 20;

    private static final long SILENCE = 5_000_000_000L;

    /** How much may wait for any editor, in bytes. */
    private static final long MOST = 96L << 20;

    /** Stands for what a line still has of a message. */
    private static final byte[] REST = {};

    private final int number;
    private final long pid;
    private final Line line;
    private final Backlog backlog = new Backlog();
    private volatile long lastTaken = System.nanoTime();
    private volatile int exitCode = 1;
    private volatile String last = "";
    private boolean hasWriter;

    Session(int number, long pid, Line line) {
        this.number = number;
        this.pid = pid;
        this.line = line;
    }

    int number() {
        return number;
    }

    long pid() {
        return pid;
    }

    long waiting() {
        return backlog.bytes();
    }

    private synchronized void needsWriter() {
        if (!hasWriter) {
            hasWriter = true;
            // only a platform thread may wait for what an editor reads
            Thread.ofPlatform().daemon().name("to client " + number).start(this::write);
        }
    }

    /** Tells whether all that it was to be told is written. */
    boolean isIdle() {
        return backlog.isIdle();
    }

    /** Has a body written, in time; for one thread at a time. */
    void tell(byte[] body) {
        if (wroteNow(body)) {
            return;
        }
        long waiting = backlog.bytes();
        if (waiting == 0) {
            lastTaken = System.nanoTime(); // until now there was nothing to take
        }
        if (waiting > MOST || waiting > LIMIT && System.nanoTime() - lastTaken > SILENCE) {
            drop();
        } else {
            backlog.add(body);
            needsWriter();
        }
    }

    private boolean wroteNow(byte[] body) {
        if (!backlog.bypass()) {
            return false;
        }
        try {
            Line.Now now = line.writeNow(header(body), body);
            if (now == Line.Now.PARTLY) {
                backlog.add(REST);
                needsWriter();
            }
            return now != Line.Now.NOT;
        } catch (IOException e) {
            drop();
            return true;
        } finally {
            backlog.bypassed();
        }
    }

    /** Ends the session when all was written; {@code why} is said then, "" for nothing. */
    void finish(int code, String why) {
        exitCode = code;
        last = why;
        backlog.close();
        needsWriter();
    }

    private void drop() {
        backlog.discard();
        line.cut();
    }

    private void write() {
        try {
            for (byte[] body = backlog.take(); body != null; body = backlog.take()) {
                if (body == REST) {
                    line.finish();
                } else {
                    line.write(header(body), body, this::taken);
                }
            }
            line.end(last, exitCode);
        } catch (IOException e) {
            drop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            drop();
        }
    }

    private void taken() {
        lastTaken = System.nanoTime();
    }

    static byte[] header(byte[] body) {
        return ("Content-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    }
}
