package dev.sharedserver.core.lifecycle;

import static dev.sharedserver.core.lifecycle.Life.SERVER;
import static dev.sharedserver.core.lifecycle.Life.client;
import static dev.sharedserver.core.lifecycle.Life.launch;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LifecycleTest {

    private static final ExitStatus CRASH = new ExitStatus.Killed(11, false);

    @Test
    void aUseIsAnsweredOnlyWhenTheServerRunsAndTheClientIsWatched() {
        Life life = new Life();
        long use = life.use(10, launch(60));
        assertNull(life.answer(use));
        life.on(new Event.Spawned(SERVER));
        assertNull(life.answer(use));
        life.on(new Event.Watched(client(10)));
        assertEquals(new Outcome.Started(SERVER.pid(), 1), life.answer(use));
    }

    @Test
    void theOrderOfWatchAndSpawnDoesNotMatter() {
        Life life = new Life();
        long use = life.use(10, launch(60));
        life.on(new Event.Watched(client(10)));
        assertNull(life.answer(use));
        life.on(new Event.Spawned(SERVER));
        assertEquals(new Outcome.Started(SERVER.pid(), 1), life.answer(use));
    }

    @Test
    void manyUsesOfAStoppedNameStartOneServer() {
        Life life = new Life();
        for (int pid = 10; pid < 210; pid++) {
            life.use(pid, launch(60));
        }
        life.on(new Event.Spawned(SERVER));
        for (int pid = 10; pid < 210; pid++) {
            life.on(new Event.Watched(client(pid)));
        }
        assertEquals(1, life.count(Action.Spawn.class));
        assertEquals(200, life.state().clients().size());
        for (long request = 1; request <= 200; request++) {
            assertNotNull(life.answer(request));
        }
    }

    @Test
    void aRepeatAttachFromOnePidIsIdempotent() {
        Life life = Life.running(60, 10);
        long again = life.use(10, launch(60));
        life.on(new Event.Watched(client(10)));
        assertEquals(new Outcome.Attached(SERVER.pid(), 1), life.answer(again));
        assertEquals(1, life.state().clients().size());
    }

    @Test
    void aRecycledClientPidReplacesTheDeadOne() {
        Life life = Life.running(60, 10);
        ProcessId recycled = new ProcessId(10, 999);
        life.on(new Event.Use(99, Client.process(recycled, life.now().wall(), null), null));
        life.on(new Event.Watched(recycled));
        life.on(new Event.Gone(client(10), new ExitStatus.Unknown()));
        Client left = life.state().clients().get("10");
        assertNotNull(left);
        assertEquals(recycled, left.process());
    }

    @Test
    void aClientThatIsGoneBeforeItWasWatchedIsNeverCounted() {
        Life life = Life.running(60, 10);
        long use = life.use(11, null);
        life.on(new Event.Gone(client(11), new ExitStatus.Unknown()));
        assertEquals(new Outcome.ClientNotAlive("11"), life.answer(use));
        assertEquals(1, life.state().clients().size());
    }

    @Test
    void theLastClientsDeathStartsTheGracePeriodAndItsEndStopsTheServer() {
        Life life = Life.running(60, 10);
        life.on(new Event.Gone(client(10), new ExitStatus.Unknown()));
        assertNotNull(
                assertInstanceOf(Phase.Running.class, life.state().phase()).grace());
        life.pass(59);
        assertInstanceOf(Phase.Running.class, life.state().phase());
        life.pass(1);
        assertInstanceOf(Phase.Stopping.class, life.state().phase());
        assertEquals(1, life.count(Action.Signal.class));
    }

    @Test
    void aUseInGraceRescues() {
        Life life = Life.running(60, 10);
        life.unuse(10);
        long use = life.use(11, null);
        life.on(new Event.Watched(client(11)));
        assertEquals(new Outcome.Rescued(SERVER.pid(), 1), life.answer(use));
        life.pass(600);
        assertInstanceOf(Phase.Running.class, life.state().phase());
    }

    @Test
    void aUseDuringAStopStartsAfreshAndIsNeverRescuedIntoTheDying() {
        Life life = Life.running(60, 10);
        life.unuse(10);
        life.pass(60);
        long use = life.use(11, launch(60));
        assertNull(life.answer(use));
        life.on(new Event.ServerEnded(SERVER, new ExitStatus.Exited(0)));
        life.on(new Event.GroupEmpty(SERVER));
        ProcessId next = new ProcessId(2000, 88);
        life.on(new Event.Watched(client(11)));
        life.on(new Event.Spawned(next));
        assertEquals(new Outcome.Started(2000, 1), life.answer(use));
    }

    @Test
    void aUseThatWaitsForItsWatchWhenTheServerCrashesStartsAfresh() {
        Life life = Life.running(60, 10);
        long use = life.use(11, launch(60));
        life.on(new Event.ServerEnded(SERVER, CRASH));
        life.on(new Event.Watched(client(11)));
        assertNull(life.answer(use));
        life.on(new Event.GroupEmpty(SERVER));
        life.on(new Event.Spawned(new ProcessId(2000, 88)));
        life.on(new Event.Watched(client(11)));
        assertEquals(new Outcome.Started(2000, 1), life.answer(use));
    }

    @Test
    void theZombieIsLetGoOnlyWhenItsGroupIsEmpty() {
        Life life = Life.running(60, 10);
        life.on(new Event.ServerEnded(SERVER, CRASH));
        assertEquals(0, life.count(Action.Reap.class));
        life.on(new Event.GroupEmpty(SERVER));
        assertEquals(1, life.count(Action.Reap.class));
        assertTrue(life.state().forgettable());
    }

    @Test
    void whatIsLeftOfACrashedServersGroupIsKilledAfterTheStopTimeout() {
        Life life = Life.running(60, 10);
        life.on(new Event.ServerEnded(SERVER, CRASH));
        life.pass(5);
        assertTrue(life.actions().stream()
                .anyMatch(a -> a instanceof Action.Signal signal && signal.signal() == StopMode.SIGKILL));
    }

    @Test
    void aGracePeriodOfZeroStopsAtOnce() {
        Life life = Life.running(0, 10);
        long unuse = life.unuse(10);
        assertInstanceOf(Outcome.Detached.class, life.answer(unuse));
        assertInstanceOf(Phase.Stopping.class, life.state().phase());
    }

    private static Client needing(Life life, long pid, String... dependents) {
        return life.clientOf(pid).with(Reasons.neededBy(List.of(dependents)));
    }

    @Test
    void whatIsHeldForOthersIsLetGoWithTheLastOfThem() {
        Life life = Life.running(60, 10);
        life.on(new Event.Use(90, needing(life, 20, "web", "api"), null));
        life.on(new Event.Watched(client(20)));
        life.on(new Event.Release("20", "other")).on(new Event.Release("30", "web"));
        life.on(new Event.Release("20", "web"));
        assertEquals(Set.of("10", "20"), life.state().clients().keySet());
        life.on(new Event.Release("20", "api"));
        assertEquals(Set.of("10"), life.state().clients().keySet());
        life.on(new Event.Release("10", "web"));
        assertEquals(Set.of("10"), life.state().clients().keySet(), "that was asked for by name");
    }

    @Test
    void whatWasAskedForByNameAndIsNeededEndsWithTheLastReason() {
        for (boolean byNameFirst : List.of(true, false)) {
            Life life = new Life();
            life.on(new Event.Use(90, byNameFirst ? life.clientOf(10) : needing(life, 10, "web"), launch(60)));
            life.on(new Event.Watched(client(10))).on(new Event.Spawned(SERVER));
            life.on(new Event.Use(91, byNameFirst ? needing(life, 10, "web") : life.clientOf(10), null));
            life.on(new Event.Watched(client(10)));
            assertEquals(new Outcome.Attached(SERVER.pid(), 1), life.answer(91));

            long kept = life.unuse(10);
            assertEquals(new Outcome.Kept(1, List.of("web")), life.answer(kept));
            assertNull(((Phase.Running) life.state().phase()).grace());
            life.on(new Event.Release("10", "web"));
            assertTrue(life.state().clients().isEmpty());
            assertNotNull(((Phase.Running) life.state().phase()).grace());
        }
        Life life = new Life();
        life.on(new Event.Use(90, needing(life, 10, "web"), launch(60)));
        life.on(new Event.Watched(client(10))).on(new Event.Spawned(SERVER));
        long insists = life.unuse(10);
        assertInstanceOf(Outcome.Detached.class, life.answer(insists), "there is no other reason to give up");
        assertTrue(life.state().clients().isEmpty());
    }

    @Test
    void aReleaseThatComesWhileItStartsIsDoneThen() {
        Life life = new Life();
        life.on(new Event.Use(90, needing(life, 10, "web"), launch(0)));
        life.on(new Event.Watched(client(10))).on(new Event.Release("10", "web"));
        life.on(new Event.Spawned(SERVER));
        assertTrue(life.state().clients().isEmpty());
        assertInstanceOf(Phase.Stopping.class, life.state().phase());
    }

    @Test
    void aServerStartedForNobodyCountsItsGraceFromTheStart() {
        Life life = new Life();
        long start = life.start(launch(60));
        life.on(new Event.Spawned(SERVER));
        assertEquals(new Outcome.Started(SERVER.pid(), 0), life.answer(start));
        life.pass(60);
        assertInstanceOf(Phase.Stopping.class, life.state().phase());
    }

    @Test
    void aStopIsRefusedWhileOthersHoldTheServer() {
        Life life = Life.running(60, 10, 11);
        long refused = life.stop(false, null);
        Outcome.StillUsed used = assertInstanceOf(Outcome.StillUsed.class, life.answer(refused));
        assertEquals(2, used.others().size());
        life.on(new Event.Unuse(98, "11", null));
        life.on(new Event.Stop(99, new Asker(10, "sh"), "10", false, null));
        assertInstanceOf(Phase.Stopping.class, life.state().phase());
    }

    @Test
    void aStopWithoutForceThatFailsLeavesTheServerAsItWas() {
        Life life = Life.running(60, 10);
        StopMode gentle = new StopMode(15, new Period(10_000_000_000L), StopMode.Escalation.GIVE_UP);
        long stop = life.stop(true, gentle);
        life.pass(10);
        assertEquals(new Outcome.DidNotStop(gentle), life.answer(stop));
        assertInstanceOf(Phase.Running.class, life.state().phase());
        assertEquals(1, life.state().clients().size());
    }

    @Test
    void aStopThatIsIgnoredIsFollowedByKill() {
        Life life = Life.running(60, 10);
        long stop = life.stop(true, null);
        life.pass(5);
        life.on(new Event.ServerEnded(SERVER, new ExitStatus.Killed(9, false)));
        life.on(new Event.GroupEmpty(SERVER));
        assertEquals(new Outcome.Stopped(true), life.answer(stop));
    }

    @Test
    void clientsStayAttachedAcrossARestart() {
        Life life = Life.running(60, 10, 11);
        long restart = life.restart();
        life.on(new Event.ServerEnded(SERVER, new ExitStatus.Exited(0)));
        life.on(new Event.GroupEmpty(SERVER));
        life.on(new Event.Spawned(new ProcessId(2000, 88)));
        assertEquals(new Outcome.Restarted(2000, 2), life.answer(restart));
        assertEquals(2, life.state().clients().size());
    }

    @Test
    void aStopDuringARestartStopsWhatComesOfIt() {
        Life life = Life.running(60, 10);
        life.restart();
        long stop = life.stop(true, null);
        life.on(new Event.ServerEnded(SERVER, new ExitStatus.Exited(0)));
        life.on(new Event.GroupEmpty(SERVER));
        assertNull(life.answer(stop));
        ProcessId next = new ProcessId(2000, 88);
        life.on(new Event.Spawned(next));
        life.on(new Event.ServerEnded(next, new ExitStatus.Exited(0)));
        life.on(new Event.GroupEmpty(next));
        assertEquals(new Outcome.Stopped(false), life.answer(stop));
        assertTrue(life.state().forgettable());
    }

    @Test
    void aCommandThatCannotBeExecutedLeavesNothingBehind() {
        Life life = new Life();
        long use = life.use(10, launch(60));
        life.on(new Event.Watched(client(10)));
        life.on(new Event.SpawnFailed(10, 2));
        assertInstanceOf(Outcome.SpawnFailed.class, life.answer(use));
        assertTrue(life.state().forgettable());
    }

    @Test
    void aStartThatWasNotEvenTriedSaysWhy() {
        Life life = new Life();
        long use = life.use(10, launch(60));
        life.on(new Event.Watched(client(10)));
        life.on(new Event.SpawnFailed(0, 98, "port 1 is held"));
        assertEquals(new Outcome.SpawnFailed(launch(60), 0, 98, "port 1 is held"), life.answer(use));
        assertEquals("port 1 is held", new Cause.NotStarted(0, 98, "port 1 is held").detail());
        assertTrue(life.state().forgettable());
    }

    @Test
    void whatIsLaunchedIsKnownFromTheFirstUseToTheEnd() {
        Life life = new Life();
        assertNull(life.state().launch());
        life.use(10, launch(60));
        assertEquals(launch(60), life.state().launch());
        life.on(new Event.Watched(client(10)));
        life.on(new Event.Spawned(SERVER));
        assertEquals(launch(60), life.state().launch());
        life.stop(true, null);
        assertInstanceOf(Phase.Stopping.class, life.state().phase());
        assertEquals(launch(60), life.state().launch());
        life.on(new Event.ServerEnded(SERVER, new ExitStatus.Exited(0)));
        life.on(new Event.GroupEmpty(SERVER));
        assertNull(life.state().launch());
    }

    @Test
    void aServerThatCannotBeRecordedIsEndedAndItsUserTold() {
        Life life = new Life();
        long use = life.use(10, launch(60));
        life.on(new Event.Watched(client(10)));
        assertNotNull(life.refuse(new Event.Spawned(SERVER)));
        assertEquals(new Outcome.NotRecorded("disk full"), life.answer(use));
        assertInstanceOf(Phase.Stopping.class, life.state().phase());
        life.on(new Event.ServerEnded(SERVER, new ExitStatus.Killed(9, false)));
        life.on(new Event.GroupEmpty(SERVER));
        assertTrue(life.state().forgettable());
    }

    @Test
    void anAttachThatCannotBeRecordedChangesNothing() {
        Life life = Life.running(60, 10);
        long use = life.use(11, null);
        assertNotNull(life.refuse(new Event.Watched(client(11))));
        assertEquals(new Outcome.NotRecorded("disk full"), life.answer(use));
        assertFalse(life.state().clients().containsKey("11"));
    }

    @Test
    void aDeathCannotBeRefused() {
        Life life = Life.running(60, 10);
        assertNull(life.refuse(new Event.Gone(client(10), new ExitStatus.Unknown())));
    }

    @Test
    void aHoldEndsByItself() {
        Life life = new Life();
        Client hold = Client.hold("1", life.now().wall(), life.now().plus(new Period(10_000_000_000L)), null);
        life.on(new Event.Use(1, hold, launch(60)));
        life.on(new Event.Spawned(SERVER));
        assertEquals(new Outcome.Started(SERVER.pid(), 1), life.answer(1));
        life.pass(10);
        assertTrue(life.state().clients().isEmpty());
        assertNotNull(
                assertInstanceOf(Phase.Running.class, life.state().phase()).grace());
    }

    @Test
    void theServerCannotHoldItself() {
        Life life = Life.running(60, 10);
        life.on(new Event.Use(99, Client.process(SERVER, life.now().wall(), null), null));
        assertEquals(new Outcome.IsTheServer(SERVER.pid()), life.answer(99));
    }

    @Test
    void theServerCannotHoldItselfNotEvenBeforeItIsKnownToRun() {
        Life life = new Life();
        life.use(10, launch(60));
        life.on(new Event.Use(99, Client.process(SERVER, life.now().wall(), null), null));
        life.on(new Event.Spawned(SERVER));
        assertEquals(new Outcome.IsTheServer(SERVER.pid()), life.answer(99));
    }

    @Test
    void anUnuseDoesNotEndTheWatchThatAnotherUseOfTheSameClientWaitsFor() {
        Life life = Life.running(60, 10);
        long again = life.use(10, null);
        long before = life.count(Action.Unwatch.class);
        life.unuse(10);
        assertEquals(before, life.count(Action.Unwatch.class));
        life.on(new Event.Watched(client(10)));
        assertEquals(new Outcome.Attached(SERVER.pid(), 1), life.answer(again));
    }

    @Test
    void usesAreServedInTheOrderInWhichTheyCame() {
        Life life = Life.running(60, 10);
        long first = life.use(11, launch(60));
        life.stop(true, null);
        life.use(12, launch(30));
        life.on(new Event.ServerEnded(SERVER, new ExitStatus.Exited(0)));
        life.on(new Event.GroupEmpty(SERVER));
        ProcessId next = new ProcessId(2000, 88);
        life.on(new Event.Spawned(next));
        life.on(new Event.Watched(client(11)));
        assertEquals(new Outcome.Started(2000, 1), life.answer(first));
    }

    @Test
    void stopsThatWaitedForAStartAllEndTheServer() {
        Life life = new Life();
        life.use(10, launch(60));
        long first = life.stop(true, null);
        long second = life.stop(true, null);
        life.on(new Event.Spawned(SERVER));
        life.on(new Event.ServerEnded(SERVER, new ExitStatus.Killed(15, false)));
        life.on(new Event.GroupEmpty(SERVER));
        assertEquals(new Outcome.Stopped(false), life.answer(first));
        assertEquals(new Outcome.Stopped(false), life.answer(second));
    }

    @Test
    void aStopDuringARestartOfAServerThatSurvivesKillIsAnswered() {
        Life life = Life.running(60, 10);
        long restart = life.restart();
        long stop = life.stop(true, null);
        life.pass(5);
        life.pass(5);
        assertEquals(new Outcome.Survived(SERVER.pid()), life.answer(restart));
        life.pass(5);
        assertEquals(new Outcome.Survived(SERVER.pid()), life.answer(stop));
    }

    @Test
    void aKillGivesTheNameFreeEvenIfAStopHasKilledInVain() {
        Life life = Life.running(60, 10);
        long stop = life.stop(true, null);
        life.pass(5);
        long kill = life.stop(true, StopMode.kill());
        life.pass(1);
        assertEquals(new Outcome.Survived(SERVER.pid()), life.answer(kill));
        assertEquals(new Outcome.Survived(SERVER.pid()), life.answer(stop));
        assertTrue(life.state().forgettable());
    }

    @Test
    void aServerThatWasGivenUpIsNoZombieForEver() {
        Life life = Life.running(60, 10);
        life.stop(true, StopMode.kill());
        life.pass(1);
        assertTrue(life.state().forgettable());
        assertEquals(0, life.count(Action.Reap.class));
        life.on(new Event.ServerEnded(SERVER, new ExitStatus.Killed(9, false)));
        assertEquals(1, life.count(Action.Reap.class));
    }

    @Test
    void aZombieWhoseGroupSurvivesKillIsLetGoWithIt() {
        Life life = Life.running(60, 10);
        life.stop(true, StopMode.kill());
        life.on(new Event.ServerEnded(SERVER, new ExitStatus.Killed(9, false)));
        life.pass(1);
        assertEquals(1, life.count(Action.Reap.class));
    }

    @Test
    void whatIsFoundWithClientsIsNotCountedDown() {
        Life life = new Life();
        Instance instance = new Instance(SERVER, launch(60), life.now().wall(), true, true);
        Client self = Client.process(SERVER, life.now().wall(), null);
        life.on(new Event.Found(
                instance, List.of(life.clientOf(10), self), life.now().plus(new Period(5_000_000_000L))));
        life.pass(6);
        assertNull(assertInstanceOf(Phase.Running.class, life.state().phase()).grace());
        assertEquals(Set.of("10"), life.state().clients().keySet());
    }
}
