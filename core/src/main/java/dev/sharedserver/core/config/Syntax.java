package dev.sharedserver.core.config;

import dev.sharedserver.core.Quote;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads JSON as people write it by hand: RFC 8259 plus comments ({@code //}, and from slash-star to star-slash), one
 * trailing comma behind the last item, and a byte order mark. Everything else is refused, with the place.
 */
public final class Syntax {

    private static final int MAX_DEPTH = 64;

    private final String text;
    private int at;
    private int depth;
    private int line = 1;
    private int lineStart;
    private int countedTo;
    private int counted;

    /** Keys and indices that lead to where we are: made into text only when something is wrong. */
    private final ArrayDeque<Object> path = new ArrayDeque<>();

    private Syntax(String text) {
        this.text = text;
    }

    /** The text is no JSON: where, and what to do. */
    public static final class Wrong extends Exception {
        private static final long serialVersionUID = 1L;

        private final int line;
        private final int column;
        private final String path;
        private final String text;

        Wrong(int line, int column, String path, String text) {
            super(text, null, false, false);
            this.line = line;
            this.column = column;
            this.path = path;
            this.text = text;
        }

        /** Returns it as a problem of that file. */
        public Problem in(String file) {
            return new Problem(file, line, column, path, null, text);
        }
    }

    /** Returns the one value that a file of these bytes holds. */
    public static Node parse(byte[] bytes) throws Wrong {
        return parse(decode(bytes));
    }

    /** Returns the text of UTF-8. */
    static String decode(byte[] bytes) throws Wrong {
        CharBuffer text = CharBuffer.allocate(bytes.length);
        CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes), text, true);
        text.flip();
        String decoded = text.toString();
        if (result.isError()) {
            int lineStart = decoded.lastIndexOf('\n') + 1;
            int line = 1 + (int) decoded.chars().filter(c -> c == '\n').count();
            int column = decoded.codePointCount(lineStart, decoded.length()) + 1;
            throw new Wrong(line, column, "", "this byte is no UTF-8: save the file as UTF-8");
        }
        return decoded;
    }

    /** Returns the one value that {@code text} holds. */
    public static Node parse(String text) throws Wrong {
        Syntax syntax = new Syntax(text);
        if (text.startsWith("\ufeff")) {
            syntax.at = 1;
            syntax.lineStart = 1;
            syntax.countedTo = 1;
        }
        syntax.skip();
        Node node = syntax.value();
        syntax.skip();
        if (syntax.at < text.length()) {
            throw syntax.wrong(syntax.found() + " stands behind the end of the JSON value: remove it");
        }
        return node;
    }

    private Wrong wrong(String what) {
        return new Wrong(line, column(), path(), what);
    }

    private String path() {
        String text = "";
        for (Object step : path) {
            text = step instanceof String key ? Node.path(text, key) : text + "[" + step + "]";
        }
        return text;
    }

    /** Counts on from where it was asked last: a file may be one long line. */
    private int column() {
        if (at < countedTo || countedTo < lineStart) {
            countedTo = lineStart;
            counted = 0;
        }
        counted += text.codePointCount(countedTo, at);
        countedTo = at;
        return counted + 1;
    }

    /** Describes what stands here. */
    private String found() {
        if (at >= text.length()) {
            return "the end of the file";
        }
        int end = at;
        while (end < text.length() && isWord(text.charAt(end))) {
            end++;
        }
        return Quote.of(end > at ? text.substring(at, end) : new String(Character.toChars(text.codePointAt(at))));
    }

    private static boolean isWord(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '-' || c == '+' || c == '.';
    }

    private boolean next(char c) {
        return at < text.length() && text.charAt(at) == c;
    }

    /** Passes blanks and comments. */
    private void skip() throws Wrong {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\n') {
                newLine();
            } else if (c == ' ' || c == '\t' || c == '\r') {
                at++;
            } else if (text.startsWith("//", at)) {
                while (at < text.length() && text.charAt(at) != '\n') {
                    at++;
                }
            } else if (text.startsWith("/*", at)) {
                int end = text.indexOf("*/", at + 2);
                if (end < 0) {
                    throw wrong("this comment never ends: add */");
                }
                while (at < end) {
                    if (text.charAt(at) == '\n') {
                        newLine();
                    } else {
                        at++;
                    }
                }
                at += 2;
            } else {
                return;
            }
        }
    }

    private void newLine() {
        at++;
        line++;
        lineStart = at;
    }

    private Node value() throws Wrong {
        int startLine = line;
        int startColumn = column();
        if (at >= text.length()) {
            throw wrong("a value is expected here, found the end of the file");
        }
        char c = text.charAt(at);
        if (c == '{' || c == '[') {
            if (depth == MAX_DEPTH) {
                throw wrong("more than " + MAX_DEPTH + " levels deep");
            }
            depth++;
            Node node = c == '{'
                    ? new Node.Dict(startLine, startColumn, members())
                    : new Node.Items(startLine, startColumn, items());
            depth--;
            return node;
        }
        if (c == '"') {
            return new Node.Text(startLine, startColumn, string());
        }
        if (c == '-' || c >= '0' && c <= '9') {
            return new Node.Numeral(startLine, startColumn, number());
        }
        if (word("true") || word("false")) {
            return new Node.Bool(startLine, startColumn, c == 't');
        }
        if (word("null")) {
            return new Node.Nothing(startLine, startColumn);
        }
        String hint = c == '\'' || Character.isLetter(c) ? ": strings stand in double quotes" : "";
        throw wrong("a value is expected, found " + found() + hint);
    }

    private boolean word(String word) {
        int end = at + word.length();
        if (!text.startsWith(word, at) || end < text.length() && isWord(text.charAt(end))) {
            return false;
        }
        at = end;
        return true;
    }

    private List<Node.Member> members() throws Wrong {
        List<Node.Member> members = new ArrayList<>();
        at++;
        while (true) {
            skip();
            if (next('}')) {
                at++;
                return members;
            }
            if (!next('"')) {
                String hint = at < text.length() && isWord(text.charAt(at)) || next('\'')
                        ? ": keys stand in double quotes"
                        : members.isEmpty() ? "" : " (or } is missing)";
                throw wrong("a key is expected, found " + found() + hint);
            }
            int keyLine = line;
            int keyColumn = column();
            String key = string();
            path.addLast(key);
            skip();
            if (!next(':')) {
                throw wrong("a : is expected behind the key, found " + found());
            }
            at++;
            skip();
            members.add(new Node.Member(keyLine, keyColumn, key, value()));
            skip();
            if (next(',')) {
                at++;
            } else if (!next('}')) {
                throw wrong("a , or } is expected behind the value, found " + found());
            }
            path.removeLast();
        }
    }

    private List<Node> items() throws Wrong {
        List<Node> items = new ArrayList<>();
        at++;
        while (true) {
            skip();
            if (next(']')) {
                at++;
                return items;
            }
            path.addLast(items.size());
            items.add(value());
            skip();
            if (next(',')) {
                at++;
            } else if (!next(']')) {
                throw wrong("a , or ] is expected behind the value, found " + found());
            }
            path.removeLast();
        }
    }

    private String string() throws Wrong {
        int startLine = line;
        int startColumn = column();
        StringBuilder out = new StringBuilder();
        at++;
        while (true) {
            if (at >= text.length() || text.charAt(at) == '\n') {
                throw new Wrong(
                        startLine, startColumn, path(), "this string does not end in its line: add the closing \"");
            }
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return whole(out.toString(), startLine, startColumn);
            }
            if (c == '\\') {
                out.append(escaped());
            } else if (c < ' ') {
                throw wrong(found() + " cannot stand in a string as it is: write \\t, \\n or \\u00XX");
            } else {
                out.append(c);
                at++;
            }
        }
    }

    /** Refuses half characters, but for those that stand for bytes which are no UTF-8 ({@code OsText}). */
    private String whole(String string, int startLine, int startColumn) throws Wrong {
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            if (Character.isHighSurrogate(c)
                    && i + 1 < string.length()
                    && Character.isLowSurrogate(string.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c) && !(c >= 0xdc80 && c <= 0xdcff)) {
                throw new Wrong(
                        startLine,
                        startColumn,
                        path(),
                        "this string holds half a character: \\u" + Integer.toHexString(c));
            }
        }
        return string;
    }

    private char escaped() throws Wrong {
        char c = at + 1 < text.length() ? text.charAt(at + 1) : '\n';
        int length = 2;
        char result;
        switch (c) {
            case '"', '\\', '/' -> result = c;
            case 'b' -> result = '\b';
            case 'f' -> result = '\f';
            case 'n' -> result = '\n';
            case 'r' -> result = '\r';
            case 't' -> result = '\t';
            case 'u' -> {
                int code = 0;
                for (int i = at + 2; i < at + 6; i++) {
                    int digit = i < text.length() && text.charAt(i) < 0x80 ? Character.digit(text.charAt(i), 16) : -1;
                    if (digit < 0) {
                        throw wrong("four hexadecimal digits are expected behind \\u");
                    }
                    code = 16 * code + digit;
                }
                length = 6;
                result = (char) code;
            }
            default ->
                throw wrong("unknown escape " + Quote.of(c == '\n' ? "\\" : "\\" + c)
                        + ": a backslash itself is written \\\\");
        }
        at += length;
        return result;
    }

    private String number() throws Wrong {
        int start = at;
        while (at < text.length() && isWord(text.charAt(at))) {
            at++;
        }
        String number = text.substring(start, at);
        if (!isNumber(number)) {
            at = start;
            throw wrong("invalid number " + found() + ": strings stand in double quotes");
        }
        return number;
    }

    /** {@code -?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?}. */
    private static boolean isNumber(String text) {
        int start = text.startsWith("-") ? 1 : 0;
        int at = digits(text, start);
        if (at == start || at > start + 1 && text.charAt(start) == '0') {
            return false;
        }
        if (at < text.length() && text.charAt(at) == '.') {
            int fraction = at + 1;
            at = digits(text, fraction);
            if (at == fraction) {
                return false;
            }
        }
        if (at < text.length() && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
            int exponent = at + 1;
            if (exponent < text.length() && "+-".indexOf(text.charAt(exponent)) >= 0) {
                exponent++;
            }
            at = digits(text, exponent);
            if (at == exponent) {
                return false;
            }
        }
        return at == text.length();
    }

    private static int digits(String text, int from) {
        int at = from;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        return at;
    }
}
