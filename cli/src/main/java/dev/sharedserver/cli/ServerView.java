package dev.sharedserver.cli;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A server as it is shown; null for what is not known or not so.
 *
 * @param port where it was told to listen
 * @param graceRemainingMs ms until it is stopped, in grace only
 * @param managedBy pid of another tool's watcher
 */
public record ServerView(
        String name,
        State state,
        @Nullable Long pid,
        List<String> command,
        @Nullable String gracePeriod,
        @Nullable Long watcherPid,
        @Nullable Instant startedAt,
        List<ClientView> clients,
        @Nullable Long startTime,
        @Nullable Long watcherStartTime,
        @Nullable String workingDir,
        @Nullable String logFile,
        @Nullable Integer port,
        boolean ready,
        @Nullable Long graceRemainingMs,
        @Nullable Long managedBy) {

    /** Returns how many clients hold it. */
    public int refcount() {
        return clients.size();
    }
}
