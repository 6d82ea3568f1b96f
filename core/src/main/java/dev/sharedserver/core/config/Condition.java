package dev.sharedserver.core.config;

import dev.sharedserver.core.Period;
import org.jspecify.annotations.Nullable;

/**
 * A probe and its times: what {@code ready} and {@code check} hold.
 *
 * @param timeout {@code ready}: how long the server may take to get there; {@code check}: how long one look may take;
 *     null for the default
 * @param interval how long to wait between two looks, null for the default
 */
public record Condition(
        Probe probe, @Nullable Period timeout, @Nullable Period interval) {}
