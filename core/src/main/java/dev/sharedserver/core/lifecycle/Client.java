package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.ProcessId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Who holds a reference: a live process, or nobody for a limited time ({@code --hold}).
 *
 * @param key the pid in decimal, or {@code hold-…}; unique among the clients of one server
 * @param process the process whose end drops the reference, null for a hold
 * @param until when the reference ends by itself, null for a process
 * @param reasons why it holds the server
 */
public record Client(
        String key,
        @Nullable ProcessId process,
        Instant attachedAt,
        @Nullable String metadata,
        @Nullable Deadline until,
        Reasons reasons) {

    /** Returns a client that is a process. */
    public static Client process(ProcessId process, Instant attachedAt, @Nullable String metadata) {
        return new Client(Long.toString(process.pid()), process, attachedAt, metadata, null, Reasons.DIRECT);
    }

    /** Returns a lease that needs no process; {@code id} tells it from others. */
    public static Client hold(String id, Instant attachedAt, Deadline until, @Nullable String metadata) {
        return new Client("hold-" + id, null, attachedAt, metadata, until, Reasons.DIRECT);
    }

    /** Returns the same holder with another note. */
    public Client with(@Nullable String note) {
        return new Client(key, process, attachedAt, note, until, reasons);
    }

    /** Returns the same holder for other reasons. */
    public Client with(Reasons others) {
        return new Client(key, process, attachedAt, metadata, until, others);
    }
}
