package dev.sharedserver.lsp.protocol;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;

/** JSON as trees, for the few messages that are understood as a whole. Nulls and the forms of numbers survive. */
public final class Json {

    private static final Gson WRITER =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

    private Json() {}

    /** Parses the text of one value. */
    public static JsonElement parse(String text) throws MalformedMessage {
        try {
            return JsonParser.parseString(text);
        } catch (JsonParseException e) {
            throw new MalformedMessage("not JSON: " + e.getMessage());
        }
    }

    /** Returns the text of a value. */
    public static String text(JsonElement value) {
        return WRITER.toJson(value);
    }

    /** Returns a string as JSON. */
    public static String quote(String value) {
        return WRITER.toJson(value);
    }

    /** Returns text as the bytes of a body. */
    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
