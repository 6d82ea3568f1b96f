package dev.sharedserver.lsp.hub;

import dev.sharedserver.core.wire.LauncherConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * An editor's session. One thread reads what it says, another one writes what it is told. An editor that does not read is let
 * go when too much waits for it; one that reads, but not as fast as a server can talk, gets some more room.
 */
final class Session {

    /** How much may wait for an editor that takes nothing, in bytes, and for how long it may do so, in ns. */
    private static final long LIMIT = 32L << 20;

    private static final long SILENCE = 5_000_000_000L;

    /** How much may wait for any editor, in bytes. */
    private static final long MOST = 96L << 20;

    private static final int PIECE = 1 << 20;

    private final int number;
    private final long pid;
    private final LauncherConnection launcher;
    private final Backlog backlog = new Backlog();
    private volatile long lastTaken = System.nanoTime();
    private volatile int exitCode = 1;
    private volatile String last = "";

    Session(int number, long pid, LauncherConnection launcher) {
        this.number = number;
        this.pid = pid;
        this.launcher = launcher;
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

    /** Starts to write. */
    void start() {
        Thread.ofVirtual().name("to client " + number).start(this::write);
    }

    /** Has a body written, in time. */
    void tell(byte[] body) {
        long waiting = backlog.bytes();
        if (waiting == 0) {
            lastTaken = System.nanoTime(); // until now there was nothing to take
        }
        if (waiting > MOST || waiting > LIMIT && System.nanoTime() - lastTaken > SILENCE) {
            drop();
        } else {
            backlog.add(body);
        }
    }

    /** Ends the session when all was written; {@code why} is said then, "" for nothing. */
    void finish(int code, String why) {
        exitCode = code;
        last = why;
        backlog.close();
    }

    private void drop() {
        backlog.discard();
        try {
            launcher.close();
        } catch (IOException e) {
            // gone already
        }
    }

    private void write() {
        try {
            for (byte[] body = backlog.take(); body != null; body = backlog.take()) {
                byte[] header = header(body);
                if (header.length + body.length <= PIECE) {
                    launcher.stdout(ByteBuffer.wrap(header), ByteBuffer.wrap(body));
                    lastTaken = System.nanoTime();
                    continue;
                }
                launcher.stdout(ByteBuffer.wrap(header));
                for (int at = 0; at < body.length; at += PIECE) {
                    launcher.stdout(ByteBuffer.wrap(body, at, Math.min(PIECE, body.length - at)));
                    lastTaken = System.nanoTime();
                }
            }
            launcher.stderr(last);
            launcher.exit(exitCode);
        } catch (IOException e) {
            drop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            drop();
        }
    }

    static byte[] header(byte[] body) {
        return ("Content-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    }
}
