package dev.sharedserver.agent.logs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * When a log had which length, as the guard notes it beside the log: pairs of a time (Unix, ms) and a place in the output, 8 bytes
 * each, big-endian. What stands before the place was written by that time.
 */
final class SizeNotes {

    private static final int NOTE = 16;
    private static final int LARGEST = 1 << 20;

    private SizeNotes() {}

    /** Returns a place before which nothing was written since {@code millis}; 0 where no note says so. */
    static long placeAt(Path notes, long millis) throws IOException {
        if (!Files.isRegularFile(notes, LinkOption.NOFOLLOW_LINKS) || Files.size(notes) > LARGEST) {
            return 0;
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(notes));
        long place = 0;
        while (bytes.remaining() >= NOTE) {
            long at = bytes.getLong();
            long offset = bytes.getLong();
            if (at <= millis) {
                place = offset;
            }
        }
        return place;
    }
}
