package dev.sharedserver.core.lifecycle;

import static dev.sharedserver.core.lifecycle.Life.client;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.core.config.RestartPolicy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Readiness, checks, restart policies and pauses. */
class HealthTest {

    private static final Condition READY =
            new Condition(new Probe.Tcp("127.0.0.1", 80), new Period(10_000_000_000L), null);
    private static final Condition CHECK = new Condition(new Probe.Tcp("127.0.0.1", 80), null, null);
    private static final ExitStatus CRASH = new ExitStatus.Exited(3);

    private static Launch launch(@Nullable Condition ready, @Nullable Condition check, RestartPolicy restart) {
        Launch plain = Life.launch(20);
        return new Launch(
                plain.command(),
                plain.workingDir(),
                plain.gracePeriod(),
                plain.stopSignal(),
                plain.stopTimeout(),
                plain.logFile(),
                plain.ownLog(),
                null,
                null,
                new Health(ready, check, restart),
                null,
                plain.surroundings());
    }

    private static Life started(Launch launch) {
        Life life = new Life();
        long use = life.use(10, launch);
        life.on(new Event.Watched(client(10)));
        life.on(new Event.Spawned(client(100)));
        assertEquals(launch.health().ready() == null, life.answered(use));
        return life;
    }

    private static void die(Life life, ProcessId server, ExitStatus status) {
        life.on(new Event.ServerEnded(server, status));
        life.on(new Event.GroupEmpty(server));
    }

    @Test
    void everybodyIsAnsweredWhenItIsReady() {
        Life life = started(launch(READY, null, RestartPolicy.NEVER));
        long second = life.use(11, null);
        life.on(new Event.Watched(client(11)));
        assertFalse(life.answered(1) || life.answered(second));
        life.on(new Event.Ready(client(99)));
        assertFalse(life.answered(1), "another process is meant");
        life.on(new Event.Ready(client(100)));
        assertEquals(new Outcome.Started(100, 2), life.answer(1));
        assertEquals(new Outcome.Attached(100, 2), life.answer(second));
    }

    @Test
    void onlyAServerThatIsToSaySoIsBelieved() {
        Life life = started(launch(READY, null, RestartPolicy.NEVER));
        life.on(new Event.SaidReady(client(100)));
        assertFalse(life.answered(1));
        Life other = started(launch(new Condition(new Probe.Notify(), null, null), null, RestartPolicy.NEVER));
        other.on(new Event.SaidReady(client(100)));
        assertTrue(other.answered(1));
    }

    @Test
    void whatIsNotReadyInTimeIsStoppedAndItsReferencesAreGone() {
        Life life = started(launch(READY, null, RestartPolicy.NEVER));
        life.on(new Event.Unready(client(100), "refused"));
        life.pass(11);
        Outcome.NotReady not = assertInstanceOf(Outcome.NotReady.class, life.answer(1));
        assertEquals("refused", not.looked());
        assertTrue(life.state().clients().isEmpty());
        assertInstanceOf(Phase.Stopping.class, life.state().phase());
        die(life, client(100), CRASH);
        assertTrue(life.state().forgettable());
    }

    @Test
    void aReferenceThatWasThereBeforeStays() {
        Life life = started(launch(READY, null, RestartPolicy.ON_FAILURE));
        life.on(new Event.Ready(client(100)));
        die(life, client(100), CRASH);
        life.pass(1);
        life.on(new Event.Spawned(client(101)));
        long again = life.use(10, null);
        life.on(new Event.Watched(client(10)));
        life.pass(11);
        assertInstanceOf(Outcome.NotReady.class, life.answer(again));
        assertEquals(1, life.state().clients().size());
        die(life, client(101), CRASH);
        assertInstanceOf(Phase.BackingOff.class, life.state().phase());
    }

    @Test
    void whoHangsUpIsLetGo() {
        Life life = started(launch(READY, null, RestartPolicy.NEVER));
        life.on(new Event.Withdraw(1));
        assertInstanceOf(Outcome.Withdrawn.class, life.answer(1));
        Phase.Running running =
                assertInstanceOf(Phase.Running.class, life.state().phase());
        assertNotNull(running.grace());
        life.on(new Event.Ready(client(100)));
        running = assertInstanceOf(Phase.Running.class, life.state().phase());
        assertNotNull(running.grace(), "to be ready is no reason to stay");
    }

    @Test
    void threeMissesAreARestartAndOneSuccessBetweenThemIsNone() {
        Life life = started(launch(null, CHECK, RestartPolicy.ON_FAILURE));
        Event miss = new Event.Checked(client(100), "refused");
        life.on(miss).on(miss).on(new Event.Checked(client(100), null)).on(miss).on(miss);
        assertInstanceOf(Phase.Running.class, life.state().phase());
        life.on(miss);
        assertInstanceOf(Phase.Stopping.class, life.state().phase());
        die(life, client(100), new ExitStatus.Killed(15, false));
        assertInstanceOf(Phase.BackingOff.class, life.state().phase());
        assertEquals(1, life.state().clients().size());
    }

    @Test
    void aServerThatNobodyHoldsIsNotStartedAgain() {
        Life life = started(launch(null, CHECK, RestartPolicy.ALWAYS));
        life.unuse(10);
        Event miss = new Event.Checked(client(100), "refused");
        life.on(miss).on(miss).on(miss);
        assertInstanceOf(Phase.Running.class, life.state().phase());
        die(life, client(100), CRASH);
        assertTrue(life.state().forgettable());
    }

    @Test
    void pausesDoubleAndTheEighthFailureInTheWindowIsTheLast() {
        Life life = started(launch(null, null, RestartPolicy.ON_FAILURE));
        long before = 0;
        for (int i = 0; i < 7; i++) {
            die(life, client(100 + i), CRASH);
            Phase.BackingOff waiting =
                    assertInstanceOf(Phase.BackingOff.class, life.state().phase());
            long pause = waiting.until().monotonicNanos() - life.now().monotonicNanos();
            assertTrue(before == 0 || pause == 2 * before, pause + " ns after " + before + " ns");
            before = pause;
            life.pass(10);
            life.on(new Event.Spawned(client(101 + i)));
        }
        die(life, client(107), CRASH);
        assertTrue(life.state().forgettable());
    }

    @Test
    void failuresOfLongAgoAreForgiven() {
        Life life = started(launch(null, null, RestartPolicy.ON_FAILURE));
        for (int i = 0; i < 30; i++) {
            die(life, client(100 + i), CRASH);
            life.pass(60);
            life.on(new Event.Spawned(client(101 + i)));
            assertInstanceOf(Phase.Running.class, life.state().phase());
        }
    }

    @Test
    void aFailedStartIsAFailureLikeAnyOther() {
        Life life = started(launch(null, null, RestartPolicy.ON_FAILURE));
        die(life, client(100), CRASH);
        life.pass(1);
        life.on(new Event.SpawnFailed(10, 2));
        assertInstanceOf(Phase.BackingOff.class, life.state().phase());
        assertEquals(2, life.state().crashes().size());
    }

    @Test
    void aStopDuringThePauseIsAnEnd() {
        Life life = started(launch(null, null, RestartPolicy.ALWAYS));
        die(life, client(100), CRASH);
        assertInstanceOf(Outcome.StillUsed.class, life.answer(life.stop(false, null)));
        assertInstanceOf(Outcome.Stopped.class, life.answer(life.stop(true, null)));
        assertTrue(life.state().forgettable());
    }

    @Test
    void withoutItsEnvironmentItIsNotStartedAgain() {
        Launch plain = launch(null, null, RestartPolicy.ALWAYS);
        Launch unknown = new Launch(
                plain.command(),
                plain.workingDir(),
                plain.gracePeriod(),
                plain.stopSignal(),
                plain.stopTimeout(),
                plain.logFile(),
                plain.ownLog(),
                null,
                null,
                plain.health(),
                null,
                null);
        Life life = new Life();
        Instance before = new Instance(client(100), unknown, life.now().wall(), true, true);
        life.on(new Event.FoundDown(
                before, List.of(life.clientOf(10)), life.now().plus(new Period(1)), List.of(1L)));
        assertTrue(life.state().forgettable());
        assertNull(life.state().instance());
    }

    // ---- everything, in any order

    @Test
    void theRulesHoldInWhateverOrder() {
        long first = Long.getLong("seed", new Random().nextLong());
        for (long seed = first; seed < first + Long.getLong("plays", 3_000); seed++) {
            try {
                new Play(new Random(seed)).run();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("repeat with -Dseed=" + seed + ": " + e.getMessage(), e);
            }
        }
    }

    /** A guard and a prober of paper: what they are asked for they do at some time, or it goes wrong. */
    private static final class Play {
        private final Random random;
        private final Life life = new Life();
        private final Launch launch;
        private final Set<ProcessId> watches = new LinkedHashSet<>();
        private final Set<ProcessId> dead = new HashSet<>();
        private final List<ProcessId> servers = new ArrayList<>();
        private final List<ProcessId> groups = new ArrayList<>();
        private final List<Long> asked = new ArrayList<>();
        private int spawns;
        private int seen;
        private long pid = 1000;

        Play(Random random) {
            this.random = random;
            RestartPolicy policy = List.of(RestartPolicy.values()).get(random.nextInt(3));
            this.launch = launch(random.nextBoolean() ? READY : null, random.nextBoolean() ? CHECK : null, policy);
        }

        void run() {
            for (int i = 0; i < 80; i++) {
                something();
                obey();
                rules();
            }
            for (int round = 0; round < 100 && !(life.state().forgettable() && spawns == 0); round++) {
                for (long client = 10; client < 14; client++) {
                    dead.add(client(client));
                    life.on(new Event.Gone(client(client), CRASH));
                }
                watches.clear();
                obey();
                spawned(true);
                while (!servers.isEmpty()) {
                    life.on(new Event.ServerEnded(servers.removeFirst(), CRASH));
                    obey();
                }
                while (!groups.isEmpty()) {
                    life.on(new Event.GroupEmpty(groups.removeFirst()));
                    obey();
                }
                life.pass(400);
                obey();
            }
            assertTrue(life.state().forgettable(), () -> "with nobody left there is " + life.state());
            for (long request : asked) {
                assertTrue(life.answered(request), "request " + request + " was never answered");
            }
        }

        private void something() {
            long client = 10L + random.nextInt(4);
            ProcessId server = servers.isEmpty() ? client(99) : servers.getFirst();
            switch (random.nextInt(16)) {
                case 0, 1, 2 -> {
                    if (!dead.contains(client(client))) {
                        asked.add(life.use(client, random.nextInt(6) == 0 ? null : launch));
                    }
                }
                case 3 -> asked.add(life.unuse(client));
                case 4 -> asked.add(random.nextBoolean() ? life.stop(random.nextBoolean(), null) : life.restart());
                case 5, 6 -> watched();
                case 7, 8 -> spawned(random.nextInt(5) != 0);
                case 9 -> {
                    if (!servers.isEmpty()) {
                        ExitStatus status = random.nextInt(3) == 0 ? new ExitStatus.Exited(0) : CRASH;
                        life.on(new Event.ServerEnded(servers.removeFirst(), status));
                    }
                }
                case 10 -> {
                    if (!groups.isEmpty()) {
                        life.on(new Event.GroupEmpty(groups.removeFirst()));
                    }
                }
                case 11 -> life.on(random.nextBoolean() ? new Event.Ready(server) : new Event.SaidReady(server));
                case 12 -> life.on(new Event.Checked(server, random.nextInt(4) == 0 ? null : "refused"));
                case 13 -> {
                    if (!asked.isEmpty()) {
                        life.on(new Event.Withdraw(asked.get(random.nextInt(asked.size()))));
                    }
                }
                case 14 -> {
                    if (random.nextInt(4) == 0 && dead.add(client(client))) {
                        life.on(new Event.Gone(client(client), CRASH));
                    }
                }
                default -> life.pass(random.nextInt(12));
            }
        }

        private void watched() {
            for (ProcessId process : List.copyOf(watches)) {
                watches.remove(process);
                life.on(dead.contains(process) ? new Event.Gone(process, CRASH) : new Event.Watched(process));
            }
        }

        private void spawned(boolean well) {
            if (spawns > 0) {
                spawns--;
                if (well) {
                    servers.add(client(++pid));
                    life.on(new Event.Spawned(client(pid)));
                } else {
                    life.on(new Event.SpawnFailed(10, 2));
                }
            }
        }

        private void obey() {
            List<Action> actions = life.actions();
            for (; seen < actions.size(); seen++) {
                switch (actions.get(seen)) {
                    case Action.Watch watch -> watches.add(watch.process());
                    case Action.Spawn spawn -> spawns++;
                    case Action.AwaitGroupEmpty await ->
                        groups.add(await.instance().process());
                    default -> {}
                }
            }
        }

        private void rules() {
            ServerState state = life.state();
            assertTrue(spawns <= 1, "it is started twice");
            assertTrue(servers.size() <= 1, "two of it run");
            assertTrue(state.crashes().size() < 8, "it failed too often to be started again");
            boolean pending = state.phase() instanceof Phase.Starting
                    || state.phase() instanceof Phase.Running running && !running.ready()
                    || state.phase() instanceof Phase.Stopping stopping && stopping.next() != null;
            assertTrue(pending || state.awaiting().isEmpty(), () -> "nothing to wait for: " + state);
            for (Client client : state.clients().values()) {
                assertFalse(dead.contains(client.process()), () -> "dead and counted: " + client);
            }
            switch (state.phase()) {
                case Phase.BackingOff waiting -> {
                    assertFalse(state.clients().isEmpty(), "nobody is left to start it for");
                    assertTrue(waiting.launch().health().restart() != RestartPolicy.NEVER);
                    assertEquals(0, spawns);
                }
                case Phase.Stopped stopped -> assertTrue(state.crashes().isEmpty() && state.looked() == null);
                case Phase.Running running ->
                    assertTrue(running.ready()
                            || running.instance().launch().health().ready() != null);
                default -> {}
            }
        }
    }
}
