package dev.sharedserver.core.config;

import dev.sharedserver.core.OsText;
import dev.sharedserver.core.Quote;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A file of variables ({@code envFile}): {@code KEY=VALUE} lines, blank lines, comments. A value in double quotes knows
 * {@code \n \r \t \" \\ \$}, one in single quotes is as it stands, one without quotes ends before {@code " #"}. Nothing is
 * expanded.
 *
 * @param entries {@code K=V} each, in the order of the file; of two with one key the later one counts
 * @param errors what makes it unusable, all that there are
 */
public record EnvFile(List<String> entries, List<Problem> errors) {

    /** The largest file that is read, in bytes. */
    public static final int MAX_BYTES = 1 << 20;

    /**
     * Parses a file. Bytes that are no UTF-8 reach the server as they are.
     *
     * @param file what it is called in messages
     * @param server the server that it belongs to
     */
    public static EnvFile parse(String file, String server, byte[] bytes) {
        List<String> entries = new ArrayList<>();
        List<Problem> errors = new ArrayList<>();
        String text = OsText.decode(bytes);
        int start = text.startsWith("\ufeff") ? 1 : 0;
        for (int number = 1; start < text.length(); number++) {
            int end = text.indexOf('\n', start);
            int next = end < 0 ? text.length() : end + 1;
            int stop = end < 0 ? text.length() : end;
            if (stop > start && text.charAt(stop - 1) == '\r') {
                stop--;
            }
            Line line = new Line(text.substring(start, stop));
            String entry = line.entry();
            if (line.wrong != null) {
                errors.add(new Problem(file, number, line.at + 1, line.key, server, line.wrong));
            } else if (entry != null) {
                entries.add(entry);
            }
            start = next;
        }
        return new EnvFile(List.copyOf(entries), List.copyOf(errors));
    }

    private static final class Line {

        private final String text;
        private int at;
        private String key = "";
        private @Nullable String wrong;

        Line(String text) {
            this.text = text;
        }

        /** Returns the entry, null if there is none: then either the line is empty, or it is {@code wrong}. */
        @Nullable
        String entry() {
            int nul = text.indexOf('\0');
            if (nul >= 0) {
                at = nul;
                return wrong("a NUL byte cannot stand in a variable");
            }
            blanks();
            if (atEnd() || text.charAt(at) == '#') {
                return null;
            }
            if (text.startsWith("export", at) && at + 6 < text.length() && isBlank(text.charAt(at + 6))) {
                at += 6;
                blanks();
            }
            int start = at;
            while (!atEnd() && isKeyPart(text.charAt(at), at == start)) {
                at++;
            }
            String name = text.substring(start, at);
            blanks();
            if (name.isEmpty() || atEnd() || text.charAt(at) != '=') {
                at = start;
                return wrong("KEY=VALUE is expected, the key of letters, digits, _ - . and no digit first; found "
                        + Quote.of(text.substring(start)));
            }
            key = name;
            at++;
            blanks();
            String value = value();
            return value == null ? null : name + "=" + value;
        }

        private @Nullable String value() {
            if (atEnd()) {
                return "";
            }
            char quote = text.charAt(at);
            if (quote != '"' && quote != '\'') {
                return unquoted();
            }
            int start = at;
            at++;
            StringBuilder value = new StringBuilder();
            while (!atEnd() && text.charAt(at) != quote) {
                char c = text.charAt(at);
                if (c == '\\' && quote == '"') {
                    at++;
                    c = escaped();
                    if (c == '\0') {
                        return wrong("unknown escape: \\n \\r \\t \\\" \\\\ and \\$ are known");
                    }
                }
                value.append(c);
                at++;
            }
            if (atEnd()) {
                at = start;
                return wrong("this value does not end in its line: add the closing " + quote);
            }
            at++;
            blanks();
            if (!atEnd() && text.charAt(at) != '#') {
                return wrong("nothing but a comment can stand behind the closing quote, found "
                        + Quote.of(text.substring(at)));
            }
            return value.toString();
        }

        private char escaped() {
            char c = atEnd() ? ' ' : text.charAt(at);
            return switch (c) {
                case 'n' -> '\n';
                case 'r' -> '\r';
                case 't' -> '\t';
                case '"', '\\', '$' -> c;
                default -> '\0';
            };
        }

        private String unquoted() {
            int end = at;
            while (end < text.length() && !(text.charAt(end) == '#' && (end == at || isBlank(text.charAt(end - 1))))) {
                end++;
            }
            while (end > at && isBlank(text.charAt(end - 1))) {
                end--;
            }
            return text.substring(at, end);
        }

        private @Nullable String wrong(String what) {
            wrong = what;
            return null;
        }

        private boolean atEnd() {
            return at >= text.length();
        }

        private void blanks() {
            while (!atEnd() && isBlank(text.charAt(at))) {
                at++;
            }
        }

        private static boolean isBlank(char c) {
            return c == ' ' || c == '\t';
        }

        private static boolean isKeyPart(char c, boolean first) {
            return c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c == '_'
                    || !first && (c >= '0' && c <= '9' || c == '.' || c == '-');
        }
    }
}
