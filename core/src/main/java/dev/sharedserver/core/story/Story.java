package dev.sharedserver.core.story;

import dev.sharedserver.core.LoggedEvent;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Cause;
import dev.sharedserver.core.lifecycle.ExitStatus;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The last run of a server, or the last attempt at one, as its event log tells it. What the log does not tell is null:
 * logs are rotated, and removed.
 *
 * @param beginning how the run began
 * @param left who left last
 * @param ending how it ended, null while it goes on
 * @param before how the run before it ended, or the attempt
 * @param mismatch who last asked for another server than this run of it
 */
public record Story(
        @Nullable Beginning beginning,
        @Nullable Leaving left,
        @Nullable Ending ending,
        @Nullable Ending before,
        @Nullable Mismatch mismatch) {

    /** The story of a server that nothing is known of. */
    public static final Story NONE = new Story(null, null, null, null, null);

    /** Takes events, newest first, until it has enough of them. */
    public static final class Reader {

        private final Deque<LoggedEvent> events = new ArrayDeque<>();
        private boolean lived;
        private boolean begun;

        /** Takes an event that came before all that were taken; tells whether earlier ones matter, too. */
        public boolean take(LoggedEvent event) {
            boolean begins = isBeginning(event);
            boolean ends = isEnding(event);
            if (begun && begins) {
                return false; // the end of the run before was not logged
            }
            events.addFirst(event);
            begun |= begins;
            if (!begins && !ends) {
                lived = true;
                return true;
            }
            boolean before = ends && (begun || lived) && events.size() > 1 && !isVerdict(event);
            if (event.event().equals("start_failed")) {
                begun = true; // there was no run that could have a beginning
            }
            return !before;
        }

        /** Returns what the events tell. */
        public Story story() {
            Fold fold = new Fold();
            events.forEach(fold::next);
            return fold.story();
        }
    }

    private static boolean isBeginning(LoggedEvent event) {
        return event.event().equals("started") || event.event().equals("execed");
    }

    private static boolean isEnding(LoggedEvent event) {
        return switch (event.event()) {
            case "stopped", "start_failed", "cleaned" -> true;
            default -> isVerdict(event);
        };
    }

    /** Tells whether it is about a run that has ended already. */
    private static boolean isVerdict(LoggedEvent event) {
        return event.event().equals("backing_off") || event.event().equals("gave_up");
    }

    /** What is known after each event, oldest first. */
    private static final class Fold {

        private final Map<String, Party> parties = new HashMap<>();
        private @Nullable Beginning beginning;
        private @Nullable Leaving left;
        private @Nullable Ending ending;
        private @Nullable Ending before;
        private @Nullable Mismatch mismatch;
        private @Nullable Cause again;
        private boolean justBegun;
        private boolean killed;

        Story story() {
            return new Story(beginning, left, ending, before, mismatch);
        }

        void next(LoggedEvent event) {
            Instant at = event.time();
            boolean first = justBegun;
            justBegun = false;
            switch (event.event()) {
                case "started" -> begin(Beginning.Kind.STARTED, at, event);
                case "execed" -> begin(Beginning.Kind.EXECED, at, event);
                case "adopted" -> {
                    boolean known = beginning != null && Objects.equals(beginning.pid(), event.number("pid"));
                    if (!known || ending != null) {
                        begin(Beginning.Kind.FOUND, at, event);
                        justBegun = false;
                    } else {
                        justBegun = first;
                    }
                }
                case "attached", "rescued" -> {
                    Party party = party(event);
                    if (party != null) {
                        parties.put(party.key(), party);
                        if (first && beginning != null) {
                            beginning = beginning.with(party);
                        }
                    }
                }
                case "detached", "client_died", "hold_ended" -> {
                    Party party = party(event);
                    Leaving.Kind kind = Leaving.Kind.of(event.event());
                    if (party != null && kind != null) {
                        left = new Leaving(kind, at, party, Causes.asker(event));
                    }
                }
                case "mismatch" -> {
                    Asker by = Causes.asker(event);
                    if (by != null) {
                        boolean refused = Boolean.TRUE.equals(event.fields().get("refused"));
                        String running = Objects.requireNonNullElse(event.text("detail"), "not told");
                        mismatch = new Mismatch(at, by, refused, running);
                    }
                }
                case "stopping" -> killed = false;
                case "killing" -> killed = true;
                case "stopped" -> {
                    Cause cause = Causes.of(event);
                    if (ending instanceof Ending.Stopped stopped && stopped.verdict() != null && cause != null) {
                        // it was to be started again, and is not
                        end(stopped.with(cause), null);
                    } else {
                        end(
                                new Ending.Stopped(at, event.number("pid"), cause, status(event), killed, null),
                                cause instanceof Cause.Restarted ? cause : null);
                    }
                }
                case "start_failed" -> {
                    leaveBehind();
                    end(new Ending.NotStarted(at, Causes.of(event), event.text("path")), null);
                }
                case "cleaned" ->
                    end(new Ending.Cleaned(at, Objects.requireNonNullElse(event.text("detail"), "it was gone")), null);
                case "backing_off" -> verdict(Causes.of(event), true);
                case "gave_up" -> verdict(Causes.of(event), false);
                default -> {}
            }
        }

        private void verdict(@Nullable Cause verdict, boolean goesOn) {
            Ending known = ending;
            if (known != null && verdict != null) {
                end(known instanceof Ending.Stopped stopped ? stopped.with(verdict) : known, goesOn ? verdict : null);
            }
        }

        private void begin(Beginning.Kind kind, Instant at, LoggedEvent event) {
            Cause why = again;
            leaveBehind();
            beginning = new Beginning(kind, at, event.number("pid"), null, why, Causes.asker(event));
            justBegun = true;
        }

        /** What was known is of an earlier run. */
        private void leaveBehind() {
            before = ending;
            ending = null;
            beginning = null;
            left = null;
            mismatch = null;
            again = null;
            killed = false;
        }

        private void end(Ending how, @Nullable Cause startsAgain) {
            ending = how;
            again = startsAgain;
        }

        private static @Nullable ExitStatus status(LoggedEvent event) {
            boolean seen = event.number("exit_code") != null || event.number("signal") != null;
            return seen ? Causes.status(event) : null;
        }

        /** A client's program is logged when it comes; when it goes, it may be no process any more. */
        private @Nullable Party party(LoggedEvent event) {
            String key = event.text("client");
            if (key == null) {
                return null;
            }
            Party known = parties.get(key);
            String command = event.text("client_command");
            return new Party(key, command == null && known != null ? known.command() : command, event.text("metadata"));
        }
    }
}
