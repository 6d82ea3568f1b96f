package dev.sharedserver.portable.launcher;

import dev.sharedserver.portable.posix.LibC;

/**
 * HUP, INT and TERM: they end a launcher as they end any program, or, from the moment on at which the agent wants it, the first
 * one is told to the agent. QUIT is the JVM's own. What the caller ignores stays ignored.
 */
final class Signals {

    private boolean heeding;
    private int caught;

    /** Replaces the JVM's own way, which would end with an exit code instead of by the signal. */
    void install() {
        install("HUP", LibC.SIGHUP);
        install("INT", LibC.SIGINT);
        install("TERM", LibC.SIGTERM);
    }

    private void install(String name, int number) {
        JvmSignals.handle(name, () -> {
            if (!note(number)) {
                endBy(name, number);
            }
        });
    }

    private synchronized boolean note(int number) {
        if (!heeding || caught != 0) {
            return false;
        }
        caught = number;
        notifyAll();
        return true;
    }

    synchronized void heed() {
        heeding = true;
    }

    synchronized boolean heeds() {
        return heeding;
    }

    synchronized boolean caught() {
        return caught != 0;
    }

    /** Waits for the first one, and returns its number. */
    synchronized int await() throws InterruptedException {
        while (caught == 0) {
            wait();
        }
        return caught;
    }

    /** Waits at most so long, or until a signal came. */
    synchronized void pause(long millis) throws InterruptedException {
        long until = System.nanoTime() + millis * 1_000_000L;
        long left = millis;
        while (caught == 0 && left > 0) {
            wait(left);
            left = (until - System.nanoTime()) / 1_000_000L;
        }
    }

    /** There is nothing to take back any more: a signal that came since the agent was last asked does now what it would have done. */
    synchronized void heedNoMore() {
        heeding = false;
        if (caught != 0) {
            int number = caught;
            endBy(number == LibC.SIGHUP ? "HUP" : number == LibC.SIGINT ? "INT" : "TERM", number);
        }
    }

    /** Ends this process by a signal. */
    static void endBy(String name, int number) {
        JvmSignals.reset(name);
        LibC.kill(ProcessHandle.current().pid(), number);
        // blocked, or ignored by process 1 of a container
        Runtime.getRuntime().halt(128 + number);
    }
}
