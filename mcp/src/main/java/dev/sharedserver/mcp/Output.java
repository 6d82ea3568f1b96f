package dev.sharedserver.mcp;

/** Makes what programs print fit to be read by a model. */
final class Output {

    private static final char ESCAPE = '\u001b';
    private static final char BELL = '\u0007';

    private Output() {}

    /** Takes colours and cursor movements out (ECMA-48: CSI and OSC sequences), and other control characters. */
    static String plain(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == ESCAPE) {
                i = endOfSequence(text, i);
            } else if (c == '\n' || c == '\t' || !Character.isISOControl(c)) {
                out.append(c);
            }
        }
        return out.toString();
    }

    /** Returns where the sequence ends that begins at {@code start}. */
    private static int endOfSequence(String text, int start) {
        int i = start + 1;
        if (i == text.length()) {
            return start;
        }
        switch (text.charAt(i)) {
            case '[' -> {
                do {
                    i++;
                } while (i < text.length() && text.charAt(i) >= 0x20 && text.charAt(i) < 0x40);
                return i < text.length() && text.charAt(i) >= 0x40 && text.charAt(i) < 0x7f ? i : i - 1;
            }
            case ']' -> {
                do {
                    i++;
                } while (i < text.length()
                        && text.charAt(i) != BELL
                        && text.charAt(i) != ESCAPE
                        && text.charAt(i) != '\n');
                boolean closed = i + 1 < text.length() && text.charAt(i) == ESCAPE && text.charAt(i + 1) == '\\';
                return closed ? i + 1 : i < text.length() && text.charAt(i) == BELL ? i : i - 1;
            }
            default -> {
                return text.charAt(i) >= 0x20 && text.charAt(i) < 0x7f ? i : start;
            }
        }
    }

    /** Takes the mark off that the command line puts before a message. */
    static String unmarked(String message) {
        String text = message.strip();
        boolean marked =
                text.startsWith("✓ ") || text.startsWith("✗ ") || text.startsWith("ℹ ") || text.startsWith("⚠ ");
        return marked ? text.substring(2) : text;
    }
}
