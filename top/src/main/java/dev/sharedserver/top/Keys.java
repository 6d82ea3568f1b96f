package dev.sharedserver.top;

import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Reads keys from a terminal's bytes: UTF-8 (RFC 3629) and the control sequences of ECMA-48 and xterm. */
final class Keys {

    private static final int ESC = 0x1b;

    /** Comes as a key where the terminal makes no signal of it. */
    private static final int CTRL_C = 3;

    private static final int LONGEST_SEQUENCE = 32;

    /** How long the rest of a sequence may take; what comes later belongs to another key. */
    private static final long PATIENCE_MS = 60;

    private final InputStream in;

    Keys(InputStream in) {
        this.in = in;
    }

    /** Waits for the next key; null at the end. */
    @Nullable
    Key next() throws IOException, InterruptedException {
        int b = in.read();
        if (b < 0) {
            return null;
        }
        return switch (b) {
            case '\r', '\n' -> Key.of(Key.Kind.ENTER);
            case 0x7f, 0x08 -> Key.of(Key.Kind.BACKSPACE);
            case ESC -> escape();
            case CTRL_C -> Key.of(CTRL_C);
            default -> b < 0x20 ? Key.of(Key.Kind.OTHER) : character(b);
        };
    }

    private Key escape() throws IOException, InterruptedException {
        if (!more()) {
            return Key.of(Key.Kind.ESCAPE);
        }
        int b = in.read();
        if (b != '[' && b != 'O') {
            return Key.of(Key.Kind.OTHER); // Alt and a character
        }
        int parameter = 0;
        for (int i = 0; i < LONGEST_SEQUENCE && more(); i++) {
            int c = in.read();
            if (c >= '0' && c <= '9') {
                parameter = 10 * parameter + c - '0';
            } else if (c >= 0x40 && c <= 0x7e) {
                return Key.of(named(c, parameter));
            } else if (c < 0x20) {
                break;
            }
        }
        return Key.of(Key.Kind.OTHER);
    }

    private static Key.Kind named(int last, int parameter) {
        return switch (last) {
            case 'A' -> Key.Kind.UP;
            case 'B' -> Key.Kind.DOWN;
            case 'H' -> Key.Kind.HOME;
            case 'F' -> Key.Kind.END;
            case '~' ->
                switch (parameter) {
                    case 1, 7 -> Key.Kind.HOME;
                    case 4, 8 -> Key.Kind.END;
                    case 5 -> Key.Kind.PAGE_UP;
                    case 6 -> Key.Kind.PAGE_DOWN;
                    default -> Key.Kind.OTHER;
                };
            default -> Key.Kind.OTHER;
        };
    }

    private Key character(int first) throws IOException {
        int rest = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : -1;
        if (rest < 0) {
            return Key.of(Key.Kind.OTHER);
        }
        int character = rest == 0 ? first : first & (0x3f >> rest);
        for (int i = 0; i < rest; i++) {
            int b = in.read();
            if ((b & 0xc0) != 0x80 || b < 0) {
                return Key.of(Key.Kind.OTHER);
            }
            character = character << 6 | b & 0x3f;
        }
        boolean valid = Character.isValidCodePoint(character)
                && !(character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE);
        return valid ? Key.of(character) : Key.of(Key.Kind.OTHER);
    }

    private boolean more() throws IOException, InterruptedException {
        for (int waited = 0; in.available() == 0; waited += 10) {
            if (waited >= PATIENCE_MS) {
                return false;
            }
            Thread.sleep(10);
        }
        return true;
    }
}
