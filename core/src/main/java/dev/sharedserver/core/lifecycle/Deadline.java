package dev.sharedserver.core.lifecycle;

import java.time.Instant;

/**
 * A moment in the future of this boot.
 *
 * @param monotonicNanos CLOCK_MONOTONIC in ns; the one that counts
 * @param at the same moment on the wall clock as it stood when the deadline was set, for people
 */
public record Deadline(long monotonicNanos, Instant at) {

    /** Tells whether the moment has come. */
    public boolean reached(Now now) {
        return now.monotonicNanos() >= monotonicNanos;
    }
}
