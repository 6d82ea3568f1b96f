package dev.sharedserver.core.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShrinkerTest {

    @Test
    void whatDoesNotMatterIsLeftOut() {
        List<Integer> all = IntStream.range(0, 200).boxed().toList();
        Predicate<List<Integer>> fails = part -> part.contains(17) && part.contains(18) && part.contains(150);
        assertEquals(List.of(17, 18, 150), Shrinker.shrink(all, fails));
    }

    @Test
    void whatFailsWithoutAnyEventShrinksToNone() {
        assertEquals(List.of(), Shrinker.shrink(List.of(1, 2, 3), part -> true));
        assertEquals(List.of(), Shrinker.shrink(List.<Integer>of(), part -> true));
    }

    @Test
    void nothingCanBeLeftOutOfWhatItFinds() {
        Random random = new Random(1);
        for (int i = 0; i < 300; i++) {
            List<Integer> all = new ArrayList<>();
            for (int j = random.nextInt(40); j >= 0; j--) {
                all.add(random.nextInt(5));
            }
            int sum = 1 + random.nextInt(6);
            // no monotonic property: parts of a failing sequence may or may not fail
            Predicate<List<Integer>> fails =
                    part -> part.stream().mapToInt(n -> n).sum() % 7 == sum;
            if (fails.test(all)) {
                List<Integer> small = Shrinker.shrink(all, fails);
                assertTrue(fails.test(small), small::toString);
                for (int j = 0; j < small.size(); j++) {
                    List<Integer> smaller = new ArrayList<>(small);
                    smaller.remove(j);
                    assertFalse(fails.test(smaller), "nothing is needed of " + small + " at " + j);
                }
            }
        }
    }

    /** A machine that is wrong on purpose: it forgets that a dead client is to be dropped. */
    private static Step deaf(ServerState state, Event event, Now now) {
        return event instanceof Event.Gone gone
                        && state.clients()
                                .containsKey(Long.toString(gone.process().pid()))
                ? new Step(state, List.of())
                : Lifecycle.next(state, event, now);
    }

    @Test
    void aWrongMachineIsShownByAFewEvents() {
        List<Op> found = null;
        for (long seed = 0; found == null && seed < 1_000; seed++) {
            List<Op> ops = Op.random(new Random(seed), LifecycleModelTest.LENGTH);
            if (Play.failure(ShrinkerTest::deaf, ops) != null) {
                found = ops;
            }
        }
        assertNotNull(found, "nobody notices");
        List<Op> small = Shrinker.shrink(found, ops -> Play.failure(ShrinkerTest::deaf, ops) != null);
        // a use is enough: when it is over its client ends, and that is not noticed
        assertTrue(small.size() <= 2, small::toString);
        String told = Play.failure(ShrinkerTest::deaf, small);
        assertTrue(told != null && told.contains(Rule.NO_REFERENCE_LEAKS.name()), told);
    }
}
