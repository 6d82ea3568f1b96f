package dev.sharedserver.lsp.hub;

import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.lsp.protocol.PathMap;
import java.io.IOException;
import java.nio.ByteBuffer;

/** How messages get to an editor. One thread writes; any may cut. */
interface Line {

    /** Writes a message; {@code taken} is run for each piece that the editor has taken. */
    void write(byte[] header, byte[] body, Runnable taken) throws IOException;

    /** Says goodbye after the last message. */
    void end(String last, int exitCode) throws IOException;

    /** Ends it at once. */
    void cut();

    /** Returns whether a write may wait where only a platform thread may. */
    default boolean keepsThread() {
        return false;
    }

    /** The line to a bridge of ours. */
    record ToLauncher(LauncherConnection launcher) implements Line {

        private static final int PIECE = 1 << 20;

        @Override
        public void write(byte[] header, byte[] body, Runnable taken) throws IOException {
            if (header.length + body.length <= PIECE) {
                launcher.stdout(ByteBuffer.wrap(header), ByteBuffer.wrap(body));
                taken.run();
                return;
            }
            launcher.stdout(ByteBuffer.wrap(header));
            for (int at = 0; at < body.length; at += PIECE) {
                launcher.stdout(ByteBuffer.wrap(body, at, Math.min(PIECE, body.length - at)));
                taken.run();
            }
        }

        @Override
        public void end(String last, int exitCode) throws IOException {
            launcher.stderr(last);
            launcher.exit(exitCode);
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
        public void end(String last, int exitCode) throws IOException {
            line.end(last, exitCode);
        }

        @Override
        public void cut() {
            line.cut();
        }

        @Override
        public boolean keepsThread() {
            return line.keepsThread();
        }
    }
}
