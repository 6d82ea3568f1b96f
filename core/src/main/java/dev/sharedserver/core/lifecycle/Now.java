package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.Period;
import java.time.Instant;

/**
 * The moment at which an event is handled.
 *
 * @param monotonicNanos CLOCK_MONOTONIC in ns, which neither jumps with the wall clock nor counts suspended time
 * @param wall the wall clock, for people
 */
public record Now(long monotonicNanos, Instant wall) {

    /** Returns the moment that lies {@code period} after this one; one too far away to be counted never comes. */
    public Deadline plus(Period period) {
        long at = monotonicNanos + period.nanos();
        return new Deadline(at < monotonicNanos ? Long.MAX_VALUE : at, wall.plusNanos(period.nanos()));
    }
}
