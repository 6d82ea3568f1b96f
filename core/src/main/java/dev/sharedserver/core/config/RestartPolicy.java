package dev.sharedserver.core.config;

import org.jspecify.annotations.Nullable;

/** What becomes of a server that ended without having been asked to. */
public enum RestartPolicy {
    NEVER("never"),
    ON_FAILURE("on-failure"),
    ALWAYS("always");

    private final String word;

    RestartPolicy(String word) {
        this.word = word;
    }

    /** Returns how it is written in a config file. */
    public String word() {
        return word;
    }

    /** Returns the policy of that word, null if there is none. */
    public static @Nullable RestartPolicy of(String word) {
        for (RestartPolicy policy : values()) {
            if (policy.word.equals(word)) {
                return policy;
            }
        }
        return null;
    }
}
