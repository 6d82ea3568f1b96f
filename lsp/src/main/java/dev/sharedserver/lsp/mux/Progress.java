package dev.sharedserver.lsp.mux;

import dev.sharedserver.lsp.protocol.Json;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import dev.sharedserver.lsp.protocol.Message;
import dev.sharedserver.lsp.protocol.Span;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Progress: tokens of clients are made unique, those of the server are shown to all, to late clients, too. */
final class Progress {

    private static final byte[] WORK_DONE = Json.bytes("workDoneToken");
    private static final byte[] PARTIAL = Json.bytes("partialResultToken");

    /** A client's own token, as it wrote it. */
    record Token(int client, String written) {}

    /** By what the server knows it as, as it is written. */
    private final Map<String, Token> ofClients = new LinkedHashMap<>();

    /** The last begin of what the server has under way by itself, by its token as written; null before the first. */
    private final Map<String, @Nullable Message> ofServer = new LinkedHashMap<>();

    private long next;

    /** Puts tokens of ours into a client's request, and adds them to {@code ours}. */
    Message renamed(Client client, Message message, List<String> ours) throws MalformedMessage {
        Message first = renamed(client, message, WORK_DONE, "workDoneToken", ours);
        return renamed(client, first, PARTIAL, "partialResultToken", ours);
    }

    private Message renamed(Client client, Message message, byte[] name, String member, List<String> all)
            throws MalformedMessage {
        Span span = message.holds(name) ? message.param(member) : null;
        if (span == null) {
            return message;
        }
        String ours = "\"sharedserver-" + next++ + "\"";
        all.add(ours);
        ofClients.put(ours, new Token(client.number, message.text(span)));
        return Message.of(message.with(span, ours));
    }

    /** Notes tokens of a request that goes as it is, and adds them to {@code all}. */
    void kept(Client client, Message message, List<String> all) throws MalformedMessage {
        for (String member : List.of("workDoneToken", "partialResultToken")) {
            Span span = message.param(member);
            if (span != null) {
                String written = message.text(span);
                all.add(written);
                ofClients.put(written, new Token(client.number, written));
            }
        }
    }

    /** Returns what a client's token is to the server, as written; its own text for one of the server's. */
    String ofServer(Client client, String written) {
        for (Map.Entry<String, Token> entry : ofClients.entrySet()) {
            if (entry.getValue().equals(new Token(client.number, written))) {
                return entry.getKey();
            }
        }
        return written;
    }

    /** Returns whose a token is; null for one of the server's. */
    @Nullable
    Token owner(String written) {
        return ofClients.get(written);
    }

    /** Notes that the server will report under a token. */
    void created(String token) {
        begun(token, null);
    }

    /** Of a server that ends nothing of what it begins only the newest is shown to late clients. */
    private void begun(String token, @Nullable Message begin) {
        ofServer.put(token, begin);
        if (ofServer.size() > Multiplexer.MOST) {
            ofServer.remove(ofServer.keySet().iterator().next());
        }
    }

    /** Notes what the server reports under a token of its own. */
    void reported(String token, Message message) throws MalformedMessage {
        String kind = message.string("value", "kind");
        if ("begin".equals(kind)) {
            begun(token, message);
        } else if ("end".equals(kind)) {
            ofServer.remove(token);
        }
    }

    /** Returns what the server has under way by itself. */
    Map<String, @Nullable Message> underWay() {
        return ofServer;
    }

    /** Forgets tokens of a request that was answered. */
    void forget(List<String> tokens) {
        tokens.forEach(ofClients::remove);
    }

    void left(int client) {
        ofClients.values().removeIf(token -> token.client() == client);
    }
}
