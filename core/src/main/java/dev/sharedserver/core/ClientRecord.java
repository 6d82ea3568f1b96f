package dev.sharedserver.core;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An entry of {@code clients.json}.
 *
 * @param startTime the client's start stamp, null in files of older tools and for a hold
 * @param until when a hold ends, null for a process
 * @param direct whether the server was asked for by name; if not, it is only held for others
 * @param neededBy servers of the same client that need this one
 */
public record ClientRecord(
        Instant attachedAt,
        @Nullable String metadata,
        @Nullable Long startTime,
        @Nullable DeadlineRecord until,
        boolean direct,
        List<String> neededBy) {

    /** One of a client that asked for the server by name, and for no other reason. */
    public ClientRecord(
            Instant attachedAt, @Nullable String metadata, @Nullable Long startTime, @Nullable DeadlineRecord until) {
        this(attachedAt, metadata, startTime, until, true, List.of());
    }
}
