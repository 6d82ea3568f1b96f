package dev.sharedserver.client;

import java.util.Locale;

/** How a server stands. */
public enum ServerState {
    /** It runs, and somebody holds it. */
    ACTIVE,
    /** It runs, nobody holds it, and it is stopped when its grace period is over. */
    GRACE,
    /** It does not run. */
    STOPPED,
    /** Its process is gone and its files are not removed yet. */
    DEFUNCT;

    static ServerState of(String word) {
        for (ServerState state : values()) {
            if (state.name().toLowerCase(Locale.ROOT).equals(word)) {
                return state;
            }
        }
        return STOPPED;
    }
}
