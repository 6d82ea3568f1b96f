package dev.sharedserver.core.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.core.ProcessId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * Drives the machine by generated events beside a small model of the kernel: which processes live, what the guard was
 * asked for and has not answered yet. The invariants hold after every step, and at the end everybody was answered.
 */
class LifecycleModelTest {

    private static final int RUNS = 4_000;
    private static final int STEPS = 60;

    @Test
    void theRulesHoldWhateverHappensInWhateverOrder() {
        long base = Long.getLong("seed", new Random().nextLong());
        for (int run = 0; run < RUNS; run++) {
            long seed = base + run;
            assertRun(seed, () -> new Run(seed).play());
        }
    }

    private static void assertRun(long seed, Executable run) {
        try {
            run.execute();
        } catch (Throwable e) {
            throw new AssertionError("repeat with -Dseed=" + seed + ": " + e.getMessage(), e);
        }
    }

    private static final class Run {
        private final Random random;
        private final Life life = new Life();
        private final Set<ProcessId> living = new HashSet<>();
        private final Set<ProcessId> reaped = new HashSet<>();
        private final List<ProcessId> watches = new ArrayList<>();
        private final List<ProcessId> groups = new ArrayList<>();
        private final Set<ProcessId> zombies = new HashSet<>();
        private final Set<ProcessId> stubborn = new HashSet<>();
        private ProcessId server = new ProcessId(0, 0);
        private boolean spawning;
        private long nextPid = 5_000;
        private int done;

        Run(long seed) {
            random = new Random(seed);
        }

        void play() {
            for (int step = 0; step < STEPS; step++) {
                someEvent();
                look();
            }
            for (int i = 0; i < 400 && !settled(); i++) {
                answerSomething();
                life.pass(10);
                look();
            }
            for (long request = 1; request <= life.requests(); request++) {
                assertNotNull(life.answer(request), "request " + request + " was never answered: " + life.state());
            }
            for (Client client : life.state().clients().values()) {
                assertTrue(living.contains(client.process()), "a dead client is counted: " + client);
            }
        }

        private boolean settled() {
            Phase phase = life.state().phase();
            return (phase instanceof Phase.Stopped || phase instanceof Phase.Running)
                    && watches.isEmpty()
                    && !spawning
                    && zombies.isEmpty();
        }

        private void someEvent() {
            long pid = 10L + random.nextInt(4);
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> {
                    living.add(Life.client(pid));
                    life.use(pid, random.nextInt(4) == 0 ? null : Life.launch(10L * random.nextInt(3)));
                }
                case 3 -> life.unuse(pid);
                case 4 -> life.stop(random.nextBoolean(), random.nextInt(3) == 0 ? StopMode.kill() : null);
                case 5 -> {
                    if (random.nextInt(3) == 0) {
                        life.restart();
                    }
                }
                case 6 -> {
                    if (living.remove(Life.client(pid))) {
                        life.on(new Event.Gone(Life.client(pid), new ExitStatus.Unknown()));
                        watches.removeIf(w -> w.equals(Life.client(pid)));
                    }
                }
                case 7 -> crash();
                case 8 -> life.pass(random.nextInt(15));
                default -> answerSomething();
            }
        }

        private void crash() {
            if (living.remove(server)) {
                zombies.add(server);
                life.on(new Event.ServerEnded(server, new ExitStatus.Exited(1)));
            }
        }

        private void answerSomething() {
            if (spawning && random.nextBoolean()) {
                spawning = false;
                if (random.nextInt(8) == 0) {
                    life.on(new Event.SpawnFailed(10, 2));
                } else {
                    server = new ProcessId(nextPid++, 1);
                    living.add(server);
                    if (random.nextInt(5) == 0) {
                        stubborn.add(server);
                    }
                    life.on(new Event.Spawned(server));
                }
            } else if (!watches.isEmpty() && random.nextBoolean()) {
                ProcessId process = watches.remove(random.nextInt(watches.size()));
                life.on(
                        living.contains(process)
                                ? new Event.Watched(process)
                                : new Event.Gone(process, new ExitStatus.Unknown()));
            } else if (!groups.isEmpty()) {
                ProcessId process = groups.remove(random.nextInt(groups.size()));
                life.on(new Event.GroupEmpty(process));
            }
        }

        /** Plays the guard for what the last event led to, and checks the invariants. */
        private void look() {
            List<Action> actions = life.actions();
            for (; done < actions.size(); done++) {
                switch (actions.get(done)) {
                    case Action.Spawn spawn -> {
                        assertTrue(!spawning, "two spawns at once");
                        assertTrue(!living.contains(server), "a second server beside a living one");
                        spawning = true;
                    }
                    case Action.Watch watch -> watches.add(watch.process());
                    case Action.Signal signal -> {
                        ProcessId target = signal.instance().process();
                        assertTrue(!reaped.contains(target), "a reaped process is signalled");
                        boolean obeys = signal.signal() == StopMode.SIGKILL || !stubborn.contains(target);
                        if (obeys && living.remove(target)) {
                            zombies.add(target);
                            life.on(new Event.ServerEnded(target, new ExitStatus.Killed(signal.signal(), false)));
                        }
                    }
                    case Action.AwaitGroupEmpty await ->
                        groups.add(await.instance().process());
                    case Action.Reap reap -> {
                        assertTrue(zombies.remove(reap.process()), "what is no zombie is reaped");
                        reaped.add(reap.process());
                    }
                    case Action.Unwatch unwatch -> {}
                    case Action.Reply reply -> holdsAReference(reply);
                    case Action.Note note -> {}
                }
            }
            ServerState state = life.state();
            if (state.phase() instanceof Phase.Running running) {
                assertEquals(
                        running.grace() != null,
                        state.clients().isEmpty() && state.attaching().isEmpty() || running.grace() != null,
                        "grace runs exactly while nobody holds the server: " + state);
                assertTrue(running.grace() == null || state.clients().isEmpty(), "grace while somebody holds it");
            }
            if (state.phase() instanceof Phase.Stopped) {
                assertTrue(state.clients().isEmpty() && state.attaching().isEmpty(), "clients of nothing: " + state);
            }
        }

        private static void holdsAReference(Action.Reply reply) {
            int refcount = switch (reply.outcome()) {
                case Outcome.Attached o -> o.refcount();
                case Outcome.Rescued o -> o.refcount();
                case Outcome.Started o -> o.refcount();
                default -> 1;
            };
            assertTrue(refcount >= 1, "a use that succeeded holds no reference");
        }
    }
}
