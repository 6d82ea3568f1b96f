package dev.sharedserver.lsp.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageTest {

    private static final int ROUNDS = 20_000;

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void onlyTheIdOfGeneratedRequestsChanges() throws Exception {
        long seed = Long.getLong("lsp.seed", System.nanoTime());
        Random random = new Random(seed);
        GeneratedJson json = new GeneratedJson(random);
        for (int round = 0; round < ROUNDS; round++) {
            String id = random.nextBoolean() ? Integer.toString(random.nextInt()) : json.string();
            List<String> members = new ArrayList<>(List.of(
                    "\"jsonrpc\":\"2.0\"",
                    "\"method\"" + json.space() + ":\"a/b\"",
                    "\"params\":" + json.value(5),
                    "\"other\":" + json.value(3),
                    "\"id\"" + json.space() + ":" + json.space() + "@"));
            Collections.shuffle(members, random);
            String made = json.space() + "{" + String.join("," + json.space(), members) + json.space() + "}";
            String place = "seed " + seed + ", round " + round + ": " + made;
            // the id's place is marked by a character that nothing else has
            String body = made.replace("@", id);
            Message message = Message.of(Json.bytes(body));
            assertEquals(Message.Kind.REQUEST, message.kind(), place);
            assertEquals(id, message.id(), place);
            assertEquals("a/b", message.method(), place);
            assertEquals(made.replace("@", "4711"), text(message.withId("4711")), place);
        }
    }

    @Test
    void onlyTheIdOfGeneratedResponsesChanges() throws Exception {
        long seed = Long.getLong("lsp.seed", System.nanoTime());
        Random random = new Random(seed);
        GeneratedJson json = new GeneratedJson(random);
        for (int round = 0; round < ROUNDS; round++) {
            List<String> members = new ArrayList<>(List.of(
                    "\"jsonrpc\":\"2.0\"", "\"id\":@", "\"result\":" + json.value(5), "\"x\":" + json.value(2)));
            Collections.shuffle(members, random);
            String made = "{" + String.join(",", members) + "}";
            Message message = Message.of(Json.bytes(made.replace("@", "17")));
            assertEquals(Message.Kind.RESPONSE, message.kind(), made);
            assertEquals(made.replace("@", "\"x\""), text(message.withId("\"x\"")), "seed " + seed);
        }
    }

    @Test
    void membersAreFoundByTheirPath() throws Exception {
        Message message = Message.made("""
            {"jsonrpc":"2.0","method":"m","params":{"a":{"uri":"no"},"textDocument": {"uri" : "file:///\\u0061"},"n":null}}\
            """);
        assertEquals("file:///a", message.string("textDocument", "uri"));
        assertNull(message.string("n"));
        assertNull(message.param("textDocument", "uri", "deeper"));
        assertNull(message.param("nothing"));
        Span n = message.param("n");
        assertNotNull(n);
        assertEquals("null", message.text(n));
        assertEquals(Message.Kind.NOTIFICATION, message.kind());
    }

    @Test
    void anEscapedNameIsTheSameName() throws Exception {
        Message message = Message.of(Json.bytes("{\"\\u0069d\":7,\"m\\u0065thod\":\"x\"}"));
        assertEquals("7", message.id());
        assertEquals("x", message.method());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "1",
                "{}",
                "{\"id\":1}",
                "{\"method\":1}",
                "{\"method\":\"x\"",
                "{\"method\":\"x\"}}",
                "{\"method\":\"x\"} {}",
                "{\"method\":\"x\",}",
                "{\"method\" \"x\"}",
                "{\"method\":\"x\",\"params\":}",
                "{\"method\":\"x\",\"params\":[[}",
                "{\"method\":\"x\\",
                "{\"method\":\"x\",\"params\":\"",
                "{method:\"x\"}"
            })
    void whatIsNoMessageIsRefused(String body) {
        assertThrows(MalformedMessage.class, () -> Message.of(Json.bytes(body)));
    }

    @Test
    void damagedMessagesAreRefusedOrRead() {
        long seed = Long.getLong("lsp.seed", System.nanoTime());
        Random random = new Random(seed);
        GeneratedJson json = new GeneratedJson(random);
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] body = Json.bytes("{\"id\":1,\"method\":\"x\",\"params\":" + json.value(4) + "}");
            for (int i = random.nextInt(3); i >= 0; i--) {
                body[random.nextInt(body.length)] = (byte) random.nextInt(256);
            }
            try {
                Message message = Message.of(body);
                message.params();
                message.string("textDocument", "uri");
            } catch (MalformedMessage e) {
                refused++;
            }
        }
        assertEquals(true, refused > ROUNDS / 10, "seed " + seed + ": " + refused + " were refused");
    }
}
