package dev.sharedserver.e2e;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Rounds of random load with random faults in the middle of it; what has to hold afterwards is looked at after each one.
 *
 * <p>{@code -De2e.faults=500} makes as many rounds of each kind, {@code -De2e.seed=N} begins with that round's seed.
 */
@ExtendWith(SandboxExtension.class)
class FaultRoundsIT {

    @ParameterizedTest
    @EnumSource
    @Timeout(value = 10, unit = TimeUnit.HOURS) // as long as the soak wants
    void whateverIsHurtWhileItWorksEndsWell(FaultRound.Kind kind, Sandboxes sandboxes) {
        int rounds = Integer.getInteger("e2e.faults", kind.usualRounds());
        long first = Long.getLong("e2e.seed", System.nanoTime());
        for (int i = 0; i < rounds; i++) {
            long seed = first + i;
            Sandbox box = sandboxes.open(Medium.TMPFS);
            FaultRound round = new FaultRound(box, kind, seed);
            try {
                round.play();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(
                        kind + ", round " + i + ", -De2e.seed=" + seed + ": " + e + "\n" + round.story(), e);
            }
            System.out.println(kind + " round " + i + " seed " + seed + ": " + round.summary());
            box.stopEverything();
        }
    }
}
