package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two builds on one state directory: the younger one takes over, servers and their counts stay. */
@ExtendWith(SandboxExtension.class)
@Timeout(60)
class VersionIT {

    private static long handOvers(Sandbox box) {
        return Sandbox.text(box.lockdir().resolve(".agent.log"))
                .lines()
                .filter(line -> line.contains("goes on for"))
                .count();
    }

    private static List<Long> zombiesOf(Stamped guard) {
        return ProcessFacts.all().stream()
                .filter(pid -> {
                    ProcessFacts.Stat stat = ProcessFacts.stat(pid);
                    return stat != null && stat.parent() == guard.pid() && stat.dead();
                })
                .toList();
    }

    @Test
    void fiftyCommandsOfTwoBuildsDuringTheHandOverLoseNothing(Sandbox box) {
        OtherBuild newer = OtherBuild.of(OtherBuild.newer());
        Stamped first = box.client();
        Stamped web = box.serve("web", first);
        Stamped guard = box.requireGuard();
        Stamped agent = box.requireAgent();
        // half of them by the old launcher, half by the new one; each shell lives on as a client
        List<Racers.Racer> racers = Racers.run(
                box,
                50,
                "if [ $(( $$ % 2 )) = 0 ]; then \"$SS\" use web --pid $$; else \"$NEW\" use web --pid $$; fi",
                Map.of("NEW", newer.bin().toString()));
        for (Racers.Racer racer : racers) {
            assertEquals(0, racer.exit(), racer::output);
            assertTrue(racer.output().contains("Attached to server web"), racer::output);
        }
        assertTrue(racers.stream().anyMatch(racer -> racer.pid() % 2 == 0));
        assertTrue(racers.stream().anyMatch(racer -> racer.pid() % 2 != 0));
        assertTrue(newer.guards(box));
        assertEquals(1, handOvers(box));
        assertEquals(guard, box.requireGuard());
        assertFalse(agent.equals(box.requireAgent()));
        assertTrue(web.alive());
        assertEquals(web, box.serverProcess("web"));
        assertEquals(
                guard,
                new Stamped(
                        box.requireServerOnDisk("web").get("watcher_pid").getAsLong(),
                        box.requireServerOnDisk("web").get("watcher_start_time").getAsLong()));
        assertEquals(51, box.refcountOnDisk("web"));
        // what was counted by the old build is still watched
        first.kill();
        Until.holds(() -> box.refcountOnDisk("web") == 50, "the first client is dropped");
        racers.forEach(racer -> Stamped.of(racer.pid()).kill());
        Until.holds(() -> box.refcountOnDisk("web") == 0, "all are dropped");
        // and the server is still a child, whose end is known and which is reaped
        box.run("admin", "kill", "web").ok();
        assertFalse(web.alive());
        Until.holds(() -> zombiesOf(guard).isEmpty(), "nothing is left of it");
    }

    @Test
    void deadlinesAndExitCodesGoOn(Sandbox box) {
        OtherBuild newer = OtherBuild.of(OtherBuild.newer());
        Stamped client = box.client();
        box.use("ends", client, "sh", "-c", "while [ ! -e over ]; do sleep 0.05; done; exit 7");
        Stamped idle = box.serve("idle", client, "--grace-period", "5s");
        box.run("use", "held", "--hold", "5s", "--grace-period", "0s", "--", "sleep", "1000")
                .ok();
        Stamped held = box.serverProcess("held");
        long begun = System.nanoTime();
        box.unuse("idle", client);
        newer.command(box, "list").run().ok();
        assertTrue(newer.guards(box) && idle.alive() && held.alive());
        Until.holds(() -> !idle.alive() && !held.alive(), "grace period and hold end");
        assertTrue(Duration.ofNanos(System.nanoTime() - begun).toMillis() >= 4900, "not before their time");
        box.sh("touch over").run().ok();
        Until.holds(() -> box.check("ends") == 2, "its end is noticed");
        Until.holds(
                () -> Sandbox.text(box.lockdir().resolve("ends.invocations.log"))
                        .contains("\"exit_code\":7"),
                "its exit code is known");
    }

    @Test
    void theYoungerBuildServesBothAndNothingGoesBackAndForth(Sandbox box) {
        OtherBuild newer = OtherBuild.of(OtherBuild.newer());
        Stamped web = box.serve("web", box.client());
        for (int i = 0; i < 5; i++) {
            newer.command(box, "info", "web").run().ok().isQuiet().says("web");
            box.run("info", "web").ok().isQuiet().says("web");
        }
        assertEquals(1, handOvers(box));
        assertTrue(newer.guards(box) && web.alive());
        assertEquals(
                "sharedserver " + OtherBuild.newer() + "\n",
                newer.command(box, "--version").run().ok().out());
        assertEquals(
                "sharedserver " + OtherBuild.tested() + "\n",
                box.run("--version").ok().out());
    }

    @Test
    void ofTheSameVersionTheBinaryThatWasChangedLaterIsTheYoungerOne(Sandbox box) throws IOException {
        Instant now = Files.getLastModifiedTime(Product.bin()).toInstant();
        OtherBuild older = OtherBuild.of(OtherBuild.otherCommit()).changedAt(now.minusSeconds(60));
        OtherBuild younger = OtherBuild.of(OtherBuild.otherCommit()).changedAt(now.plusSeconds(60));
        box.serve("web", box.client());
        older.command(box, "list").run().ok().says("web");
        assertEquals(0, handOvers(box));
        younger.command(box, "list").run().ok().says("web");
        assertTrue(younger.guards(box));
        older.command(box, "list").run().ok().says("web");
        assertEquals(1, handOvers(box));
    }

    @Test
    void whatIsUnderWayIsNotCutOff(Sandbox box) {
        OtherBuild newer = OtherBuild.of(OtherBuild.newer());
        Stamped client = box.client();
        box.serve("web", client);
        box.use("deaf", client, "sh", "-c", "trap '' TERM; touch ready; while :; do sleep 0.1; done");
        Until.holds(() -> Files.exists(box.work().resolve("ready")), "it is deaf");
        Stamped deaf = box.serverProcess("deaf");
        Invocation.Running stop = box.inBackground(box.command("stop", "deaf", "--even-if-used"));
        Until.holds(
                () -> Sandbox.text(box.lockdir().resolve("deaf.invocations.log"))
                        .contains("stopping"),
                "the stop is under way");
        // 5 s until KILL, more than a hand-over waits: it is served as ever
        newer.command(box, "info", "web").run().ok().says("web");
        assertEquals(0, handOvers(box));
        stop.await().ok().tells("deaf");
        assertFalse(deaf.alive());
        newer.command(box, "info", "web").run().ok().says("web");
        assertTrue(newer.guards(box));
    }

    @Test
    void aLogThatIsFollowedGoesOn(Sandbox box) {
        OtherBuild newer = OtherBuild.of(OtherBuild.newer());
        box.use("web", box.client(), "sh", "-c", "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.1; done");
        Invocation.Running follows = box.inBackground(box.command("logs", "web", "-f", "-n", "0"));
        Until.holds(() -> follows.outSoFar().contains("line"), "it is followed");
        newer.command(box, "list").run().ok();
        assertTrue(newer.guards(box));
        long seen = follows.outSoFar().lines().count();
        Until.holds(() -> follows.outSoFar().lines().count() > seen + 5, "it goes on");
        assertTrue(follows.running());
    }

    @Test
    void aBuildThatIsNoWholeProductIsServed(Sandbox box) throws IOException {
        Stamped web = box.serve("web", box.client());
        OtherBuild bare = OtherBuild.of(OtherBuild.newer());
        Files.delete(bare.home().resolve("lib/version"));
        OtherBuild mixed = OtherBuild.of(OtherBuild.newer());
        Files.writeString(mixed.home().resolve("lib/version"), "1.0\n");
        OtherBuild noJvm = OtherBuild.of(OtherBuild.newer());
        Files.delete(noJvm.home().resolve("lib/runtime"));
        OtherBuild open = OtherBuild.of(OtherBuild.newer());
        box.sh("chmod o+w \"$1\"", open.bin().toString()).run().ok();
        for (OtherBuild build : List.of(bare, mixed, noJvm, open)) {
            for (int i = 0; i < 2; i++) {
                build.command(box, "list").run().ok().isQuiet().says("web");
            }
        }
        assertEquals(0, handOvers(box));
        assertTrue(web.alive());
    }

    @Test
    void anUpgradeAndADowngradeInPlaceAreFollowed(Sandbox box) {
        OtherBuild place = OtherBuild.of(OtherBuild.tested());
        Stamped client = box.client();
        place.command(box, "use", "web", "--pid", "" + client.pid(), "--", "sleep", "1000")
                .run()
                .ok();
        Stamped guard = box.requireGuard();
        Stamped web = box.serverProcess("web");
        for (String version : List.of(OtherBuild.newer(), OtherBuild.tested())) {
            OtherBuild now = place.install(version);
            now.command(box, "list").run().ok().says("web");
            assertTrue(now.guards(box), version);
        }
        assertEquals(2, handOvers(box));
        // at a start of the agent, whoever asks
        OtherBuild now = place.install(OtherBuild.newer());
        box.requireAgent().killAndAwait();
        Until.holds(() -> handOvers(box) == 3, "the guard has become the new build");
        assertTrue(now.guards(box));
        assertEquals(guard, box.requireGuard());
        assertEquals(1, box.refcount("web"));
        assertTrue(web.alive());
    }

    @Test
    void aSleepingAgentIsNoObstacle(Sandbox box) {
        OtherBuild newer = OtherBuild.of(OtherBuild.newer());
        box.env().put("SHAREDSERVER_SLEEP_AFTER", "500ms");
        Stamped web = box.serve("web", box.client());
        Stamped guard = box.requireGuard();
        Until.holds(() -> box.agent() == null, "the agent sleeps");
        newer.command(box, "info", "web").run().ok().says("web");
        assertTrue(newer.guards(box) && web.alive());
        assertEquals(guard, box.requireGuard());
    }

    @Test
    void aLauncherOfAnotherProtocolIsToldWhatToUse(Sandbox box) throws IOException {
        box.serve("web", box.client());
        ByteBuffer request = ByteBuffer.allocate(200);
        byte[] version = "7.5 (other)".getBytes(StandardCharsets.UTF_8);
        request.putInt(0)
                .put((byte) 'R')
                .putShort((short) 2)
                .put(new byte[16])
                .putShort((short) 0)
                .putShort((short) 0);
        request.putInt(1).putLong(1).putInt(1).putInt(0).putInt(0).put((byte) 0);
        request.putInt(version.length)
                .put(version)
                .put("a body of which nothing is known".getBytes(StandardCharsets.UTF_8));
        request.putInt(0, request.position() - 4);
        try (SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.connect(UnixDomainSocketAddress.of(box.lockdir().resolve(".agent.sock")));
            socket.write(request.flip());
            ByteBuffer answer = ByteBuffer.allocate(4096);
            while (socket.read(answer) >= 0) {
                assertTrue(answer.hasRemaining());
            }
            answer.flip();
            byte[] text = new byte[answer.getInt() - 1];
            assertEquals('E', answer.get());
            answer.get(text);
            String message = new String(text, StandardCharsets.UTF_8);
            for (String part : Stream.of(
                            "7.5 (other)",
                            OtherBuild.tested(),
                            Product.bin().toRealPath().toString())
                    .toList()) {
                assertTrue(message.contains(Objects.requireNonNull(part)), message);
            }
            assertEquals(2, answer.getInt());
            assertEquals('X', answer.get());
            assertEquals(70, answer.get());
        }
    }
}
