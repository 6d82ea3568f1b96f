package dev.sharedserver.dev.build;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Decides when to build: once files have been quiet for a moment, at most {@code longest} after the first change however they go on
 * changing; never two builds at a time, and one more after a build during which something changed.
 */
public final class BuildLoop {

    /** Changes within this time are one build. */
    public static final Duration DEDUP_INTERVAL = Duration.ofMillis(500);

    /** How long a build is put off by changes that go on. */
    public static final Duration LONGEST = Duration.ofSeconds(2);

    private final Runnable build;
    private final long quiet;
    private final long longest;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition signal = lock.newCondition();
    private final Thread thread;
    private boolean pending;
    private long first;
    private long last;
    private boolean closed;

    /** Runs {@code build} in a thread of its own, which is interrupted when the loop is closed. */
    public BuildLoop(String name, Runnable build) {
        this(name, build, DEDUP_INTERVAL, LONGEST);
    }

    BuildLoop(String name, Runnable build, Duration quiet, Duration longest) {
        this.build = build;
        this.quiet = quiet.toNanos();
        this.longest = longest.toNanos();
        thread = Thread.ofPlatform().daemon().name("build " + name).unstarted(this::run);
    }

    /** Begins. */
    public void start() {
        thread.start();
    }

    /** Something changed. */
    public void changed() {
        ask(System.nanoTime());
    }

    /** A build is wanted at once. */
    public void now() {
        ask(System.nanoTime() - longest);
    }

    private void ask(long since) {
        lock.lock();
        try {
            first = pending ? Math.min(first - since, 0) + since : since;
            last = System.nanoTime();
            pending = true;
            signal.signal();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            while (awaitTurn()) {
                build.run();
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    /** Waits until it is time to build; false when there will be no more. */
    private boolean awaitTurn() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed) {
                if (!pending) {
                    signal.await();
                    continue;
                }
                long now = System.nanoTime();
                long left = Math.min(last + quiet - now, first + longest - now);
                if (left <= 0) {
                    pending = false;
                    return true;
                }
                var unused = signal.await(left, TimeUnit.NANOSECONDS);
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Ends: a build that runs is interrupted, and when this returns it has ended. Not to be called by it. */
    public void close() throws InterruptedException {
        lock.lock();
        try {
            closed = true;
            signal.signal();
        } finally {
            lock.unlock();
        }
        thread.interrupt();
        thread.join();
    }
}
