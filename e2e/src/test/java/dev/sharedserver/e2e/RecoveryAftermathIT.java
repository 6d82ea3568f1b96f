package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is still known, and who still acts, after somebody of ours was gone for a while. */
@ExtendWith(SandboxExtension.class)
@Tag("sanitized")
class RecoveryAftermathIT {

    private static final String ENDS_WITH_7 = "while [ ! -e end ]; do sleep 0.02; done; exit 7";

    // ---- why a server ended while nobody looked

    @Test
    void theExitCodeOfAServerThatEndedWhileTheAgentWasDeadIsKnown(Sandbox box) throws IOException {
        Stamped server = serve(box);
        Stamped agent = box.requireAgent();
        agent.suspend();
        Files.createFile(box.work().resolve("end"));
        Until.holds(() -> !server.alive(), "the server has ended");
        agent.killAndAwait();
        box.run("wait", "web", "--for", "stopped").ok();
        JsonObject stopped = lastEvent(box, "stopped");
        assertEquals(server.pid(), stopped.get("pid").getAsLong());
        assertEquals(7, stopped.get("exit_code").getAsInt(), stopped::toString);
        assertEquals(7, lastEvent(box, "exited").get("exit_code").getAsInt());
    }

    @Test
    void theSignalThatKilledAServerWhileTheAgentWasDeadIsKnown(Sandbox box) {
        Stamped server = serve(box);
        Stamped agent = box.requireAgent();
        agent.suspend();
        server.killAndAwait();
        agent.killAndAwait();
        box.run("wait", "web", "--for", "stopped").ok();
        JsonObject stopped = lastEvent(box, "stopped");
        assertEquals(9, stopped.get("signal").getAsInt(), stopped::toString);
        assertEquals(9, lastEvent(box, "exited").get("signal").getAsInt());
    }

    @ParameterizedTest
    @EnumSource(names = {"GUARD", "BOTH"})
    void howAServerEndedWhileItsGuardWasDeadIsUnknownAndSaidSo(RecoveryIT.Victim victim, Sandbox box) {
        Stamped server = serve(box);
        victim.kill(box);
        server.killAndAwait();
        box.run("wait", "web", "--for", "stopped").ok();
        for (String event : List.of("exited", "stopped")) {
            JsonObject said = lastEvent(box, event);
            assertEquals(server.pid(), said.get("pid").getAsLong());
            assertFalse(said.has("exit_code") || said.has("signal"), said::toString);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatDiesMeanwhileStandsInTheLog(RecoveryIT.Victim victim, Sandbox box) {
        Stamped client = box.client();
        box.serve("web", client);
        victim.kill(box);
        client.killAndAwait();
        box.run("wait", "web", "--for", "grace").ok();
        assertEquals(
                "" + client.pid(), lastEvent(box, "client_died").get("client").getAsString());
    }

    private static Stamped serve(Sandbox box) {
        box.use("web", box.client(), "sh", "-c", ENDS_WITH_7);
        return box.serverProcess("web");
    }

    private static JsonObject lastEvent(Sandbox box, String event) {
        return Sandbox.text(box.lockdir().resolve("web.invocations.log"))
                .lines()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .filter(line -> line.get("event").getAsString().equals(event))
                .reduce((earlier, later) -> later)
                .orElseThrow(() -> new AssertionError("no event " + event));
    }

    // ---- the countdown

    @Test
    void aStopThatTheEndOfTheGracePeriodBeganIsFinishedByTheNextAgent(Sandbox box) {
        Stamped client = box.client();
        box.use("other", client, "sleep", "1000");
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + client.pid(),
                        "--grace-period",
                        "500ms",
                        "--stop-timeout",
                        "2s",
                        "--",
                        "sh",
                        "-c",
                        "trap 'echo >>told' TERM; while :; do sleep 0.05; done")
                .ok();
        Stamped server = box.serverProcess("web");
        box.unuse("web", client);
        Until.holds(() -> !box.lines("told").isEmpty(), "it was told to end");
        box.requireAgent().kill();
        // not after another grace period, and by KILL, since it does not obey
        Until.holds(Duration.ofSeconds(8), () -> !server.alive(), "it is ended all the same");
    }

    // ---- another boot

    @Test
    void afterARebootEverythingIsStaleAndNothingIsSignalled(Sandbox box) throws IOException {
        List<Stamped> servers = new ArrayList<>();
        Stamped client = box.client();
        for (String name : List.of("one", "two", "three")) {
            servers.add(box.serve(name, client));
        }
        RecoveryIT.Victim.BOTH.kill(box);
        for (String name : List.of("one", "two", "three")) {
            JsonObject record = box.requireServerOnDisk(name);
            record.addProperty("boot_id", "00000000-1111-2222-3333-444444444444");
            Files.writeString(box.serverFile(name), record.toString());
        }
        Stamped started = box.start("setsid", "sleep", "1000");
        Path word = box.lockdir()
                .resolve(
                        ".starting-" + started.pid() + "-" + started.stamp() + "-00000000-1111-2222-3333-444444444444");
        Files.createFile(word);
        assertEquals("[]", box.run("list", "--json").ok().out().strip());
        for (Stamped server : servers) {
            assertTrue(server.alive());
        }
        assertTrue(started.alive());
        assertFalse(Files.exists(word));
        assertEquals(
                List.of(),
                box.filesInLockdir().stream()
                        .filter(file -> file.endsWith(".json"))
                        .toList());
    }

    // ---- what nobody wrote down

    @Test
    void aProcessThatWasStartedAndNeverWrittenDownIsEnded(Sandbox box) throws IOException {
        box.serve("other", box.client());
        RecoveryIT.Victim.BOTH.kill(box);
        Stamped nobodys = box.start("setsid", "sleep", "1000");
        String boot = Sandbox.text(Path.of("/proc/sys/kernel/random/boot_id")).strip();
        Path word = box.lockdir().resolve(".starting-" + nobodys.pid() + "-" + nobodys.stamp() + "-" + boot);
        Path ofDead = box.lockdir().resolve(".starting-" + nobodys.pid() + "-1-" + boot);
        Files.createFile(word);
        Files.createFile(ofDead);
        assertEquals(0, box.check("other"));
        assertFalse(nobodys.alive());
        Until.holds(() -> !Files.exists(word) && !Files.exists(ofDead), "nothing is left of it");
    }

    // ---- the directory

    @ParameterizedTest
    @EnumSource(names = {"GUARD", "BOTH"})
    void adoptedServersAreTerminatedWhenTheParentIsGone(RecoveryIT.Victim victim, Sandboxes sandboxes) {
        Sandbox box = sandboxes.open(Medium.TMPFS, "session/locks");
        Stamped server = box.serve("web", box.client());
        Stamped client = box.client();
        box.use("web", client);
        victim.kill(box);
        assertEquals(0, box.check("web"));
        Stamped guard = box.requireGuard();
        Trees.delete(box.root().resolve("session"));
        Until.holds(() -> !server.alive() && !guard.alive(), "server and guard are gone");
        assertTrue(client.alive());
    }

    @Test
    void aDirectoryThatIsRemovedWhileOneAgentFollowsAnotherIsMadeAgain(Sandbox box) throws IOException {
        Stamped client = box.client();
        Stamped server = box.serve("web", client);
        for (int i = 0; i < 3; i++) {
            Stamped agent = anAgent(box);
            // an agent that has lost its socket goes to sleep at once, for another one that gets a new one
            Files.delete(box.lockdir().resolve(".agent.sock"));
            Until.holds(() -> !agent.alive(), "the agent has handed over");
            Trees.delete(box.lockdir());
            Until.holds(() -> Files.exists(box.clientsFile("web")), "the files are there again");
            assertEquals(0, box.check("web"));
            assertEquals(server, box.serverProcess("web"));
            assertEquals(1, box.refcountOnDisk("web"));
        }
        client.kill();
        Until.holds(() -> box.check("web") == 1, "clients are watched");
    }

    // ---- a guard and an agent that cannot act

    @Test
    void anAgentThatWasStoppedWhenItsGuardDiesMakesRoomForTheNext(Sandbox box) {
        Stamped server = box.serve("web", box.client());
        box.requireAgent().suspend();
        box.requireGuard().killAndAwait();
        Result check = box.run("check", "web").exits(0);
        assertTrue(check.took().toMillis() < 5000, check::toString);
        assertEquals(server, box.serverProcess("web"));
    }

    @Test
    void anAgentThatHangsWithoutAGuardIsEnded(Sandbox box) {
        Stamped server = box.serve("web", box.client());
        Stamped agent = box.requireAgent();
        box.requireGuard().killAndAwait();
        agent.suspend();
        box.run("check", "web").exits(0);
        assertFalse(agent.alive());
        assertEquals(server, box.serverProcess("web"));
    }

    @Test
    void anAgentWithoutMemoryIsReplacedAndNobodyNotices(Sandbox box) throws IOException {
        Stamped client = box.client();
        Stamped server = box.serve("web", client);
        Stamped agent = box.requireAgent();
        List<SocketChannel> greedy = new ArrayList<>();
        try {
            // each makes the agent keep what it has read of a request of the largest size, without ever ending it
            while (agent.alive() && greedy.size() < 100) {
                greedy.add(promiseARequest(box));
            }
            Until.holds(() -> !agent.alive(), "the agent has ended");
        } finally {
            for (SocketChannel socket : greedy) {
                socket.close();
            }
        }
        Until.holds(
                () -> Sandbox.text(box.lockdir().resolve(".agent.log")).contains("the agent exited with code 3"),
                "the guard says why");
        box.use("web", box.client()).says("Attached to server web (refcount: 2)");
        assertEquals(server, box.serverProcess("web"));
    }

    private static SocketChannel promiseARequest(Sandbox box) throws IOException {
        SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        int length = 4 << 20;
        ByteBuffer frame = ByteBuffer.allocate(length).putInt(length).put((byte) 'R');
        frame.rewind();
        try {
            socket.connect(UnixDomainSocketAddress.of(box.lockdir().resolve(".agent.sock")));
            while (frame.hasRemaining()) {
                socket.write(frame);
            }
        } catch (IOException thatWasTooMuch) {
            return socket;
        }
        return socket;
    }

    /** Nobody who holds the server loses it: the next agent ends what the dead one has begun. */
    @Test
    void aRestartWhoseAgentDiesIsCarriedOutByTheNext(Sandbox box) {
        Stamped client = box.client();
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + client.pid(),
                        "--env",
                        "COLOUR=red",
                        "--",
                        "sh",
                        "-c",
                        "echo $COLOUR >>colours;" + Scripts.SLOW_TO_STOP)
                .ok();
        Until.holds(() -> box.lines("starts").size() == 1, "it runs");
        Stamped first = box.serverProcess("web");
        Invocation.Running restart = box.inBackground(box.command("restart", "web", "--even-if-used"));
        Until.holds(() -> !box.lines("stopping").isEmpty(), "it is being stopped");
        // and nobody is left who would ask again
        restart.stamped().kill();
        box.requireAgent().kill();
        Until.holds(() -> box.lines("starts").size() == 2, "it is started again");
        Until.holds(() -> box.check("web") == 0, "it runs");
        assertEquals(1, box.refcount("web"), "the client holds it still");
        Stamped second = box.serverProcess("web");
        assertNotEquals(first, second);
        assertFalse(first.alive());
        assertEquals(java.util.Set.of("red"), java.util.Set.copyOf(box.lines("colours")), "in its old environment");
        box.run("stop", "web", "--even-if-used").ok();
    }

    /** An agent that is killed when it has had a successor spawned, and has not written that down, leaves a process that is one too many. */
    @Test
    void whatADeadAgentHadStartedIsGoneBeforeTheNextOneStartsItAgain(Sandbox box) throws IOException {
        // one with much memory takes its time to die
        Path big = box.work().resolve("big");
        String script = "import sys, time; b = b'x' * (1 << 29); open(sys.argv[1], 'w'); time.sleep(1000)";
        Stamped twin = box.start("setsid", "python3", "-c", script, big.toString());
        Files.writeString(box.work().resolve("twin"), twin.pid() + "\n");
        Until.holds(() -> Files.exists(big), "the twin is big");
        box.use(
                        "web",
                        box.client(),
                        "sh",
                        "-c",
                        "grep '^State:' /proc/$(cat twin)/status >>met; echo >>met;" + Scripts.SLOW_TO_STOP)
                .ok();
        Until.holds(() -> box.lines("starts").size() == 1, "it runs");
        assertTrue(box.lines("met").getFirst().startsWith("State:"), "the server meets what runs beside it");
        Stamped first = box.serverProcess("web");
        Invocation.Running restart = box.inBackground(box.command("restart", "web", "--even-if-used"));
        Until.holds(() -> !box.lines("stopping").isEmpty(), "it is being stopped");
        restart.stamped().kill();
        Stamped agent = box.requireAgent();
        agent.suspend();
        Until.holds(() -> !first.alive(), "it has stopped");
        String boot = Sandbox.text(Path.of("/proc/sys/kernel/random/boot_id")).strip();
        Files.createFile(box.lockdir().resolve(".starting-" + twin.pid() + "-" + twin.stamp() + "-" + boot));
        agent.kill();
        Until.holds(() -> box.lines("starts").size() == 2, "it is started again");
        List<String> met = box.lines("met");
        assertTrue(met.get(2).isEmpty() || met.get(2).contains("zombie"), met::toString);
        box.run("stop", "web", "--even-if-used").ok();
    }

    /** Returns the agent of this moment; between one and the next there is none. */
    private static Stamped anAgent(Sandbox box) {
        AtomicReference<@Nullable Stamped> found = new AtomicReference<>();
        Until.holds(
                () -> {
                    found.set(box.agent());
                    return found.get() != null;
                },
                "an agent is there");
        return Objects.requireNonNull(found.get(), "it is there");
    }
}
