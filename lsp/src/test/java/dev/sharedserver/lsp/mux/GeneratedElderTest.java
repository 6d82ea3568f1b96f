package dev.sharedserver.lsp.mux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Generated orders at a server that one client, the elder, has used alone for a while: it has documents open and requests
 * under way, which the multiplexer was never told. The server is never initialized, opens nothing twice, loses nothing that the
 * elder has open, and has the elder's text when all others are gone; everybody's requests are answered once.
 */
class GeneratedElderTest {

    private static final int SESSIONS = 400;
    private static final int STEPS = 120;
    private static final int ELDER = 1;
    private static final String[] URIS = {"file:///a", "file:///b", "file:///c"};
    private static final String[] TEXTS = {"", "x", "ab", "line\\nline\\n"};

    @Test
    void theElderIsServedAsIfAlone() {
        long seed = Long.getLong("lsp.seed", System.nanoTime());
        for (int session = 0; session < SESSIONS; session++) {
            List<String> steps = new ArrayList<>();
            try {
                new Session(new Random(seed + session), steps).run();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("-Dlsp.seed=" + (seed + session) + " after " + steps, e);
            }
        }
    }

    private static final class Session {
        private final Random random;
        private final List<String> steps;
        private final Played played = ElderTest.foreign();
        private final List<Integer> clients = new ArrayList<>(List.of(ELDER));
        private int nextClient = 2;
        private int nextQuestion = 5000;
        private int version = 10;

        /** By client: what it has open. */
        private final Map<Integer, Map<String, String>> texts = new HashMap<>();

        /** What the server holds open. */
        private final Map<String, String> serverTexts = new HashMap<>();

        /** Of what somebody was heard to open or close, or to give all of the text. */
        private final Set<String> heard = new HashSet<>();

        private final Set<String> waiting = new HashSet<>();
        private final List<JsonObject> atServer = new ArrayList<>();
        private final Set<String> idsUnderWay = new HashSet<>();
        private final Set<String> questions = new HashSet<>();

        Session(Random random, List<String> steps) {
            this.random = random;
            this.steps = steps;
            texts.put(ELDER, new HashMap<>());
            for (String uri : URIS) {
                if (random.nextBoolean()) {
                    texts(ELDER).put(uri, "old\n");
                    serverTexts.put(uri, "old\n");
                }
            }
            for (int id = 100; id < 103; id++) {
                waiting.add(ELDER + " " + id);
                idsUnderWay.add("" + id);
                atServer.add(Played.parse(dev.sharedserver.lsp.protocol.Json.bytes(
                        "{\"id\":" + id + ",\"params\":{\"who\":\"1 " + id + "\"}}")));
                questions.add("\"before" + id + "\"");
            }
        }

        void run() {
            for (int id = 100; id < 103; id++) {
                played.client(ELDER, "{\"jsonrpc\":\"2.0\",\"id\":\"before" + id + "\",\"result\":[]}");
                settle();
            }
            for (int i = 0; i < STEPS; i++) {
                step();
                settle();
            }
            for (int client : List.copyOf(clients)) {
                if (client != ELDER) {
                    leave(client);
                    settle();
                }
            }
            texts(ELDER).forEach((uri, text) -> assertEquals(text, serverTexts.get(uri), "the elder's text of " + uri));
            while (!atServer.isEmpty()) {
                answer(atServer.removeFirst());
                settle();
            }
            assertEquals(Set.of(), waiting, "requests of the elder without an answer");
            played.mux.tick(Long.MAX_VALUE - 1);
            boolean ends = random.nextBoolean();
            if (ends) {
                leave(ELDER);
            }
            settle();
            if (ends) {
                assertEquals(Set.of(), questions, "questions of the server without an answer");
            }
        }

        private void step() {
            int what = random.nextInt(12);
            if (what == 0 && clients.size() < 4) {
                int client = nextClient++;
                steps.add("join " + client);
                played.mux.connected(client);
                played.request(client, "0", "initialize", Played.CAPABILITIES);
                settle();
                played.notify(client, "initialized", "{}");
                clients.add(client);
                texts.put(client, new HashMap<>());
                return;
            }
            int client = clients.get(random.nextInt(clients.size()));
            String uri = URIS[random.nextInt(URIS.length)];
            String text = TEXTS[random.nextInt(TEXTS.length)];
            Map<String, String> open = texts(client);
            switch (what) {
                case 1 -> {
                    if (client != ELDER && random.nextInt(3) == 0) {
                        leave(client);
                    }
                }
                case 2, 3 -> {
                    if (!open.containsKey(uri)) {
                        opens(client, uri, text);
                    }
                }
                case 4, 5, 6 -> {
                    if (open.containsKey(uri)) {
                        change(client, uri, text);
                    }
                }
                case 7 -> {
                    if (open.remove(uri) != null) {
                        steps.add(client + " closes " + uri);
                        heard.add(uri);
                        played.notify(client, "textDocument/didClose", "{\"textDocument\":{\"uri\":\"" + uri + "\"}}");
                    }
                }
                case 8, 9 -> {
                    String id = "" + random.nextInt(7); // ids that come again, and that others have, too
                    if (waiting.add(client + " " + id)) {
                        steps.add(client + " asks " + id);
                        played.request(client, id, "x/echo", "{\"who\":\"" + client + " " + id + "\"}");
                    }
                }
                case 10 -> {
                    if (!atServer.isEmpty()) {
                        answer(atServer.remove(random.nextInt(atServer.size())));
                    }
                }
                default -> ask();
            }
        }

        /** Who opens what the elder may have open has it from the disk, where the elder's text is, too. */
        private void opens(int client, String uri, String text) {
            boolean first = heard.add(uri);
            String elders = texts(ELDER).get(uri);
            String chosen = first && client != ELDER && elders != null ? elders.replace("\n", "\\n") : text;
            steps.add(client + " opens " + uri + " as " + chosen);
            texts(client).put(uri, chosen.replace("\\n", "\n"));
            played.open(client, uri, chosen);
        }

        private void change(int client, String uri, String text) {
            Map<String, String> open = texts(client);
            version += 1 + random.nextInt(3);
            if (random.nextBoolean()) {
                steps.add(client + " changes " + uri + " to " + text);
                heard.add(uri);
                open.put(uri, text.replace("\\n", "\n"));
                played.change(client, uri, version, text);
            } else {
                steps.add(client + " puts before " + uri + " " + text);
                open.put(uri, text.replace("\\n", "\n") + open.get(uri));
                String start = "{\"line\":0,\"character\":0}";
                played.notify(
                        client,
                        "textDocument/didChange",
                        "{\"textDocument\":{\"uri\":\"" + uri + "\",\"version\":" + version
                                + "},\"contentChanges\":[{\"range\":{\"start\":" + start + ",\"end\":" + start
                                + "},\"text\":\"" + text + "\"}]}");
            }
            settle();
            assertEquals(open.get(uri), serverTexts.get(uri), "the newest text counts");
        }

        private Map<String, String> texts(int client) {
            Map<String, String> open = texts.get(client);
            assertNotNull(open);
            return open;
        }

        private void leave(int client) {
            steps.add(client + " leaves");
            clients.remove((Integer) client);
            if (client != ELDER) {
                texts.remove(client);
            }
            waiting.removeIf(one -> one.startsWith(client + " "));
            played.mux.disconnected(client);
        }

        private void ask() {
            String[] methods = {"workspace/configuration", "workspace/applyEdit", "x/ask", "client/registerCapability"};
            String method = methods[random.nextInt(methods.length)];
            String id = random.nextBoolean() ? "" + nextQuestion++ % 700 : "\"q" + nextQuestion++ + "\"";
            if (questions.add(id)) {
                steps.add("the server asks " + method + " " + id);
                played.serverRequest(id, method, "{\"items\":[],\"edit\":{},\"registrations\":[]}");
            }
        }

        private void answer(JsonObject asked) {
            steps.add("the server answers " + asked.get("id"));
            idsUnderWay.remove(asked.get("id").toString());
            played.server("{\"jsonrpc\":\"2.0\",\"id\":" + asked.get("id") + ",\"result\":"
                    + asked.getAsJsonObject("params").get("who") + "}");
        }

        private void settle() {
            boolean again = true;
            while (again) {
                again = false;
                while (!played.server.isEmpty()) {
                    serverTakes(played.server.remove());
                }
                for (Map.Entry<Integer, java.util.Deque<JsonObject>> entry : played.clients.entrySet()) {
                    List<JsonObject> said = List.copyOf(new ArrayDeque<>(entry.getValue()));
                    entry.getValue().clear();
                    for (JsonObject message : said) {
                        again = true;
                        clientTakes(entry.getKey(), message);
                    }
                }
                again |= !played.server.isEmpty();
            }
            if (clients.contains(ELDER)) {
                texts(ELDER)
                        .keySet()
                        .forEach(uri -> assertTrue(serverTexts.containsKey(uri), "closed at the elder: " + uri));
            }
        }

        private void serverTakes(JsonObject message) {
            if (!message.has("method")) {
                String id = message.get("id").toString();
                assertTrue(questions.remove(id), "an answer to a question that is not open: " + message);
                return;
            }
            String method = message.get("method").getAsString();
            assertNotEquals("initialize", method);
            assertNotEquals("initialized", method);
            if (message.has("id")) {
                assertTrue(idsUnderWay.add(message.get("id").toString()), "an id that is under way: " + message);
                atServer.add(message);
            } else if (method.startsWith("textDocument/")) {
                serverIsTold(method, message.getAsJsonObject("params"));
            }
        }

        private void serverIsTold(String method, JsonObject params) {
            JsonObject item = params.getAsJsonObject("textDocument");
            String uri = item.get("uri").getAsString();
            switch (method) {
                case "textDocument/didOpen" -> {
                    assertFalse(serverTexts.containsKey(uri), "opened twice: " + uri);
                    serverTexts.put(uri, item.get("text").getAsString());
                }
                case "textDocument/didChange" -> {
                    String before = serverTexts.get(uri);
                    assertNotNull(before, "changed, not open: " + uri);
                    JsonArray changes = params.getAsJsonArray("contentChanges");
                    JsonObject change = changes.get(0).getAsJsonObject();
                    String text = change.get("text").getAsString();
                    serverTexts.put(uri, change.has("range") ? text + before : text);
                }
                case "textDocument/didClose" -> serverTexts.remove(uri);
                default -> throw new AssertionError(method);
            }
        }

        private void clientTakes(int client, JsonObject message) {
            if (!clients.contains(client) && !message.get("id").toString().equals("0")) {
                return; // what was said to it before it left
            }
            if (message.has("method")) {
                if (message.has("id") && (client == ELDER || random.nextInt(3) > 0)) {
                    played.client(client, "{\"jsonrpc\":\"2.0\",\"id\":" + message.get("id") + ",\"result\":[]}");
                }
            } else if (!message.has("result") || !message.get("result").isJsonObject()) {
                String asked = client + " " + message.get("id").getAsString();
                assertTrue(waiting.remove(asked), "an answer that nobody waits for: " + message);
                assertEquals(asked, message.get("result").getAsString(), "an answer to something else");
            }
        }
    }
}
