package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.Period;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Looks for a line in what is new in a log since the last look. A line is taken as it stands when it has ended, or when
 * nothing came after it for one look (a prompt); of one that is longer than {@link #LONGEST} bytes, the first ones count.
 */
final class LogProbe implements Prober.Look {

    /** How much of a line is looked at, in bytes. */
    static final int LONGEST = 16 << 10;

    private final Path log;
    private final Pattern pattern;
    private final ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long position;

    private LogProbe(Path log, long position, String regex) {
        this.log = log;
        this.position = position;
        this.pattern = Pattern.compile(regex);
    }

    /** Looks at everything from {@code position} on. */
    static LogProbe from(Path log, long position, String regex) {
        return new LogProbe(log, position, regex);
    }

    /** Looks at what comes from now on. */
    static LogProbe atEnd(Path log, String regex) {
        long end;
        try {
            end = Files.size(log);
        } catch (IOException e) {
            end = 0;
        }
        return new LogProbe(log, end, regex);
    }

    @Override
    public @Nullable String fault(Period timeout) {
        String nothing = "no line of its log matches " + pattern.pattern();
        try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
            if (channel.size() < position) {
                // it was cut: what is left is looked at anew
                position = 0;
                line.reset();
            }
            boolean quiet = channel.size() == position;
            boolean found = read(channel) || quiet && matches();
            return found ? null : nothing;
        } catch (IOException e) {
            return nothing + " (it cannot be read: " + Supervisor.reason(e) + ")";
        }
    }

    private boolean read(FileChannel channel) throws IOException {
        while (channel.read(buffer.clear(), position) > 0) {
            buffer.flip();
            position += buffer.limit();
            while (buffer.hasRemaining()) {
                byte next = buffer.get();
                if (next == '\n') {
                    if (matches()) {
                        return true;
                    }
                    line.reset();
                } else if (line.size() < LONGEST) {
                    line.write(next);
                }
            }
        }
        return false;
    }

    private boolean matches() {
        return line.size() > 0
                && pattern.matcher(line.toString(StandardCharsets.UTF_8)).find();
    }
}
