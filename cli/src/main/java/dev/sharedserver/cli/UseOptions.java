package dev.sharedserver.cli;

import dev.sharedserver.core.Period;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The options that say how a server is started and attached; null where they were not given.
 *
 * @param env {@code K=V} each
 * @param stopSignal signal number
 * @param shell whether the command is one string for {@code /bin/sh -c}
 */
public record UseOptions(
        @Nullable Period gracePeriod,
        @Nullable Long pid,
        @Nullable Period hold,
        @Nullable String metadata,
        OnMismatch onMismatch,
        @Nullable String stdin,
        @Nullable String stdout,
        List<String> env,
        @Nullable String logFile,
        @Nullable String workingDir,
        @Nullable Integer stopSignal,
        @Nullable Period stopTimeout,
        boolean json,
        boolean shell) {}
