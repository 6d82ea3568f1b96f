package dev.sharedserver.mcp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The lines of a stream, none of them longer than what is kept in memory. */
final class Lines {

    /** In bytes. A parsed message takes some fifty times as much at worst, and the heap is small. */
    static final int LONGEST = 256 << 10;

    private final InputStream in;
    private final byte[] buffer = new byte[8192];
    private int at;
    private int length;

    Lines(InputStream in) {
        this.in = in;
    }

    /**
     * A line.
     *
     * @param text without its end; null if it was too long, and was passed over
     */
    record Line(@Nullable String text) {}

    /** Returns the next line; null at the end of the stream. Bytes that are no UTF-8 become U+FFFD. */
    @Nullable
    Line next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        boolean tooLong = false;
        boolean any = false;
        while (true) {
            if (at == length) {
                at = 0;
                length = Math.max(0, in.read(buffer));
                if (length == 0) {
                    return any ? line(line, tooLong) : null;
                }
            }
            any = true;
            int end = at;
            while (end < length && buffer[end] != '\n') {
                end++;
            }
            tooLong |= line.size() + end - at > LONGEST;
            if (!tooLong) {
                line.write(buffer, at, end - at);
            }
            boolean complete = end < length;
            at = complete ? end + 1 : end;
            if (complete) {
                return line(line, tooLong);
            }
        }
    }

    private static Line line(ByteArrayOutputStream bytes, boolean tooLong) {
        return new Line(tooLong ? null : bytes.toString(StandardCharsets.UTF_8));
    }
}
