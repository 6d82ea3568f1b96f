package dev.sharedserver.lsp.hub;

import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.lsp.protocol.PathMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;

/** How messages get to an editor. One thread writes; any may cut. */
interface Line {

    /** Writes a message; {@code taken} is run for each piece that the editor has taken. */
    void write(byte[] header, byte[] body, Runnable taken) throws IOException;

    /** Says goodbye after the last message. */
    void end(String last, int exitCode) throws IOException;

    /** Ends it at once. */
    void cut();

    /** What became of a message that was to be written without waiting. */
    enum Now {
        /** Nothing of it is written. */
        NOT,
        /** A part is written; the rest goes out before the next message, or before nothing. */
        PARTLY,
        /** It is written. */
        WHOLLY
    }

    /** Writes a message if that does not wait; for any thread, as long as none writes. */
    default Now writeNow(byte[] header, byte[] body) throws IOException {
        return Now.NOT;
    }

    /** Writes what is left of a message that was written {@linkplain Now#PARTLY partly}; waits. */
    default void finish() throws IOException {
        // nothing is
    }

    /** The line to a bridge of ours. */
    final class ToLauncher implements Line {

        /** The bridge passes on what it has got as a whole: it is to begin before a long message has come. */
        private static final int PIECE = 128 << 10;

        /** What is not worth another thread. */
        private static final int SHORT = 32 << 10;

        private final LauncherConnection launcher;
        private final ReentrantLock lock = new ReentrantLock();
        private ByteBuffer[] rest = {};

        /** Makes one; the launcher is {@linkplain LauncherConnection#unblock unblocked}. */
        ToLauncher(LauncherConnection launcher) throws IOException {
            this.launcher = launcher;
            launcher.unblock();
        }

        @Override
        public Now writeNow(byte[] header, byte[] body) throws IOException {
            // who has the lock may wait for the editor
            if (header.length + body.length > SHORT || !lock.tryLock()) {
                return Now.NOT;
            }
            try {
                if (!launcher.write(rest)) {
                    return Now.NOT;
                }
                rest = LauncherConnection.forStdout(ByteBuffer.wrap(header), ByteBuffer.wrap(body));
                if (launcher.write(rest)) {
                    return Now.WHOLLY;
                }
                return rest[0].position() == 0 ? notBegun() : Now.PARTLY;
            } finally {
                lock.unlock();
            }
        }

        private Now notBegun() {
            rest = new ByteBuffer[0];
            return Now.NOT;
        }

        @Override
        public void finish() throws IOException {
            lock.lock();
            try {
                launcher.writeAll(rest);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void write(byte[] header, byte[] body, Runnable taken) throws IOException {
            lock.lock();
            try {
                launcher.writeAll(rest);
                int first = Math.min(PIECE - header.length, body.length);
                launcher.writeAll(
                        LauncherConnection.forStdout(ByteBuffer.wrap(header), ByteBuffer.wrap(body, 0, first)));
                taken.run();
                for (int at = first; at < body.length; at += PIECE) {
                    launcher.writeAll(
                            LauncherConnection.forStdout(ByteBuffer.wrap(body, at, Math.min(PIECE, body.length - at))));
                    taken.run();
                }
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void end(String last, int exitCode) throws IOException {
            lock.lock();
            try {
                launcher.writeAll(rest);
                launcher.stderr(last);
                launcher.exit(exitCode);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void cut() {
            try {
                launcher.close();
            } catch (IOException e) {
                // gone already
            }
        }
    }

    /** A line to an editor that has other names for directories. */
    record Translated(Line line, PathMap paths) implements Line {

        @Override
        public void write(byte[] header, byte[] body, Runnable taken) throws IOException {
            byte[] said = paths.toEditor(body);
            line.write(said == body ? header : Session.header(said), said, taken);
        }

        @Override
        public Now writeNow(byte[] header, byte[] body) throws IOException {
            byte[] said = paths.toEditor(body);
            return line.writeNow(said == body ? header : Session.header(said), said);
        }

        @Override
        public void finish() throws IOException {
            line.finish();
        }

        @Override
        public void end(String last, int exitCode) throws IOException {
            line.end(last, exitCode);
        }

        @Override
        public void cut() {
            line.cut();
        }
    }
}
