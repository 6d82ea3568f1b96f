package dev.sharedserver.core.story;

import dev.sharedserver.core.lifecycle.Asker;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a client ceased to hold a server.
 *
 * @param by who detached it, null if it was the client itself, or nobody
 */
public record Leaving(
        Kind kind, Instant at, Party client, @Nullable Asker by) {

    /** What ended the reference. */
    public enum Kind {
        DETACHED("detached"),
        DIED("client_died"),
        HOLD_ENDED("hold_ended");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /** Returns the word of event logs. */
        public String word() {
            return word;
        }

        static @Nullable Kind of(String word) {
            for (Kind kind : values()) {
                if (kind.word.equals(word)) {
                    return kind;
                }
            }
            return null;
        }
    }
}
