package dev.sharedserver.cli;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The endpoint of a server as {@code KEY=VALUE} lines that a POSIX shell can {@code eval}. */
public final class ExportOutput {

    private static final String SAFE = "%+,-./:=@_";

    private ExportOutput() {}

    /** Returns the lines; what is null is left out. The keys begin with the server's name in capitals. */
    public static String of(String name, long pid, @Nullable Integer port, @Nullable String url, @Nullable String log) {
        String prefix = prefix(name);
        StringBuilder text = new StringBuilder();
        line(text, prefix + "_PID", Long.toString(pid));
        line(text, prefix + "_PORT", port == null ? null : Integer.toString(port));
        line(text, prefix + "_URL", url);
        line(text, prefix + "_LOG", log);
        return text.toString();
    }

    /** Returns what a variable may be called: letters, digits and underscores, no digit first. */
    static String prefix(String name) {
        StringBuilder prefix = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            prefix.append(isWord(c) ? c : '_');
        }
        String upper = prefix.toString().toUpperCase(Locale.ROOT);
        return Character.isDigit(upper.charAt(0)) ? "_" + upper : upper;
    }

    private static boolean isWord(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
    }

    private static void line(StringBuilder text, String key, @Nullable String value) {
        if (value != null) {
            text.append(key).append('=').append(quoted(value)).append('\n');
        }
    }

    private static String quoted(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (!isWord(c) && SAFE.indexOf(c) < 0) {
                return "'" + value.replace("'", "'\\''") + "'";
            }
        }
        return value;
    }
}
