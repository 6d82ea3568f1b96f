package dev.sharedserver.core.story;

import java.time.Instant;

/**
 * That a client asked for another server of that name than the one that runs.
 *
 * @param refused whether it got none; else it was attached to the one that runs
 * @param running how the one that runs differs
 */
public record Mismatch(Instant at, Party client, boolean refused, String running) {}
