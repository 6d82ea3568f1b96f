package dev.sharedserver.lsp.mux;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.sharedserver.lsp.protocol.Json;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what the columns of a server count that somebody else has initialized: it is given a document with one symbol behind a
 * character that takes four columns in UTF-8, two in UTF-16 and one in UTF-32, and asked where the symbol is. There is no such file.
 *
 * @param uri of the document
 * @param language of the document
 * @param text of the document, one line
 * @param before how many columns are before the symbol, but for the one character
 * @param name how many columns its declaration has before its name: servers tell either place
 */
record ColumnProbe(String uri, String language, String text, int before, int name) {

    private static final int CHARACTER = 0x1F600;

    /**
     * Servers that are known to agree on other than UTF-16, and that answer this. It cannot arise with pylsp, nor with what is
     * written with vscode-languageserver (typescript-language-server, pyright, bash-language-server): they know nothing else.
     */
    private static final Set<String> CLANGD = Set.of("clangd");

    /** Returns the one for a type of server; null if there is none. */
    static @Nullable ColumnProbe of(String type, String rootUri) {
        return CLANGD.contains(type)
                ? new ColumnProbe(
                        rootUri + "/.sharedserver-columns.cpp",
                        "cpp",
                        "/*" + Character.toString(CHARACTER) + "*/int sharedserver_columns;\n",
                        4,
                        4)
                : null;
    }

    byte[] open() {
        return Json.bytes(
                "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didOpen\",\"params\":{\"textDocument\":{\"uri\":"
                        + Json.quote(uri) + ",\"languageId\":\"" + language + "\",\"version\":1,\"text\":"
                        + Json.quote(text)
                        + "}}}");
    }

    byte[] ask(long id) {
        return Json.bytes("{\"jsonrpc\":\"2.0\",\"id\":" + id
                + ",\"method\":\"textDocument/documentSymbol\",\"params\":{\"textDocument\":{\"uri\":" + Json.quote(uri)
                + "}}}");
    }

    /** Returns what the columns count, by the answer; null if that does not tell. */
    @Nullable
    Columns answered(@Nullable JsonElement result) {
        if (!(result instanceof JsonArray symbols) || symbols.isEmpty()) {
            return null;
        }
        Long column = column(symbols.get(0));
        for (Columns one : Columns.values()) {
            int expected = before + one.of(CHARACTER);
            if (column != null && (column == expected || column == expected + name)) {
                return one;
            }
        }
        return null;
    }

    private static @Nullable Long column(JsonElement symbol) {
        if (symbol instanceof JsonObject object) {
            JsonElement place = object.get("location") instanceof JsonObject location ? location : object;
            if (place instanceof JsonObject with
                    && with.get("range") instanceof JsonObject range
                    && range.get("start") instanceof JsonObject start
                    && start.get("character") instanceof JsonPrimitive character
                    && character.isNumber()) {
                return Values.number(character.getAsString());
            }
        }
        return null;
    }
}
