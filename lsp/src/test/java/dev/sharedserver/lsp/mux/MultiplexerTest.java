package dev.sharedserver.lsp.mux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class MultiplexerTest {

    private static final String URI = "file:///a.c";
    private static final String HOVER = "textDocument/hover";

    private final Played played = new Played();

    private static JsonObject params(JsonObject message) {
        return message.getAsJsonObject("params");
    }

    private void two() {
        played.join(1);
        played.join(2);
        played.quiet();
    }

    @Test
    void theServerIsInitializedOnceAndLateClientsGetTheSameAnswer() {
        played.mux.connected(1);
        played.request(
                1,
                "\"a\"",
                "initialize",
                "{\"processId\":17,\"x\":1.50,\"capabilities\":{\"general\":{\"positionEncodings\":[\"utf-8\",\"utf-16\"]}}}");
        JsonObject seen = played.server.peek();
        assertTrue(params(seen).get("processId").isJsonNull());
        assertEquals("1.50", params(seen).get("x").toString());
        assertEquals(
                "[\"utf-16\"]",
                params(seen)
                        .getAsJsonObject("capabilities")
                        .getAsJsonObject("general")
                        .get("positionEncodings")
                        .toString());
        played.mux.connected(2);
        played.request(2, "0", "initialize", "{\"capabilities\":{}}");
        // what comes before the answer is normal
        played.serverNotify("window/logMessage", "{\"type\":3,\"message\":\"indexing\"}");
        played.nextAt(1, "window/logMessage");
        played.nextAt(2, "window/logMessage");
        played.serverAnswers("initialize", "{\"capabilities\":{\"n\":1e3}}");
        for (int client = 1; client <= 2; client++) {
            JsonObject answer = played.nextAt(client);
            assertEquals(client == 1 ? "\"a\"" : "0", answer.get("id").toString());
            assertEquals("{\"capabilities\":{\"n\":1e3}}", answer.get("result").toString());
            played.notify(client, "initialized", "{}");
        }
        played.nextAtServer("initialized");
        played.quiet();
    }

    @Test
    void aRefusedInitializeIsToldToAllWhoWait() {
        played.mux.connected(1);
        played.mux.connected(2);
        played.request(1, "5", "initialize", "{}");
        played.request(2, "6", "initialize", "{}");
        JsonObject asked = played.nextAtServer("initialize");
        played.server("{\"jsonrpc\":\"2.0\",\"id\":" + asked.get("id") + ",\"error\":{\"code\":1,\"message\":\"no\"}}");
        assertEquals(5, played.nextAt(1).get("id").getAsInt());
        assertTrue(played.nextAt(2).has("error"));
        played.request(2, "7", "initialize", "{}");
        played.nextAtServer("initialize");
        played.quiet();
    }

    @Test
    void theServerIsToldThatItIsInitializedThoughTheFirstClientIsGone() {
        played.mux.connected(1);
        played.request(1, "1", "initialize", "{}");
        played.mux.disconnected(1);
        played.serverAnswers("initialize", "{\"capabilities\":{}}");
        played.nextAtServer("initialized");
        played.join(2);
        played.quiet();
    }

    @Test
    void aServerThatWasWarmedUpAnswersTheFirstClientAtOnce() {
        played.mux.warmUp("file:///projects/x");
        JsonObject own = played.server.peek();
        assertEquals("file:///projects/x", params(own).get("rootUri").getAsString());
        played.serverAnswers("initialize", "{\"capabilities\":{}}");
        played.nextAtServer("initialized");
        played.join(1);
        played.quiet();
    }

    @Test
    void equalIdsOfTwoClientsAreToldApart() {
        two();
        played.request(1, "7", HOVER, Played.at(URI));
        played.request(2, "7", HOVER, Played.at(URI));
        String first = played.nextAtServer(HOVER).get("id").toString();
        String second = played.nextAtServer(HOVER).get("id").toString();
        assertNotEquals(first, second);
        played.server("{\"jsonrpc\":\"2.0\",\"id\":" + second + ",\"result\":2}");
        played.server("{\"jsonrpc\":\"2.0\",\"id\":" + first + ",\"result\":1}");
        for (int client = 1; client <= 2; client++) {
            JsonObject answer = played.nextAt(client);
            assertEquals(7, answer.get("id").getAsInt());
            assertEquals(client, answer.get("result").getAsInt());
        }
        played.quiet();
    }

    @Test
    void acancelHitsItsOwnRequestOnly() {
        two();
        played.request(1, "7", HOVER, Played.at(URI));
        played.request(2, "7", HOVER, Played.at(URI));
        played.nextAtServer(HOVER);
        String second = played.nextAtServer(HOVER).get("id").toString();
        played.notify(2, "$/cancelRequest", "{\"id\":7}");
        assertEquals(
                second, params(played.nextAtServer("$/cancelRequest")).get("id").toString());
        played.notify(2, "$/cancelRequest", "{\"id\":8}");
        played.quiet();
    }

    @Test
    void aClientThatGoesTakesItsRequestsBack() {
        two();
        played.request(1, "7", HOVER, Played.at(URI));
        String id = played.nextAtServer(HOVER).get("id").toString();
        played.mux.disconnected(1);
        assertEquals(
                id, params(played.nextAtServer("$/cancelRequest")).get("id").toString());
        played.server("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":1}");
        played.quiet();
    }

    @Test
    void equalProgressTokensAreToldApart() {
        two();
        played.request(1, "1", "x", "{\"workDoneToken\":1,\"partialResultToken\":\"p\"}");
        played.request(2, "1", "x", "{\"workDoneToken\":1}");
        JsonObject one = params(played.nextAtServer("x"));
        JsonObject two = params(played.nextAtServer("x"));
        assertNotEquals(one.get("workDoneToken"), two.get("workDoneToken"));
        played.serverNotify("$/progress", "{\"token\":" + two.get("workDoneToken") + ",\"value\":2}");
        played.serverNotify("$/progress", "{\"token\":" + one.get("partialResultToken") + ",\"value\":1}");
        assertEquals("1", params(played.nextAt(2, "$/progress")).get("token").toString());
        assertEquals(
                "\"p\"", params(played.nextAt(1, "$/progress")).get("token").toString());
        played.notify(2, "window/workDoneProgress/cancel", "{\"token\":1}");
        assertEquals(
                two.get("workDoneToken"),
                params(played.nextAtServer("window/workDoneProgress/cancel")).get("token"));
        played.quiet();
    }

    @Test
    void theServersOwnProgressIsForAllAndForLateClients() {
        played.join(1);
        played.serverRequest("\"w\"", "window/workDoneProgress/create", "{\"token\":\"i\"}");
        assertEquals("\"w\"", played.nextAtServer("").get("id").toString());
        played.nextAt(1, "window/workDoneProgress/create");
        played.serverNotify("$/progress", "{\"token\":\"i\",\"value\":{\"kind\":\"begin\",\"title\":\"t\"}}");
        played.nextAt(1, "$/progress");
        played.join(2);
        assertEquals(
                "\"i\"",
                params(played.nextAt(2, "window/workDoneProgress/create"))
                        .get("token")
                        .toString());
        played.nextAt(2, "$/progress");
        played.serverNotify("$/progress", "{\"token\":\"i\",\"value\":{\"kind\":\"end\"}}");
        played.nextAt(1, "$/progress");
        played.nextAt(2, "$/progress");
        played.join(3);
        played.quiet();
    }

    @Test
    void registrationsAreForAllAndForLateClientsUntilTheyAreTakenBack() {
        played.join(1);
        played.serverRequest(
                "1",
                "client/registerCapability",
                "{\"registrations\":[{\"id\":\"a\",\"method\":\"m\"},{\"id\":\"b\",\"method\":\"n\",\"registerOptions\":null}]}");
        assertEquals(1, played.nextAtServer("").get("id").getAsInt());
        JsonObject asked = played.nextAt(1, "client/registerCapability");
        played.client(1, "{\"jsonrpc\":\"2.0\",\"id\":" + asked.get("id") + ",\"result\":null}");
        played.join(2);
        assertEquals(
                "[{\"id\":\"a\",\"method\":\"m\"},{\"id\":\"b\",\"method\":\"n\",\"registerOptions\":null}]",
                params(played.nextAt(2, "client/registerCapability"))
                        .get("registrations")
                        .toString());
        played.serverRequest(
                "2", "client/unregisterCapability", "{\"unregisterations\":[{\"id\":\"a\",\"method\":\"m\"}]}");
        played.nextAtServer("");
        played.nextAt(1, "client/unregisterCapability");
        played.nextAt(2, "client/unregisterCapability");
        played.join(3);
        assertEquals(
                1,
                params(played.nextAt(3, "client/registerCapability"))
                        .getAsJsonArray("registrations")
                        .size());
        played.quiet();
    }

    @Test
    void anEditGoesToWhoseCommandItIs() {
        two();
        played.request(1, "1", "workspace/executeCommand", "{\"command\":\"c\"}");
        played.request(2, "1", HOVER, Played.at(URI));
        played.server.clear();
        played.serverRequest("9", "workspace/applyEdit", "{\"edit\":{\"changes\":{\"" + URI + "\":[]}}}");
        JsonObject asked = played.nextAt(1, "workspace/applyEdit");
        played.client(1, "{\"jsonrpc\":\"2.0\",\"id\":" + asked.get("id") + ",\"result\":{\"applied\":true}}");
        JsonObject answer = played.nextAtServer("");
        assertEquals(9, answer.get("id").getAsInt());
        assertTrue(answer.getAsJsonObject("result").get("applied").getAsBoolean());
        played.quiet();
    }

    @Test
    void anEditThatNobodyAskedForGoesToTheDocumentsOwnerOrToNobody() {
        two();
        played.open(2, URI, "x");
        played.server.clear();
        played.serverRequest(
                "9",
                "workspace/applyEdit",
                "{\"edit\":{\"documentChanges\":[{\"textDocument\":{\"uri\":\"" + URI + "\"},\"edits\":[]}]}}");
        played.nextAt(2, "workspace/applyEdit");
        played.mux.disconnected(2);
        // its owner has gone without an answer, and closed its document
        played.nextAtServer("textDocument/didClose");
        assertFalse(applied());
        played.serverRequest("10", "workspace/applyEdit", "{\"edit\":{}}");
        assertFalse(applied());
        played.quiet();
    }

    private boolean applied() {
        return played.nextAtServer("").getAsJsonObject("result").get("applied").getAsBoolean();
    }

    @Test
    void settingsAreAskedOfTheDocumentsOwnerAndKnownWithoutAClient() {
        two();
        played.open(1, URI, "x");
        played.server.clear();
        played.notify(2, "workspace/didChangeConfiguration", "{\"settings\":1}");
        played.notify(1, "workspace/didChangeConfiguration", "{\"settings\":1}");
        played.nextAtServer("workspace/didChangeConfiguration");
        played.quiet();
        String items = "{\"items\":[{\"scopeUri\":\"" + URI + "\",\"section\":\"s\"},{\"section\":\"t\"}]}";
        played.notify(2, "x", "{}"); // whoever was heard last does not matter
        played.server.clear();
        played.serverRequest("1", "workspace/configuration", items);
        JsonObject asked = played.nextAt(1, "workspace/configuration");
        played.client(1, "{\"jsonrpc\":\"2.0\",\"id\":" + asked.get("id") + ",\"result\":[{\"a\":1},2]}");
        assertEquals("[{\"a\":1},2]", played.nextAtServer("").get("result").toString());
        played.mux.disconnected(1);
        played.mux.disconnected(2);
        played.server.clear();
        played.serverRequest("2", "workspace/configuration", "{\"items\":[{\"section\":\"t\"},{\"section\":\"u\"}]}");
        assertEquals("[2,null]", played.nextAtServer("").get("result").toString());
        played.quiet();
    }

    @Test
    void anUnknownQuestionGoesToWhoWasHeardLastAndIsAnsweredWithoutIt() {
        two();
        played.serverRequest("3", "x/ask", "{}");
        played.nextAt(2, "x/ask");
        assertEquals(1000, played.mux.tick(999));
        assertTrue(played.server.isEmpty());
        played.mux.tick(1000);
        assertEquals(
                -32601,
                played.nextAtServer("").getAsJsonObject("error").get("code").getAsInt());
        assertEquals(Long.MAX_VALUE, played.mux.tick(2000));
        played.quiet();
    }

    @Test
    void whatAPersonAnswersHasNoTimeOut() {
        played.join(1);
        played.serverRequest("3", "window/showMessageRequest", "{}");
        played.nextAt(1, "window/showMessageRequest");
        assertEquals(Long.MAX_VALUE, played.mux.tick(1L << 40));
        played.mux.disconnected(1);
        assertTrue(played.nextAtServer("").get("result").isJsonNull());
    }

    @Test
    void whatPeersNeverAnswerIsKeptWithinBounds() {
        two();
        for (int i = 0; i < 2 * Multiplexer.MOST; i++) {
            played.serverRequest("" + i, "client/registerCapability", "{\"registrations\":[]}");
            played.serverRequest("\"a" + i + "\"", "window/workDoneProgress/create", "{\"token\":" + i + "}");
        }
        assertEquals(List.of(), played.mux.memory().unanswered());
        played.server.clear();
        played.clients.clear();
        // the oldest is answered without the editor, and its answer comes too late
        for (int i = 0; i <= Multiplexer.MOST; i++) {
            played.serverRequest("" + i, "window/showMessageRequest", "{}");
        }
        assertEquals(Multiplexer.MOST, played.mux.memory().unanswered().size());
        JsonObject answer = played.nextAtServer("");
        assertEquals(0, answer.get("id").getAsInt());
        assertTrue(answer.get("result").isJsonNull());
        String first = played.nextAt(2, "window/showMessageRequest").get("id").toString();
        played.client(2, "{\"jsonrpc\":\"2.0\",\"id\":" + first + ",\"result\":null}");
        played.clients.clear();
        played.quiet();

        // an editor's requests of which the server answers none, whatever ids they have
        for (int i = 0; i < Multiplexer.MOST; i++) {
            played.request(1, "1", HOVER, Played.at(URI));
        }
        played.server.clear();
        played.quiet();
        played.request(1, "2", HOVER, Played.at(URI));
        assertEquals(
                -32803, played.nextAt(1).getAsJsonObject("error").get("code").getAsInt());
        played.request(2, "2", HOVER, Played.at(URI));
        played.serverAnswers(HOVER, "3");
        assertEquals(3, played.nextAt(2).get("result").getAsInt());
        // nor is more kept of those who have left
        for (int client = 3; client <= 4; client++) {
            played.join(client);
            for (int i = 0; i < Multiplexer.MOST; i++) {
                played.request(client, "1", HOVER, Played.at(URI));
            }
        }
        for (int client = 1; client <= 4; client++) {
            played.mux.disconnected(client);
        }
        assertEquals(Multiplexer.MOST, played.mux.pending());
        // what was begun and never ended: a late client hears of the newest only
        played.server.clear();
        played.clients.clear();
        played.join(5);
        assertEquals(
                Multiplexer.MOST, Objects.requireNonNull(played.clients.get(5)).size());
    }

    @Test
    void theServersCancelReachesTheClientThatWasAsked() {
        two();
        played.serverRequest("\"q\"", "x/ask", "{}");
        JsonObject asked = played.nextAt(2, "x/ask");
        played.serverNotify("$/cancelRequest", "{\"id\":\"q\"}");
        assertEquals(
                asked.get("id"), params(played.nextAt(2, "$/cancelRequest")).get("id"));
        played.quiet();
    }

    @Test
    void refreshesAreForAll() {
        two();
        played.serverRequest("3", "workspace/semanticTokens/refresh", "null");
        assertTrue(played.nextAtServer("").get("result").isJsonNull());
        played.nextAt(1, "workspace/semanticTokens/refresh");
        played.nextAt(2, "workspace/semanticTokens/refresh");
        played.quiet();
    }

    @Test
    void shutdownAndExitEndThatClientOnly() {
        two();
        played.request(1, "1", "shutdown", "null");
        assertTrue(played.nextAt(1).get("result").isJsonNull());
        played.request(1, "2", HOVER, Played.at(URI));
        assertEquals(
                -32600, played.nextAt(1).getAsJsonObject("error").get("code").getAsInt());
        played.notify(1, "exit", "null");
        played.notify(2, "exit", "null");
        assertEquals(Map.of(1, 0, 2, 1), played.ended);
        played.quiet();
    }

    @Test
    void requestsBeforeInitializeAreRefusedAndNotificationsDropped() {
        played.mux.connected(1);
        played.request(1, "1", HOVER, Played.at(URI));
        assertEquals(
                -32002, played.nextAt(1).getAsJsonObject("error").get("code").getAsInt());
        played.open(1, URI, "x");
        played.client(1, "nonsense");
        assertEquals(
                -32700, played.nextAt(1).getAsJsonObject("error").get("code").getAsInt());
        played.quiet();
    }

    // ---- documents ----

    @Test
    void aDocumentIsOpenedOnceAndClosedWithTheLast() {
        two();
        played.open(1, URI, "x");
        played.nextAtServer("textDocument/didOpen");
        played.serverNotify(
                "textDocument/publishDiagnostics", "{\"uri\":\"" + URI + "\",\"version\":1,\"diagnostics\":[]}");
        played.nextAt(1, "textDocument/publishDiagnostics");
        played.nextAt(2, "textDocument/publishDiagnostics");
        played.open(2, URI, "x");
        // a late opener gets what is known
        played.nextAt(2, "textDocument/publishDiagnostics");
        played.quiet();
        played.notify(1, "textDocument/didClose", "{\"textDocument\":{\"uri\":\"" + URI + "\"}}");
        played.quiet();
        played.mux.disconnected(2);
        assertEquals(
                URI,
                params(played.nextAtServer("textDocument/didClose"))
                        .getAsJsonObject("textDocument")
                        .get("uri")
                        .getAsString());
        played.quiet();
    }

    @Test
    void whereTextsDifferTheNewestCountsAndTheOthersAreRefusedUntilTheyHaveIt() {
        two();
        played.open(1, URI, "x");
        played.nextAtServer("textDocument/didOpen");
        played.open(2, URI, "y");
        JsonObject whole = params(played.nextAtServer("textDocument/didChange"));
        assertEquals(2, whole.getAsJsonObject("textDocument").get("version").getAsInt());
        assertEquals("[{\"text\":\"y\"}]", whole.get("contentChanges").toString());
        played.request(1, "1", HOVER, Played.at(URI));
        assertEquals(
                -32801, played.nextAt(1).getAsJsonObject("error").get("code").getAsInt());
        played.notify(1, "textDocument/didSave", "{\"textDocument\":{\"uri\":\"" + URI + "\"}}");
        played.serverNotify(
                "textDocument/publishDiagnostics", "{\"uri\":\"" + URI + "\",\"version\":2,\"diagnostics\":[]}");
        // by the name that its client has for that text
        assertEquals(
                1,
                params(played.nextAt(2, "textDocument/publishDiagnostics"))
                        .get("version")
                        .getAsInt());
        played.quiet();
        played.change(1, URI, 5, "y");
        assertEquals(
                5,
                params(played.nextAt(1, "textDocument/publishDiagnostics"))
                        .get("version")
                        .getAsInt());
        played.quiet();
        played.request(1, "1", HOVER, Played.at(URI));
        played.nextAtServer(HOVER);
        played.change(1, URI, 6, "z");
        assertEquals(
                6,
                params(played.nextAtServer("textDocument/didChange"))
                        .getAsJsonObject("textDocument")
                        .get("version")
                        .getAsInt());
        played.request(2, "1", HOVER, Played.at(URI));
        assertEquals(
                -32801, played.nextAt(2).getAsJsonObject("error").get("code").getAsInt());
        // the one whose text counts goes: the other's counts again
        played.mux.disconnected(1);
        played.nextAtServer("$/cancelRequest");
        assertEquals(
                "[{\"text\":\"y\"}]",
                params(played.nextAtServer("textDocument/didChange"))
                        .get("contentChanges")
                        .toString());
        played.quiet();
    }

    @Test
    void oneDocumentMayBeSpelledInManyWays() {
        String one = "file:///c++/%c3%a9.c";
        String other = "file:///c%2B%2B/%C3%A9.c";
        two();
        played.open(1, one, "x");
        played.nextAtServer("textDocument/didOpen");
        played.serverNotify(
                "textDocument/publishDiagnostics", "{\"uri\":\"" + one + "\",\"version\":1,\"diagnostics\":[]}");
        played.nextAt(1, "textDocument/publishDiagnostics");
        played.nextAt(2, "textDocument/publishDiagnostics");
        played.open(2, other, "x");
        // each is told of it by the name that it has given
        assertEquals(other, uri(played.nextAt(2, "textDocument/publishDiagnostics")));
        played.quiet();
        assertEquals(List.of(one), played.mux.documents());
        // and so is the server
        played.request(2, "1", HOVER, Played.at(other));
        assertEquals(one, document(played.nextAtServer(HOVER)));
        played.change(2, other, 7, "y");
        JsonObject change = played.nextAtServer("textDocument/didChange");
        assertEquals(one, document(change));
        assertEquals(
                7, params(change).getAsJsonObject("textDocument").get("version").getAsInt());
        played.request(1, "1", HOVER, Played.at(one));
        assertEquals(
                -32801, played.nextAt(1).getAsJsonObject("error").get("code").getAsInt());
        played.notify(2, "textDocument/didSave", "{\"textDocument\":{\"uri\":\"" + other + "\"}}");
        assertEquals(one, document(played.nextAtServer("textDocument/didSave")));
        played.notify(2, "x/note", "{\"textDocument\":{\"uri\":\"" + other + "\"}}");
        assertEquals(one, document(played.nextAtServer("x/note")));
        // a third spelling, the server's own, is no business of ours
        String own = "file:///c++/%C3%A9.c";
        played.serverNotify(
                "textDocument/publishDiagnostics", "{\"uri\":\"" + own + "\",\"version\":7,\"diagnostics\":[]}");
        assertEquals(own, uri(played.nextAt(2, "textDocument/publishDiagnostics")));
        played.quiet();
        played.change(1, one, 2, "y");
        assertEquals(own, uri(played.nextAt(1, "textDocument/publishDiagnostics")));
        played.quiet();
        played.notify(2, "textDocument/didClose", "{\"textDocument\":{\"uri\":\"" + other + "\"}}");
        played.quiet();
        played.mux.disconnected(1);
        assertEquals(one, document(played.nextAtServer("textDocument/didClose")));
        played.quiet();
    }

    private static String uri(JsonObject message) {
        return params(message).get("uri").getAsString();
    }

    private static String document(JsonObject message) {
        return params(message).getAsJsonObject("textDocument").get("uri").getAsString();
    }

    @Test
    void aStaleClientsOwnChangeCountsAsAWhole() {
        two();
        played.open(1, URI, "ab");
        played.open(2, URI, "ab");
        played.change(1, URI, 2, "cd");
        played.server.clear();
        played.notify(
                2,
                "textDocument/didChange",
                "{\"textDocument\":{\"uri\":\"" + URI + "\",\"version\":2},\"contentChanges\":[{\"range\":{\"start\":"
                        + "{\"line\":0,\"character\":1},\"end\":{\"line\":0,\"character\":2}},\"text\":\"X\"}]}");
        JsonObject change = params(played.nextAtServer("textDocument/didChange"));
        assertEquals("[{\"text\":\"aX\"}]", change.get("contentChanges").toString());
        assertEquals(3, change.getAsJsonObject("textDocument").get("version").getAsInt());
        played.quiet();
    }

    @Test
    void editsSayVersionsAsTheirClientCallsThem() {
        two();
        played.open(1, URI, "x");
        played.change(1, URI, 9, "y");
        played.open(2, URI, "y");
        played.server.clear();
        played.request(2, "1", "textDocument/rename", Played.at(URI));
        played.serverAnswers(
                "textDocument/rename",
                "{\"documentChanges\":[{\"textDocument\":{\"uri\":\"" + URI + "\",\"version\":9},\"edits\":[]}]}");
        assertEquals(
                "{\"documentChanges\":[{\"textDocument\":{\"uri\":\"" + URI + "\",\"version\":1},\"edits\":[]}]}",
                played.nextAt(2).get("result").toString());
        played.quiet();
    }

    @Test
    void workspaceFoldersOfLateClientsAreAdded() {
        played.mux.connected(1);
        played.request(1, "0", "initialize", "{\"rootUri\":\"file:///a\",\"capabilities\":{}}");
        played.serverAnswers(
                "initialize",
                "{\"capabilities\":{\"workspace\":{\"workspaceFolders\":{\"supported\":true,\"changeNotifications\":\"x\"}}}}");
        played.nextAt(1);
        played.notify(1, "initialized", "{}");
        played.nextAtServer("initialized");
        played.mux.connected(2);
        played.request(
                2,
                "0",
                "initialize",
                "{\"workspaceFolders\":[{\"uri\":\"file:///%61/\"},{\"uri\":\"file:///b\"}],\"capabilities\":{}}");
        assertEquals(
                "{\"added\":[{\"uri\":\"file:///b\",\"name\":\"b\"}],\"removed\":[]}",
                params(played.nextAtServer("workspace/didChangeWorkspaceFolders"))
                        .get("event")
                        .toString());
        played.nextAt(2);
        played.serverRequest("1", "workspace/workspaceFolders", "null");
        assertEquals(2, played.nextAtServer("").getAsJsonArray("result").size());
        // what somebody else has, under whatever name, stays; what nobody has goes by the name that the server was told
        played.notify(2, "initialized", "{}");
        String removed = "{\"event\":{\"added\":[],\"removed\":[{\"uri\":\"file:///a/\"},{\"uri\":\"file:///%62\"}]}}";
        played.notify(2, "workspace/didChangeWorkspaceFolders", removed);
        assertEquals(
                "{\"added\":[],\"removed\":[{\"uri\":\"file:///b\",\"name\":\"b\"}]}",
                params(played.nextAtServer("workspace/didChangeWorkspaceFolders"))
                        .get("event")
                        .toString());
        played.quiet();
    }

    // ---- a new hub ----

    @Test
    void anotherMultiplexerTakesOverTheServer() {
        played.join(1);
        played.serverRequest("1", "client/registerCapability", "{\"registrations\":[{\"id\":\"a\",\"method\":\"m\"}]}");
        played.open(1, URI, "x");
        played.serverRequest("\"q\"", "x/ask", "{}");
        Memory memory = played.mux.memory();
        assertEquals(List.of(URI), memory.open());
        assertEquals(List.of("\"q\""), memory.unanswered());
        Played next = new Played(memory);
        next.mux.resume(memory);
        assertEquals("\"q\"", next.nextAtServer("").get("id").toString());
        next.nextAtServer("textDocument/didClose");
        next.join(1);
        next.nextAt(1, "client/registerCapability");
        next.open(1, URI, "x");
        next.nextAtServer("textDocument/didOpen");
        next.quiet();
    }
}
