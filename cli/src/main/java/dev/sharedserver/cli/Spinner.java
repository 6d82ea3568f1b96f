package dev.sharedserver.cli;

import org.jspecify.annotations.Nullable;

/** A line on a terminal that shows that something goes on. It is drawn over itself, and leaves nothing behind. */
public final class Spinner {

    private static final String FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
    private static final String CLEAR = "\r\u001b[K";
    private static final int DEFAULT_WIDTH = 80;

    private final int width;
    private int frame;

    /** Makes one for a terminal of that width; 0 if it is not known. */
    public Spinner(int columns) {
        this.width = columns > 0 ? columns : DEFAULT_WIDTH;
    }

    /** Returns what draws the next frame; {@code news} is text without control characters. */
    public String next(String server, @Nullable String news) {
        char sign = FRAMES.charAt(frame++ % FRAMES.length());
        String line = sign + " waiting for " + server + (news == null ? "" : ": " + news);
        // a line that wraps could not be drawn over; wide characters take two columns
        int end = line.codePointCount(0, line.length()) < width ? line.length() : line.offsetByCodePoints(0, width / 2);
        return CLEAR + line.substring(0, end) + (end < line.length() ? "…" : "");
    }

    /** Returns what removes the line. */
    public String clear() {
        return CLEAR;
    }
}
