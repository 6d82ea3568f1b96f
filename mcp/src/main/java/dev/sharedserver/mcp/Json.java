package dev.sharedserver.mcp;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.gson.stream.MalformedJsonException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON value (RFC 8259). Immutable. */
sealed interface Json {

    /** Deeper texts are refused: what reads a value may recurse. */
    int DEEPEST = 64;

    /** Text that is no JSON, or too deep. */
    final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;

        Malformed(String message) {
            super(message);
        }
    }

    /** An object; its fields in their order. */
    record Obj(Map<String, Json> fields) implements Json {

        static final Obj EMPTY = new Obj(Map.of());

        @Nullable
        Json get(String name) {
            return fields.get(name);
        }

        /** Returns this object with one more field. */
        Obj with(String name, Json value) {
            Map<String, Json> more = new LinkedHashMap<>(fields);
            more.put(name, value);
            return new Obj(more);
        }

        Obj with(String name, String value) {
            return with(name, new Str(value));
        }

        Obj with(String name, long value) {
            return with(name, new Num(Long.toString(value)));
        }

        Obj with(String name, boolean value) {
            return with(name, new Bool(value));
        }
    }

    /** An array. */
    record Arr(List<Json> items) implements Json {}

    /** A string. */
    record Str(String value) implements Json {}

    /** A number, as it is written: its value may be out of all proportion. */
    record Num(String text) implements Json {}

    /** True or false. */
    record Bool(boolean value) implements Json {}

    /** Null. */
    record Null() implements Json {}

    /** Reads a text that is one value and nothing else. */
    static Json parse(String text) throws Malformed {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            reader.setNestingLimit(DEEPEST);
            Json value = read(reader);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new Malformed("more than one JSON value");
            }
            return value;
        } catch (MalformedJsonException e) {
            throw new Malformed("not JSON, or deeper than " + DEEPEST + " levels, at " + place(e.getMessage()));
        } catch (IOException | IllegalStateException e) {
            throw new Malformed("incomplete JSON");
        }
    }

    /** Cuts Gson's advice off its message; what stays says line, column and path. */
    private static String place(@Nullable String message) {
        int at = message == null ? -1 : message.indexOf("at line ");
        if (message == null || at < 0) {
            return "its beginning";
        }
        int end = message.indexOf('\n', at);
        String place = message.substring(at + "at ".length(), end < 0 ? message.length() : end);
        int path = place.indexOf(" path ");
        return path < 0 ? place : place.substring(0, path);
    }

    private static Json read(JsonReader reader) throws IOException {
        return switch (reader.peek()) {
            case BEGIN_OBJECT -> {
                Map<String, Json> fields = new LinkedHashMap<>();
                reader.beginObject();
                while (reader.hasNext()) {
                    fields.put(reader.nextName(), read(reader));
                }
                reader.endObject();
                yield new Obj(fields);
            }
            case BEGIN_ARRAY -> {
                List<Json> items = new ArrayList<>();
                reader.beginArray();
                while (reader.hasNext()) {
                    items.add(read(reader));
                }
                reader.endArray();
                yield new Arr(items);
            }
            case STRING -> new Str(reader.nextString());
            case NUMBER -> new Num(reader.nextString());
            case BOOLEAN -> new Bool(reader.nextBoolean());
            case NULL -> {
                reader.nextNull();
                yield new Null();
            }
            case END_ARRAY, END_OBJECT, END_DOCUMENT, NAME -> throw new IllegalStateException("no value");
        };
    }

    /** Returns the value as one line. */
    default String line() {
        StringWriter out = new StringWriter();
        try (JsonWriter writer = new JsonWriter(out)) {
            writer.setStrictness(Strictness.STRICT);
            write(this, writer);
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter failed", e);
        }
        return out.toString();
    }

    private static void write(Json value, JsonWriter writer) throws IOException {
        switch (value) {
            case Obj object -> {
                writer.beginObject();
                for (Map.Entry<String, Json> field : object.fields().entrySet()) {
                    writer.name(field.getKey());
                    write(field.getValue(), writer);
                }
                writer.endObject();
            }
            case Arr array -> {
                writer.beginArray();
                for (Json item : array.items()) {
                    write(item, writer);
                }
                writer.endArray();
            }
            case Str string -> writer.value(string.value());
            case Num number -> writer.jsonValue(number.text());
            case Bool bool -> writer.value(bool.value());
            case Null nothing -> writer.nullValue();
        }
    }

    /** Returns the names' array. */
    static Arr strings(List<String> values) {
        List<Json> items = new ArrayList<>();
        for (String value : values) {
            items.add(new Str(value));
        }
        return new Arr(items);
    }
}
