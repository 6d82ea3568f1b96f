package dev.sharedserver.core;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stands in {@code server.json} of a readiness probe or a check.
 *
 * @param kind the key that a config file has for it: tcp, http, log, exec or notify
 * @param words what is looked at: an address, a URL, a regular expression, an argv; empty for notify
 * @param timeout as {@link Period} prints it
 * @param interval as {@link Period} prints it
 */
public record ProbeRecord(
        String kind,
        List<String> words,
        @Nullable String timeout,
        @Nullable String interval) {}
