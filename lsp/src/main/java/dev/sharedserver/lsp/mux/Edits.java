package dev.sharedserver.lsp.mux;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a WorkspaceEdit is about. */
final class Edits {

    private Edits() {}

    /** Returns the URIs of the documents that an edit changes. */
    static Set<String> uris(@Nullable JsonElement edit) {
        Set<String> uris = new LinkedHashSet<>();
        if (edit instanceof JsonObject object) {
            if (object.get("changes") instanceof JsonObject changes) {
                uris.addAll(changes.keySet());
            }
            if (object.get("documentChanges") instanceof JsonArray changes) {
                for (JsonElement change : changes) {
                    if (change instanceof JsonObject one
                            && one.get("textDocument") instanceof JsonObject item
                            && item.get("uri") instanceof JsonPrimitive uri) {
                        uris.add(uri.getAsString());
                    }
                }
            }
        }
        return uris;
    }
}
