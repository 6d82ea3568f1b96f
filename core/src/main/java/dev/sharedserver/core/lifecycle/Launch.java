package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.Period;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be run and how: all that a start, a stop and a restart need to know.
 *
 * @param command argv, never empty
 * @param workingDir absolute path
 * @param gracePeriod how long the server stays when nobody holds it
 * @param stopSignal signal number that asks the server to end
 * @param stopTimeout how long it may take before it is killed
 * @param logFile where its output goes (absolute path); null where it keeps its caller's ({@code exec})
 * @param ownLog true if {@code logFile} is the product's default, which is rotated; false for {@code --log-file}
 * @param stdin path to read from, null for /dev/null
 * @param stdout path that replaces the log for standard output, null for the log
 * @param health how it is known to be well
 * @param port where it is to listen, null where nobody said
 * @param surroundings null where nobody knows them any more (an adopted server)
 */
public record Launch(
        List<String> command,
        String workingDir,
        Period gracePeriod,
        int stopSignal,
        Period stopTimeout,
        @Nullable String logFile,
        boolean ownLog,
        @Nullable String stdin,
        @Nullable String stdout,
        Health health,
        @Nullable Integer port,
        @Nullable Surroundings surroundings) {

    /** Tells whether the server is its caller's process, which became it: it has the caller's stdio, group and parent. */
    public boolean isExec() {
        return logFile == null;
    }

    /**
     * What a process inherits from the one that asked for it.
     *
     * @param environment {@code K=V} entries
     * @param rlimits soft and hard limit in turn, by RLIMIT number; -1 = infinity
     */
    public record Surroundings(List<String> environment, int umask, int nice, List<Long> rlimits) {}
}
