package dev.sharedserver.core.lifecycle;

import org.jspecify.annotations.Nullable;

/** Why a server ended or is being ended. */
public sealed interface Cause {

    /** Nobody held it for the whole grace period. */
    record GraceExpired() implements Cause {}

    /** Somebody asked for it; {@code by} is the pid that asked. */
    record Requested(long by) implements Cause {}

    /** Somebody asked for a restart; {@code by} is the pid that asked. */
    record Restarted(long by) implements Cause {}

    /** Its main process ended by itself. */
    record Ended(ExitStatus status) implements Cause {}

    /** It ran, but its state could not be written. */
    record NotRecorded(String reason) implements Cause {}

    /** Returns the word that stands for this cause in event logs. */
    default String word() {
        return switch (this) {
            case GraceExpired g -> "grace_expired";
            case Requested r -> "stop_requested";
            case Restarted r -> "restart_requested";
            case Ended e -> "ended";
            case NotRecorded n -> "not_recorded";
        };
    }

    /** Returns what a person reads behind the word, null if the word says all. */
    default @Nullable String detail() {
        return switch (this) {
            case GraceExpired g -> null;
            case Requested r -> "by pid " + r.by();
            case Restarted r -> "by pid " + r.by();
            case Ended e -> e.status().toString();
            case NotRecorded n -> n.reason();
        };
    }
}
