package dev.sharedserver.top;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the product's JSON. Fields of other versions are passed over. */
final class Listing {

    private Listing() {}

    /** Reads the output of {@code list --json}. */
    static List<Served> parse(String text) throws IOException {
        List<Served> servers = new ArrayList<>();
        try (JsonReader json = new JsonReader(new StringReader(text))) {
            json.beginArray();
            while (json.hasNext()) {
                servers.add(server(json));
            }
            json.endArray();
        } catch (IllegalStateException | NumberFormatException e) {
            throw new IOException("this is not what list --json prints: " + e.getMessage(), e);
        }
        return List.copyOf(servers);
    }

    /** Reads how long the grace period of {@code info NAME --json} still lasts, in ms; null if it is in none. */
    static @Nullable Long graceRemaining(String text) throws IOException {
        Long millis = null;
        try (JsonReader json = new JsonReader(new StringReader(text))) {
            json.beginObject();
            while (json.hasNext()) {
                if (json.nextName().equals("grace_remaining_ms")) {
                    millis = number(json);
                } else {
                    json.skipValue();
                }
            }
            json.endObject();
        } catch (IllegalStateException | NumberFormatException e) {
            throw new IOException("this is not what info --json prints: " + e.getMessage(), e);
        }
        return millis;
    }

    private static Served server(JsonReader json) throws IOException {
        String name = "";
        String state = "";
        Long pid = null;
        Long startedAt = null;
        List<String> command = new ArrayList<>();
        List<Served.Holder> holders = new ArrayList<>();
        json.beginObject();
        while (json.hasNext()) {
            switch (json.nextName()) {
                case "name" -> name = json.nextString();
                case "state" -> state = json.nextString();
                case "pid" -> pid = number(json);
                case "started_at" -> startedAt = number(json);
                case "command" -> {
                    json.beginArray();
                    while (json.hasNext()) {
                        command.add(json.nextString());
                    }
                    json.endArray();
                }
                case "clients" -> {
                    json.beginArray();
                    while (json.hasNext()) {
                        holders.add(holder(json));
                    }
                    json.endArray();
                }
                default -> json.skipValue();
            }
        }
        json.endObject();
        return new Served(name, state, pid, startedAt, List.copyOf(command), List.copyOf(holders), null);
    }

    private static Served.Holder holder(JsonReader json) throws IOException {
        Long pid = null;
        String hold = null;
        String since = "";
        String metadata = null;
        json.beginObject();
        while (json.hasNext()) {
            switch (json.nextName()) {
                case "pid" -> pid = number(json);
                case "hold" -> hold = text(json);
                case "attached_at" -> since = json.nextString();
                case "metadata" -> metadata = text(json);
                default -> json.skipValue();
            }
        }
        json.endObject();
        return new Served.Holder(pid, hold, since, metadata);
    }

    private static @Nullable Long number(JsonReader json) throws IOException {
        if (json.peek() == JsonToken.NULL) {
            json.nextNull();
            return null;
        }
        return json.nextLong();
    }

    private static @Nullable String text(JsonReader json) throws IOException {
        if (json.peek() == JsonToken.NULL) {
            json.nextNull();
            return null;
        }
        return json.nextString();
    }
}
