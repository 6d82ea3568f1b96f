package dev.sharedserver.e2e;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/** Waiting for a condition, looked at every 10 ms. */
final class Until {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private Until() {}

    static void holds(Callable<Boolean> condition, String what) {
        holds(PATIENCE, condition, what);
    }

    static void holds(Duration atMost, Callable<Boolean> condition, String what) {
        Awaitility.await(what)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(10))
                .atMost(atMost)
                .until(condition);
    }
}
