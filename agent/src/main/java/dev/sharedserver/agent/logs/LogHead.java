package dev.sharedserver.agent.logs;

import java.nio.charset.StandardCharsets;

/**
 * The first line of a log whose beginning was cut; the guard writes it ({@code launcher/src/logs.h}).
 *
 * @param cut how many bytes of the server's output are gone
 * @param base where in the file the output goes on
 * @param line the line without its padding and its newline, empty where nothing was cut
 */
public record LogHead(long cut, long base, String line) {

    static final LogHead NONE = new LogHead(0, 0, "");

    /** A line is no longer than that, in bytes. */
    public static final int LONGEST = 16 << 10;

    private static final String BEGIN = "--- sharedserver: ";
    private static final String MIDDLE = " bytes cut at ";
    private static final String HOLE = ", continued at byte ";
    private static final String OF = " of inode ";
    private static final String END = " ---";

    /** Tells whether {@code length} bytes are the beginning of a head whose end lies further behind. */
    static boolean goesOn(byte[] bytes, int length) {
        return length >= BEGIN.length()
                && new String(bytes, 0, BEGIN.length(), StandardCharsets.ISO_8859_1).equals(BEGIN)
                && newline(bytes, length) < 0;
    }

    /**
     * Reads the head out of the first {@code length} bytes of a log.
     *
     * @param inode the log's: where another one is named the line is a part of another log, which this server has shown
     */
    public static LogHead parse(byte[] bytes, int length, long inode) {
        int end = newline(bytes, length);
        if (end < 0) {
            return NONE;
        }
        String line = new String(bytes, 0, end, StandardCharsets.ISO_8859_1);
        int middle = line.startsWith(BEGIN) ? line.indexOf(MIDDLE, BEGIN.length()) : -1;
        long cut = middle < 0 ? -1 : number(line, BEGIN.length(), middle);
        if (cut < 0) {
            return NONE;
        }
        int hole = line.indexOf(HOLE, middle);
        int close = line.indexOf(END, hole < 0 ? middle : hole);
        if (close < 0) {
            return NONE;
        }
        long base = end + 1L;
        if (hole >= 0) {
            int of = line.indexOf(OF, hole);
            long continued = of < 0 ? -1 : number(line, hole + HOLE.length(), of);
            if (continued < 0 || number(line, of + OF.length(), close) != inode) {
                return NONE;
            }
            base = Math.max(base, continued);
        }
        return new LogHead(cut, base, line.substring(0, hole < 0 ? close : hole) + END);
    }

    /** Returns the line that says that {@code bytes} of the output are missing here. */
    String line(long bytes) {
        return BEGIN + bytes + line.substring(line.indexOf(MIDDLE)) + "\n";
    }

    private static int newline(byte[] bytes, int length) {
        for (int i = 0; i < length; i++) {
            if (bytes[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    /** At most 18 digits: no sum of two such numbers overflows. */
    private static long number(String text, int from, int to) {
        if (to <= from || to - from > 18) {
            return -1;
        }
        long value = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + (c - '0');
        }
        return value;
    }
}
