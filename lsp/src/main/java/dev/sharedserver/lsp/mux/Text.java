package dev.sharedserver.lsp.mux;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

/** Changes of a document's text as LSP 3.17 defines them ("Text Documents"): positions count UTF-16 code units. */
final class Text {

    private Text() {}

    /** Returns the text after the changes of a didChange, one after another. */
    static String changed(String text, JsonArray changes) {
        String result = text;
        for (JsonElement element : changes) {
            if (element instanceof JsonObject change && change.has("text")) {
                result = changed(result, change);
            }
        }
        return result;
    }

    private static String changed(String text, JsonObject change) {
        String inserted = change.get("text").getAsString();
        if (!(change.get("range") instanceof JsonObject range)) {
            return inserted;
        }
        int from = offset(text, range.getAsJsonObject("start"));
        int to = Math.max(from, offset(text, range.getAsJsonObject("end")));
        return new StringBuilder(text.length() - (to - from) + inserted.length())
                .append(text, 0, from)
                .append(inserted)
                .append(text, to, text.length())
                .toString();
    }

    /** A line that is not there is the end of the text, a character behind the end of a line the end of the line. */
    private static int offset(String text, JsonObject position) {
        int line = position.get("line").getAsInt();
        int at = 0;
        for (int i = 0; i < line; i++) {
            int end = lineEnd(text, at);
            if (end == text.length()) {
                return end;
            }
            at = end + (text.charAt(end) == '\r' && end + 1 < text.length() && text.charAt(end + 1) == '\n' ? 2 : 1);
        }
        return Math.min(at + Math.max(0, position.get("character").getAsInt()), lineEnd(text, at));
    }

    private static int lineEnd(String text, int from) {
        int newline = text.indexOf('\n', from);
        int end = newline < 0 ? text.length() : newline;
        int carriage = text.indexOf('\r', from, end);
        return carriage < 0 ? end : carriage;
    }
}
