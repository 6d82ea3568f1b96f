package dev.sharedserver.lsp.mux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server that somebody else initialized, and who is served through us beside clients of our own. */
class ElderTest {

    private static final String URI = "file:///a.c";
    private static final String HOVER = "textDocument/hover";
    private static final int ELDER = 1;
    private static final int LATE = 2;

    private final Played played = foreign();

    static Played foreign() {
        Played played = new Played(new Memory(
                "{\"capabilities\":{\"hoverProvider\":true}}", true, List.of(), List.of(), List.of(), List.of()));
        played.mux.foreign(1000);
        played.mux.elder(ELDER);
        return played;
    }

    private static JsonObject params(JsonObject message) {
        return message.getAsJsonObject("params");
    }

    @Test
    void nothingOfAnInitializeReachesTheServer() {
        played.join(LATE);
        played.request(LATE, "3", HOVER, Played.at(URI));
        assertEquals(1000, played.nextAtServer(HOVER).get("id").getAsInt());
        played.quiet();
    }

    @Test
    void whatTheElderAsksAndIsAskedKeepsItsId() {
        played.join(LATE);
        played.request(ELDER, "7", HOVER, Played.at(URI));
        assertEquals(7, played.nextAtServer(HOVER).get("id").getAsInt());
        played.request(LATE, "7", HOVER, Played.at(URI));
        assertEquals(1000, played.nextAtServer(HOVER).get("id").getAsInt());
        played.server("{\"jsonrpc\":\"2.0\",\"id\":1000,\"result\":\"late\"}");
        played.server("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"elder\"}");
        assertEquals("elder", played.nextAt(ELDER).get("result").getAsString());
        assertEquals("late", played.nextAt(LATE).get("result").getAsString());
        played.notify(ELDER, "x/last", "{}"); // who was heard of last is asked
        played.nextAtServer("x/last");
        played.serverRequest("\"q\"", "x/ask", "{}");
        assertEquals("q", played.nextAt(ELDER, "x/ask").get("id").getAsString());
        played.client(ELDER, "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"result\":1}");
        assertEquals("q", played.server.remove().get("id").getAsString());
        played.quiet();
    }

    @Test
    void whatWasUnderWayBeforeUsGoesOn() {
        played.server("{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":\"of before\"}");
        assertEquals("of before", played.nextAt(ELDER).get("result").getAsString());
        played.client(ELDER, "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":\"of before\"}");
        assertEquals("of before", played.server.remove().get("result").getAsString());
        played.notify(ELDER, "$/cancelRequest", "{\"id\":6}");
        played.nextAtServer("$/cancelRequest");
        // an answer to a request that an earlier hub made for somebody who is gone
        played.server("{\"jsonrpc\":\"2.0\",\"id\":1500,\"result\":1}");
        played.client(ELDER, "{\"jsonrpc\":\"2.0\",\"id\":1501,\"result\":1}");
        played.quiet();
    }

    @Test
    void whatAHubAskedThatWasKilledIsNotForTheServer() {
        played.client(
                ELDER,
                "{\"jsonrpc\":\"2.0\",\"id\":\"sharedserver-1-a\",\"error\":{\"code\":-32601,\"message\":\"\"}}");
        played.quiet();
    }

    private static final String PROBE = "file:///r/.sharedserver-columns.cpp";

    /** Asks what the columns are; the answer has the symbol at that one. */
    private void columns(String symbol) {
        played.mux.askColumns("clangd", "file:///r");
        assertEquals(
                PROBE,
                params(played.nextAtServer("textDocument/didOpen"))
                        .getAsJsonObject("textDocument")
                        .get("uri")
                        .getAsString());
        assertTrue(played.mux.isAskingColumns());
        played.serverAnswers("textDocument/documentSymbol", symbol);
        assertFalse(played.mux.isAskingColumns());
        played.nextAtServer("textDocument/didClose");
        played.serverNotify("textDocument/publishDiagnostics", "{\"uri\":\"" + PROBE + "\",\"diagnostics\":[]}");
        played.quiet();
    }

    private JsonObject answer(int client, String capabilities) {
        played.mux.connected(client);
        played.request(client, "0", "initialize", "{\"capabilities\":" + capabilities + "}");
        JsonObject answer = played.nextAt(client);
        played.quiet();
        return answer;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "UTF_8|[{\"range\":{\"start\":{\"line\":0,\"character\":8}}}]",
                "UTF_8|[{\"location\":{\"range\":{\"start\":{\"line\":0,\"character\":12}}}}]",
                "UTF_16|[{\"range\":{\"start\":{\"line\":0,\"character\":6}}}]",
                "UTF_16|[{\"location\":{\"range\":{\"start\":{\"line\":0,\"character\":10}}}}]",
                "UTF_32|[{\"range\":{\"start\":{\"line\":0,\"character\":5}}}]",
                "UTF_16|[{\"range\":{\"start\":{\"line\":0,\"character\":\"8\"}}}]",
                "UTF_16|[{\"range\":{\"start\":{\"line\":0,\"character\":8e99999999}}}]",
                "UTF_16|[{\"range\":[]}]",
                "UTF_16|[7]",
                "UTF_16|[]",
                "UTF_16|null",
                "UTF_16|{}"
            })
    void whatTheColumnsCountIsSeenFromWhereASymbolIs(Columns expected, String symbol) {
        columns(symbol);
        assertEquals(expected, played.mux.columns());
    }

    @Test
    void whoCountsOtherwiseThanAForeignServerIsRefusedWhoDoesTooIsToldInItsWords() {
        columns("[{\"range\":{\"start\":{\"line\":0,\"character\":8}}}]");
        JsonObject refused = answer(LATE, "{\"general\":{\"positionEncodings\":[\"utf-16\"]}}");
        assertEquals(-32803, refused.getAsJsonObject("error").get("code").getAsInt());
        assertTrue(refused.toString().contains("utf-8"), refused::toString);
        assertTrue(answer(3, "{}").has("error"));
        JsonObject standard = answer(4, "{\"general\":{\"positionEncodings\":[\"utf-16\",\"utf-8\"]}}")
                .getAsJsonObject("result");
        assertEquals(
                "utf-8",
                standard.getAsJsonObject("capabilities").get("positionEncoding").getAsString());
        assertFalse(standard.has("offsetEncoding"));
        JsonObject old = answer(5, "{\"offsetEncoding\":[\"utf-8\"]}").getAsJsonObject("result");
        assertEquals("utf-8", old.get("offsetEncoding").getAsString());
        assertFalse(old.getAsJsonObject("capabilities").has("positionEncoding"));
        // a hub that comes later knows it
        Played later = new Played(played.mux.memory());
        assertEquals(Columns.UTF_8, later.mux.columns());
    }

    @Test
    void aTextThatChangesIsKeptInTheColumnsThatWereAgreedOn() {
        columns("[{\"range\":{\"start\":{\"line\":0,\"character\":8}}}]");
        played.open(ELDER, URI, "é😀b");
        played.nextAtServer("textDocument/didOpen");
        played.notify(
                ELDER,
                "textDocument/didChange",
                "{\"textDocument\":{\"uri\":\"" + URI + "\",\"version\":2},\"contentChanges\":[{\"range\":{\"start\":"
                        + "{\"line\":0,\"character\":6},\"end\":{\"line\":0,\"character\":7}},\"text\":\"c\"}]}");
        played.nextAtServer("textDocument/didChange");
        assertTrue(answer(LATE, "{\"offsetEncoding\":[\"utf-8\"]}").has("result"));
        played.notify(LATE, "initialized", "{}");
        played.open(LATE, URI, "é😀c");
        played.quiet(); // the same text: nothing is to be told
    }

    @Test
    void aDocumentThatNobodyWasHeardToOpenIsClosedBefore() {
        played.join(LATE);
        played.open(LATE, URI, "x");
        played.nextAtServer("textDocument/didClose");
        played.nextAtServer("textDocument/didOpen");
        // its diagnostics are for the elder, too, who counts otherwise
        played.serverNotify(
                "textDocument/publishDiagnostics", "{\"uri\":\"" + URI + "\",\"version\":1,\"diagnostics\":[]}");
        assertTrue(params(played.nextAt(LATE)).has("version"));
        assertFalse(params(played.nextAt(ELDER)).has("version"));
        // the elder may have it open
        played.notify(LATE, "textDocument/didClose", "{\"textDocument\":{\"uri\":\"" + URI + "\"}}");
        played.quiet();
        played.notify(ELDER, "textDocument/didClose", "{\"textDocument\":{\"uri\":\"" + URI + "\"}}");
        played.nextAtServer("textDocument/didClose");
        // from now on it is known that nobody has
        played.open(LATE, URI, "x");
        played.nextAtServer("textDocument/didOpen");
        played.notify(LATE, "textDocument/didClose", "{\"textDocument\":{\"uri\":\"" + URI + "\"}}");
        played.nextAtServer("textDocument/didClose");
        played.quiet();
    }

    @Test
    void whoLeavesTakesUnsavedTextAlong() {
        played.join(LATE);
        played.open(LATE, URI, "x");
        played.server.clear();
        played.change(LATE, URI, 2, "y");
        played.nextAtServer("textDocument/didChange");
        played.request(ELDER, "1", HOVER, Played.at(URI));
        assertEquals(
                -32801,
                played.nextAt(ELDER).getAsJsonObject("error").get("code").getAsInt());
        played.mux.disconnected(LATE);
        JsonObject change = params(played.nextAtServer("textDocument/didChange"));
        assertEquals(
                "x",
                change.getAsJsonArray("contentChanges")
                        .get(0)
                        .getAsJsonObject()
                        .get("text")
                        .getAsString());
        played.request(ELDER, "1", HOVER, Played.at(URI));
        played.nextAtServer(HOVER);
        played.quiet();
    }

    @Test
    void theEldersEndIsNotTheServers() {
        played.join(LATE);
        played.open(LATE, URI, "x");
        played.server.clear();
        played.notify(ELDER, "x/last", "{}");
        played.server.clear();
        played.serverRequest("5", "x/ask", "{}");
        played.nextAt(ELDER, "x/ask");
        played.request(ELDER, "9", "x/never", "{}");
        played.nextAtServer("x/never");
        played.request(ELDER, "10", "shutdown", "null");
        assertTrue(played.nextAt(ELDER).get("result").isJsonNull());
        played.notify(ELDER, "exit", "null");
        assertEquals(0, played.ended.get(ELDER));
        played.mux.disconnected(ELDER);
        assertEquals(9, params(played.nextAtServer("$/cancelRequest")).get("id").getAsInt());
        assertTrue(played.server.remove().has("error"), "the question is answered");
        played.server("{\"jsonrpc\":\"2.0\",\"id\":9,\"error\":{\"code\":-32800,\"message\":\"cancelled\"}}");
        played.quiet();
        played.mux.disconnected(LATE);
        played.nextAtServer("textDocument/didClose");
    }

    @Test
    void aSuccessorClosesOnlyWhatTheElderCannotHave() {
        played.open(ELDER, "file:///own", "x");
        played.join(LATE);
        played.open(LATE, URI, "x");
        played.notify(ELDER, "textDocument/didClose", "{\"textDocument\":{\"uri\":\"" + URI + "\"}}");
        assertEquals(List.of(URI), played.mux.memory().open());
        Played next = new Played(played.mux.memory());
        next.mux.foreign(1000);
        next.mux.elder(ELDER);
        next.mux.resume(played.mux.memory());
        assertEquals(
                URI,
                params(next.nextAtServer("textDocument/didClose"))
                        .getAsJsonObject("textDocument")
                        .get("uri")
                        .getAsString());
        // changes of what it had open before are passed on, though its text is not known
        next.notify(
                ELDER,
                "textDocument/didChange",
                "{\"textDocument\":{\"uri\":\"file:///own\",\"version\":2},\"contentChanges\":[{\"range\":{\"start\":"
                        + "{\"line\":0,\"character\":0},\"end\":{\"line\":0,\"character\":0}},\"text\":\"y\"}]}");
        next.nextAtServer("textDocument/didChange");
        next.quiet();
    }
}
