package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.Quote;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The end of a log, to be shown with an error: a few lines, without anything that a terminal would obey. */
final class LogTail {

    private static final int LINES = 10;
    private static final int BYTES = 8 << 10;
    private static final int WIDTH = 300;

    private LogTail() {}

    /** Returns the last lines, each behind a bar; empty if there is nothing to show. */
    static String of(@Nullable String file) {
        StringBuilder text = new StringBuilder();
        for (String line : lines(file, LINES)) {
            text.append(text.isEmpty() ? "" : "\n").append("  | ").append(line);
        }
        return text.toString();
    }

    /** Returns the last line that is not empty, null if there is none. */
    static @Nullable String last(@Nullable String file) {
        List<String> lines = lines(file, 1);
        return lines.isEmpty() ? null : lines.get(0);
    }

    private static List<String> lines(@Nullable String file, int most) {
        String end = file == null ? "" : end(Path.of(file));
        List<String> lines = new ArrayList<>();
        for (String line : end.split("\n", -1)) {
            if (!line.isBlank()) {
                String shown = Quote.escape(line.strip());
                lines.add(shown.length() > WIDTH ? shown.substring(0, WIDTH) + "…" : shown);
            }
        }
        return lines.subList(Math.max(0, lines.size() - most), lines.size());
    }

    private static String end(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer buffer = ByteBuffer.allocate(BYTES);
            channel.read(buffer, Math.max(0, channel.size() - BYTES));
            return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return ""; // there is none, or it is not ours to read
        }
    }
}
