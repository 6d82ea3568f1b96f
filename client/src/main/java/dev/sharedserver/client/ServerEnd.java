package dev.sharedserver.client;

import java.time.Instant;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * How the process of a server ended.
 *
 * @param at when, null if that is not known
 * @param cause a word: {@code grace_expired}, {@code stop_requested}, {@code restart_requested}, {@code exited}, {@code killed} and
 *     others, see docs/events.md; {@code unknown} if the event log does not tell
 * @param exitCode empty if it was ended by a signal, or if that is not known
 * @param signal the number, empty if it exited, or if that is not known
 * @param why a sentence for people, {@code ""} if there is none
 */
public record ServerEnd(@Nullable Instant at, String cause, OptionalInt exitCode, OptionalInt signal, String why) {

    static final ServerEnd UNKNOWN = new ServerEnd(null, "unknown", OptionalInt.empty(), OptionalInt.empty(), "");

    /** Reads the answer of {@code why --json}; unknown if it is about the end of another process. */
    static ServerEnd of(Fields why, long pid) {
        Fields end = Fields.of(why.object().get("last_end"));
        Long ended = end.number("pid");
        if (ended == null || ended != pid) {
            return UNKNOWN;
        }
        return new ServerEnd(
                end.time("at"),
                end.text("cause", "unknown"),
                small(end, "exit_code"),
                small(end, "signal"),
                end.text("reason", ""));
    }

    private static OptionalInt small(Fields fields, String name) {
        Long number = fields.number(name);
        return number == null ? OptionalInt.empty() : OptionalInt.of(number.intValue());
    }
}
