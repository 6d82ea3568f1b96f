package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.Period;

/**
 * How hard a stop tries.
 *
 * @param signal the first signal
 * @param patience how long the server may take after each signal
 * @param escalation what comes when the patience is at its end
 */
public record StopMode(int signal, Period patience, Escalation escalation) {

    /** Number of SIGKILL on every Unix. */
    public static final int SIGKILL = 9;

    /** Number of SIGTERM on every Unix. */
    public static final int SIGTERM = 15;

    /** What follows when the server outlives the first signal. */
    public enum Escalation {
        /** SIGKILL. */
        KILL,
        /** Nothing: the stop fails, and the server is as it was. */
        GIVE_UP,
        /** The files are removed all the same, and the survivors reported. */
        FORGET
    }

    /** Returns how a server is stopped when nobody says how. */
    public static StopMode of(Launch launch) {
        return new StopMode(launch.stopSignal(), launch.stopTimeout(), Escalation.KILL);
    }

    /** Returns the mode of {@code admin kill}. */
    public static StopMode kill() {
        return new StopMode(SIGKILL, new Period(1_000_000_000L), Escalation.FORGET);
    }
}
