package dev.sharedserver.core.lifecycle;

import static dev.sharedserver.core.lifecycle.Life.client;
import static dev.sharedserver.core.lifecycle.Life.launch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.core.ProcessId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A launcher becomes the server: nobody is told of a server that never was, whatever ends in between. */
class ExecTest {

    private static final ProcessId LAUNCHER = client(500);
    private static final ExitStatus UNKNOWN = new ExitStatus.Unknown();

    private static Launch inFront(long graceSeconds) {
        Launch l = launch(graceSeconds);
        return new Launch(
                l.command(),
                l.workingDir(),
                l.gracePeriod(),
                l.stopSignal(),
                l.stopTimeout(),
                null,
                false,
                null,
                null,
                l.health(),
                l.port(),
                l.surroundings());
    }

    private static Event exec(Life life, long request, long client, ProcessId process, @Nullable Launch launch) {
        Client follower = Client.process(process, life.now().wall(), null);
        return new Event.Exec(request, life.clientOf(client), follower, launch, process);
    }

    /** A launcher that has been told to go ahead, for client 10. */
    private static Life told() {
        Life life = new Life();
        life.on(exec(life, 900, 10, LAUNCHER, inFront(60)));
        life.on(new Event.Watched(LAUNCHER));
        assertNull(life.answer(900), "not before both are watched");
        life.on(new Event.Watched(client(10)));
        assertEquals(new Outcome.Become(LAUNCHER.pid()), life.answer(900));
        return life;
    }

    @Test
    void whatItWillBeIsKnownWhenItIsTold() {
        Life life = told();
        Instance instance = Objects.requireNonNull(life.state().instance());
        assertEquals(LAUNCHER, instance.process());
        assertFalse(instance.ownGroup());
        assertEquals(Set.of("10"), life.state().clients().keySet());
        life.on(new Event.Execed(LAUNCHER));
        assertInstanceOf(Phase.Running.class, life.state().phase());
        assertEquals(0, life.count(Action.Spawn.class));
    }

    @Test
    void aCommandThatCannotBeExecutedTakesNoReference() {
        Life life = told();
        life.on(new Event.ExecFailed(LAUNCHER, 10, 2));
        assertTrue(life.state().forgettable());
    }

    @Test
    void whoComesInBetweenWaitsForTheOutcome() {
        Life life = told();
        long use = life.use(11, null);
        long stop = life.stop(false, null);
        assertNull(life.answer(use));
        assertNull(life.answer(stop));
        life.on(new Event.Execed(LAUNCHER));
        assertInstanceOf(Outcome.StillUsed.class, life.answer(stop));
        life.on(new Event.Watched(client(11)));
        assertEquals(new Outcome.Attached(LAUNCHER.pid(), 2), life.answer(use));

        Life failed = told();
        long without = failed.use(11, null);
        long with = failed.use(12, launch(60));
        failed.on(new Event.ExecFailed(LAUNCHER, 10, 2));
        assertEquals(new Outcome.NoCommand(), failed.answer(without));
        assertEquals(1, failed.count(Action.Spawn.class));
        assertNull(failed.answer(with), "its own start is under way");
    }

    @Test
    void aSecondExecBecomesAFollower() {
        Life life = told();
        ProcessId second = client(501);
        life.on(exec(life, 901, 11, second, inFront(60)));
        life.on(new Event.Execed(LAUNCHER));
        life.on(new Event.Watched(second));
        assertEquals(new Outcome.Attached(LAUNCHER.pid(), 2), life.answer(901));
        assertTrue(life.state().clients().containsKey("501"), "as itself, not for its parent");
    }

    @Test
    void itsEndMayBeToldBeforeItsSuccess() {
        Life life = told();
        life.on(new Event.Gone(LAUNCHER, new ExitStatus.Exited(0)));
        life.on(new Event.GroupEmpty(LAUNCHER));
        assertTrue(life.state().forgettable());
        life.on(new Event.Execed(LAUNCHER));
        assertTrue(life.state().forgettable());
    }

    @Test
    void whoeverEndsTooEarlyWithdrawsIt() {
        for (ProcessId dead : List.of(LAUNCHER, client(10))) {
            Life life = new Life();
            life.on(exec(life, 900, 10, LAUNCHER, inFront(60)));
            life.on(new Event.Gone(dead, UNKNOWN));
            assertEquals(new Outcome.ClientNotAlive(Long.toString(dead.pid())), life.answer(900));
            assertTrue(life.state().forgettable());
        }
        Life life = new Life();
        life.on(exec(life, 900, 10, LAUNCHER, inFront(60)));
        life.on(new Event.NotWatched(client(10), "no descriptors"));
        assertInstanceOf(Outcome.ClientNotWatched.class, life.answer(900));
        assertTrue(life.state().forgettable());
    }

    @Test
    void aClientThatEndsAfterwardsLeavesItInGrace() {
        Life life = told();
        life.on(new Event.Gone(client(10), UNKNOWN));
        life.on(new Event.Execed(LAUNCHER));
        assertTrue(assertInstanceOf(Phase.Running.class, life.state().phase()).grace() != null);
        life.pass(60);
        assertInstanceOf(Phase.Stopping.class, life.state().phase());
    }

    @Test
    void whatCannotBeWrittenIsRefused() {
        Life life = new Life();
        life.on(exec(life, 900, 10, LAUNCHER, inFront(60)));
        life.on(new Event.Watched(LAUNCHER));
        life.refuse(new Event.Watched(client(10)));
        assertInstanceOf(Outcome.NotRecorded.class, life.answer(900));
        assertTrue(life.state().forgettable());
    }

    @Test
    void aLaterAgentTellsItAgainAndWithdrawsIt() {
        Life life = new Life();
        Instance instance = new Instance(LAUNCHER, inFront(60), life.now().wall(), false, true);
        life.on(new Event.Found(instance, List.of(life.clientOf(10)), null));
        life.on(exec(life, 900, 10, LAUNCHER, inFront(60)));
        assertEquals(new Outcome.Become(LAUNCHER.pid()), life.answer(900));
        life.on(new Event.ExecFailed(LAUNCHER, 10, 2));
        assertTrue(life.state().forgettable());
    }

    @Test
    void onlyItsCallerCanStartItAgain() {
        Life life = told().on(new Event.Execed(LAUNCHER));
        assertEquals(new Outcome.IsExec(LAUNCHER.pid()), life.answer(life.restart()));
        assertInstanceOf(Phase.Running.class, life.state().phase());
    }

    /** Everything that can happen around an exec, in any order: at most one launcher is told at a time. */
    @Test
    void theRulesHoldInWhateverOrder() {
        long first = Long.getLong("seed", new Random().nextLong());
        for (long seed = first; seed < first + 5_000; seed++) {
            try {
                play(new Random(seed));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("repeat with -Dseed=" + seed + ": " + e.getMessage(), e);
            }
        }
    }

    private static void play(Random random) {
        Life life = new Life();
        Set<ProcessId> dead = new HashSet<>();
        List<ProcessId> told = new ArrayList<>();
        long request = 10_000;
        for (int i = 0; i < 50; i++) {
            ProcessId launcher = client(500 + random.nextInt(3));
            ProcessId other = client(10 + random.nextInt(3));
            ProcessId any = random.nextBoolean() ? launcher : other;
            long asked = request++;
            switch (random.nextInt(10)) {
                case 0, 1 -> {
                    if (!dead.contains(launcher) && !told.contains(launcher)) {
                        life.on(exec(life, asked, other.pid(), launcher, random.nextInt(5) == 0 ? null : inFront(9)));
                    }
                }
                case 2, 3, 4 -> {
                    if (!dead.contains(any)) {
                        life.on(new Event.Watched(any));
                    }
                }
                case 5 -> {
                    dead.add(any);
                    life.on(new Event.Gone(any, UNKNOWN));
                    life.on(new Event.GroupEmpty(any));
                }
                case 6 -> {
                    if (told.contains(launcher) && !dead.contains(launcher)) {
                        life.on(
                                random.nextBoolean()
                                        ? new Event.Execed(launcher)
                                        : new Event.ExecFailed(launcher, 10, 2));
                    }
                }
                case 7 -> life.on(Life.unuseOf(asked, Long.toString(other.pid())));
                case 8 -> life.on(Life.stopOf(asked, null, random.nextBoolean(), null));
                default -> life.pass(random.nextInt(12));
            }
            for (Action action : life.actions()) {
                if (action instanceof Action.Reply reply
                        && reply.outcome() instanceof Outcome.Become become
                        && !told.contains(client(become.pid()))) {
                    told.add(client(become.pid()));
                    assertTrue(
                            life.state().phase() instanceof Phase.Replacing replacing && replacing.told(),
                            "told and not known: " + life.state());
                }
            }
            for (Client counted : life.state().clients().values()) {
                assertFalse(dead.contains(counted.process()), "dead and counted: " + counted);
            }
            assertEquals(0, life.count(Action.Spawn.class), "nobody asked for a spawn");
        }
        // whoever waited is looked at anew when it is his turn: the guard answers each watch of a dead process
        for (int round = 0; round < 50 && !life.state().forgettable(); round++) {
            for (long pid : List.of(500L, 501L, 502L, 10L, 11L, 12L)) {
                life.on(new Event.Gone(client(pid), UNKNOWN));
                life.on(new Event.GroupEmpty(client(pid)));
            }
        }
        assertTrue(life.state().forgettable(), () -> "with nobody left there is " + life.state());
    }
}
