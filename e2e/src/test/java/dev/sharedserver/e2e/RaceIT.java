package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One server a name, no reference lost, whatever happens at the same time. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class RaceIT {
    private static final String USE = "\"$SS\" use web --pid $$ -- sh -c \"$SERVER\"";
    private static final Map<String, String> SERVER = Map.of("SERVER", Scripts.COUNT_STARTS);

    @ParameterizedTest(name = "{0} on {1}, agent running: {2}")
    @CsvSource({
        "2, TMPFS, false", "2, DISK, true", "10, TMPFS, true", "10, DISK, false",
        "200, TMPFS, false", "200, TMPFS, true", "200, DISK, false", "200, DISK, true",
        "500, TMPFS, false", "500, TMPFS, true", "500, DISK, false", "500, DISK, true"
    })
    void concurrentUseOfAStoppedNameIsOneStartAndAllReferences(
            int wanted, Medium medium, boolean agentRuns, Sandboxes sandboxes) {
        int count = Racers.together(wanted);
        Sandbox box = sandboxes.open(medium);
        if (agentRuns) {
            box.serve("other", box.client());
        }
        List<Racers.Racer> racers = Racers.run(box, count, USE, SERVER);

        assertAllSucceeded(racers);
        Stamped server = box.serverProcess("web");
        assertTrue(server.alive());
        assertEquals(List.of("" + server.pid()), box.lines("starts"));
        assertEquals(1, said(racers, "Started server web (PID: " + server.pid() + ","));
        assertEquals(count - 1, said(racers, "Attached to server web"));
        assertEquals(count, box.refcountOnDisk("web"));
        assertEquals(racers.stream().map(racer -> "" + racer.pid()).collect(Collectors.toSet()), clientsOnDisk(box));
        assertEquals(count, box.refcount("web"));
    }

    @ParameterizedTest
    @CsvSource({"TMPFS", "DISK"})
    void concurrentUseAndUnuseOfARunningServerKeepsTheCount(Medium medium, Sandboxes sandboxes) {
        Sandbox box = sandboxes.open(medium);
        Stamped holder = box.client();
        Stamped server = box.serve("web", holder);
        List<Racers.Racer> racers = Racers.run(
                box,
                Racers.together(200),
                "for i in 1 2 3; do \"$SS\" use web --pid $$ && \"$SS\" unuse web --pid $$ || exit 9; done");
        assertAllSucceeded(racers);
        assertEquals(server, box.serverProcess("web"));
        assertEquals(Set.of("" + holder.pid()), clientsOnDisk(box));
        assertEquals(1, box.refcountOnDisk("web"));
    }

    @Test
    void withoutGraceEveryClientHasALiveServerForAsLongAsItIsAttached(Sandbox box) {
        String line = """
            for i in 1 2 3 4 5; do
              pid=$("$SS" use web --json --grace-period 0s --pid $$ -- sh -c "$SERVER" |
                sed -n 's/.*"pid": *\\([0-9]*\\).*/\\1/p')
              [ -n "$pid" ] || exit 3
              grep -q '^State:.[RSD]' /proc/$pid/status || exit 4
              "$SS" unuse web --pid $$ >unused.$$ || exit 5
            done
            """;
        List<Racers.Racer> racers = Racers.run(box, Racers.together(20), line, SERVER);
        assertAllSucceeded(racers);
        Until.holds(() -> box.check("web") == 2, "nobody uses it any more");
        for (String started : box.lines("starts")) {
            assertTrue(Stamped.find(Long.parseLong(started)) == null, "a server is left: " + started);
        }
    }

    @Test
    void concurrentUseOfManyNamesStartsEachOnce(Sandbox box) {
        List<Racers.Racer> racers = Racers.run(
                box,
                Racers.together(100),
                "for n in a b c d e; do \"$SS\" use $n --pid $$ -- sh -c \"echo $n >>starts; exec sleep 1000\" || exit"
                        + " 9; done");
        assertAllSucceeded(racers);
        assertEquals(
                List.of("a", "b", "c", "d", "e"),
                box.lines("starts").stream().sorted().toList());
        for (String name : List.of("a", "b", "c", "d", "e")) {
            assertEquals(racers.size(), box.refcountOnDisk(name));
        }
    }

    @Test
    void aUseThatArrivesDuringAStopWaitsForItsEndAndStartsAfresh(Sandbox box) {
        box.use("web", box.client(), "sh", "-c", Scripts.SLOW_TO_STOP);
        Until.holds(() -> box.lines("starts").size() == 1, "the server's trap is set");
        Stamped dying = box.serverProcess("web");
        Invocation.Running stop = box.inBackground(box.command("stop", "web", "--even-if-used"));
        Until.holds(() -> !box.lines("stopping").isEmpty(), "the server got TERM");
        box.use("web", box.client(), "sh", "-c", Scripts.COUNT_STARTS).says("Started server web");
        stop.await().ok();
        assertFreshServer(box, dying);
    }

    @Test
    void aUseThatArrivesWhenGraceHasExpiredStartsAfresh(Sandbox box) {
        Stamped client = box.client();
        box.run(
                        "use",
                        "web",
                        "--grace-period",
                        "0s",
                        "--pid",
                        "" + client.pid(),
                        "--",
                        "sh",
                        "-c",
                        Scripts.SLOW_TO_STOP)
                .ok();
        Until.holds(() -> box.lines("starts").size() == 1, "the server's trap is set");
        Stamped dying = box.serverProcess("web");
        box.unuse("web", client);
        Until.holds(() -> !box.lines("stopping").isEmpty(), "the server got TERM");
        box.use("web", box.client(), "sh", "-c", Scripts.COUNT_STARTS).says("Started server web");
        assertFreshServer(box, dying);
    }

    @Test
    void manyUsesDuringOneStopStartOneServer(Sandbox box) {
        box.use("web", box.client(), "sh", "-c", Scripts.SLOW_TO_STOP);
        Until.holds(() -> box.lines("starts").size() == 1, "the server's trap is set");
        Stamped dying = box.serverProcess("web");
        Invocation.Running stop = box.inBackground(box.command("stop", "web", "--even-if-used"));
        Until.holds(() -> !box.lines("stopping").isEmpty(), "the server got TERM");
        List<Racers.Racer> racers = Racers.run(box, Racers.together(50), USE, SERVER);
        stop.await().ok();
        assertAllSucceeded(racers);
        assertEquals(2, box.lines("starts").size());
        assertNotEquals(dying, box.serverProcess("web"));
        assertTrue(box.refcountOnDisk("web") >= racers.size());
    }

    @Test
    void aUseDuringAStopThatFailsAttachesToTheServerThatStayed(Sandbox box) {
        box.use(
                "web",
                box.client(),
                "sh",
                "-c",
                "trap 'echo got >>stopping' TERM; echo up >up; while :; do sleep 0.05; done");
        Until.holds(() -> !box.lines("up").isEmpty(), "the trap is set");
        Stamped server = box.serverProcess("web");
        Invocation.Running stop = box.inBackground(box.command("admin", "stop", "web", "--timeout", "1s"));
        Until.holds(() -> !box.lines("stopping").isEmpty(), "the server got TERM and stays");
        Result use = box.run("use", "web", "--json", "--pid", "" + box.client().pid())
                .ok();
        stop.await().exits(1).tells("did not stop within").tells("Use --force to send SIGKILL");
        assertEquals(server.pid(), use.json().get("pid").getAsLong());
        assertTrue(server.alive());
        assertEquals(0, box.check("web"));
    }

    @Test
    void aUseAroundGraceExpiryIsNeverRescuedIntoADyingServer(Sandbox box) throws Exception {
        long seed = System.nanoTime();
        List<FutureTask<Boolean>> lanes = new ArrayList<>();
        for (int lane = 0; lane < 6; lane++) {
            String name = "web" + lane;
            Random random = new Random(seed + lane);
            FutureTask<Boolean> task = new FutureTask<>(() -> {
                for (int round = 0; round < Racers.rounds(12); round++) {
                    expireAndUse(box, name, random);
                }
                return true;
            });
            lanes.add(task);
            Thread.ofVirtual().start(task);
        }
        for (FutureTask<Boolean> lane : lanes) {
            finish(lane, seed);
        }
    }

    private static void expireAndUse(Sandbox box, String name, Random random) throws InterruptedException {
        Stamped first = box.client();
        String[] server = {"sh", "-c", "trap 'sleep 0.05; exit' TERM; while :; do sleep 0.01; done"};
        useShortGrace(box, name, first, server);
        box.unuse(name, first);
        // the moment is the point: somewhere around the end of the 60 ms of grace
        Thread.sleep(random.nextInt(120));
        Stamped second = box.client();
        JsonObject answer = useShortGrace(box, name, second, server);
        Stamped named = Stamped.of(answer.get("pid").getAsLong());
        // longer than grace period and stopping together: a server that was being stopped would be gone by now
        Thread.sleep(150);
        assertTrue(named.alive(), () -> "the answer named a dying server: " + answer);
        assertEquals(0, box.check(name));
        box.unuse(name, second);
        box.run("wait", name, "--for", "stopped", "--timeout", "10s").ok();
        first.kill();
        second.kill();
    }

    private static JsonObject useShortGrace(Sandbox box, String name, Stamped client, String... server) {
        List<String> args = new ArrayList<>(
                List.of("use", name, "--json", "--grace-period", "60ms", "--pid", "" + client.pid(), "--"));
        args.addAll(List.of(server));
        return box.run(args.toArray(String[]::new)).ok().json();
    }

    @Test
    void aUseAfterTheServerCrashedNeverNamesTheDeadServer(Sandbox box) {
        for (int round = 0; round < 30; round++) {
            Stamped crashed = box.serve("web", box.client());
            crashed.killAndAwait();
            Result use = box.run(
                            "use", "web", "--json", "--pid", "" + box.client().pid(), "--", "sleep", "1000")
                    .ok();
            assertEquals("started", use.json().get("action").getAsString());
            Stamped named = Stamped.of(use.json().get("pid").getAsLong());
            assertNotEquals(crashed, named);
            assertEquals(named, box.serverProcess("web"));
            box.run("stop", "web", "--even-if-used").ok();
        }
    }

    @Test
    void concurrentUseWhileTheServerCrashesEndsWithOneServerOrNone(Sandbox box) {
        Stamped server = box.serve("web", box.client());
        List<Racers.Racer> racers = Racers.run(box, Racers.together(50), USE, SERVER, server::kill);
        assertAllSucceeded(racers);
        List<String> starts = box.lines("starts");
        assertTrue(starts.size() <= 1, () -> "started more than once: " + starts);
        Until.holds(() -> box.check("web") == (starts.isEmpty() ? 2 : 0), "the state agrees with what runs");
        if (!starts.isEmpty()) {
            assertEquals(
                    Long.parseLong(starts.getFirst()), box.serverProcess("web").pid());
        }
    }

    private static void assertFreshServer(Sandbox box, Stamped old) {
        assertTrue(!old.alive());
        Until.holds(() -> box.lines("starts").size() == 2, "the fresh server ran");
        Stamped fresh = box.serverProcess("web");
        assertNotEquals(old, fresh);
        assertTrue(fresh.alive());
        assertEquals(0, box.check("web"));
    }

    private static void assertAllSucceeded(List<Racers.Racer> racers) {
        List<Racers.Racer> failed =
                racers.stream().filter(racer -> racer.exit() != 0).toList();
        assertTrue(
                failed.isEmpty(),
                () -> failed.size() + " of " + racers.size() + " failed: "
                        + failed.subList(0, Math.min(5, failed.size())));
    }

    private static long said(List<Racers.Racer> racers, String phrase) {
        return racers.stream().filter(racer -> racer.output().contains(phrase)).count();
    }

    private static Set<String> clientsOnDisk(Sandbox box) {
        JsonObject clients = box.clientsOnDisk("web");
        return clients == null ? Set.of() : clients.getAsJsonObject("clients").keySet();
    }

    private static void finish(FutureTask<Boolean> lane, long seed) throws InterruptedException, TimeoutException {
        try {
            lane.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("seed " + seed + ": " + e.getCause(), e.getCause());
        }
    }

    /** The files change before the agent's memory does; here it takes 300 ms from one to the other. */
    @Test
    void aWaitWakenedByAFileSeesWhatTheFileSays(Sandbox box) {
        Stamped client = box.client();
        box.serve("web", client, "--grace-period", "1h");
        Stamped agent = box.requireAgent();
        String renames = "rename,renameat,renameat2";
        box.start(
                "strace",
                "-f",
                "-qq",
                "-o",
                "/dev/null",
                "-p",
                "" + agent.pid(),
                "-e",
                "trace=" + renames,
                "-e",
                "inject=" + renames + ":delay_exit=300000");
        Until.holds(() -> !"0".equals(ProcessFacts.status(agent.pid(), "TracerPid")), "the agent is slowed down");
        client.kill();
        Invocation.Running wait = box.inBackground(box.command("wait", "web", "--for", "grace", "--timeout", "1h"));
        Until.holds(() -> !wait.running(), "the wait has ended");
        wait.await().ok();
        assertEquals(1, box.check("web"));
    }
}
