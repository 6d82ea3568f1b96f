package dev.sharedserver.core;

/** Shows hostile text to a person: in quotes, control characters and broken UTF-8 escaped, cut where it is long. */
public final class Quote {

    private static final int LONGEST = 200;

    private Quote() {}

    /** Returns {@code text} in single quotes, safe to print on a terminal. */
    public static String of(String text) {
        return "'" + escape(text.length() > LONGEST ? cut(text) : text) + "'";
    }

    private static String cut(String text) {
        int end = Character.isHighSurrogate(text.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
        return text.substring(0, end) + "…";
    }

    /** Returns {@code text} with everything escaped that would move a cursor or is no character. */
    public static String escape(String text) {
        StringBuilder out = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean pair = Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1));
            if (pair) {
                if (out != null) {
                    out.append(c).append(text.charAt(i + 1));
                }
                i++;
            } else if (Character.isISOControl(c) || Character.isSurrogate(c) || isFormatting(c)) {
                if (out == null) {
                    out = new StringBuilder(text.length() + 16).append(text, 0, i);
                }
                append(out, c);
            } else if (out != null) {
                out.append(c);
            }
        }
        return out == null ? text : out.toString();
    }

    /** Characters that reorder or hide what stands beside them. */
    private static boolean isFormatting(char c) {
        return c >= '\u202a' && c <= '\u202e' || c >= '\u2066' && c <= '\u2069' || c == '\u2028' || c == '\u2029';
    }

    private static void append(StringBuilder out, char c) {
        switch (c) {
            case '\n' -> out.append("\\n");
            case '\t' -> out.append("\\t");
            case '\r' -> out.append("\\r");
            default -> {
                if (c >= 0xdc80 && c <= 0xdcff) {
                    hex(out.append("\\x"), c - 0xdc00, 2);
                } else if (c < 0x100) {
                    hex(out.append("\\x"), c, 2);
                } else {
                    hex(out.append("\\u"), c, 4);
                }
            }
        }
    }

    private static void hex(StringBuilder out, int value, int digits) {
        for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
            out.append(Character.forDigit(value >> shift & 15, 16));
        }
    }
}
