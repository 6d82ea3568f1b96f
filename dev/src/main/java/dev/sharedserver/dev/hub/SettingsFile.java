package dev.sharedserver.dev.hub;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.sharedserver.core.Quote;
import dev.sharedserver.dev.SettingsProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The settings of somebody who has no host with settings of its own: a JSON object of texts in the user's configuration. It is read at
 * each question, so a change counts from the next start on.
 */
public final class SettingsFile implements SettingsProvider {

    private static final List<String> KEYS = List.of(GO_PATH, PNPM_PATH, NODE_PATH);
    private static final long LARGEST = 64 << 10;

    private final Path file;

    /** Makes one of a file, which need not be there. */
    SettingsFile(Path file) {
        this.file = file;
    }

    /** Returns the user's. */
    public static SettingsFile of(Map<String, String> environment) {
        String named = environment.getOrDefault("XDG_CONFIG_HOME", "");
        Path configuration = named.startsWith("/")
                ? Path.of(named)
                : Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")), ".config");
        return new SettingsFile(configuration.resolve("sharedserver/dev-settings.json"));
    }

    /** Returns the file. */
    public Path file() {
        return file;
    }

    @Override
    public String getString(String key) {
        try {
            return read().getOrDefault(key, "");
        } catch (IOException e) {
            // dev doctor says so, too
            System.out.println(e.getMessage());
            return "";
        }
    }

    /** Returns what is wrong with the file, null if nothing is. */
    public @Nullable String problem() {
        try {
            for (String key : read().keySet()) {
                if (!KEYS.contains(key)) {
                    return file + ": " + Quote.of(key) + " is no setting: " + String.join(", ", KEYS);
                }
            }
            return null;
        } catch (IOException e) {
            return e.getMessage();
        }
    }

    private Map<String, String> read() throws IOException {
        if (!Files.exists(file)) {
            return Map.of();
        }
        if (!Files.isRegularFile(file) || Files.size(file) > LARGEST) {
            throw new IOException(file + " is no file of settings");
        }
        try {
            JsonElement json = JsonParser.parseString(Files.readString(file));
            if (!json.isJsonObject()) {
                throw new IOException(file + ": a JSON object is expected");
            }
            return texts(json.getAsJsonObject());
        } catch (JsonParseException e) {
            throw new IOException(file + " is no JSON: " + e.getMessage(), e);
        }
    }

    private Map<String, String> texts(JsonObject object) throws IOException {
        Map<String, String> texts = new HashMap<>();
        for (Map.Entry<String, JsonElement> member : object.entrySet()) {
            if (!member.getValue().isJsonPrimitive()
                    || !member.getValue().getAsJsonPrimitive().isString()) {
                throw new IOException(file + ": " + Quote.of(member.getKey()) + " must be text, not "
                        + Quote.of(member.getValue().toString()));
            }
            texts.put(member.getKey(), member.getValue().getAsString());
        }
        return texts;
    }
}
