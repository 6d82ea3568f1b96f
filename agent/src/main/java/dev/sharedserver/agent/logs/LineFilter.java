package dev.sharedserver.agent.logs;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * Lets the lines through in which a regular expression is found. The expressions are those of RE2: the time they take is
 * proportional to the text, whatever they and the text say, since nothing is tried twice.
 */
final class LineFilter implements Sink {

    /** The longest line that is looked at as one, in bytes. */
    static final int LONGEST_LINE = 1 << 20;

    /** How large the machine of an expression may become, in states and by a cautious estimate. */
    private static final long LARGEST = 20_000;

    private final Pattern pattern;
    private final Sink next;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    LineFilter(Pattern pattern, Sink next) {
        this.pattern = pattern;
        this.next = next;
    }

    /** Compiles an expression; the message of the exception is for the user. */
    static Pattern compile(String regex) throws InvalidPattern {
        if (size(regex) > LARGEST) {
            throw new InvalidPattern("too large: repetitions count as often as they may be made");
        }
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            String what = e.getPattern();
            boolean part = what != null && !what.isEmpty() && !what.equals(regex);
            throw new InvalidPattern(e.getDescription() + (part ? ": " + what : ""));
        }
    }

    /** Returns a bound of how many states an expression needs: its length times all its counted repetitions. */
    private static long size(String regex) {
        long size = Math.max(1, regex.length());
        for (int i = regex.indexOf('{'); i >= 0; i = regex.indexOf('{', i + 1)) {
            long most = 1;
            long number = 0;
            for (int at = i + 1; at < regex.length() && "0123456789,".indexOf(regex.charAt(at)) >= 0; at++) {
                char c = regex.charAt(at);
                number = c == ',' ? 0 : Math.min(LARGEST, number * 10 + (c - '0'));
                most = Math.max(most, number);
            }
            size = Math.min(LARGEST + 1, size * most);
        }
        return size;
    }

    @Override
    public void take(byte[] bytes, int from, int length) throws IOException {
        int start = from;
        for (int i = from; i < from + length; i++) {
            if (bytes[i] == '\n') {
                line.write(bytes, start, i + 1 - start);
                start = i + 1;
                decide();
            } else if (line.size() + i + 1 - start >= LONGEST_LINE) {
                line.write(bytes, start, i + 1 - start);
                start = i + 1;
                decide();
            }
        }
        line.write(bytes, start, from + length - start);
    }

    @Override
    public void finish() throws IOException {
        if (line.size() > 0) {
            decide();
        }
        next.finish();
    }

    private void decide() throws IOException {
        byte[] bytes = line.toByteArray();
        line.reset();
        int length = bytes.length;
        if (length > 0 && bytes[length - 1] == '\n') {
            length--;
        }
        if (length > 0 && bytes[length - 1] == '\r') {
            length--;
        }
        if (pattern.matcher(length == bytes.length ? bytes : java.util.Arrays.copyOf(bytes, length))
                .find()) {
            next.take(bytes, 0, bytes.length);
        }
    }
}
