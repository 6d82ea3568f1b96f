package dev.sharedserver.dev;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keeps the newest entries. Not safe for use by several threads at once: its owner holds a lock. */
public final class LogRingBuffer {

    /** How many entries a project keeps. */
    public static final int DEFAULT_CAPACITY = 5000;

    private final @Nullable LogEntry[] entries;
    private int size;
    private int next;

    /** Makes an empty buffer for {@code capacity} entries, at least one. */
    public LogRingBuffer(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("a capacity of " + capacity);
        }
        entries = new LogEntry[capacity];
    }

    /** Adds an entry, in place of the oldest if it is full. */
    public void push(LogEntry entry) {
        entries[next] = entry;
        next = (next + 1) % entries.length;
        size = Math.min(size + 1, entries.length);
    }

    /** Forgets all. */
    public void clear() {
        Arrays.fill(entries, null);
        size = 0;
        next = 0;
    }

    /** Returns all, the oldest first. */
    public List<LogEntry> entries() {
        return last(size);
    }

    /** Returns the newest {@code count} at most, the oldest of them first; all for a count of 0 or less. */
    public List<LogEntry> last(int count) {
        int wanted = count <= 0 ? size : Math.min(count, size);
        List<LogEntry> result = new ArrayList<>(wanted);
        for (int i = wanted; i > 0; i--) {
            LogEntry entry = entries[Math.floorMod(next - i, entries.length)];
            if (entry != null) {
                result.add(entry);
            }
        }
        return result;
    }
}
