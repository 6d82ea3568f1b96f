package dev.sharedserver.core.story;

import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Cause;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a run began.
 *
 * @param pid the server's, null if the log does not tell
 * @param client for whom it was started; null if for nobody in particular, or for the clients it had before
 * @param again why it was started again for the clients it had, null if it was not
 * @param by who asked for it by {@code admin start}, null if nobody did or the log does not tell
 */
public record Beginning(
        Kind kind,
        Instant at,
        @Nullable Long pid,
        @Nullable Party client,
        @Nullable Cause again,
        @Nullable Asker by) {

    /** One that nobody else asked for than its client. */
    public Beginning(Kind kind, Instant at, @Nullable Long pid, @Nullable Party client, @Nullable Cause again) {
        this(kind, at, pid, client, again, null);
    }

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
        return new Beginning(kind, at, pid, starter, again, by);
    }
}
