package dev.sharedserver.dev.process;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Makes lines of what a process writes, without what is meant for a terminal (ECMA-48: colours, cursor movements, titles). A
 * line longer than {@link #LONGEST} comes in several pieces, so that no process can fill the memory with one. A carriage
 * return alone ends a line, too: progress bars are lines. Used by one thread.
 */
public final class LineSplitter {

    /** The longest piece, in UTF-16 units. */
    public static final int LONGEST = 16 << 10;

    private enum Mode {
        TEXT,
        ESCAPE,
        /** ESC and a character that takes one more: a character set. */
        ONE_MORE,
        CONTROL_SEQUENCE,
        /** Up to BEL or ESC \. */
        STRING,
        STRING_ESCAPE
    }

    private static final char ESC = 0x1b;
    private static final char BEL = 0x07;
    private static final char DEL = 0x7f;
    private static final char CSI = 0x9b;

    private final Consumer<String> lines;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final CharBuffer chars = CharBuffer.allocate(8 << 10);
    private ByteBuffer rest = ByteBuffer.allocate(0);
    private final StringBuilder line = new StringBuilder();
    private Mode mode = Mode.TEXT;
    private boolean afterReturn;
    private boolean pieces;

    /** Gives each line to {@code lines}, without its end. */
    public LineSplitter(Consumer<String> lines) {
        this.lines = lines;
    }

    /** Takes the next bytes. */
    public void feed(byte[] bytes, int length) {
        ByteBuffer in = ByteBuffer.allocate(rest.remaining() + length)
                .put(rest)
                .put(bytes, 0, length)
                .flip();
        while (true) {
            boolean full = decoder.decode(in, chars, false).isOverflow();
            drain();
            if (!full) {
                break;
            }
        }
        rest = in;
    }

    /** Takes the end: what has come of a last line is one. */
    public void end() {
        decoder.decode(rest, chars, true);
        decoder.flush(chars);
        drain();
        if (!line.isEmpty()) {
            emit();
        }
    }

    private void drain() {
        chars.flip();
        while (chars.hasRemaining()) {
            take(chars.get());
        }
        chars.clear();
    }

    private void take(char c) {
        switch (mode) {
            case TEXT -> text(c);
            case ESCAPE -> mode = afterEscape(c);
            case ONE_MORE -> mode = Mode.TEXT;
            case CONTROL_SEQUENCE -> controlSequence(c);
            case STRING -> {
                if (c == BEL) {
                    mode = Mode.TEXT;
                } else if (c == ESC) {
                    mode = Mode.STRING_ESCAPE;
                } else if (c == '\n') {
                    // nobody closes it: the text goes on
                    mode = Mode.TEXT;
                    text(c);
                }
            }
            case STRING_ESCAPE -> mode = c == '\\' ? Mode.TEXT : Mode.STRING;
        }
    }

    private static Mode afterEscape(char c) {
        return switch (c) {
            case '[' -> Mode.CONTROL_SEQUENCE;
            case ']', 'P', '_', '^', 'X' -> Mode.STRING;
            case '(', ')', '*', '+', '#', '%', ' ' -> Mode.ONE_MORE;
            default -> Mode.TEXT;
        };
    }

    private void controlSequence(char c) {
        if (c >= '@' && c <= '~') {
            mode = Mode.TEXT;
        } else if (c == '\n') {
            mode = Mode.TEXT;
            text(c);
        }
    }

    private void text(char c) {
        boolean secondHalf = afterReturn && c == '\n';
        afterReturn = c == '\r';
        if (c == '\n' || c == '\r') {
            // the end of a line that was given away in full pieces is no line of its own, nor is the \n of \r\n
            if (!secondHalf && !(pieces && line.isEmpty())) {
                emit();
            }
            pieces = false;
        } else if (c == ESC) {
            mode = Mode.ESCAPE;
        } else if (c == CSI) {
            mode = Mode.CONTROL_SEQUENCE;
        } else if (c == '\t' || c >= ' ' && c != DEL && !(c > DEL && c < 0xa0)) {
            line.append(c);
            if (line.length() >= LONGEST && !Character.isHighSurrogate(c)) {
                emit();
                pieces = true;
            }
        }
    }

    private void emit() {
        String text = line.toString();
        line.setLength(0);
        lines.accept(text);
    }
}
