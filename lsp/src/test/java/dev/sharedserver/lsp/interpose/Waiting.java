package dev.sharedserver.lsp.interpose;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Waits for what is to come. */
final class Waiting {

    private Waiting() {}

    static void until(Duration limit, String what, Callable<Boolean> condition) {
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            while (!condition.call()) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("waited in vain for " + what);
                }
                Thread.sleep(10);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(what, e);
        }
    }
}
