package dev.sharedserver.lsp.mux;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import dev.sharedserver.lsp.protocol.Json;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import dev.sharedserver.lsp.protocol.Message;
import dev.sharedserver.lsp.protocol.Span;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** The settings that clients gave, for when nobody is there to be asked. */
final class Configuration {

    /** More items than this are of no server that means well. */
    private static final int LIMIT = 10_000;

    private final Map<String, JsonElement> answers = new LinkedHashMap<>();
    private byte[] last = new byte[0];

    /** Tells whether settings that a client pushes are other ones than those pushed last: a server may start all over with them. */
    boolean isNew(Message message) {
        boolean isNew = !Arrays.equals(last, message.bytes());
        last = message.bytes();
        return isNew;
    }

    /** Keeps what a client answered. */
    void learn(Message question, Message answer) throws MalformedMessage {
        Span result = answer.result();
        if (result == null
                || !(Json.parse(answer.text(result)) instanceof JsonArray values)
                || !(question.params().get("items") instanceof JsonArray items)) {
            return;
        }
        for (int i = 0; i < Math.min(items.size(), values.size()) && answers.size() < LIMIT; i++) {
            answers.put(Json.text(items.get(i)), values.get(i));
        }
    }

    /** Returns what is known of what is asked, null for what is not. */
    String known(Message question) {
        JsonArray values = new JsonArray();
        try {
            if (question.params().get("items") instanceof JsonArray items) {
                for (JsonElement item : items) {
                    values.add(answers.getOrDefault(Json.text(item), JsonNull.INSTANCE));
                }
            }
        } catch (MalformedMessage e) {
            return "null"; // who asks in such a way has no use for an answer
        }
        return Json.text(values);
    }
}
