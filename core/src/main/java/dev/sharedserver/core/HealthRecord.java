package dev.sharedserver.core;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stands in {@code server.json} of how a server is known to be well, and what is done when it is not.
 *
 * @param restart the policy as a config file writes it
 * @param crashes when it failed lately, CLOCK_MONOTONIC in ms, oldest first
 */
public record HealthRecord(
        @Nullable ProbeRecord ready, @Nullable ProbeRecord check, String restart, List<Long> crashes) {}
