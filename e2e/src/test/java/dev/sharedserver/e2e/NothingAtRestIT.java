package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The agent asleep: only the guard is there and does nothing; whatever happens is noticed, and nothing is forgotten. */
@ExtendWith(SandboxExtension.class)
class NothingAtRestIT {

    @Test
    void asleepThereIsOnlyTheGuardAndItDoesNothing(Sandbox box) throws InterruptedException {
        sleepsAfter(box, "300ms");
        Stamped client = box.client();
        for (int i = 0; i < 10; i++) {
            box.use("s" + i, client, "sleep", "1000");
        }
        Stamped guard = awaitAsleep(box);
        long before = switches(guard);
        Thread.sleep(3000); // that nothing happens can only be waited for; bench/run waits 30 s
        assertEquals(before, switches(guard), "context switches of the guard");
        assertNull(box.agent());
        assertEquals(10, box.run("list", "--json").ok().jsonArray().size());
    }

    @Test
    void aCommandWakesItAndFindsAllAsItWas(Sandbox box) {
        sleepsAfter(box, "300ms");
        List<Stamped> clients = box.clients(20);
        Stamped server = box.serve("web", clients.getFirst());
        clients.forEach(client -> box.use("web", client));
        String files = Sandbox.text(box.serverFile("web")) + Sandbox.text(box.clientsFile("web"));
        Stamped guard = awaitAsleep(box);
        assertEquals(0, box.check("web"));
        assertEquals(20, box.refcount("web"));
        assertEquals(server, box.serverProcess("web"));
        assertEquals(guard, box.requireGuard());
        assertEquals(files, Sandbox.text(box.serverFile("web")) + Sandbox.text(box.clientsFile("web")));
        awaitAsleep(box);
        assertEquals(files, Sandbox.text(box.serverFile("web")) + Sandbox.text(box.clientsFile("web")));
    }

    @Test
    @Tag("sanitized")
    void aClientsDeathWakesIt(Sandbox box) {
        sleepsAfter(box, "300ms");
        List<Stamped> clients = box.clients(6);
        box.serve("web", clients.getFirst());
        clients.forEach(client -> box.use("web", client));
        awaitAsleep(box);
        clients.getFirst().kill();
        Until.holds(() -> box.refcountOnDisk("web") == 5, "one is gone");
        awaitAsleep(box);
        clients.subList(1, 5).forEach(Stamped::kill);
        Until.holds(() -> box.refcountOnDisk("web") == 1, "only the living are counted");
        assertEquals(
                "" + clients.get(5).pid(),
                box.requireClientsOnDisk("web")
                        .getAsJsonObject("clients")
                        .keySet()
                        .iterator()
                        .next());
    }

    @Test
    @Tag("sanitized")
    void theServersEndWakesItAndTheNextWakesItAgain(Sandbox box) {
        sleepsAfter(box, "300ms");
        Stamped client = box.client();
        Stamped first = box.serve("first", client);
        Stamped second = box.serve("second", client);
        awaitAsleep(box);
        first.kill();
        Until.holds(() -> !Files.exists(box.serverFile("first")), "the first one's files are gone");
        awaitAsleep(box);
        second.kill();
        Until.holds(() -> !Files.exists(box.serverFile("second")), "the second one's files are gone");
        // the line follows the files
        Until.holds(
                () -> box.run("admin", "debug", "second").ok().out().contains("\"cause\":\"killed\",\"signal\":9"),
                "its end is in the event log");
    }

    @Test
    void theEndOfAGracePeriodWakesIt(Sandbox box) {
        sleepsAfter(box, "300ms");
        Stamped client = box.client();
        Stamped server = box.serve("web", client, "--grace-period", "3s");
        awaitAsleep(box);
        long begun = System.nanoTime();
        client.kill();
        Until.holds(() -> box.refcountOnDisk("web") == 0, "the countdown has begun");
        awaitAsleep(box);
        assertTrue(server.alive());
        Until.holds(() -> !server.alive(), "the countdown has ended");
        long took = (System.nanoTime() - begun) / 1_000_000;
        assertTrue(took >= 3000 && took < 5000, () -> "after " + took + " ms");
        Until.holds(() -> !Files.exists(box.serverFile("web")), "its files are gone");
    }

    @Test
    void theEndOfAHoldWakesIt(Sandbox box) {
        sleepsAfter(box, "300ms");
        box.run("use", "web", "--hold", "2s", "--grace-period", "0s", "--", "sleep", "1000")
                .ok();
        Stamped server = box.serverProcess("web");
        awaitAsleep(box);
        assertTrue(server.alive());
        Until.holds(
                () -> !server.alive() && !Files.exists(box.serverFile("web")), "the hold has ended, and the server");
    }

    @Test
    void aRescueInTimeIsOne(Sandbox box) {
        sleepsAfter(box, "300ms");
        Stamped client = box.client();
        Stamped server = box.serve("web", client, "--grace-period", "2s");
        box.unuse("web", client);
        awaitAsleep(box);
        box.use("web", box.client()).says("Rescued server web from grace period (refcount: 1)");
        awaitAsleep(box);
        long over = System.nanoTime() + 3_000_000_000L;
        Until.holds(() -> System.nanoTime() > over, "the first countdown would have ended");
        assertTrue(server.alive());
        assertEquals(0, box.check("web"));
    }

    /** What it was started with is not what /proc says of it now. */
    @Test
    void theEnvironmentForARestartSurvives(Sandbox box) {
        sleepsAfter(box, "300ms");
        box.command(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--",
                        "sh",
                        "-c",
                        "echo $COLOUR $PWD >>runs; exec env -i sleep 1000")
                .env("COLOUR", "red and blue")
                .run()
                .ok();
        Until.holds(() -> box.lines("runs").size() == 1, "it runs");
        for (int i = 2; i < 5; i++) {
            int runs = i;
            awaitAsleep(box);
            box.run("restart", "web", "--even-if-used").ok();
            Until.holds(() -> box.lines("runs").size() == runs, "it runs again");
        }
        box.run("stop", "web", "--even-if-used").ok(); // without an environment nobody can tell that it is the test's
        assertEquals(
                List.of("red and blue " + box.work()),
                box.lines("runs").stream().distinct().collect(Collectors.toList()));
    }

    @Test
    @Tag("sanitized")
    @Timeout(value = 2, unit = TimeUnit.HOURS) // as long as the soak wants
    void whatDiesAsItFallsAsleepIsNoticed(Sandbox box) throws InterruptedException {
        sleepsAfter(box, "60ms");
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Stamped server = box.serve("web", box.client());
        int rounds = Integer.getInteger("e2e.rounds", 15);
        for (int round = 0; round < rounds; round++) {
            Stamped client = box.client();
            box.use("web", client);
            Thread.sleep(random.nextInt(160)); // the moment is the point
            client.kill();
            String message = "seed " + seed + " round " + round;
            Until.holds(() -> box.refcountOnDisk("web") == 1, "the client is gone, " + message);
        }
        assertEquals(server, box.serverProcess("web"));
    }

    @Test
    void commandsThatComeAsItFallsAsleepAreServed(Sandbox box) throws InterruptedException {
        sleepsAfter(box, "40ms");
        Stamped client = box.client();
        box.serve("web", client);
        for (int round = 0; round < 40; round++) {
            Thread.sleep(35 + round % 15); // the moment is the point
            box.run("check", "web").ok().isQuiet();
        }
        assertEquals(1, box.refcount("web"));
    }

    @Test
    @Tag("sanitized")
    void manyAtOnceWakeItOnce(Sandbox box) {
        sleepsAfter(box, "300ms");
        box.serve("other", box.client());
        Stamped guard = awaitAsleep(box);
        List<Racers.Racer> racers = Racers.run(
                box,
                60,
                "\"$SS\" use web --pid $$ -- sh -c \"$SERVER\"",
                java.util.Map.of("SERVER", Scripts.COUNT_STARTS));
        assertTrue(racers.stream().allMatch(racer -> racer.exit() == 0), racers::toString);
        assertEquals(1, box.lines("starts").size());
        assertEquals(60, box.refcountOnDisk("web"));
        assertEquals(guard, box.requireGuard());
    }

    @Test
    @Tag("sanitized")
    void whatWasAdoptedIsWatchedAsleepToo(Sandbox box) {
        sleepsAfter(box, "300ms");
        Stamped client = box.client();
        Stamped server = box.serve("web", client);
        box.use("web", box.client());
        RecoveryIT.Victim.BOTH.kill(box);
        assertEquals(2, box.refcount("web"));
        awaitAsleep(box);
        client.kill();
        Until.holds(() -> box.refcountOnDisk("web") == 1, "one client is gone");
        awaitAsleep(box);
        server.kill();
        Until.holds(() -> !Files.exists(box.serverFile("web")), "the server is gone");
    }

    /** Nobody is left then, and the next command finds what happened since. */
    @Test
    void aGuardThatDiesWhileItSleepsIsReplaced(Sandbox box) {
        sleepsAfter(box, "300ms");
        List<Stamped> clients = box.clients(3);
        Stamped server = box.serve("web", clients.getFirst());
        Stamped dead = box.serve("dead", clients.getFirst());
        clients.forEach(client -> box.use("web", client));
        awaitAsleep(box).killAndAwait();
        clients.getFirst().killAndAwait();
        dead.killAndAwait();
        assertEquals(0, box.check("web"));
        Until.holds(() -> box.refcount("web") == 2, "the dead client is not counted");
        assertEquals(server, box.serverProcess("web"));
        assertEquals(2, box.check("dead"));
    }

    @ParameterizedTest
    @EnumSource
    void whoeverIsKilledAfterItWokeNothingIsLost(RecoveryIT.Victim victim, Sandbox box) {
        sleepsAfter(box, "300ms");
        Stamped client = box.client();
        Stamped server = box.serve("web", client);
        awaitAsleep(box);
        box.use("web", box.client());
        victim.kill(box);
        assertEquals(0, box.check("web"));
        assertEquals(2, box.refcount("web"));
        assertEquals(server, box.serverProcess("web"));
        awaitAsleep(box);
        client.kill();
        Until.holds(() -> box.refcountOnDisk("web") == 1, "clients are watched");
    }

    @Test
    @Tag("sanitized")
    void aRemovedStateDirectoryIsMadeAgain(Sandbox box) {
        sleepsAfter(box, "300ms");
        Stamped server = box.serve("web", box.client());
        awaitAsleep(box);
        Trees.delete(box.lockdir());
        Until.holds(() -> Files.exists(box.lockdir().resolve(".agent.sock")), "the socket is there again");
        box.use("web", box.client(), "sleep", "1000").says("Attached to server web (refcount: 2)");
        assertEquals(server, box.serverProcess("web"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"clients", "server", "both"})
    void removedFilesAreWrittenAgain(String which, Sandbox box) throws IOException {
        sleepsAfter(box, "300ms");
        Stamped server = box.serve("web", box.client());
        box.use("web", box.client());
        awaitAsleep(box);
        if (!which.equals("server")) {
            Files.delete(box.clientsFile("web"));
        }
        if (!which.equals("clients")) {
            Files.writeString(box.serverFile("web"), "garbage");
        }
        assertEquals(0, box.check("web"));
        assertEquals(2, box.refcountOnDisk("web"));
        assertEquals(server, box.serverProcess("web"));
    }

    @Test
    void waitingDoesNotKeepItAwake(Sandbox box) {
        sleepsAfter(box, "300ms");
        Stamped client = box.client();
        box.serve("web", client);
        Invocation.Running wait = box.inBackground(box.command("wait", "web", "--for", "stopped", "--timeout", "1h"));
        awaitAsleep(box);
        assertTrue(wait.running());
        box.run("stop", "web", "--pid", "" + client.pid()).ok();
        wait.await().ok();
    }

    @Test
    void followingALogKeepsItAwakeForAsLongAsSomebodyReads(Sandbox box) throws InterruptedException {
        sleepsAfter(box, "300ms");
        box.use("web", box.client(), "sh", "-c", "while sleep 0.2; do echo tick; done");
        Invocation.Running logs = box.inBackground(box.command("logs", "web", "-f"));
        Until.holds(() -> logs.outSoFar().contains("tick"), "it is followed");
        Stamped agent = box.requireAgent();
        Thread.sleep(1500); // five times the time after which it would sleep
        assertTrue(agent.alive());
        int seen = logs.outSoFar().length();
        Until.holds(() -> logs.outSoFar().length() > seen, "it is followed still");
        logs.kill();
        awaitAsleep(box);
    }

    @Test
    void aStopThatTakesItsTimeIsNotSleptThrough(Sandbox box) {
        sleepsAfter(box, "100ms");
        box.use("web", box.client(), "sh", "-c", Scripts.SLOW_TO_STOP);
        Until.holds(() -> box.lines("starts").size() == 1, "it runs");
        Stamped server = box.serverProcess("web");
        awaitAsleep(box);
        box.run("stop", "web", "--even-if-used").ok();
        assertFalse(server.alive());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "soon", "-1s", "5"})
    void aSettingThatIsNoTimeIsNotFollowedAndSaidSo(String setting, Sandbox box) throws InterruptedException {
        sleepsAfter(box, setting);
        box.serve("web", box.client());
        Thread.sleep(1000); // long enough for a zero
        assertNotNull(box.agent());
        String log = Sandbox.text(box.lockdir().resolve(".agent.log"));
        assertEquals(!setting.isEmpty(), log.contains("SHAREDSERVER_SLEEP_AFTER"), log);
    }

    private static void sleepsAfter(Sandbox box, String time) {
        box.env().put("SHAREDSERVER_SLEEP_AFTER", time);
    }

    private static Stamped awaitAsleep(Sandbox box) {
        Stamped guard = box.requireGuard();
        Until.holds(() -> box.agent() == null, "the agent sleeps");
        assertTrue(guard.alive());
        return guard;
    }

    private static long switches(Stamped process) {
        return count(process, "voluntary_ctxt_switches") + count(process, "nonvoluntary_ctxt_switches");
    }

    private static long count(Stamped process, String key) {
        String value = ProcessFacts.status(process.pid(), key);
        return Long.parseLong(java.util.Objects.requireNonNull(value, key));
    }
}
