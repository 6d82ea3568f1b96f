package dev.sharedserver.core;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stands in {@code server.json}. Fields that older tools do not write are nullable.
 *
 * @param gracePeriod as {@link Period} prints it
 * @param startTime start stamp of the server
 * @param watcherStartTime start stamp of the watcher
 * @param pgid its process group, null if it has none of its own
 * @param exec whether it was made by {@code exec}: it is its caller's child and has its caller's output
 * @param restarting whether it is being stopped to be started again for the clients that it has
 * @param ownLog whether {@code logFile} is the product's default
 * @param stopSignal signal number
 * @param stopTimeout as {@link Period} prints it
 */
public record ServerRecord(
        long pid,
        String serverName,
        List<String> command,
        @Nullable String workingDir,
        String gracePeriod,
        @Nullable Long watcherPid,
        Instant startedAt,
        @Nullable Long startTime,
        @Nullable Long watcherStartTime,
        @Nullable String bootId,
        @Nullable Long pgid,
        boolean exec,
        boolean restarting,
        @Nullable DeadlineRecord graceDeadline,
        @Nullable String logFile,
        boolean ownLog,
        @Nullable Integer stopSignal,
        @Nullable String stopTimeout,
        @Nullable String stdin,
        @Nullable String stdout) {}
