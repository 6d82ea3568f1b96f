package dev.sharedserver.lsp.mux;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.sharedserver.lsp.protocol.Json;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import dev.sharedserver.lsp.protocol.Message;
import dev.sharedserver.lsp.protocol.Span;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The documents that clients have open. The server sees each one opened once, its versions rise, and it is closed with the
 * last client. Where texts differ the newest counts: the others' requests about it make no sense until they have it, too.
 */
final class Documents {

    private final Outbox outbox;

    /** By what the spellings of its URI have in common, as everything here is kept. */
    private final Map<String, Document> open = new LinkedHashMap<>();

    /** The last diagnostics of a document. */
    private final Map<String, Message> diagnostics = new LinkedHashMap<>();

    /** Whether somebody may have opened documents before we came. */
    private boolean foreign;

    /** The client that may have; 0 when it is gone, or was never there. */
    private int elder;

    /** Of a foreign server: what was opened or closed since we came, so that nothing has to be believed of it. */
    private final Set<String> heard = new HashSet<>();

    private Columns columns = Columns.UTF_16;

    Documents(Outbox outbox) {
        this.outbox = outbox;
    }

    /** What the server and its clients count. */
    void columns(Columns agreed) {
        columns = agreed;
    }

    /** From now on the server may have documents open that nobody was heard to open, for a client or for nobody (0). */
    void foreign(int client) {
        foreign = true;
        elder = client;
    }

    /** Returns what the server has open for no elder, who opened it before us or may have. */
    List<String> withoutElder() {
        List<String> uris = new ArrayList<>();
        for (Document document : open.values()) {
            if (!document.views.containsKey(elder)) {
                uris.add(document.uri);
            }
        }
        return uris;
    }

    /** Returns the URIs of the documents as the server was told them. */
    List<String> uris() {
        return open.values().stream().map(document -> document.uri).toList();
    }

    @Nullable
    Document document(@Nullable String uri) {
        return uri == null ? null : open.get(Uris.key(uri));
    }

    void opened(Client client, Message message) throws MalformedMessage {
        JsonObject item = object(message.params(), "textDocument");
        String uri = text(item, "uri");
        String text = text(item, "text");
        long version = number(item, "version");
        String key = Uris.key(uri);
        Document known = open.get(key);
        Document.View view = new Document.View(uri, text, version);
        if (known == null) {
            Document document = new Document(uri, text, version);
            document.views.put(client.number, view);
            view.isNow(version);
            open.put(key, document);
            if (foreign && heard.add(key) && client.number != elder) {
                openedUnheard(document, text);
            }
            outbox.toServer(message.bytes());
            return;
        }
        known.views.remove(client.number);
        known.views.put(client.number, view);
        if (known.text.equals(text)) {
            view.isNow(known.version);
            replayDiagnostics(client, known);
        } else {
            known.becomes(view);
            tellWhole(known);
        }
    }

    /**
     * A document is about to be opened that is perhaps open already: it is closed before, which no server minds. If the elder
     * has it open, then most likely as it is on disk, and the document must outlive the others'.
     */
    private void openedUnheard(Document document, String text) {
        close(document.uri);
        if (elder != 0) {
            Document.View view = new Document.View(document.uri, text, -1);
            view.assumed = true;
            document.views.put(elder, view);
        }
    }

    void changed(Client client, Message message) throws MalformedMessage {
        JsonObject params = message.params();
        JsonObject item = object(params, "textDocument");
        String uri = text(item, "uri");
        Document document = document(uri);
        if (document == null && client.number == elder) {
            changedUnheard(client, item, params);
            outbox.toServer(message.bytes());
            return;
        }
        Document.View view = document == null ? null : document.views.get(client.number);
        if (document == null || view == null || !(params.get("contentChanges") instanceof JsonArray changes)) {
            return;
        }
        view.version = item.get("version") instanceof JsonPrimitive ? number(item, "version") : view.version + 1;
        view.assumed = false;
        view.uri = uri;
        boolean wasStale = view.stale;
        try {
            view.text = Text.changed(view.text, changes, columns);
        } catch (RuntimeException e) {
            throw new MalformedMessage("a change that cannot be applied: " + e);
        }
        if (wasStale && view.text.equals(document.text)) {
            view.stale = false;
            view.isNow(document.version);
            replayDiagnostics(client, document);
            return;
        }
        document.becomes(view);
        if (wasStale) {
            tellWhole(document);
        } else {
            Message spelled = spelled(client, message);
            Span version = spelled.param("textDocument", "version");
            outbox.toServer(version == null ? spelled.bytes() : spelled.with(version, Long.toString(document.version)));
        }
    }

    /** The elder changes what it has opened before we came. If that is all of the text, it is known from now on. */
    private void changedUnheard(Client client, JsonObject item, JsonObject params) {
        if (params.get("contentChanges") instanceof JsonArray changes
                && !changes.isEmpty()
                && changes.get(changes.size() - 1) instanceof JsonObject last
                && !last.has("range")
                && last.get("text") instanceof JsonPrimitive whole
                && item.get("uri") instanceof JsonPrimitive uri) {
            Document.View view = new Document.View(uri.getAsString(), whole.getAsString(), number(item, "version"));
            Document document = new Document(uri.getAsString(), view.text, view.version);
            document.views.put(client.number, view);
            view.isNow(view.version);
            heard.add(document.key());
            open.put(document.key(), document);
        }
    }

    /** Passes on that a client has saved, if what it saved is what the server knows. */
    void saved(Client client, Message message) throws MalformedMessage {
        if (!isStale(client, message)) {
            outbox.toServer(spelled(client, message).bytes());
        }
    }

    void closed(Client client, Message message) throws MalformedMessage {
        String uri = message.string("textDocument", "uri");
        Document document = document(uri);
        if (document == null && client.number == elder) {
            heard.add(Uris.key(String.valueOf(uri)));
            outbox.toServer(message.bytes());
            return;
        }
        if (document != null && document.views.remove(client.number) != null) {
            afterLeaving(document);
        }
    }

    /** A client is gone, and with it its views. */
    void left(Client client) {
        for (Document document : List.copyOf(open.values())) {
            if (document.views.remove(client.number) != null) {
                afterLeaving(document);
            }
        }
        if (client.number == elder) {
            elder = 0;
        }
    }

    private void afterLeaving(Document document) {
        if (document.views.isEmpty()) {
            open.remove(document.key());
            diagnostics.remove(document.key());
            close(document.uri);
        } else if (document.views.values().stream().allMatch(view -> view.stale)) {
            // the text that counted is gone with its client
            document.becomes(document.views.values().iterator().next());
            tellWhole(document);
        }
    }

    /** Tells the server that nobody has a document open any more. */
    void close(String uri) {
        outbox.toServer(notification("textDocument/didClose", "{\"textDocument\":{\"uri\":" + Json.quote(uri) + "}}"));
    }

    /** Tells whether a message is about a document of which its client has another text than the server. */
    boolean isStale(Client client, Message message) throws MalformedMessage {
        for (Document document : open.values()) {
            Document.View view = document.views.get(client.number);
            if (view != null && view.stale) {
                String uri = message.string("textDocument", "uri");
                if (uri != null && Uris.same(document.uri, uri)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Returns what a client says of a document with the URI that the server was told, where the client spells that otherwise. */
    Message spelled(Client client, Message message) throws MalformedMessage {
        boolean otherwise = false;
        for (Document document : open.values()) {
            Document.View view = document.views.get(client.number);
            otherwise |= view != null && !view.uri.equals(document.uri);
        }
        Span span = otherwise ? message.param("textDocument", "uri") : null;
        Document document = span == null ? null : document(message.string("textDocument", "uri"));
        return span == null || document == null ? message : Message.of(message.with(span, Json.quote(document.uri)));
    }

    /** Sends diagnostics to those who can make sense of them. */
    void published(Message message, Iterable<Client> clients) throws MalformedMessage {
        String uri = message.string("uri");
        if (uri == null) {
            return;
        }
        Document document = document(uri);
        if (document != null) {
            diagnostics.put(document.key(), message);
        }
        for (Client client : clients) {
            publish(client, document, message);
        }
    }

    private void replayDiagnostics(Client client, Document document) throws MalformedMessage {
        Message last = diagnostics.get(document.key());
        if (last != null) {
            publish(client, document, last);
        }
    }

    private void publish(Client client, @Nullable Document document, Message said) throws MalformedMessage {
        Document.View view = document == null ? null : document.views.get(client.number);
        Message message = document == null || view == null ? said : spelledBack(document, view, said);
        Span version = message.param("version");
        if (view == null) {
            outbox.toClient(client.number, message.bytes());
            return;
        }
        if (view.stale) {
            return;
        }
        if (view.assumed && version != null) {
            outbox.toClient(client.number, withoutVersion(message));
            return;
        }
        Long serverVersion = version == null ? null : Values.number(message.text(version));
        Long own = serverVersion == null ? null : view.versionOf(serverVersion);
        if (version == null || serverVersion == null || own != null && own.equals(serverVersion)) {
            outbox.toClient(client.number, message.bytes());
        } else if (own != null) {
            outbox.toClient(client.number, message.with(version, Long.toString(own)));
        }
        // else: about a text that this client never had
    }

    /** Says a document's URI as a client does, if the server says it as it was told. */
    private static Message spelledBack(Document document, Document.View view, Message message) throws MalformedMessage {
        if (view.uri.equals(document.uri) || !document.uri.equals(message.string("uri"))) {
            return message;
        }
        Span span = Objects.requireNonNull(message.param("uri"), "it has just been read");
        return Message.of(message.with(span, Json.quote(view.uri)));
    }

    /** Of a version that the client gave before we came nothing is known, and one that does not fit would be taken for old. */
    private static byte[] withoutVersion(Message message) throws MalformedMessage {
        JsonObject params = message.params();
        params.remove("version");
        return notification(message.method(), Json.text(params));
    }

    /** Tells whether a client calls a version of some document otherwise than the server does. */
    boolean hasOwnVersions(Client client) {
        for (Document document : open.values()) {
            Document.View view = document.views.get(client.number);
            if (view != null && view.version != document.version) {
                return true;
            }
        }
        return false;
    }

    /** Puts the client's versions into the edits of a tree ({@code OptionalVersionedTextDocumentIdentifier}). */
    void translateVersions(Client client, JsonElement tree) {
        if (tree instanceof JsonArray array) {
            for (JsonElement element : array) {
                translateVersions(client, element);
            }
        } else if (tree instanceof JsonObject object) {
            if (object.has("edits") && object.get("textDocument") instanceof JsonObject item) {
                translateVersion(client, item);
            }
            for (Map.Entry<String, JsonElement> entry : object.entrySet()) {
                translateVersions(client, entry.getValue());
            }
        }
    }

    private void translateVersion(Client client, JsonObject item) {
        if (item.get("uri") instanceof JsonPrimitive uri && item.get("version") instanceof JsonPrimitive version) {
            Document document = document(uri.getAsString());
            Document.View view = document == null ? null : document.views.get(client.number);
            if (view != null && view.assumed) {
                item.add("version", JsonNull.INSTANCE);
                return;
            }
            Long serverVersion = Values.number(version.getAsString());
            Long own = view == null || serverVersion == null ? null : view.versionOf(serverVersion);
            if (own != null) {
                item.addProperty("version", own);
            }
        }
    }

    private void tellWhole(Document document) {
        outbox.toServer(notification(
                "textDocument/didChange",
                "{\"textDocument\":{\"uri\":" + Json.quote(document.uri) + ",\"version\":" + document.version
                        + "},\"contentChanges\":[{\"text\":" + Json.quote(document.text) + "}]}"));
    }

    private static byte[] notification(String method, String params) {
        return Json.bytes("{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + "}");
    }

    private static JsonObject object(JsonObject parent, String name) throws MalformedMessage {
        if (parent.get(name) instanceof JsonObject object) {
            return object;
        }
        throw new MalformedMessage("no " + name);
    }

    private static String text(JsonObject parent, String name) throws MalformedMessage {
        if (parent.get(name) instanceof JsonPrimitive text) {
            return text.getAsString();
        }
        throw new MalformedMessage("no " + name);
    }

    private static long number(JsonObject parent, String name) {
        Long number = parent.get(name) instanceof JsonPrimitive text ? Values.number(text.getAsString()) : null;
        return number == null ? 0 : number;
    }
}
