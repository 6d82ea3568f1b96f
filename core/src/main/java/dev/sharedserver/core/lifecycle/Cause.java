package dev.sharedserver.core.lifecycle;

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

    /** It could not be run: a step of the protocol and an errno. */
    record NotStarted(int step, int errno) implements Cause {}

    /** Who was to hold it or to become it ended too early, or cannot be watched. */
    record Abandoned(String reason) implements Cause {}

    /** Returns the word that stands for this cause in event logs. */
    default String word() {
        return switch (this) {
            case GraceExpired g -> "grace_expired";
            case Requested r -> "stop_requested";
            case Restarted r -> "restart_requested";
            case Ended e -> e.status().word();
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
            case NotRecorded n -> n.reason();
            case NotStarted n -> "step " + n.step() + ", errno " + n.errno();
            case Abandoned a -> a.reason();
        };
    }
}
