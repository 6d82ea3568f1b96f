package dev.sharedserver.lsp.interpose;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A client of a language server, as simple as one can be that answers what servers ask. */
final class Client {

    private static final int PATIENCE = 60;

    private final String name;
    private final OutputStream out;
    private final Map<String, CompletableFuture<JsonObject>> waiting = new ConcurrentHashMap<>();
    private final AtomicInteger last = new AtomicInteger();
    private final AtomicBoolean muted = new AtomicBoolean();
    private final Queue<JsonObject> held = new ConcurrentLinkedQueue<>();

    Client(String name, OutputStream out) {
        this.name = name;
        this.out = out;
    }

    /** Reads all messages that come, until the end. */
    Client reading(InputStream in) {
        Thread.ofVirtual().start(() -> {
            try {
                byte[] message;
                while ((message = Frames.read(in)) != null) {
                    accept(message);
                }
                end(new IOException("end of " + name));
            } catch (IOException | RuntimeException e) {
                end(e);
            }
        });
        return this;
    }

    private void end(Exception why) {
        waiting.values().forEach(one -> one.completeExceptionally(why));
        waiting.clear();
    }

    /** Takes a message from the server. */
    void accept(byte[] message) {
        JsonObject json = Frames.json(message);
        if (!json.has("method")) {
            CompletableFuture<JsonObject> answered =
                    waiting.remove(json.get("id").getAsString());
            if (answered == null) {
                throw new IllegalStateException(name + " got what it did not ask for: " + json);
            }
            answered.complete(json);
        } else if (json.has("id")) {
            JsonObject answer = new JsonObject();
            answer.addProperty("jsonrpc", "2.0");
            answer.add("id", json.get("id"));
            if (json.get("method").getAsString().startsWith("$/")) {
                answer.add("error", JsonParser.parseString("{\"code\":-32601,\"message\":\"no such method\"}"));
            } else if (json.get("method").getAsString().equals("workspace/configuration")) {
                JsonArray nothing = new JsonArray();
                json.getAsJsonObject("params").getAsJsonArray("items").forEach(item -> nothing.add(JsonNull.INSTANCE));
                answer.add("result", nothing);
            } else {
                answer.add("result", JsonNull.INSTANCE);
            }
            if (muted.get()) {
                held.add(answer);
            } else {
                send(answer);
            }
        }
    }

    /** Answers nothing any more, until {@link #answer}. */
    void mute() {
        muted.set(true);
    }

    void answer() {
        muted.set(false);
        held.forEach(this::send);
        held.clear();
    }

    private void send(JsonObject message) {
        try {
            synchronized (out) {
                Frames.write(out, message.toString().getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void tell(String method, String params) {
        JsonObject message = new JsonObject();
        message.addProperty("jsonrpc", "2.0");
        message.addProperty("method", method);
        message.add("params", JsonParser.parseString(params));
        send(message);
    }

    CompletableFuture<JsonObject> asking(String method, String params) {
        String id = name + "-" + last.incrementAndGet();
        CompletableFuture<JsonObject> answer = new CompletableFuture<>();
        waiting.put(id, answer);
        JsonObject message = new JsonObject();
        message.addProperty("jsonrpc", "2.0");
        message.addProperty("id", id);
        message.addProperty("method", method);
        message.add("params", JsonParser.parseString(params));
        send(message);
        return answer;
    }

    /** Waits for an answer to something that was asked in another way. */
    CompletableFuture<JsonObject> expecting(String id) {
        return waiting.computeIfAbsent(id, any -> new CompletableFuture<>());
    }

    @Nullable
    JsonElement ask(String method, String params) {
        return await(asking(method, params), method);
    }

    @Nullable
    JsonElement await(CompletableFuture<JsonObject> asked, String method) {
        try {
            JsonObject answer = asked.get(PATIENCE, TimeUnit.SECONDS);
            if (answer.has("error")) {
                throw new IllegalStateException(method + " of " + name + ": " + answer);
            }
            return answer.get("result");
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException(method + " of " + name + " was not answered", e);
        }
    }
}
