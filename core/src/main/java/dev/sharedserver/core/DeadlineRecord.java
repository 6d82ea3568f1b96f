package dev.sharedserver.core;

import java.time.Instant;

/**
 * A deadline as it stands on disk.
 *
 * @param monotonicMillis CLOCK_MONOTONIC of the boot that the file names, in ms; the one that counts
 * @param at for people
 */
public record DeadlineRecord(long monotonicMillis, Instant at) {}
