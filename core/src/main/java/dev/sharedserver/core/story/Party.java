package dev.sharedserver.core.story;

import org.jspecify.annotations.Nullable;

/**
 * A client as the event log remembers it; its process may be long gone.
 *
 * @param key a pid, or {@code hold-…}
 * @param command name of its program, null if that is not known
 */
public record Party(
        String key, @Nullable String command, @Nullable String metadata) {

    /** Tells whether it is a hold and no process. */
    public boolean isHold() {
        return key.startsWith("hold-");
    }
}
