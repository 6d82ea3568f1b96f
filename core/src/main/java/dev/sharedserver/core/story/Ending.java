package dev.sharedserver.core.story;

import dev.sharedserver.core.lifecycle.Cause;
import dev.sharedserver.core.lifecycle.ExitStatus;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** How a run ended, or why there was none. */
public sealed interface Ending {

    /** Returns when. */
    Instant at();

    /**
     * It is gone with its whole group.
     *
     * @param cause null if the log does not tell
     * @param status how its main process ended, null if nobody saw it
     * @param killed whether SIGKILL was needed
     * @param verdict what was made of it afterwards, null for nothing
     */
    record Stopped(
            Instant at,
            @Nullable Long pid,
            @Nullable Cause cause,
            @Nullable ExitStatus status,
            boolean killed,
            @Nullable Cause verdict)
            implements Ending {

        Stopped with(Cause afterwards) {
            return new Stopped(at, pid, cause, status, killed, afterwards);
        }
    }

    /**
     * It could not be run.
     *
     * @param cause null if the log does not tell
     * @param path the command or the file that was the trouble, null if none was
     */
    record NotStarted(
            Instant at, @Nullable Cause cause, @Nullable String path) implements Ending {}

    /** It was gone before anybody looked, and its files were removed. */
    record Cleaned(Instant at, String detail) implements Ending {}
}
