package dev.sharedserver.lsp.interpose;

import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.function.BooleanSupplier;

/**
 * A server that reads and writes our FIFOs. What its old client sends and gets passes through here: read {@link #fromOldClient},
 * or the old client starves. The two channels may be used by one thread each, platform threads rather than virtual ones, whose
 * carriers they would keep. {@link #park} is the end of every attachment, also of one that was restored.
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

    /** Returns how many bytes were read of {@link #fromOldClient} so far. */
    long takenFromOldClient();

    /**
     * Gives the target its old descriptors back. The FIFO that it reads must be empty at that moment, and the other one, too,
     * else the attempt is repeated, for some seconds. From then on the target has its ends of the FIFOs closed: what was in
     * flight is followed by an end of file, and may still go {@link #toOldClient}. {@link #fromOldClient} is closed.
     *
     * @param atBoundary asked, on the tracing thread, while the target stands still and nobody can read {@link #fromOldClient}:
     *     whether what was written to the server are whole messages, with all that was {@link #takenFromOldClient taken}
     *     from the old client; and what came from the server, too, and has been passed on
     * @return how long the target stood still
     * @throws Refusal nothing was changed, this object stays usable; also if the old client is gone: then park
     */
    Pause restore(BooleanSupplier atBoundary) throws Refusal, InterruptedException;

    /** Lets go of the target, which stays as it is: on the FIFOs, which outlive us, unless it was restored. Closes both channels. */
    void park();
}
