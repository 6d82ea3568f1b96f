package dev.sharedserver.agent;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class GateTest {

    private final Gate gate = new Gate();

    @Test
    void itClosesOnlyWhenNobodyIsInside() throws InterruptedException {
        assertTrue(gate.close(0));
        gate.open();
        Gate.Pass first = gate.enter();
        Gate.Pass second = gate.enter();
        assertFalse(gate.close(1));
        gate.open();
        first.close();
        first.close();
        assertFalse(gate.close(1), "a pass counts once");
        second.close();
        assertTrue(gate.close(0));
    }

    @Test
    void theLastOneInsideLetsItClose() throws InterruptedException {
        Gate.Pass inside = gate.enter();
        Thread leaves = Thread.ofVirtual().start(inside::close);
        assertTrue(gate.close(TimeUnit.SECONDS.toMillis(9)));
        leaves.join();
    }

    @Test
    void whoComesWhileItIsClosedWaitsUntilItOpens() throws InterruptedException {
        assertTrue(gate.close(0));
        CountDownLatch passed = new CountDownLatch(1);
        Thread comes = Thread.ofVirtual().start(() -> {
            try {
                gate.enter().close();
                passed.countDown();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertFalse(passed.await(20, TimeUnit.MILLISECONDS));
        gate.open();
        assertTrue(passed.await(9, TimeUnit.SECONDS));
        comes.join();
    }
}
