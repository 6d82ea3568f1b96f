package dev.sharedserver.lsp.mux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.sharedserver.lsp.protocol.Json;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A multiplexer, and what it has said to whom. */
final class Played implements Outbox {

    static final Settings SETTINGS = new Settings("hub", "1", 1000);

    final Deque<JsonObject> server = new ArrayDeque<>();
    final Map<Integer, Deque<JsonObject>> clients = new TreeMap<>();
    final Map<Integer, Integer> ended = new TreeMap<>();
    final Multiplexer mux;
    private long next = 1000;
    long now;

    Played() {
        this(Memory.EMPTY);
    }

    Played(Memory memory) {
        mux = new Multiplexer(SETTINGS, () -> next++, memory, this);
    }

    @Override
    public void toServer(byte[] body) {
        server.add(parse(body));
    }

    @Override
    public void toClient(int client, byte[] body) {
        clients.computeIfAbsent(client, c -> new ArrayDeque<>()).add(parse(body));
    }

    @Override
    public void end(int client, int exitCode) {
        ended.put(client, exitCode);
    }

    static JsonObject parse(byte[] body) {
        return JsonParser.parseString(new String(body, StandardCharsets.UTF_8)).getAsJsonObject();
    }

    void client(int number, String json) {
        mux.fromClient(number, Json.bytes(json), now);
    }

    void server(String json) {
        try {
            mux.fromServer(Json.bytes(json), now);
        } catch (MalformedMessage e) {
            throw new AssertionError(json, e);
        }
    }

    /** A client's request; what it gives as parameters is JSON. */
    void request(int client, String id, String method, String params) {
        client(
                client,
                "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + "}");
    }

    void notify(int client, String method, String params) {
        client(client, "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + "}");
    }

    void serverRequest(String id, String method, String params) {
        server("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + "}");
    }

    void serverNotify(String method, String params) {
        server("{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + "}");
    }

    /** Answers the next thing that the server was asked. */
    void serverAnswers(String method, String result) {
        JsonObject asked = nextAtServer(method);
        server("{\"jsonrpc\":\"2.0\",\"id\":" + asked.get("id") + ",\"result\":" + result + "}");
    }

    JsonObject nextAtServer(String method) {
        assertFalse(server.isEmpty(), "the server was told nothing, where " + method + " is expected");
        JsonObject message = server.remove();
        assertEquals(method, message.has("method") ? message.get("method").getAsString() : "", message.toString());
        return message;
    }

    JsonObject nextAt(int client) {
        Deque<JsonObject> queue = clients.getOrDefault(client, new ArrayDeque<>());
        assertFalse(queue.isEmpty(), "client " + client + " was told nothing");
        return queue.remove();
    }

    JsonObject nextAt(int client, String method) {
        JsonObject message = nextAt(client);
        assertEquals(method, message.has("method") ? message.get("method").getAsString() : "", message.toString());
        return message;
    }

    void quiet() {
        List<JsonElement> said = new ArrayList<>(server);
        clients.values().forEach(said::addAll);
        assertEquals(List.of(), said);
    }

    static final String CAPABILITIES =
            "{\"capabilities\":{\"workspace\":{\"configuration\":true},\"window\":{\"workDoneProgress\":true}}}";

    /** Connects a client and brings it to work. */
    void join(int client) {
        mux.connected(client);
        request(client, "0", "initialize", CAPABILITIES);
        if (!mux.isInitialized()) {
            serverAnswers("initialize", "{\"capabilities\":{\"hoverProvider\":true}}");
        }
        assertEquals(0, nextAt(client).get("id").getAsInt());
        boolean first = server.isEmpty() && mux.clients() == 1;
        notify(client, "initialized", "{}");
        if (first && !server.isEmpty()) {
            nextAtServer("initialized");
        }
    }

    void open(int client, String uri, String text) {
        notify(
                client,
                "textDocument/didOpen",
                "{\"textDocument\":{\"uri\":\"" + uri + "\",\"languageId\":\"x\",\"version\":1,\"text\":\"" + text
                        + "\"}}");
    }

    void change(int client, String uri, int version, String text) {
        notify(
                client,
                "textDocument/didChange",
                "{\"textDocument\":{\"uri\":\"" + uri + "\",\"version\":" + version
                        + "},\"contentChanges\":[{\"text\":\"" + text + "\"}]}");
    }

    static String at(String uri) {
        return "{\"textDocument\":{\"uri\":\"" + uri + "\"},\"position\":{\"line\":0,\"character\":0}}";
    }
}
