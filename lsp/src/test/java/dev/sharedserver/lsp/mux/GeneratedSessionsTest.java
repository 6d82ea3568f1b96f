package dev.sharedserver.lsp.mux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
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
 * Generated sessions of several clients and a server that checks what it is told: ids that are new, documents that are
 * opened once, changed by rising versions and closed; what it asks is answered once. The clients check that each of their
 * requests is answered once, by what it asked for.
 */
class GeneratedSessionsTest {

    private static final int SESSIONS = 400;
    private static final int STEPS = 120;
    private static final String[] URIS = {"file:///a", "file:///b"};
    private static final String[] TEXTS = {"", "x", "ab", "line\\nline\\n"};

    @Test
    void everybodyIsServedAsIfAlone() {
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
        private final Played played = new Played();

        private int nextClient = 1;
        private int nextId;
        private final List<Integer> clients = new ArrayList<>();

        /** What a client has open: its text and its version. */
        private final Map<Integer, Map<String, String>> texts = new HashMap<>();

        private final Map<Integer, Integer> versions = new HashMap<>();

        /** Requests of clients without an answer: "client id". */
        private final Set<String> waiting = new HashSet<>();

        private final List<JsonObject> atServer = new ArrayList<>();
        private final Set<String> idsAtServer = new HashSet<>();
        private final Map<String, String> serverTexts = new HashMap<>();
        private final Map<String, Long> serverVersions = new HashMap<>();
        private final Set<String> questions = new HashSet<>();

        Session(Random random, List<String> steps) {
            this.random = random;
            this.steps = steps;
        }

        void run() {
            for (int i = 0; i < STEPS; i++) {
                step();
                settle();
            }
            for (int client : List.copyOf(clients)) {
                leave(client);
                settle();
            }
            played.mux.tick(Long.MAX_VALUE - 1);
            settle();
            assertEquals(Set.of(), questions, "questions of the server without an answer");
            assertEquals(Map.of(), serverTexts, "documents that nobody has open");
        }

        private void step() {
            int what = random.nextInt(12);
            if (clients.isEmpty() || what == 0 && clients.size() < 5) {
                int client = nextClient++;
                steps.add("join " + client);
                played.mux.connected(client);
                played.request(client, "0", "initialize", Played.CAPABILITIES);
                settle();
                played.notify(client, "initialized", "{}");
                clients.add(client);
                texts.put(client, new HashMap<>());
                versions.put(client, 1);
                return;
            }
            int client = clients.get(random.nextInt(clients.size()));
            String uri = URIS[random.nextInt(URIS.length)];
            String text = TEXTS[random.nextInt(TEXTS.length)];
            Map<String, String> open = texts(client);
            switch (what) {
                case 1 -> {
                    if (random.nextInt(3) == 0) {
                        leave(client);
                    }
                }
                case 2, 3 -> {
                    if (!open.containsKey(uri)) {
                        steps.add(client + " opens " + uri + " as " + text);
                        open.put(uri, text.replace("\\n", "\n"));
                        played.open(client, uri, text);
                    }
                }
                case 4, 5, 6 -> {
                    if (open.containsKey(uri)) {
                        steps.add(client + " changes " + uri + " to " + text);
                        change(client, uri, text);
                    }
                }
                case 7 -> {
                    if (open.remove(uri) != null) {
                        steps.add(client + " closes " + uri);
                        played.notify(client, "textDocument/didClose", "{\"textDocument\":{\"uri\":\"" + uri + "\"}}");
                    }
                }
                case 8, 9 -> {
                    int id = nextId++ % 7; // ids that come again, and that others have, too
                    if (waiting.add(client + " " + id)) {
                        steps.add(client + " asks " + id);
                        played.request(client, "" + id, "x/echo", "{\"who\":\"" + client + " " + id + "\"}");
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

        private Map<String, String> texts(int client) {
            Map<String, String> open = texts.get(client);
            assertNotNull(open);
            return open;
        }

        private void change(int client, String uri, String text) {
            int version = versions.merge(client, 1 + random.nextInt(3), Integer::sum);
            Map<String, String> open = texts(client);
            if (random.nextBoolean()) {
                open.put(uri, text.replace("\\n", "\n"));
                played.change(client, uri, version, text);
            } else {
                // at the very beginning, where every text has a place
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

        private void leave(int client) {
            steps.add(client + " leaves");
            clients.remove((Integer) client);
            texts.remove(client);
            waiting.removeIf(one -> one.startsWith(client + " "));
            played.mux.disconnected(client);
        }

        private void ask() {
            String[] methods = {
                "workspace/configuration",
                "workspace/applyEdit",
                "x/ask",
                "client/registerCapability",
                "workspace/x/refresh"
            };
            String method = methods[random.nextInt(methods.length)];
            String id = random.nextBoolean() ? "" + nextId++ : "\"q" + nextId++ + "\"";
            steps.add("the server asks " + method + " " + id);
            questions.add(id);
            played.serverRequest(id, method, "{\"items\":[],\"edit\":{},\"registrations\":[]}");
        }

        private void answer(JsonObject asked) {
            steps.add("the server answers " + asked.get("id"));
            played.server("{\"jsonrpc\":\"2.0\",\"id\":" + asked.get("id") + ",\"result\":"
                    + asked.getAsJsonObject("params").get("who") + "}");
        }

        /** Takes note of everything that was said. */
        private void settle() {
            while (!played.server.isEmpty()) {
                serverTakes(played.server.remove());
            }
            played.clients.forEach((client, queue) -> {
                for (JsonObject message : new ArrayDeque<>(queue)) {
                    clientTakes(client, message);
                }
                queue.clear();
            });
            if (!played.server.isEmpty()) {
                settle();
            }
        }

        private void serverTakes(JsonObject message) {
            if (!message.has("method")) {
                String id = message.get("id").toString();
                assertTrue(questions.remove(id), "an answer to a question that is not open: " + message);
            } else if (message.has("id")) {
                assertTrue(idsAtServer.add(message.get("id").toString()), "an id that comes again: " + message);
                if (message.get("method").getAsString().equals("initialize")) {
                    played.server(
                            "{\"jsonrpc\":\"2.0\",\"id\":" + message.get("id") + ",\"result\":{\"capabilities\":{}}}");
                } else {
                    atServer.add(message);
                }
            } else {
                serverIsTold(message.get("method").getAsString(), message.getAsJsonObject("params"));
            }
        }

        private void serverIsTold(String method, JsonObject params) {
            if (!method.startsWith("textDocument/")) {
                return;
            }
            JsonObject item = params.getAsJsonObject("textDocument");
            String uri = item.get("uri").getAsString();
            switch (method) {
                case "textDocument/didOpen" -> {
                    assertNull(serverTexts.put(uri, item.get("text").getAsString()), "opened twice: " + uri);
                    serverVersions.put(uri, item.get("version").getAsLong());
                }
                case "textDocument/didChange" -> {
                    String before = serverTexts.get(uri);
                    assertNotNull(before, "changed, not open: " + uri);
                    long version = item.get("version").getAsLong();
                    assertTrue(version > serverVersions.getOrDefault(uri, 0L), "a version that does not rise");
                    serverVersions.put(uri, version);
                    JsonArray changes = params.getAsJsonArray("contentChanges");
                    JsonObject change = changes.get(0).getAsJsonObject();
                    String text = change.get("text").getAsString();
                    serverTexts.put(uri, change.has("range") ? text + before : text);
                }
                case "textDocument/didClose" -> assertNotNull(serverTexts.remove(uri), "closed, not open: " + uri);
                default -> throw new AssertionError(method);
            }
        }

        private void clientTakes(int client, JsonObject message) {
            if (!clients.contains(client) && !message.get("id").toString().equals("0")) {
                return; // what was said to it before it left
            }
            if (!message.has("method")) {
                if (message.has("result") && message.get("result").isJsonObject()) {
                    return; // of initialize
                }
                String asked = client + " " + message.get("id").getAsString();
                assertTrue(waiting.remove(asked), "an answer that nobody waits for: " + message);
                assertEquals(asked, message.get("result").getAsString(), "an answer to something else");
            } else if (message.has("id") && random.nextInt(3) > 0) {
                played.client(client, "{\"jsonrpc\":\"2.0\",\"id\":" + message.get("id") + ",\"result\":[]}");
            }
        }
    }
}
