package dev.sharedserver.lsp.mux;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

/** Changes of a document's text as LSP 3.17 defines them ("Text Documents"): positions count what was agreed on. */
final class Text {

    private Text() {}

    /** Returns the text after the changes of a didChange, one after another. */
    static String changed(String text, JsonArray changes, Columns columns) {
        String result = text;
        for (JsonElement element : changes) {
            if (element instanceof JsonObject change && change.has("text")) {
                result = changed(result, change, columns);
            }
        }
        return result;
    }

    private static String changed(String text, JsonObject change, Columns columns) {
        String inserted = change.get("text").getAsString();
        if (!(change.get("range") instanceof JsonObject range)) {
            return inserted;
        }
        int from = offset(text, range.getAsJsonObject("start"), columns);
        int to = Math.max(from, offset(text, range.getAsJsonObject("end"), columns));
        return new StringBuilder(text.length() - (to - from) + inserted.length())
                .append(text, 0, from)
                .append(inserted)
                .append(text, to, text.length())
                .toString();
    }

    /** A line that is not there is the end of the text, a character behind the end of a line the end of the line. */
    private static int offset(String text, JsonObject position, Columns columns) {
        int line = position.get("line").getAsInt();
        int at = 0;
        for (int i = 0; i < line; i++) {
            int end = lineEnd(text, at);
            if (end == text.length()) {
                return end;
            }
            at = end + (text.charAt(end) == '\r' && end + 1 < text.length() && text.charAt(end + 1) == '\n' ? 2 : 1);
        }
        int character = Math.max(0, position.get("character").getAsInt());
        int end = lineEnd(text, at);
        if (columns == Columns.UTF_16) {
            return character < end - at ? at + character : end;
        }
        int column = 0;
        while (at < end) {
            int codePoint = text.codePointAt(at);
            column += columns.of(codePoint);
            if (column > character) {
                break; // or in the middle of it, which no client should say
            }
            at += Character.charCount(codePoint);
        }
        return at;
    }

    private static int lineEnd(String text, int from) {
        int newline = text.indexOf('\n', from);
        int end = newline < 0 ? text.length() : newline;
        int carriage = text.indexOf('\r', from, end);
        return carriage < 0 ? end : carriage;
    }
}
