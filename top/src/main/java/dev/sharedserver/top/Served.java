package dev.sharedserver.top;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A server as {@code list --json} shows it.
 *
 * @param startedAt Unix seconds, null if unknown
 * @param graceEndsAt Unix milliseconds, null unless it is in grace
 */
record Served(
        String name,
        String state,
        @Nullable Long pid,
        @Nullable Long startedAt,
        List<String> command,
        List<Holder> holders,
        @Nullable Long graceEndsAt) {

    /**
     * Somebody who holds it.
     *
     * @param pid null for a hold
     * @param hold the key of a hold, null for a process
     * @param since RFC 3339
     */
    record Holder(
            @Nullable Long pid,
            @Nullable String hold,
            String since,
            @Nullable String metadata) {}

    boolean inGrace() {
        return state.equals("grace");
    }

    Served endingAt(@Nullable Long millis) {
        return new Served(name, state, pid, startedAt, command, holders, millis);
    }
}
