package dev.sharedserver.core.lifecycle;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Drives the machine by generated sequences of everything that can happen, beside a {@link World} that plays kernel,
 * guard and disk, and a {@link ReferenceModel} that says what must be seen. Every {@link Rule} holds after every step.
 *
 * <p>{@code -Dseed=N} starts with that sequence, {@code -Druns=N} plays so many, {@code -Dminutes=N} stops after that
 * time. What fails is shrunk to a sequence of which nothing can be left out, and printed with all that came of it.
 */
class LifecycleModelTest {

    static final int LENGTH = 60;

    @Test
    void theRulesHoldWhateverHappensInWhateverOrder() {
        long first = Long.getLong("seed", new Random().nextLong());
        long runs = Long.getLong("runs", 2_000);
        long until = System.nanoTime() + Long.getLong("minutes", 60) * 60_000_000_000L;
        for (long run = 0; run < runs && System.nanoTime() < until; run++) {
            List<Op> ops = Op.random(new Random(first + run), LENGTH);
            if (Play.failure(Lifecycle::next, ops) != null) {
                List<Op> few = Shrinker.shrink(ops, part -> Play.failure(Lifecycle::next, part) != null);
                throw new AssertionError("repeat with -Dseed=" + (first + run) + " -Druns=1; " + few.size() + " of "
                        + ops.size() + " events are enough:\n" + Play.story(Lifecycle::next, few));
            }
        }
    }
}
