package dev.sharedserver.lsp.interpose;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A process all of whose tasks stand still, and one of which makes the system calls that we want. {@link #close} lets it go on as
 * if nothing had been. Used by one thread.
 */
interface Halted extends AutoCloseable {

    int AT_FDCWD = -100;

    /** Tells which system calls the tasks are in. */
    List<Facts.InCall> inCalls();

    /** Has the target make a system call; the result below zero is a negated errno. */
    long call(Call call, long... arguments) throws Refusal;

    /** Puts bytes into the target's memory; good until the next ones are put there. */
    long bytes(ByteBuffer bytes) throws Refusal;

    /** Returns the refusal for a system call that failed. */
    Refusal failed(String name, long result);

    /** Returns what this cost the target; complete after {@link #close}. */
    Pause pause();

    /** Lets the target go on. Never throws. */
    @Override
    void close();

    /** Opens a file in the target. */
    default long open(String path, int flags) throws Refusal {
        byte[] text = path.getBytes(StandardCharsets.UTF_8);
        ByteBuffer string =
                ByteBuffer.allocate(text.length + 1).put(text).put((byte) 0).flip();
        return call(Call.OPENAT, AT_FDCWD, bytes(string), flags);
    }
}
