package dev.sharedserver.core.config;

import dev.sharedserver.core.Period;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A server as a config file describes it; null where it says nothing.
 *
 * @param command argv, empty if none is given
 * @param env {@code K=V} each
 * @param stopSignal name or number, as written
 */
public record ServerSpec(
        List<String> command,
        List<String> env,
        @Nullable Period gracePeriod,
        @Nullable String logFile,
        @Nullable String metadata,
        @Nullable String workingDir,
        @Nullable String stopSignal,
        @Nullable Period stopTimeout) {}
