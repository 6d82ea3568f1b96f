package dev.sharedserver.lsp.mux;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.sharedserver.lsp.protocol.Json;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** How the server was initialized, which it is once, and the workspace folders that it knows. */
final class Handshake {

    private final Settings settings;
    private final Set<String> folders = new LinkedHashSet<>();
    private boolean begun;
    private boolean told;
    private @Nullable String result;
    private boolean foldersChange;
    private Columns columns = Columns.UTF_16;

    Handshake(Settings settings, Memory memory) {
        this.settings = settings;
        this.told = memory.initialized();
        this.folders.addAll(memory.folders());
        String known = memory.initializeResult();
        if (known != null) {
            begun = true;
            take(known);
        }
    }

    /** Returns whether the server is to be initialized now; not a second time. */
    boolean begin() {
        boolean first = !begun;
        begun = true;
        return first;
    }

    boolean isDone() {
        return result != null;
    }

    boolean wasTold() {
        return told;
    }

    void told() {
        told = true;
    }

    /** Returns the server's answer as it came. */
    @Nullable
    String result() {
        return result;
    }

    void succeeded(String answer) {
        take(answer);
    }

    void failed() {
        begun = false;
        folders.clear();
    }

    /** Returns what the server and its clients count within a line. */
    Columns columns() {
        return columns;
    }

    /** The server turned out to count so, whatever is inferred of it. */
    void agreed(Columns truly) throws MalformedMessage {
        if (truly != columns && result != null && Json.parse(result) instanceof JsonObject object) {
            truly.agree(object);
            take(Json.text(object));
        }
    }

    /** Returns the server's answer for a client that can count as the server does. */
    String resultFor(JsonObject capabilities) {
        String answer = String.valueOf(result);
        if (columns == Columns.UTF_16) {
            return answer;
        }
        try {
            if (Json.parse(answer) instanceof JsonObject object) {
                columns.tell(object, capabilities);
                return Json.text(object);
            }
        } catch (MalformedMessage e) {
            return answer; // it was parsed before
        }
        return answer;
    }

    private void take(String answer) {
        result = answer;
        columns = Columns.UTF_16;
        try {
            JsonElement tree = Json.parse(answer);
            columns = Columns.agreed(tree);
            foldersChange = tree instanceof JsonObject object
                    && object.get("capabilities") instanceof JsonObject capabilities
                    && capabilities.get("workspace") instanceof JsonObject workspace
                    && workspace.get("workspaceFolders") instanceof JsonObject support
                    && isTrue(support.get("supported"))
                    && support.get("changeNotifications") instanceof JsonPrimitive notifications
                    && (notifications.isString() || notifications.getAsBoolean());
        } catch (MalformedMessage e) {
            foldersChange = false;
        }
    }

    private static boolean isTrue(@Nullable JsonElement value) {
        return value instanceof JsonPrimitive primitive && primitive.isBoolean() && primitive.getAsBoolean();
    }

    /** Returns a client's initialize as the server is to see it. */
    byte[] forwarded(long id, JsonObject params) {
        // servers that run on node end within seconds when this process does
        params.add("processId", JsonNull.INSTANCE);
        JsonObject capabilities = child(params, "capabilities");
        if (capabilities.get("general") instanceof JsonObject general && general.has("positionEncodings")) {
            JsonArray only = new JsonArray();
            only.add("utf-16");
            general.add("positionEncodings", only);
        }
        // clangd's own name for the same
        capabilities.remove("offsetEncoding");
        folders.addAll(foldersOf(params));
        return Json.bytes("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"initialize\",\"params\":"
                + Json.text(params) + "}");
    }

    /** Returns an initialize for when nobody has come yet: what most editors can do, nothing that some cannot. */
    byte[] ownRequest(long id, String rootUri) {
        folders.add(rootUri);
        String uri = Json.quote(rootUri);
        String name = Json.quote(name(rootUri));
        return Json.bytes("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"initialize\",\"params\":{"
                + "\"processId\":null,\"clientInfo\":{\"name\":" + Json.quote(settings.name()) + ",\"version\":"
                + Json.quote(settings.version()) + "},\"rootUri\":" + uri
                + ",\"workspaceFolders\":[{\"uri\":" + uri + ",\"name\":" + name + "}],\"capabilities\":"
                + OWN_CAPABILITIES + "}}");
    }

    private static final String OWN_CAPABILITIES = """
        {"general":{"positionEncodings":["utf-16"]},
        "window":{"workDoneProgress":true,"showMessage":{},"showDocument":{"support":false}},
        "workspace":{"applyEdit":true,"configuration":true,"workspaceFolders":true,
        "workspaceEdit":{"documentChanges":true,"resourceOperations":["create","rename","delete"]},
        "didChangeConfiguration":{"dynamicRegistration":false},"executeCommand":{"dynamicRegistration":false},
        "symbol":{"dynamicRegistration":false}},
        "textDocument":{"synchronization":{"didSave":true,"willSave":false,"willSaveWaitUntil":false},
        "completion":{"completionItem":{"documentationFormat":["markdown","plaintext"],"deprecatedSupport":true},
        "contextSupport":true},
        "hover":{"contentFormat":["markdown","plaintext"]},
        "signatureHelp":{"signatureInformation":{"documentationFormat":["markdown","plaintext"],
        "parameterInformation":{"labelOffsetSupport":true},"activeParameterSupport":true}},
        "declaration":{"linkSupport":true},"definition":{"linkSupport":true},"typeDefinition":{"linkSupport":true},
        "implementation":{"linkSupport":true},"references":{},"documentHighlight":{},
        "documentSymbol":{"hierarchicalDocumentSymbolSupport":true},
        "codeAction":{"codeActionLiteralSupport":{"codeActionKind":{"valueSet":["","quickfix","refactor",
        "refactor.extract","refactor.inline","refactor.rewrite","source","source.organizeImports"]}}},
        "formatting":{},"rangeFormatting":{},"rename":{"prepareSupport":true},
        "publishDiagnostics":{"relatedInformation":true,"versionSupport":true,"tagSupport":{"valueSet":[1,2]}},
        "callHierarchy":{},"foldingRange":{"lineFoldingOnly":true},"selectionRange":{}}}\
        """;

    // ---- workspace folders ----

    Set<String> folders() {
        return folders;
    }

    /** Returns the folders that an initialize names. */
    static List<String> foldersOf(JsonObject params) {
        List<String> found = new ArrayList<>();
        if (params.get("workspaceFolders") instanceof JsonArray all) {
            for (JsonElement one : all) {
                if (one instanceof JsonObject folder && folder.get("uri") instanceof JsonPrimitive uri) {
                    found.add(uri.getAsString());
                }
            }
        }
        if (found.isEmpty() && params.get("rootUri") instanceof JsonPrimitive uri) {
            found.add(uri.getAsString());
        }
        return found;
    }

    /** Returns what tells the server of folders that are new to it; null if none is, or if it cannot be told. */
    byte @Nullable [] added(Set<String> wanted) {
        List<String> fresh = fresh(wanted);
        if (fresh.isEmpty() || !foldersChange) {
            return null;
        }
        folders.addAll(fresh);
        return changed(fresh, List.of());
    }

    /** A client's folders change: the server is told of what is new to all, and of what nobody has any more. */
    void change(Client client, JsonObject params, Iterable<Client> clients, Outbox outbox) {
        JsonObject event = child(params, "event");
        Set<String> gone = keys(uris(event.get("removed")));
        List<String> wanted = uris(event.get("added"));
        client.folders.addAll(wanted);
        client.folders.removeIf(uri -> gone.contains(Uris.folderKey(uri)));
        for (Client other : clients) {
            gone.removeAll(keys(other.folders));
        }
        List<String> added = fresh(wanted);
        List<String> removed = folders.stream()
                .filter(uri -> gone.contains(Uris.folderKey(uri)))
                .toList();
        if (!foldersChange || added.isEmpty() && removed.isEmpty()) {
            return;
        }
        folders.addAll(added);
        folders.removeAll(removed);
        outbox.toServer(changed(added, removed));
    }

    /** Returns those of some folders that the server does not know, however they are spelled. */
    private List<String> fresh(Collection<String> wanted) {
        Set<String> known = keys(folders);
        return wanted.stream().filter(uri -> known.add(Uris.folderKey(uri))).toList();
    }

    private static Set<String> keys(Collection<String> uris) {
        Set<String> keys = new HashSet<>();
        uris.forEach(uri -> keys.add(Uris.folderKey(uri)));
        return keys;
    }

    String foldersAsJson() {
        return asJson(folders);
    }

    private static byte[] changed(Iterable<String> added, Iterable<String> removed) {
        return Json.bytes(
                "{\"jsonrpc\":\"2.0\",\"method\":\"workspace/didChangeWorkspaceFolders\",\"params\":{\"event\":"
                        + "{\"added\":" + asJson(added) + ",\"removed\":" + asJson(removed) + "}}}");
    }

    private static String asJson(Iterable<String> uris) {
        JsonArray all = new JsonArray();
        for (String uri : uris) {
            JsonObject folder = new JsonObject();
            folder.addProperty("uri", uri);
            folder.addProperty("name", name(uri));
            all.add(folder);
        }
        return Json.text(all);
    }

    private static List<String> uris(@Nullable JsonElement folders) {
        List<String> found = new ArrayList<>();
        if (folders instanceof JsonArray all) {
            for (JsonElement one : all) {
                if (one instanceof JsonObject folder && folder.get("uri") instanceof JsonPrimitive uri) {
                    found.add(uri.getAsString());
                }
            }
        }
        return found;
    }

    private static String name(String uri) {
        return uri.substring(uri.lastIndexOf('/') + 1);
    }

    private static JsonObject child(JsonObject parent, String name) {
        if (parent.get(name) instanceof JsonObject object) {
            return object;
        }
        JsonObject made = new JsonObject();
        parent.add(name, made);
        return made;
    }
}
