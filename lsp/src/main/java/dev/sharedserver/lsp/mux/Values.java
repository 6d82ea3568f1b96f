package dev.sharedserver.lsp.mux;

import org.jspecify.annotations.Nullable;

/** Values as they stand in a message. */
final class Values {

    private Values() {}

    /** Returns a whole number; null if the text is none. */
    static @Nullable Long number(String text) {
        try {
            return Long.valueOf(text);
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
