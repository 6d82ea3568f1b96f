package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.Period;
import org.jspecify.annotations.Nullable;

/** Why a server ended, is being ended, or could not begin. */
public sealed interface Cause {

    /** Nobody held it for the whole grace period. */
    record GraceExpired() implements Cause {}

    /** Somebody asked for it. */
    record Requested(Asker by) implements Cause {}

    /** Somebody asked for a restart. */
    record Restarted(Asker by) implements Cause {}

    /** Its main process ended by itself. */
    record Ended(ExitStatus status) implements Cause {}

    /** It ran, but its state could not be written. */
    record NotRecorded(String reason) implements Cause {}

    /** It was not up in time; {@code looked} says what was seen last. */
    record NotReady(Period timeout, @Nullable String looked) implements Cause {}

    /** Its checks failed; {@code looked} says what was seen last. */
    record Unhealthy(int misses, String looked) implements Cause {}

    /** It failed too often to be started once more. */
    record TooManyCrashes(int crashes, Period window) implements Cause {}

    /** It failed, and is started again. */
    record Failed(int crashes, Period pause) implements Cause {}

    /** Nobody was left to start it again for. */
    record NobodyLeft() implements Cause {}

    /**
     * It could not be run: a step of the protocol and an errno.
     *
     * @param reason why it was not even tried, for people; null if it was
     */
    record NotStarted(int step, int errno, @Nullable String reason) implements Cause {

        /** One that was tried. */
        public NotStarted(int step, int errno) {
            this(step, errno, null);
        }
    }

    /** Who was to hold it or to become it ended too early, or cannot be watched. */
    record Abandoned(String reason) implements Cause {}

    /** Returns the word that stands for this cause in event logs. */
    default String word() {
        return switch (this) {
            case GraceExpired g -> "grace_expired";
            case Requested r -> "stop_requested";
            case Restarted r -> "restart_requested";
            case Ended e -> e.status().word();
            case NotReady n -> "not_ready";
            case Unhealthy u -> "unhealthy";
            case TooManyCrashes t -> "too_many_crashes";
            case Failed f -> "failed";
            case NobodyLeft n -> "nobody_left";
            case NotRecorded n -> "not_recorded";
            case NotStarted n -> "not_started";
            case Abandoned a -> "abandoned";
        };
    }

    /** Returns what a person reads behind the word, null if the word says all. */
    default @Nullable String detail() {
        return switch (this) {
            case GraceExpired g -> null;
            case Requested r -> "by " + r.by();
            case Restarted r -> "by " + r.by();
            case Ended e -> e.status().toString();
            case NotReady n -> "not ready in " + n.timeout() + (n.looked() == null ? "" : ": " + n.looked());
            case Unhealthy u -> u.misses() + " checks in a row failed: " + u.looked();
            case TooManyCrashes t -> "failed " + t.crashes() + " times in " + t.window() + ": it stays down";
            case Failed f -> "failure " + f.crashes() + ", started again in " + f.pause();
            case NobodyLeft n -> null;
            case NotRecorded n -> n.reason();
            case NotStarted n -> n.reason() != null ? n.reason() : "step " + n.step() + ", errno " + n.errno();
            case Abandoned a -> a.reason();
        };
    }
}
