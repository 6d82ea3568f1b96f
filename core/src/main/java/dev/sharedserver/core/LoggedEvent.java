package dev.sharedserver.core;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One line of an event log, as it was read back. Any text leads to an event or to null.
 *
 * @param server name of the server it happened to
 * @param at when, RFC 3339 in UTC with microseconds: in the order of time as in the order of text
 * @param event the word for what happened
 * @param fields what belongs to it, in order; values are String, Long or Boolean
 */
public record LoggedEvent(ServerName server, String at, String event, Map<String, Object> fields) {

    private static final int LONGEST_WORD = 64;

    /** Reads a line back; null if it is none that this product writes. */
    public static @Nullable LoggedEvent parse(ServerName server, String line) {
        try (JsonReader json = new JsonReader(new StringReader(line))) {
            json.setStrictness(Strictness.STRICT);
            json.setNestingLimit(2);
            Map<String, Object> fields = new LinkedHashMap<>();
            json.beginObject();
            while (json.hasNext()) {
                String name = json.nextName();
                switch (json.peek()) {
                    case STRING -> fields.put(name, json.nextString());
                    case NUMBER -> fields.put(name, json.nextLong());
                    case BOOLEAN -> fields.put(name, json.nextBoolean());
                    default -> json.skipValue();
                }
            }
            json.endObject();
            Object at = fields.remove("at");
            Object event = fields.remove("event");
            return at instanceof String time
                            && Timestamps.isFormatted(time)
                            && event instanceof String word
                            && word.length() <= LONGEST_WORD
                    ? new LoggedEvent(server, time, word, Collections.unmodifiableMap(fields))
                    : null;
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            return null;
        }
    }

    /** Returns when; the beginning of the era for a time that no clock shows. */
    public Instant time() {
        return Objects.requireNonNullElse(Timestamps.read(at), Instant.EPOCH);
    }

    /** Returns a field that is a whole number, null if there is none. */
    public @Nullable Long number(String field) {
        return fields.get(field) instanceof Long number ? number : null;
    }

    /** Returns a field that is a text, null if there is none. */
    public @Nullable String text(String field) {
        return fields.get(field) instanceof String text ? text : null;
    }
}
