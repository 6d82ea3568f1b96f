package dev.sharedserver.cli;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client as it is shown.
 *
 * @param key a pid, or {@code hold-…}
 * @param remainingMs how long a hold still lasts, in ms; null for a process
 * @param alive null for a hold
 * @param exe path of its program, null if unknown
 * @param cwd its working directory, null if unknown
 * @param command its argv, null if unknown
 */
public record ClientView(
        String key,
        Instant attachedAt,
        @Nullable String metadata,
        @Nullable Long remainingMs,
        @Nullable Boolean alive,
        @Nullable String exe,
        @Nullable String cwd,
        @Nullable List<String> command) {}
