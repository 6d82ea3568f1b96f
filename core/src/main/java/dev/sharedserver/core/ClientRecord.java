package dev.sharedserver.core;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An entry of {@code clients.json}.
 *
 * @param startTime the client's start stamp, null in files of older tools and for a hold
 * @param until when a hold ends, null for a process
 */
public record ClientRecord(
        Instant attachedAt,
        @Nullable String metadata,
        @Nullable Long startTime,
        @Nullable DeadlineRecord until) {}
