package dev.sharedserver.dev;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Something that a compiler complains of.
 *
 * @param file as the compiler wrote it
 * @param line from 1, 0 if not said
 * @param column from 1, 0 if not said
 * @param extra what the types of the host do not have, null for nothing
 */
public record BuildError(
        String file,
        int line,
        int column,
        String message,
        @Nullable Extra extra) {

    /**
     * More about it.
     *
     * @param parser which compiler's form the line has
     * @param path the file's absolute path
     */
    public record Extra(String parser, String path) {}

    /** Writes the object. */
    public void writeTo(JsonWriter json) throws IOException {
        json.beginObject();
        json.name("file").value(file);
        json.name("line").value(line);
        json.name("column").value(column);
        json.name("message").value(message);
        if (extra != null) {
            json.name("extra").beginObject();
            json.name("parser").value(extra.parser);
            json.name("path").value(extra.path);
            json.endObject();
        }
        json.endObject();
    }
}
