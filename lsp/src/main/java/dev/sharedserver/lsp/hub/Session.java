package dev.sharedserver.lsp.hub;

import dev.sharedserver.core.wire.LauncherConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * An editor's session. One thread reads what it says, another one writes what it is told; if it does not read, what it was
 * not told yet grows to a limit, and then the session ends.
 */
final class Session {

    /** How much may wait for an editor, in bytes. */
    static final long LIMIT = 32L << 20;

    private static final int PIECE = 1 << 20;

    private final int number;
    private final long pid;
    private final LauncherConnection launcher;
    private final Backlog backlog = new Backlog();
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
        if (backlog.bytes() + body.length > LIMIT) {
            last = "sharedserver: the editor has left " + (LIMIT >> 20) + " MiB unread: its session is ended\n";
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
                    continue;
                }
                launcher.stdout(ByteBuffer.wrap(header));
                for (int at = 0; at < body.length; at += PIECE) {
                    launcher.stdout(ByteBuffer.wrap(body, at, Math.min(PIECE, body.length - at)));
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
