package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rules 5 and 6: a stop is total, and nobody deletes a successor. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
@Tag("sanitized")
class GroupIT {

    @Test
    void theServerLeadsASessionAndGroupOfItsOwn(Sandbox box) {
        Stamped server = box.serve("web", box.client());
        ProcessFacts.Stat stat = ProcessFacts.requireStat(server.pid());
        assertEquals(server.pid(), stat.group());
        assertEquals(server.pid(), stat.session());
        assertEquals(box.requireGuard().pid(), stat.parent());
    }

    @Test
    void childrenInTheGroupAreGoneWhenStopReturns(Sandbox box) {
        Stamped child = serveWithChild(box, Scripts.CHILD + " exec sleep 1000");
        Stamped server = box.serverProcess("web");
        Result stop = box.run("stop", "web", "--even-if-used").ok().says("stopped gracefully");
        assertFalse(server.alive());
        assertFalse(child.alive());
        assertTrue(stop.took().compareTo(Duration.ofSeconds(2)) < 0, stop::toString);
        assertNoFiles(box);
    }

    @Test
    void aChildThatIgnoresTermIsKilledAfterTheTimeout(Sandbox box) {
        Stamped child = serveWithChild(box, Scripts.STUBBORN_CHILD + " exec sleep 1000", "--stop-timeout", "400ms");
        Stamped server = box.serverProcess("web");
        box.run("stop", "web", "--even-if-used").ok();
        assertFalse(server.alive());
        assertFalse(child.alive());
        assertNoFiles(box);
    }

    @Test
    void aServerThatIgnoresTermIsKilledAfterTheTimeout(Sandbox box) {
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--stop-timeout",
                        "400ms",
                        "--",
                        "sh",
                        "-c",
                        "trap '' TERM; echo up >up; while :; do sleep 0.05; done")
                .ok();
        Until.holds(() -> !box.lines("up").isEmpty(), "the server ignores TERM");
        Stamped server = box.serverProcess("web");
        Result stop = box.run("stop", "web", "--even-if-used").ok();
        assertFalse(server.alive());
        assertTrue(stop.took().toMillis() >= 400, stop::toString);
        assertEquals(2, box.check("web"));
    }

    @Test
    void aStoppedProcessIsStoppedForGood(Sandbox box) {
        Stamped server = box.serve("web", box.client(), "--stop-timeout", "400ms");
        server.suspend();
        box.run("stop", "web", "--even-if-used").ok();
        assertFalse(server.alive());
    }

    @Test
    void whenTheMainProcessEndsTheRestOfTheGroupIsTerminated(Sandbox box) {
        Stamped child = serveWithChild(box, Scripts.CHILD + " while [ ! -e end ]; do sleep 0.02; done");
        box.sh("touch end").run().ok();
        Until.holds(() -> box.check("web") == 2, "the server is stopped");
        assertFalse(child.alive());
        assertNoFiles(box);
    }

    @Test
    void aServerThatForksAndExitsEndsWithItsMainProcess(Sandbox box) {
        box.use("web", box.client(), "sh", "-c", Scripts.CHILD + " exit 0");
        Until.holds(() -> box.check("web") == 2, "its end is the server's end");
        Stamped child = Stamped.find(Long.parseLong(box.lines("child").getFirst()));
        assertTrue(child == null, () -> "left: " + child);
    }

    @Test
    void killedServersLeaveNoGroupBehind(Sandbox box) {
        Stamped child = serveWithChild(box, Scripts.STUBBORN_CHILD + " exec sleep 1000", "--stop-timeout", "300ms");
        box.serverProcess("web").kill();
        Until.holds(() -> !child.alive(), "the child is gone");
        Until.holds(() -> box.check("web") == 2, "stopped");
    }

    @Test
    void graceExpiryStopsTheWholeGroup(Sandbox box) {
        Stamped client = box.client();
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + client.pid(),
                        "--grace-period",
                        "100ms",
                        "--",
                        "sh",
                        "-c",
                        Scripts.CHILD + " exec sleep 1000")
                .ok();
        Until.holds(() -> !box.lines("child").isEmpty(), "the child is there");
        Stamped child = Stamped.of(Long.parseLong(box.lines("child").getFirst()));
        Stamped server = box.serverProcess("web");
        client.kill();
        Until.holds(() -> !server.alive() && !child.alive(), "both are gone");
        Until.holds(() -> box.check("web") == 2, "stopped");
    }

    @Test
    void adminStopDoesNotEscalateWithoutForce(Sandbox box) {
        box.use("web", box.client(), "sh", "-c", "trap '' TERM; echo up >up; while :; do sleep 0.05; done");
        Until.holds(() -> !box.lines("up").isEmpty(), "the server ignores TERM");
        Stamped server = box.serverProcess("web");
        box.run("admin", "stop", "web", "--timeout", "300ms")
                .exits(1)
                .complains("did not stop within")
                .complains("Use --force to send SIGKILL");
        assertTrue(server.alive());
        assertEquals(0, box.check("web"));
        assertEquals(1, box.refcountOnDisk("web"));
        box.run("admin", "stop", "web", "--force", "--timeout", "300ms").ok();
        assertFalse(server.alive());
        assertNoFiles(box);
    }

    @Test
    void adminKillIsAtOnce(Sandbox box) {
        Stamped child = serveWithChild(box, "trap '' TERM; " + Scripts.STUBBORN_CHILD + " exec sleep 1000");
        Stamped server = box.serverProcess("web");
        box.run("admin", "kill", "web").ok().tells("Force killing").tells("forcefully terminated");
        assertFalse(server.alive());
        assertFalse(child.alive());
        assertNoFiles(box);
    }

    @Test
    void aProcessThatLeftTheGroupIsNotTouched(Sandbox box) {
        // what the server deliberately put into a session of its own is not ours
        Stamped other = serveWithChild(
                box,
                "setsid sh -c 'echo $$ >child; exec sleep 1000' & while [ ! -s child ]; do sleep 0.01; done; exec sleep"
                        + " 1000");
        box.run("stop", "web", "--even-if-used").ok();
        assertTrue(other.alive());
    }

    @Test
    void aSuccessorsFilesAreNeverDeleted(Sandbox box) throws IOException {
        // while the old instance is torn down another tool's server takes the name: its files have to stay
        box.use("web", box.client(), "sh", "-c", Scripts.SLOW_TO_STOP);
        Until.holds(() -> box.lines("starts").size() == 1, "the server's trap is set");
        Stamped successor = box.start("setsid", "sleep", "1000");
        Stamped watcher = box.client();
        JsonObject server = box.serverOnDisk("web");
        assertNotNull(server);
        server.addProperty("pid", successor.pid());
        server.addProperty("start_time", successor.stamp());
        server.addProperty("pgid", successor.pid());
        server.addProperty("watcher_pid", watcher.pid());
        server.addProperty("watcher_start_time", watcher.stamp());
        Invocation.Running stop = box.inBackground(box.command("stop", "web", "--even-if-used"));
        Until.holds(() -> !box.lines("stopping").isEmpty(), "the server got TERM");
        Files.writeString(box.serverFile("web"), server.toString());
        stop.await();
        JsonObject after = box.serverOnDisk("web");
        assertNotNull(after, "the successor's file is gone");
        assertEquals(successor.pid(), after.get("pid").getAsLong());
        assertTrue(successor.alive());
        Files.deleteIfExists(box.serverFile("web"));
    }

    /** Starts the script as server and returns the process whose pid it writes to {@code child}. */
    private static Stamped serveWithChild(Sandbox box, String script, String... options) {
        java.util.List<String> args = new java.util.ArrayList<>(
                java.util.List.of("use", "web", "--pid", "" + box.client().pid()));
        args.addAll(java.util.List.of(options));
        args.addAll(java.util.List.of("--", "sh", "-c", script));
        box.run(args.toArray(String[]::new)).ok();
        Until.holds(() -> !box.lines("child").isEmpty(), "the child is there");
        return Stamped.of(Long.parseLong(box.lines("child").getFirst()));
    }

    private static void assertNoFiles(Sandbox box) {
        assertTrue(
                box.filesInLockdir().stream().noneMatch(name -> name.endsWith(".json")),
                () -> box.filesInLockdir().toString());
    }
}
