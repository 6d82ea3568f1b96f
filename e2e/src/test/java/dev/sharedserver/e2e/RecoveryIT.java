package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rule 4: a dead watcher heals. What runs is adopted, what died meanwhile is gone, deadlines go on. */
@ExtendWith(SandboxExtension.class)
@Tag("sanitized")
class RecoveryIT {

    /** Whom a test kills. */
    enum Victim {
        AGENT,
        GUARD,
        BOTH;

        void kill(Sandbox box) {
            Stamped guard = box.requireGuard();
            Stamped agent = box.agent();
            if (this != AGENT) {
                guard.kill();
            }
            if (this != GUARD && agent != null) {
                agent.kill();
            }
            Until.holds(() -> this == AGENT || !guard.alive(), "the guard is dead");
            // without its guard the agent ends by itself within 2 s
            Until.holds(() -> agent == null || !agent.alive(), "the agent is dead");
        }
    }

    @ParameterizedTest
    @EnumSource
    void theServerIsAdoptedAndItsClientsAreStillWatched(Victim victim, Sandbox box) {
        Stamped first = box.client();
        Stamped second = box.client();
        Stamped server = box.serve("web", first);
        box.use("web", second);
        victim.kill(box);
        assertTrue(server.alive());
        assertEquals(0, box.check("web"));
        assertEquals(2, box.refcount("web"));
        assertEquals(server, box.serverProcess("web"));
        assertEquals(
                box.requireGuard(),
                new Stamped(
                        box.requireServerOnDisk("web").get("watcher_pid").getAsLong(),
                        box.requireServerOnDisk("web").get("watcher_start_time").getAsLong()));
        first.kill();
        Until.holds(() -> box.refcountOnDisk("web") == 1, "clients are watched");
        box.use("web", box.client()).says("Attached to server web (refcount: 2)");
        box.run("stop", "web", "--even-if-used").ok();
        assertFalse(server.alive());
        assertEquals(2, box.check("web"));
    }

    @ParameterizedTest
    @EnumSource
    void anAdoptedServersEndIsNoticed(Victim victim, Sandbox box) {
        Stamped server = box.serve("web", box.client());
        victim.kill(box);
        assertEquals(0, box.check("web"));
        server.kill();
        Until.holds(() -> box.check("web") == 2, "its end is noticed");
        box.serve("web", box.client());
    }

    @ParameterizedTest
    @EnumSource
    void anAdoptedServersGroupIsStoppedWithIt(Victim victim, Sandbox box) {
        box.use("web", box.client(), "sh", "-c", Scripts.CHILD + " exec sleep 1000");
        Until.holds(() -> !box.lines("child").isEmpty(), "the child is there");
        Stamped child = Stamped.of(Long.parseLong(box.lines("child").getFirst()));
        Stamped server = box.serverProcess("web");
        victim.kill(box);
        box.run("stop", "web", "--even-if-used").ok();
        assertFalse(server.alive());
        assertFalse(child.alive());
    }

    @ParameterizedTest
    @EnumSource
    void clientsThatDiedMeanwhileAreDroppedAtOnce(Victim victim, Sandbox box) {
        List<Stamped> clients = box.clients(5);
        for (Stamped client : clients) {
            box.use("web", client, "sleep", "1000");
        }
        if (victim == Victim.AGENT) {
            Stamped agent = box.requireAgent();
            agent.suspend();
            clients.subList(0, 4).forEach(Stamped::killAndAwait);
            agent.kill();
        } else {
            victim.kill(box);
            clients.subList(0, 4).forEach(Stamped::killAndAwait);
        }
        assertEquals(0, box.check("web"));
        Until.holds(Duration.ofSeconds(2), () -> box.refcount("web") == 1, "only the living are counted");
        assertEquals(1, box.refcountOnDisk("web"));
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatDiedMeanwhileIsCleanedUp(Victim victim, Sandbox box) {
        Stamped server = box.serve("web", box.client());
        Stamped other = box.serve("other", box.client());
        if (victim == Victim.AGENT) {
            box.requireAgent().suspend();
            server.killAndAwait();
            box.requireAgent().kill();
        } else {
            victim.kill(box);
            server.killAndAwait();
        }
        Until.holds(() -> box.check("web") == 2, "it is stopped");
        assertTrue(box.filesInLockdir().stream().noneMatch(file -> file.startsWith("web.") && file.endsWith(".json")));
        assertEquals(0, box.check("other"));
        assertTrue(other.alive());
        assertNotEquals(server, box.serve("web", box.client()));
    }

    @Test
    void theAgentIsStartedAgainWithinASecondWithoutACommand(Sandbox box) {
        box.serve("web", box.client());
        Stamped agent = box.requireAgent();
        agent.killAndAwait();
        Until.holds(
                Duration.ofSeconds(2),
                () -> {
                    Stamped next = box.agent();
                    return next != null && !next.equals(agent);
                },
                "a new agent");
    }

    @Test
    void theCountdownGoesOnWhereItWasWhenTheAgentDies(Sandbox box) {
        Stamped client = box.client();
        Stamped server = box.serve("web", client, "--grace-period", "4s");
        client.kill();
        Until.holds(() -> box.check("web") == 1, "grace");
        long started = System.nanoTime();
        String deadline = box.requireServerOnDisk("web").get("grace_deadline").toString();
        box.requireAgent().killAndAwait();
        assertEquals(
                deadline, box.requireServerOnDisk("web").get("grace_deadline").toString());
        Until.holds(() -> !server.alive(), "the countdown ends without any command");
        long took = (System.nanoTime() - started) / 1_000_000;
        assertTrue(took > 2500 && took < 7000, () -> "after " + took + " ms");
    }

    @Test
    void theCountdownGoesOnWhereItWasWhenBothDie(Sandbox box) {
        Stamped client = box.client();
        Stamped server = box.serve("web", client, "--grace-period", "5s");
        client.kill();
        Until.holds(() -> box.check("web") == 1, "grace");
        long started = System.nanoTime();
        String deadline = box.requireServerOnDisk("web").get("grace_deadline").toString();
        Victim.BOTH.kill(box);
        assertEquals(1, box.check("web"));
        assertEquals(
                deadline, box.requireServerOnDisk("web").get("grace_deadline").toString());
        Until.holds(() -> !server.alive(), "the countdown ends");
        long took = (System.nanoTime() - started) / 1_000_000;
        assertTrue(took > 3000 && took < 8000, () -> "after " + took + " ms");
    }

    @Test
    void aDeadlineThatPassedWhileNobodyWatchedIsKept(Sandbox box) {
        Stamped client = box.client();
        Stamped server = box.serve("web", client, "--grace-period", "1500ms");
        client.kill();
        Until.holds(() -> box.check("web") == 1, "grace");
        long deadline = box.requireServerOnDisk("web")
                .getAsJsonObject("grace_deadline")
                .get("monotonic_ms")
                .getAsLong();
        Victim.BOTH.kill(box);
        Until.holds(() -> System.nanoTime() / 1_000_000 > deadline + 100, "the deadline has passed");
        assertTrue(server.alive());
        box.check("web");
        Until.holds(() -> !server.alive(), "it is stopped at once");
        Until.holds(() -> box.check("web") == 2, "stopped");
    }

    @Test
    void aRemovedStateDirectoryIsMadeAgainAndNothingIsStartedTwice(Sandbox box) {
        Stamped client = box.client();
        Stamped server = box.serve("web", client);
        Trees.delete(box.lockdir());
        box.use("web", box.client(), "sleep", "1000").says("Attached to server web (refcount: 2)");
        assertEquals(server, box.serverProcess("web"));
        assertEquals(2, box.refcountOnDisk("web"));
        client.kill();
        Until.holds(() -> box.refcountOnDisk("web") == 1, "clients are watched");
        box.run("stop", "web", "--even-if-used").ok();
        assertFalse(server.alive());
    }

    @Test
    void aRemovedStateDirectoryIsMadeAgainWithoutACommand(Sandbox box) {
        Stamped server = box.serve("web", box.client());
        Trees.delete(box.lockdir());
        Until.holds(
                Duration.ofSeconds(5),
                () -> Files.exists(box.serverFile("web")) && Files.exists(box.clientsFile("web")),
                "the files are there again");
        assertEquals(server, box.serverProcess("web"));
        assertEquals(0, box.check("web"));
    }

    @Test
    void whenItsParentIsGoneTooTheServersAreTerminated(Sandboxes sandboxes) {
        Sandbox box = sandboxes.open(Medium.TMPFS, "session/locks");
        Stamped server = box.serve("web", box.client());
        Stamped guard = box.requireGuard();
        Trees.delete(box.root().resolve("session"));
        Until.holds(() -> !server.alive() && !guard.alive(), "server and guard are gone");
    }

    @Test
    void anAgentThatHangsIsReplacedAndTheCommandIsAnswered(Sandbox box) {
        Stamped server = box.serve("web", box.client());
        Stamped agent = box.requireAgent();
        agent.suspend();
        box.use("web", box.client()).says("Attached to server web (refcount: 2)");
        assertFalse(agent.alive());
        assertEquals(server, box.serverProcess("web"));
    }

    @Test
    void commandsDoNotSeeThatTheAgentIsKilled(Sandbox box) {
        Stamped holder = box.client();
        Stamped server = box.serve("web", holder);
        Thread killing = Thread.ofVirtual().start(() -> {
            for (int i = 0; i < 4; i++) {
                Stamped agent = box.agent();
                if (agent != null) {
                    agent.killAndAwait();
                }
                // one that is killed before its first word is a failed start, and three of those are given up
                box.run("check", "web").ok();
            }
        });
        List<Racers.Racer> racers = Racers.run(
                box,
                30,
                "for i in 1 2 3 4 5; do \"$SS\" use web --pid $$ && \"$SS\" check web && \"$SS\" unuse web --pid $$ ||"
                        + " exit 9; done; \"$SS\" use web --pid $$");
        join(killing);
        List<Racers.Racer> failed =
                racers.stream().filter(racer -> racer.exit() != 0).toList();
        assertTrue(failed.isEmpty(), () -> failed.size() + " failed: " + failed.getFirst());
        assertEquals(server, box.serverProcess("web"));
        Set<String> expected = racers.stream().map(racer -> "" + racer.pid()).collect(Collectors.toSet());
        expected.add("" + holder.pid());
        assertEquals(
                expected,
                box.requireClientsOnDisk("web").getAsJsonObject("clients").keySet());
    }

    @Test
    void manyUsesWhileTheAgentIsKilledStartOneServer(Sandbox box) {
        box.serve("other", box.client());
        List<Racers.Racer> racers = Racers.run(
                box,
                60,
                "\"$SS\" use web --pid $$ -- sh -c \"$SERVER\"",
                Map.of("SERVER", Scripts.COUNT_STARTS),
                () -> box.requireAgent().kill());
        assertTrue(racers.stream().allMatch(racer -> racer.exit() == 0), racers::toString);
        assertEquals(1, box.lines("starts").size());
        assertEquals(60, box.refcountOnDisk("web"));
    }

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS) // as long as the soak wants
    void killsAtRandomMomentsLoseNothing(Sandbox box) throws InterruptedException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Stamped holder = box.client();
        Stamped server = box.serve("web", holder);
        int rounds = Integer.getInteger("e2e.rounds", 12);
        for (int round = 0; round < rounds; round++) {
            Stamped client = box.client();
            Invocation.Running use = box.inBackground(box.command("use", "web", "--pid", "" + client.pid()));
            // the moment is the point: before, while and after the command is served
            Thread.sleep(0, random.nextInt(1_000_000) * (1 + random.nextInt(9)) / 10);
            killOne(box, Victim.values()[random.nextInt(3)]);
            Result result = use.await();
            String message = "seed " + seed + " round " + round + ": " + result;
            assertEquals(0, result.exit(), message);
            assertEquals(0, box.check("web"), message);
            assertEquals(2, box.refcount("web"), message);
            assertEquals(server, box.serverProcess("web"), message);
            client.killAndAwait();
            Until.holds(() -> box.refcountOnDisk("web") == 1, "the client is gone, " + message);
        }
    }

    private static void killOne(Sandbox box, Victim victim) {
        Stamped guard = box.guard();
        Stamped agent = box.agent();
        if (victim != Victim.AGENT && guard != null) {
            guard.kill();
        }
        if (victim != Victim.GUARD && agent != null) {
            agent.kill();
        }
    }

    private static void join(Thread thread) {
        try {
            assertTrue(thread.join(Duration.ofSeconds(60)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
