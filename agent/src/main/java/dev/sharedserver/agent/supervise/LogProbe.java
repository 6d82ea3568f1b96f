package dev.sharedserver.agent.supervise;

import dev.sharedserver.agent.logs.LogSource;
import dev.sharedserver.core.Period;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Looks for a line in what is new in a log since the last look. A line is taken as it stands when it has ended, or when
 * nothing came after it for one look (a prompt); of one that is longer than {@link #LONGEST} bytes, the first ones count.
 * Places are those of the server's output: the guard may cut the log between two looks.
 */
final class LogProbe implements Prober.Look {

    /** How much of a line is looked at, in bytes. */
    static final int LONGEST = 16 << 10;

    private final Path log;
    private final Pattern pattern;
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
        return new LogProbe(log, end(log), regex);
    }

    /** Returns how much was written into a log, cut or not; 0 if it cannot be read. */
    static long end(Path log) {
        try (LogSource source = LogSource.open(log)) {
            return source.end();
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public @Nullable String fault(Period timeout) {
        String nothing = "no line of its log matches " + pattern.pattern();
        try (LogSource source = LogSource.open(log)) {
            boolean quiet = source.end() == position;
            boolean found = read(source) || quiet && matches();
            return found ? null : nothing;
        } catch (IOException e) {
            return nothing + " (it cannot be read: " + Supervisor.reason(e) + ")";
        }
    }

    private boolean read(LogSource source) throws IOException {
        while (true) {
            switch (source.read(position)) {
                case LogSource.Found.Output(ByteBuffer bytes) -> {
                    position += bytes.remaining();
                    if (matchesIn(bytes)) {
                        return true;
                    }
                }
                case LogSource.Found.Cut cut -> goTo(source.begin());
                case LogSource.Found.Shortened(long place) -> goTo(place);
                case LogSource.Found.End end -> {
                    return false;
                }
            }
        }
    }

    /** What was between is lost, and with it the end of the line. */
    private void goTo(long place) {
        position = place;
        line.reset();
    }

    private boolean matchesIn(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            byte next = bytes.get();
            if (next == '\n') {
                if (matches()) {
                    return true;
                }
                line.reset();
            } else if (line.size() < LONGEST) {
                line.write(next);
            }
        }
        return false;
    }

    private boolean matches() {
        return line.size() > 0
                && pattern.matcher(line.toString(StandardCharsets.UTF_8)).find();
    }
}
