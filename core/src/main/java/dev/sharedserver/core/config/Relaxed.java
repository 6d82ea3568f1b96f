package dev.sharedserver.core.config;

/**
 * Makes strict JSON of the JSON that people write by hand: comments and trailing commas become blanks, so that every
 * other character keeps its line and column.
 */
final class Relaxed {

    private Relaxed() {}

    static String strict(String text) {
        StringBuilder out = new StringBuilder(text);
        int comma = -1;
        for (int i = 0; i < out.length(); i++) {
            char c = out.charAt(i);
            if (c == '"') {
                i = endOfString(out, i);
                comma = -1;
            } else if (c == '/' && i + 1 < out.length() && out.charAt(i + 1) == '/') {
                i = blank(out, i, lineEnd(out, i)) - 1;
            } else if (c == '/' && i + 1 < out.length() && out.charAt(i + 1) == '*') {
                int end = out.indexOf("*/", i + 2);
                i = blank(out, i, end < 0 ? out.length() : end + 2) - 1;
            } else if (c == ',') {
                comma = i;
            } else if ((c == '}' || c == ']') && comma >= 0) {
                out.setCharAt(comma, ' ');
                comma = -1;
            } else if (c > ' ') {
                comma = -1;
            }
        }
        return out.toString();
    }

    private static int endOfString(StringBuilder text, int start) {
        for (int i = start + 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '"' || c == '\n') {
                return i;
            }
        }
        return text.length();
    }

    private static int lineEnd(StringBuilder text, int start) {
        int end = text.indexOf("\n", start);
        return end < 0 ? text.length() : end;
    }

    private static int blank(StringBuilder text, int start, int end) {
        for (int i = start; i < end; i++) {
            if (text.charAt(i) != '\n') {
                text.setCharAt(i, ' ');
            }
        }
        return end;
    }
}
