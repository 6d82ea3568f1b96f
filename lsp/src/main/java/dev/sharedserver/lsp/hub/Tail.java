package dev.sharedserver.lsp.hub;

import dev.sharedserver.core.Quote;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The end of a log, for people. */
final class Tail {

    private static final int BYTES = 4096;
    private static final int LINES = 8;

    private Tail() {}

    /** Returns the last lines, safe to show; "" if there are none. */
    static String of(@Nullable String file) {
        if (file == null) {
            return "";
        }
        try (FileChannel channel = FileChannel.open(Path.of(file))) {
            ByteBuffer bytes = ByteBuffer.allocate(BYTES);
            channel.read(bytes, Math.max(0, channel.size() - BYTES));
            List<String> lines = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            StringBuilder text = new StringBuilder();
            for (String line : lines.subList(Math.max(0, lines.size() - LINES), lines.size())) {
                text.append("  ").append(Quote.escape(line)).append('\n');
            }
            return text.toString();
        } catch (IOException e) {
            return "";
        }
    }
}
