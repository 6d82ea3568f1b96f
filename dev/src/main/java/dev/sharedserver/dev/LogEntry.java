package dev.sharedserver.dev;

import com.google.gson.stream.JsonWriter;
import dev.sharedserver.core.Timestamps;
import java.io.IOException;
import java.time.Instant;
import java.util.Locale;

/**
 * One line that a process of a project wrote, or that the hub has to say about it.
 *
 * @param timestamp RFC 3339
 * @param source {@link #VITE}, {@link #GO_BUILD}, {@link #GO_WATCH}, {@link #MANAGER} or, for other processes, their name
 */
public record LogEntry(String timestamp, String source, Level level, String message, String pluginID) {

    /** The front end's dev server. */
    public static final String VITE = "vite";

    /** The compiler. */
    public static final String GO_BUILD = "go-build";

    /** What watches the sources. */
    public static final String GO_WATCH = "go-watch";

    /** The hub itself. */
    public static final String MANAGER = "manager";

    /** How much a line matters. */
    public enum Level {
        /** Of use when something is looked for. */
        DEBUG,
        /** The usual. */
        INFO,
        /** Something to look at. */
        WARN,
        /** Something failed. */
        ERROR;

        /** Returns the name that JSON has. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Makes an entry of this moment. */
    public static LogEntry now(String pluginID, String source, Level level, String message) {
        return new LogEntry(Timestamps.format(Instant.now()), source, level, message, pluginID);
    }

    /** Writes the object. */
    public void writeTo(JsonWriter json) throws IOException {
        json.beginObject();
        json.name("timestamp").value(timestamp);
        json.name("source").value(source);
        json.name("level").value(level.text());
        json.name("message").value(message);
        json.name("pluginID").value(pluginID);
        json.endObject();
    }
}
