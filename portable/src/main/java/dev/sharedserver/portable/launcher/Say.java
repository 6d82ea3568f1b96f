package dev.sharedserver.portable.launcher;

import dev.sharedserver.core.OsText;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;

/** The launcher's standard output and standard error, bytes as they are. */
final class Say {

    private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    private final FileOutputStream err = new FileOutputStream(FileDescriptor.err);
    private final boolean debug;

    Say(boolean debug) {
        this.debug = debug;
    }

    void complain(String text) {
        toError("sharedserver: " + text + "\n");
    }

    void trace(String text) {
        if (debug) {
            long now = System.nanoTime() / 1_000;
            String micros = Long.toString(1_000_000 + now % 1_000_000).substring(1);
            toError("[" + now / 1_000_000 + "." + micros + " launcher "
                    + ProcessHandle.current().pid() + "] " + text + "\n");
        }
    }

    private void toError(String text) {
        try {
            err.write(OsText.encode(text));
        } catch (IOException e) {
            // there is nobody left to tell
        }
    }

    /** Writes bytes; ends this process as any program ends that writes to a pipe which nobody reads. */
    void write(boolean toOut, byte[] bytes, int from, int length) throws Trouble {
        try {
            (toOut ? out : err).write(bytes, from, length);
        } catch (IOException e) {
            String why = String.valueOf(e.getMessage());
            if (why.contains("Broken pipe")) {
                Signals.endBy("PIPE", dev.sharedserver.portable.posix.LibC.SIGPIPE);
            }
            throw new Trouble("cannot write to descriptor " + (toOut ? 1 : 2) + ": " + why);
        }
    }
}
