package dev.sharedserver.core.story;

import dev.sharedserver.core.lifecycle.Asker;
import java.time.Instant;

/**
 * That somebody asked for another server of that name than the one that runs.
 *
 * @param refused whether it got none; else it was attached to the one that runs
 * @param running how the one that runs differs
 */
public record Mismatch(Instant at, Asker by, boolean refused, String running) {}
