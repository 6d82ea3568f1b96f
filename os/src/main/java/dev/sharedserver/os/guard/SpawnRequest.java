package dev.sharedserver.os.guard;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A process to be made by the guard.
 *
 * @param request number that the answer carries
 * @param rlimits soft and hard limit in turn, by RLIMIT number; -1 = infinity
 * @param stdin path, null for /dev/null
 * @param stdout path, opened for append
 * @param stderr path, null for the same as stdout
 * @param path the PATH in which the command is looked for
 */
public record SpawnRequest(
        long request,
        int umask,
        int nice,
        List<Long> rlimits,
        String cwd,
        @Nullable String stdin,
        String stdout,
        @Nullable String stderr,
        String path,
        List<String> argv,
        List<String> environment) {}
