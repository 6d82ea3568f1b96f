package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.time.Duration;
import java.util.List;

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
