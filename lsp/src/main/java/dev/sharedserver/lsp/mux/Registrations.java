package dev.sharedserver.lsp.mux;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.sharedserver.lsp.protocol.Json;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The capabilities that the server has registered, for clients that come later. */
final class Registrations {

    /** By their ids. */
    private final Map<String, JsonElement> hold = new LinkedHashMap<>();

    void restore(List<String> written) {
        for (String one : written) {
            try {
                put(Json.parse(one));
            } catch (MalformedMessage e) {
                throw new IllegalArgumentException("not what was written: " + one, e);
            }
        }
    }

    List<String> written() {
        return hold.values().stream().map(Json::text).toList();
    }

    void add(JsonObject params) {
        if (params.get("registrations") instanceof JsonArray all) {
            all.forEach(this::put);
        }
    }

    private void put(JsonElement registration) {
        if (registration instanceof JsonObject object && object.get("id") instanceof JsonPrimitive id) {
            hold.put(id.getAsString(), object);
        }
    }

    void remove(JsonObject params) {
        // "unregisterations" is how the specification spells it
        if (params.get("unregisterations") instanceof JsonArray all) {
            for (JsonElement one : all) {
                if (one instanceof JsonObject object && object.get("id") instanceof JsonPrimitive id) {
                    hold.remove(id.getAsString());
                }
            }
        }
    }

    /** Returns the parameters of one request that registers all; null if nothing is registered. */
    @Nullable
    String all() {
        return hold.isEmpty() ? null : "{\"registrations\":[" + String.join(",", written()) + "]}";
    }
}
