package dev.sharedserver.lsp.interpose;

import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.function.BooleanSupplier;

/**
 * A server that reads and writes our FIFOs. What its old client sends and gets passes through here: read {@link #fromOldClient},
 * or the old client starves. The two channels may be used by one thread each, any threads; both are of this object and are
 * closed with it ({@link #restore}, {@link #park}).
 */
public interface Interposed {

    /** Returns what is needed to take this up again in another process, with {@link Interposer#resume}. */
    Attachment attachment();

    /** Returns how long the target stood still when it was attached to; all zero after {@link Interposer#resume}. */
    Pause pause();

    /** Returns what the old client sends to the server. A read waits for bytes; -1 when the old client has hung up. */
    ReadableByteChannel fromOldClient();

    /** Returns the way back to the old client. A write waits for room; fails when the old client has hung up. */
    WritableByteChannel toOldClient();

    /** Tells whether the old client still has its ends open. */
    boolean oldClientLives();

    /** Tells whether the target still runs. */
    boolean targetLives();

    /** {@link #restore(BooleanSupplier)} where the caller has seen to the boundaries itself. */
    default Pause restore() throws Refusal, InterruptedException {
        return restore(() -> true);
    }

    /**
     * Gives the target its old descriptors back. The FIFO that it reads must be empty at that moment, else the attempt is
     * repeated, for some seconds; bytes that it had written before are still in the other FIFO afterwards, whose end then comes
     * behind them. Closes the two channels.
     *
     * @param atBoundary asked, on the tracing thread, while the target stands still: whether what was written to the server
     *     were whole messages, and what came from it and went to the old client, too
     * @return how long the target stood still
     * @throws Refusal nothing was changed, this object stays usable; also if the old client is gone: then park
     */
    Pause restore(BooleanSupplier atBoundary) throws Refusal, InterruptedException;

    /** Leaves the target on the FIFOs, which outlive us, and lets go of the old client. Closes the two channels. */
    void park();
}
