package dev.sharedserver.core.config;

import dev.sharedserver.core.Quote;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong or odd in a file, and where.
 *
 * @param file as it is shown
 * @param line from 1, 0 if the whole file is meant
 * @param column from 1, in characters
 * @param path of the key, like {@code servers.web.args[1]}; empty for the file or its top level
 * @param server name of the server that it concerns, null if it concerns all
 * @param text what is wrong, with which value, and what to do
 */
public record Problem(
        String file,
        int line,
        int column,
        String path,
        @Nullable String server,
        String text) {

    /** Makes one of a file that cannot be read at all. */
    public static Problem ofFile(String file, String text) {
        return new Problem(file, 0, 0, "", null, text);
    }

    /** Returns it in one line, {@code FILE:LINE:COLUMN: PATH: TEXT}, the form that editors can jump to. */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder(Quote.escape(file));
        if (line > 0) {
            out.append(':').append(line).append(':').append(column);
        }
        out.append(": ");
        if (!path.isEmpty()) {
            out.append(Quote.escape(path)).append(": ");
        }
        return out.append(text).toString();
    }
}
