package dev.sharedserver.dev;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The lines of one project: the newest are kept, and all are passed on in batches, in order. A batch leaves when it is full, or
 * 50 ms after its first line.
 */
final class Logs {

    static final int BATCH_LINES = 200;
    static final long BATCH_MILLIS = 50;

    private final ScheduledExecutorService timer;
    private final Consumer<List<LogEntry>> batches;
    private final LogRingBuffer kept = new LogRingBuffer(LogRingBuffer.DEFAULT_CAPACITY);
    private List<LogEntry> batch = new ArrayList<>();
    private boolean timed;

    /** Gives batches to {@code batches}: never by two threads at once. */
    Logs(ScheduledExecutorService timer, Consumer<List<LogEntry>> batches) {
        this.timer = timer;
        this.batches = batches;
    }

    synchronized void add(LogEntry entry) {
        kept.push(entry);
        batch.add(entry);
        if (batch.size() >= BATCH_LINES) {
            flush();
        } else if (!timed && !timer.isShutdown()) {
            timed = true;
            var unused = timer.schedule(
                    () -> {
                        synchronized (this) {
                            timed = false;
                            flush();
                        }
                    },
                    BATCH_MILLIS,
                    TimeUnit.MILLISECONDS);
        }
    }

    /** Passes on what is there. */
    synchronized void flush() {
        if (!batch.isEmpty()) {
            List<LogEntry> full = batch;
            batch = new ArrayList<>();
            batches.accept(full);
        }
    }

    /** Passes on what is there, and hands over the newest {@code count} lines: those that come later are in no earlier batch. */
    synchronized void settle(int count, Consumer<List<LogEntry>> reader) {
        flush();
        reader.accept(kept.last(count));
    }

    synchronized List<LogEntry> last(int count) {
        return kept.last(count);
    }
}
