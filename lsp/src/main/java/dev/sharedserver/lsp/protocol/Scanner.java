package dev.sharedserver.lsp.protocol;

import java.nio.charset.StandardCharsets;

/**
 * Finds where values stand in a body, in one pass and without making anything of them. It checks the nesting only: whether
 * a number or a string is well-formed is the affair of who reads it.
 */
final class Scanner {

    private final byte[] bytes;
    private final int end;
    private int at;

    Scanner(byte[] bytes, Span span) {
        this.bytes = bytes;
        this.at = span.from();
        this.end = span.to();
    }

    /** Who is told of the members of an object. */
    interface Members {
        /** Takes a member; false if no more are wanted. {@code value} is called for what its value spans. */
        boolean member(Span key, Value value) throws MalformedMessage;
    }

    /** Skips a value when asked for its span; not asked for, the value is skipped all the same. */
    interface Value {
        Span span() throws MalformedMessage;
    }

    /** Goes through an object's members; nothing but white space may follow it. */
    void object(Members members) throws MalformedMessage {
        skipSpace();
        expect('{');
        skipSpace();
        if (peek() == '}') {
            at++;
        } else {
            do {
                skipSpace();
                Span key = string();
                skipSpace();
                expect(':');
                skipSpace();
                int begin = at;
                if (!members.member(key, () -> valueFrom(begin))) {
                    return;
                }
                valueFrom(begin);
                skipSpace();
            } while (more());
        }
        skipSpace();
        if (at != end) {
            throw new MalformedMessage("bytes behind the end of an object");
        }
    }

    private boolean more() throws MalformedMessage {
        byte b = next();
        if (b == ',') {
            return true;
        }
        if (b == '}') {
            return false;
        }
        throw new MalformedMessage("neither , nor } behind a member");
    }

    private Span valueFrom(int begin) throws MalformedMessage {
        if (at == begin) {
            value();
        }
        return new Span(begin, at);
    }

    /** Tells whether the string at {@code key}, quotes included, says {@code word}. */
    static boolean is(byte[] bytes, Span key, byte[] word) throws MalformedMessage {
        int length = key.length() - 2;
        boolean escaped = false;
        for (int i = 0; i < length; i++) {
            byte b = bytes[key.from() + 1 + i];
            if (b == '\\') {
                escaped = true;
                break;
            }
            if (i >= word.length || b != word[i]) {
                return false;
            }
        }
        if (escaped) {
            String text = new String(bytes, key.from(), key.length(), StandardCharsets.UTF_8);
            return Json.parse(text).getAsString().equals(new String(word, StandardCharsets.UTF_8));
        }
        return length == word.length;
    }

    /** Tells whether a value is a string that says what is written: printable ASCII without escapes. */
    static boolean isPlain(byte[] bytes, Span value) {
        if (value.length() < 2 || bytes[value.from()] != '"') {
            return false;
        }
        for (int i = value.from() + 1; i < value.to() - 1; i++) {
            if (bytes[i] < ' ' || bytes[i] == '\\') {
                return false;
            }
        }
        return true;
    }

    private void value() throws MalformedMessage {
        byte b = peek();
        if (b == '"') {
            string();
        } else if (b == '{' || b == '[') {
            container();
        } else {
            int begin = at;
            while (at < end && !endsWord(bytes[at])) {
                at++;
            }
            if (at == begin) {
                throw new MalformedMessage("a value is missing");
            }
        }
    }

    private static boolean endsWord(byte b) {
        return b == ',' || b == '}' || b == ']' || b == ' ' || b == '\n' || b == '\r' || b == '\t' || b == ':'
                || b == '"';
    }

    private void container() throws MalformedMessage {
        int depth = 0;
        int i = at;
        byte[] all = bytes;
        int last = end;
        while (i < last) {
            byte b = all[i++];
            if (b == '"') {
                i = stringEnd(all, i, last);
            } else if ((b | 0x20) == '{') { // [ and {
                depth++;
            } else if ((b | 0x20) == '}') { // ] and }
                depth--;
                if (depth == 0) {
                    at = i;
                    return;
                }
            }
        }
        throw new MalformedMessage("an object or array has no end");
    }

    private Span string() throws MalformedMessage {
        int begin = at;
        expect('"');
        at = stringEnd(bytes, at, end);
        return new Span(begin, at);
    }

    /** Returns the place behind the closing quote of the string whose inside begins at {@code from}. */
    private static int stringEnd(byte[] all, int from, int last) throws MalformedMessage {
        for (int i = from; i < last; i++) {
            byte b = all[i];
            if (b == '"') {
                return i + 1;
            }
            if (b == '\\') {
                i++;
            }
        }
        throw new MalformedMessage("a string has no end");
    }

    private void skipSpace() {
        while (at < end && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t')) {
            at++;
        }
    }

    private byte peek() throws MalformedMessage {
        if (at >= end) {
            throw new MalformedMessage("a value is cut off");
        }
        return bytes[at];
    }

    private byte next() throws MalformedMessage {
        byte b = peek();
        at++;
        return b;
    }

    private void expect(char c) throws MalformedMessage {
        if (next() != c) {
            throw new MalformedMessage("no " + c + " where one is expected");
        }
    }
}
