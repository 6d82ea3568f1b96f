package dev.sharedserver.dev.build;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class BuildLoopTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration NEVER = Duration.ofHours(1);

    private final AtomicInteger builds = new AtomicInteger();

    @Test
    void manyChangesAreOneBuild() throws Exception {
        BuildLoop loop = new BuildLoop("t", builds::incrementAndGet, Duration.ofSeconds(1), NEVER);
        loop.start();
        for (int i = 0; i < 100; i++) {
            loop.changed();
        }
        await().atMost(LONG).until(() -> builds.get() == 1);
        loop.close();
        assertEquals(1, builds.get());
    }

    @Test
    void changesThatGoOnDoNotPutABuildOffForEver() throws Exception {
        BuildLoop loop = new BuildLoop("t", builds::incrementAndGet, NEVER, Duration.ofMillis(200));
        loop.start();
        await().atMost(LONG).until(() -> {
            loop.changed();
            return builds.get() >= 2;
        });
        loop.close();
    }

    @Test
    void nowWaitsForNothing() throws Exception {
        BuildLoop loop = new BuildLoop("t", builds::incrementAndGet, NEVER, NEVER);
        loop.start();
        loop.now();
        await().atMost(LONG).until(() -> builds.get() == 1);
        loop.changed();
        loop.now();
        await().atMost(LONG).until(() -> builds.get() == 2);
        loop.close();
    }

    @Test
    void oneBuildAtATimeAndOneMoreForChangesDuringIt() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicBoolean two = new AtomicBoolean();
        Semaphore go = new Semaphore(0);
        CountDownLatch first = new CountDownLatch(1);
        BuildLoop loop = new BuildLoop(
                "t",
                () -> {
                    two.compareAndSet(false, running.incrementAndGet() > 1);
                    first.countDown();
                    go.acquireUninterruptibly();
                    running.decrementAndGet();
                    builds.incrementAndGet();
                },
                Duration.ofMillis(20),
                Duration.ofMillis(100));
        loop.start();
        loop.changed();
        assertTrue(first.await(20, TimeUnit.SECONDS));
        for (int i = 0; i < 10; i++) {
            loop.changed();
        }
        go.release(100);
        await().atMost(LONG).until(() -> builds.get() == 2);
        loop.close();
        assertEquals(2, builds.get());
        assertTrue(!two.get(), "two builds ran at once");
    }

    @Test
    void closeInterruptsABuildAndWaitsForItsEnd() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        BuildLoop loop = new BuildLoop(
                "t",
                () -> {
                    begun.countDown();
                    try {
                        Thread.sleep(NEVER);
                    } catch (InterruptedException e) {
                        builds.incrementAndGet();
                    }
                },
                Duration.ofMillis(1),
                Duration.ofMillis(1));
        loop.start();
        loop.now();
        assertTrue(begun.await(20, TimeUnit.SECONDS));
        loop.close();
        assertEquals(1, builds.get());
        loop.changed();
    }
}
