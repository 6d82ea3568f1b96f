package dev.sharedserver.lsp.protocol;

import java.util.Random;

/** JSON texts with all that the grammar allows: odd numbers, escapes, white space, deep nesting, equal names. */
public final class GeneratedJson {

    private static final String[] NUMBERS = {
        "0", "-0", "1", "-17", "1.0", "1.50", "1e5", "1E+05", "-2.5e-10", "123456789012345678901234567890", "0.1e1"
    };
    private static final String[] PIECES = {
        "a",
        "id",
        "method",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\\\"",
        "\\\\",
        "\\u0041",
        "\\ud83d\\ude00",
        "\\n",
        "é",
        "漢",
        "😀",
        " "
    };
    private static final String[] SPACES = {"", "", "", " ", "\n", "\t", "\r\n  "};

    private final Random random;

    public GeneratedJson(Random random) {
        this.random = random;
    }

    /** Returns a value nested at most {@code depth} deep. */
    public String value(int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> "null";
            case 1 -> random.nextBoolean() ? "true" : "false";
            case 2 -> NUMBERS[random.nextInt(NUMBERS.length)];
            case 3, 4 -> string();
            case 5 -> list(depth, '[', ']');
            default -> list(depth, '{', '}');
        };
    }

    /** Returns a string, quotes included. */
    public String string() {
        StringBuilder text = new StringBuilder("\"");
        for (int i = random.nextInt(6); i > 0; i--) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return text.append('"').toString();
    }

    /** Returns white space, or none. */
    public String space() {
        return SPACES[random.nextInt(SPACES.length)];
    }

    private String list(int depth, char open, char close) {
        StringBuilder text = new StringBuilder().append(open).append(space());
        for (int i = random.nextInt(4); i > 0; i--) {
            if (open == '{') {
                text.append(string()).append(space()).append(':').append(space());
            }
            text.append(value(depth - 1))
                    .append(space())
                    .append(i > 1 ? "," : "")
                    .append(space());
        }
        return text.append(close).toString();
    }
}
