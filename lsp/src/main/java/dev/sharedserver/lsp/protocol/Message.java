package dev.sharedserver.lsp.protocol;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One message: its bytes, and where id, method and parameters stand in them. Immutable, as long as nobody writes to the bytes. */
public final class Message {

    private static final byte[] ID = Json.bytes("id");
    private static final byte[] METHOD = Json.bytes("method");
    private static final byte[] PARAMS = Json.bytes("params");
    private static final byte[] RESULT = Json.bytes("result");
    private static final byte[] ERROR = Json.bytes("error");

    private final byte[] bytes;
    private @Nullable Span id;
    private @Nullable Span params;
    private @Nullable String method;
    private boolean answer;

    private Message(byte[] bytes) {
        this.bytes = bytes;
    }

    /** What a message is for. */
    public enum Kind {
        REQUEST,
        NOTIFICATION,
        RESPONSE
    }

    /** Looks into a body, which is kept and not copied. */
    public static Message of(byte[] body) throws MalformedMessage {
        Message message = new Message(body);
        new Scanner(body, new Span(0, body.length)).object(message::take);
        if (message.method == null && (message.id == null || !message.answer)) {
            throw new MalformedMessage("a message without method, and without id and result");
        }
        return message;
    }

    /** Returns the message of a text that this program has made. */
    public static Message made(String text) {
        try {
            return of(Json.bytes(text));
        } catch (MalformedMessage e) {
            throw new IllegalArgumentException("not a message: " + text, e);
        }
    }

    private boolean take(Span key, Scanner.Value value) throws MalformedMessage {
        if (Scanner.is(bytes, key, ID)) {
            id = value.span();
        } else if (Scanner.is(bytes, key, METHOD)) {
            method = name(value.span());
        } else if (Scanner.is(bytes, key, PARAMS)) {
            params = value.span();
        } else if (Scanner.is(bytes, key, RESULT) || Scanner.is(bytes, key, ERROR)) {
            answer = true;
            // an answer may be long, and nothing that we want stands behind it
            return id == null;
        }
        return true;
    }

    private String name(Span span) throws MalformedMessage {
        if (Scanner.isPlain(bytes, span)) {
            return new String(bytes, span.from() + 1, span.length() - 2, StandardCharsets.ISO_8859_1);
        }
        if (!(Json.parse(text(span)) instanceof JsonPrimitive name) || !name.isString()) {
            throw new MalformedMessage("a method that is no string");
        }
        return name.getAsString();
    }

    /** Returns the body; not to be written to. */
    public byte[] bytes() {
        return bytes;
    }

    /** Returns what the message is for. */
    public Kind kind() {
        return method == null ? Kind.RESPONSE : id == null ? Kind.NOTIFICATION : Kind.REQUEST;
    }

    /** Returns the id as it is written, quotes included; "" if there is none. */
    public String id() {
        return id == null ? "" : text(id);
    }

    /** Returns the method; "" for a response. */
    public String method() {
        return method == null ? "" : method;
    }

    /** Returns the same message with another id, given as it is to be written. */
    public byte[] withId(String written) {
        return id == null ? bytes : with(id, written);
    }

    /** Returns the same message with other text at a span. */
    public byte[] with(Span span, String written) {
        byte[] in = Json.bytes(written);
        byte[] out = new byte[bytes.length - span.length() + in.length];
        System.arraycopy(bytes, 0, out, 0, span.from());
        System.arraycopy(in, 0, out, span.from(), in.length);
        System.arraycopy(bytes, span.to(), out, span.from() + in.length, bytes.length - span.to());
        return out;
    }

    /** Returns where a member of the parameters stands, by its path; null if there is none. */
    public @Nullable Span param(String... path) throws MalformedMessage {
        Span span = params;
        for (String name : path) {
            if (span == null || bytes[span.from()] != '{') {
                return null;
            }
            span = member(span, Json.bytes(name));
        }
        return span;
    }

    /** Returns a string among the parameters; null if there is no such string. */
    public @Nullable String string(String... path) throws MalformedMessage {
        Span span = param(path);
        if (span == null || bytes[span.from()] != '"') {
            return null;
        }
        return Json.parse(text(span)).getAsString();
    }

    /** Returns where the result stands; null if this is no response with one. */
    public @Nullable Span result() throws MalformedMessage {
        return method == null ? member(new Span(0, bytes.length), RESULT) : null;
    }

    /** Returns the parameters as a tree; an empty object where there are none. */
    public JsonObject params() throws MalformedMessage {
        JsonElement tree = params == null ? JsonNull.INSTANCE : Json.parse(text(params));
        return tree instanceof JsonObject object ? object : new JsonObject();
    }

    /** Returns the text at a span. */
    public String text(Span span) {
        return new String(bytes, span.from(), span.length(), StandardCharsets.UTF_8);
    }

    /** Tells whether the bytes hold a text somewhere: a cheap question before a dear one. */
    public boolean holds(byte[] text) {
        byte first = text[0];
        outer:
        for (int i = 0; i <= bytes.length - text.length; i++) {
            if (bytes[i] != first) {
                continue;
            }
            for (int j = 1; j < text.length; j++) {
                if (bytes[i + j] != text[j]) {
                    continue outer;
                }
            }
            return true;
        }
        return false;
    }

    private @Nullable Span member(Span object, byte[] name) throws MalformedMessage {
        Span[] found = new Span[1];
        new Scanner(bytes, object).object((key, value) -> {
            if (Scanner.is(bytes, key, name)) {
                found[0] = value.span();
            }
            return true;
        });
        return found[0];
    }

    @Override
    public String toString() {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
