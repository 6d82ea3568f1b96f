package dev.sharedserver.agent;

/** Lets requests pass one by one, or holds new ones back while the agent tries to leave between two of them. Thread-safe. */
final class Gate {

    private int inside;
    private boolean closed;

    /** A request on its way; closing it more than once does no harm. */
    final class Pass implements AutoCloseable {
        private boolean over;

        @Override
        public void close() {
            synchronized (Gate.this) {
                if (!over) {
                    over = true;
                    inside--;
                    Gate.this.notifyAll();
                }
            }
        }
    }

    /** Waits until the gate is open, and passes. */
    synchronized Pass enter() throws InterruptedException {
        while (closed) {
            wait();
        }
        inside++;
        return new Pass();
    }

    /** Holds back whoever comes and waits until nobody is inside; false if that takes more than {@code millis}. */
    synchronized boolean close(long millis) throws InterruptedException {
        closed = true;
        long until = System.nanoTime() + millis * 1_000_000L;
        while (inside > 0) {
            long left = (until - System.nanoTime()) / 1_000_000L;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    /** Lets everybody pass again. */
    synchronized void open() {
        closed = false;
        notifyAll();
    }
}
