package dev.sharedserver.dev;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Quote;
import java.io.IOException;
import java.io.StringReader;

/**
 * What a plugin that its developer runs says of itself in {@code .devinfo}.
 *
 * @param vitePort 0 for none
 * @param pluginId empty if not said; JSON calls it so here, and pluginID elsewhere
 * @param version empty if not said
 * @param startedAt empty if not said
 */
public record DevInfoFile(
        int pid,
        String protocol,
        int protocolVersion,
        String addr,
        int vitePort,
        String pluginId,
        String version,
        String startedAt) {

    private static final String DEFAULT_PROTOCOL = "grpc";
    private static final int DEFAULT_PROTOCOL_VERSION = 1;
    private static final int MAX_PORT = 65_535;

    /** Parses the file of the plugin whose directory has that name. */
    public static DevInfoFile parse(String text, String directory) throws InvalidInput {
        JsonObject json = object(text);
        DevInfoFile info = new DevInfoFile(
                number(json, "pid", 0),
                string(json, "protocol", DEFAULT_PROTOCOL),
                number(json, "protocolVersion", DEFAULT_PROTOCOL_VERSION),
                string(json, "addr", ""),
                number(json, "vitePort", 0),
                string(json, "pluginId", ""),
                string(json, "version", ""),
                string(json, "startedAt", ""));
        if (info.pid <= 0) {
            throw new InvalidInput("pid must be a positive number");
        }
        if (info.addr.isEmpty()) {
            throw new InvalidInput("addr is missing");
        }
        if (info.vitePort < 0 || info.vitePort > MAX_PORT) {
            throw new InvalidInput("vitePort " + info.vitePort + " is no port");
        }
        if (!info.pluginId.isEmpty() && !info.pluginId.equals(directory)) {
            throw new InvalidInput("pluginId " + Quote.of(info.pluginId) + " is not the name of the directory, "
                    + Quote.of(directory));
        }
        return info;
    }

    /** Writes the object; what is empty of the last four fields is left out. */
    public void writeTo(JsonWriter json) throws IOException {
        json.beginObject();
        json.name("pid").value(pid);
        json.name("protocol").value(protocol);
        json.name("protocolVersion").value(protocolVersion);
        json.name("addr").value(addr);
        if (vitePort != 0) {
            json.name("vitePort").value(vitePort);
        }
        optional(json, "pluginId", pluginId);
        optional(json, "version", version);
        optional(json, "startedAt", startedAt);
        json.endObject();
    }

    private static void optional(JsonWriter json, String name, String value) throws IOException {
        if (!value.isEmpty()) {
            json.name(name).value(value);
        }
    }

    private static JsonObject object(String text) throws InvalidInput {
        JsonReader reader = new JsonReader(new StringReader(text));
        reader.setStrictness(Strictness.STRICT);
        try {
            JsonElement element = JsonParser.parseReader(reader);
            // an empty file is what is being written
            if (element.isJsonObject() && reader.peek() == JsonToken.END_DOCUMENT) {
                return element.getAsJsonObject();
            }
        } catch (JsonParseException | IOException | IllegalStateException e) {
            throw new InvalidInput("no JSON");
        }
        throw new InvalidInput("no JSON object");
    }

    private static int number(JsonObject json, String name, int otherwise) throws InvalidInput {
        JsonElement value = json.get(name);
        if (value == null || value.isJsonNull()) {
            return otherwise;
        }
        try {
            if (value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber()) {
                return value.getAsBigDecimal().intValueExact();
            }
        } catch (ArithmeticException | NumberFormatException e) {
            throw new InvalidInput(name + " is no number of 32 bits");
        }
        throw new InvalidInput(name + " is no number");
    }

    private static String string(JsonObject json, String name, String otherwise) throws InvalidInput {
        JsonElement value = json.get(name);
        if (value == null || value.isJsonNull()) {
            return otherwise;
        }
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
            throw new InvalidInput(name + " is no string");
        }
        return value.getAsString().isEmpty() ? otherwise : value.getAsString();
    }
}
