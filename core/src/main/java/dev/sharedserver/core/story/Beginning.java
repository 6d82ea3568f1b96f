package dev.sharedserver.core.story;

import dev.sharedserver.core.lifecycle.Cause;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a run began.
 *
 * @param pid the server's, null if the log does not tell
 * @param client for whom it was started; null if for nobody in particular, or for the clients it had before
 * @param again why it was started again for the clients it had, null if it was not
 */
public record Beginning(
        Kind kind,
        Instant at,
        @Nullable Long pid,
        @Nullable Party client,
        @Nullable Cause again) {

    /** What was done to begin it. */
    public enum Kind {
        /** It was spawned. */
        STARTED,
        /** Its caller became it. */
        EXECED,
        /** It ran when it was seen for the first time. */
        FOUND
    }

    Beginning with(Party starter) {
        return new Beginning(kind, at, pid, starter, again);
    }
}
