package dev.sharedserver.core;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Something that is not as it should be, found by {@code admin doctor}.
 *
 * @param server null if it concerns the directory
 * @param detail a sentence for people
 * @param repaired whether it is as it should be now
 */
public record Damage(@Nullable ServerName server, Kind kind, String detail, boolean repaired) {

    /** The kinds of damage. */
    public enum Kind {
        /** Files that speak of nothing that lives. */
        STALE_FILES,
        /** A file of a live server that is not there. */
        MISSING_FILE,
        /** A file that stands where none should. */
        UNEXPECTED_FILE,
        /** A file that cannot be read, or holds no record. */
        UNREADABLE_FILE,
        /** A file that says something else than what is. */
        CHANGED_FILE,
        /** A count that is not the number of the clients beside it. */
        REFCOUNT_MISMATCH,
        /** A client that is counted and does not live. */
        DEAD_CLIENT,
        /** A server that is counted as running and does not live. */
        DEAD_SERVER,
        /** A live server whose watcher was dead. */
        DEAD_WATCHER,
        /** A file or directory that others may read or write. */
        UNSAFE_PERMISSIONS;

        /** Returns the word that stands for it in JSON. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
