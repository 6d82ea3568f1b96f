package dev.sharedserver.dev.rpc;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.dev.DevServerException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One end of a JSON-RPC 2.0 connection, where each message is a line: JSON has no line breaks of its own, every language can read lines, and
 * whoever looks at the stream can read it. Each request is answered by a thread of its own, since an answer may need the other
 * end's answer first.
 */
final class Peer {

    private static final int LONGEST_LINE = 4 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    static final int PARSE_ERROR = -32700;
    static final int INVALID_REQUEST = -32600;
    static final int METHOD_NOT_FOUND = -32601;
    static final int INVALID_PARAMS = -32602;
    static final int FAILED = -32000;

    /** Carries out what the other end asks for. */
    interface Methods {
        /** Returns the result, as JSON text. */
        String call(String method, JsonElement params) throws RpcException, DevServerException, InterruptedException;
    }

    /** A request that is answered by an error. */
    static final class RpcException extends Exception {
        private static final long serialVersionUID = 1L;

        private final int code;

        RpcException(int code, String message) {
            super(message);
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    private final InputStream in;
    private final OutputStream out;
    private final AtomicLong ids = new AtomicLong();
    private final Map<Long, CompletableFuture<JsonObject>> asked = new ConcurrentHashMap<>();

    Peer(InputStream in, OutputStream out) {
        this.in = in;
        this.out = out;
    }

    /** Takes messages until there are no more. */
    void serve(Methods methods) throws IOException {
        byte[] line = new byte[8192];
        int length = 0;
        boolean tooLong = false;
        byte[] buffer = new byte[8192];
        int read;
        while ((read = in.read(buffer)) >= 0) {
            for (int i = 0; i < read; i++) {
                if (buffer[i] == '\n') {
                    if (tooLong) {
                        fail("null", INVALID_REQUEST, "a message is longer than " + LONGEST_LINE + " bytes", null);
                    } else {
                        take(new String(line, 0, length, StandardCharsets.UTF_8).strip(), methods);
                    }
                    length = 0;
                    tooLong = false;
                } else if (length == LONGEST_LINE) {
                    tooLong = true;
                } else {
                    if (length == line.length) {
                        line = Arrays.copyOf(line, Math.min(LONGEST_LINE, 2 * length));
                    }
                    line[length++] = buffer[i];
                }
            }
        }
        asked.values().forEach(future -> future.cancel(true));
    }

    private void take(String text, Methods methods) throws IOException {
        if (text.isEmpty()) {
            return;
        }
        JsonElement json;
        try {
            json = JsonParser.parseString(text);
        } catch (JsonParseException e) {
            fail("null", PARSE_ERROR, "this is no JSON", null);
            return;
        }
        if (!json.isJsonObject()) {
            fail("null", INVALID_REQUEST, "one object a line is expected", null);
            return;
        }
        JsonObject message = json.getAsJsonObject();
        JsonElement method = message.get("method");
        JsonElement id = message.get("id");
        if (method == null) {
            answered(message, id);
        } else if (!method.isJsonPrimitive() || id != null && !id.isJsonPrimitive() && !id.isJsonNull()) {
            fail("null", INVALID_REQUEST, "method is text, id is text or a number", null);
        } else {
            JsonElement params = message.get("params");
            Thread.ofVirtual()
                    .start(() -> call(methods, method.getAsString(), params == null ? JsonNull.INSTANCE : params, id));
        }
    }

    private void answered(JsonObject message, @Nullable JsonElement id) throws IOException {
        CompletableFuture<JsonObject> future = null;
        try {
            future = id == null || !id.isJsonPrimitive() ? null : asked.remove(id.getAsLong());
        } catch (NumberFormatException e) {
            // none of ours
        }
        if (future == null) {
            fail("null", INVALID_REQUEST, "this is neither a request nor an answer to one", null);
        } else {
            future.complete(message);
        }
    }

    private void call(Methods methods, String method, JsonElement params, @Nullable JsonElement id) {
        try {
            try {
                String result = methods.call(method, params);
                if (id != null) {
                    send("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":" + result + "}");
                }
            } catch (RpcException e) {
                fail(String.valueOf(id), e.code(), String.valueOf(e.getMessage()), null);
            } catch (DevServerException problem) {
                fail(
                        String.valueOf(id),
                        FAILED,
                        String.valueOf(problem.getMessage()),
                        JsonText.of(JsonText.Form.LINE, json -> problem.writeTo(json, ""))
                                .strip());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // nobody listens any more; the input ends, too
        }
    }

    /** Answers by an error; a notification, whose id is null, only if it was none at all. */
    private void fail(String id, int code, String text, @Nullable String data) throws IOException {
        String body = JsonText.of(JsonText.Form.LINE, json -> {
            json.beginObject().name("code").value(code).name("message").value(text);
            if (data != null) {
                json.name("data").jsonValue(data);
            }
            json.endObject();
        });
        send("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"error\":" + body.strip() + "}");
    }

    /** Tells the other end something; {@code params} is JSON text. */
    void tell(String method, String params) throws IOException {
        send("{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + "}");
    }

    /** Asks the other end; {@code params} is JSON text. */
    JsonElement ask(String method, String params) throws IOException, InterruptedException, RpcException {
        long id = ids.incrementAndGet();
        CompletableFuture<JsonObject> future = new CompletableFuture<>();
        asked.put(id, future);
        try {
            send("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + "}");
            JsonObject answer = future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            JsonElement error = answer.get("error");
            if (error != null && error.isJsonObject()) {
                JsonElement code = error.getAsJsonObject().get("code");
                JsonElement message = error.getAsJsonObject().get("message");
                throw new RpcException(
                        code != null
                                        && code.isJsonPrimitive()
                                        && code.getAsJsonPrimitive().isNumber()
                                ? code.getAsInt()
                                : FAILED,
                        message != null && message.isJsonPrimitive() ? message.getAsString() : "the host failed");
            }
            JsonElement result = answer.get("result");
            return result == null ? JsonNull.INSTANCE : result;
        } catch (TimeoutException e) {
            throw new IOException("the host has not answered " + method + " within " + PATIENCE.toSeconds() + " s");
        } catch (ExecutionException | CancellationException e) {
            throw new IOException("the host is gone");
        } finally {
            asked.remove(id);
        }
    }

    private synchronized void send(String line) throws IOException {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
