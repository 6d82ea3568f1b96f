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
 * @param ready whether it is known to be up
 * @param readyDeadline when it is given up if it is not up then
 * @param restartAt when it is started again, null unless its process is gone and it waits for that
 * @param health null where it is well as long as it runs
 * @param port where it was told to listen
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
        boolean ready,
        @Nullable DeadlineRecord readyDeadline,
        @Nullable DeadlineRecord restartAt,
        @Nullable HealthRecord health,
        @Nullable Integer port,
        @Nullable String logFile,
        boolean ownLog,
        @Nullable Integer stopSignal,
        @Nullable String stopTimeout,
        @Nullable String stdin,
        @Nullable String stdout) {}
