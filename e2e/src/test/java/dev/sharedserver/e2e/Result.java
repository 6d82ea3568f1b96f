package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a finished command left: exit code (128 + signal if killed, as a shell has it), output, duration. */
record Result(List<String> argv, int exit, String out, String err, Duration took) {

    Result ok() {
        return exits(0);
    }

    Result exits(int code) {
        assertEquals(code, exit, this::toString);
        return this;
    }

    Result fails() {
        assertFalse(exit == 0, this::toString);
        return this;
    }

    Result says(String phrase) {
        assertTrue(out.contains(phrase), () -> "stdout lacks \"" + phrase + "\": " + this);
        return this;
    }

    /** The phrase is somewhere in what a person sees: stdout or stderr. */
    Result tells(String phrase) {
        assertTrue((out + err).contains(phrase), () -> "neither stdout nor stderr has \"" + phrase + "\": " + this);
        return this;
    }

    Result complains(String phrase) {
        assertTrue(err.contains(phrase), () -> "stderr lacks \"" + phrase + "\": " + this);
        return this;
    }

    Result isQuiet() {
        assertEquals("", err, this::toString);
        return this;
    }

    JsonObject json() {
        return parse().getAsJsonObject();
    }

    JsonArray jsonArray() {
        return parse().getAsJsonArray();
    }

    /** What {@code up --json} or {@code down --json} tells, by name, in its order: one document as RFC 8259 has it. */
    Map<String, JsonObject> fleet() {
        JsonReader reader = new JsonReader(new StringReader(out));
        reader.setStrictness(Strictness.STRICT);
        Map<String, JsonObject> servers = new LinkedHashMap<>();
        try {
            JsonObject document = JsonParser.parseReader(reader).getAsJsonObject();
            assertEquals(JsonToken.END_DOCUMENT, reader.peek(), this::toString);
            assertEquals(Set.of("servers"), document.keySet(), this::toString);
            for (JsonElement element : document.getAsJsonArray("servers")) {
                JsonObject server = element.getAsJsonObject();
                assertTrue(server.has("pid") && server.has("error"), this::toString);
                String name = server.get("name").getAsString();
                assertNull(servers.put(name, server), () -> name + " is told twice: " + this);
            }
        } catch (JsonParseException | IOException e) {
            throw new AssertionError("no JSON document on stdout: " + this, e);
        }
        return servers;
    }

    /** What {@code up --json} or {@code down --json} has done, {@code NAME ACTION} each, in its order. */
    List<String> actions() {
        return fleet().entrySet().stream()
                .map(server ->
                        server.getKey() + " " + server.getValue().get("action").getAsString())
                .toList();
    }

    private JsonElement parse() {
        try {
            return JsonParser.parseString(out);
        } catch (JsonParseException e) {
            throw new AssertionError("no JSON on stdout: " + this, e);
        }
    }

    @Override
    public String toString() {
        return argv + " exit " + exit + " after " + took.toMillis() + " ms\n--- stdout\n" + out + "\n--- stderr\n"
                + err;
    }
}
