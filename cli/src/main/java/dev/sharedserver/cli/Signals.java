package dev.sharedserver.cli;

import dev.sharedserver.core.InvalidInput;
import java.util.Objects;

/** Signals as options name them. */
public final class Signals {

    private Signals() {}

    /** Returns the number of a signal given by name, with or without SIG, or by number. */
    public static int parse(String text) throws UsageError {
        try {
            return dev.sharedserver.core.Signals.parse(text);
        } catch (InvalidInput e) {
            throw new UsageError(Objects.requireNonNullElse(e.getMessage(), e.toString()));
        }
    }

    /** Returns the name of a signal with its SIG, or its number. */
    public static String name(int signal) {
        return dev.sharedserver.core.Signals.name(signal);
    }
}
