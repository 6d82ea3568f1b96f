package dev.sharedserver.core.lifecycle;

import org.jspecify.annotations.Nullable;

/**
 * Who asked for something.
 *
 * @param command name of its program, null if it is not known
 */
public record Asker(long pid, @Nullable String command) {

    @Override
    public String toString() {
        return "pid " + pid + (command == null ? "" : " (" + command + ")");
    }
}
