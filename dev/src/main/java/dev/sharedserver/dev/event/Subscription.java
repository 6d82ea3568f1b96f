package dev.sharedserver.dev.event;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One listener's events, in order. What it has not taken is bounded: beyond that it is dropped. */
public final class Subscription implements AutoCloseable {

    private static final int MOST_EVENTS = 8192;
    private static final long MOST_BYTES = 16 << 20;

    private final EventBus bus;
    private final boolean gap;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition more = lock.newCondition();
    private final Deque<HubEvent> waiting = new ArrayDeque<>();
    private long bytes;
    private boolean dropped;

    Subscription(EventBus bus, boolean gap) {
        this.bus = bus;
        this.gap = gap;
    }

    /** Tells whether events are missing between what the listener has seen and the first one that it gets. */
    public boolean gap() {
        return gap;
    }

    /** Returns the next event, null if there is none in time. Throws {@link Dropped} if the listener was too slow. */
    public @Nullable HubEvent next(long timeoutMillis) throws InterruptedException, Dropped {
        long left = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        lock.lockInterruptibly();
        try {
            while (waiting.isEmpty() && !dropped && left > 0) {
                left = more.awaitNanos(left);
            }
            if (dropped) {
                throw new Dropped();
            }
            HubEvent event = waiting.poll();
            if (event != null) {
                bytes -= event.size();
            }
            return event;
        } finally {
            lock.unlock();
        }
    }

    /** Takes an event; false if that was too much. */
    boolean offer(HubEvent event) {
        lock.lock();
        try {
            waiting.add(event);
            bytes += event.size();
            if (waiting.size() > MOST_EVENTS || bytes > MOST_BYTES) {
                dropped = true;
                waiting.clear();
            }
            more.signal();
            return !dropped;
        } finally {
            lock.unlock();
        }
    }

    /** Takes an event of the past, of which there are never too many. */
    void replay(HubEvent event) {
        lock.lock();
        try {
            waiting.add(event);
            bytes += event.size();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        bus.remove(this);
    }

    /** The listener did not keep up. */
    public static final class Dropped extends Exception {
        private static final long serialVersionUID = 1L;

        Dropped() {
            super("too slow");
        }
    }
}
