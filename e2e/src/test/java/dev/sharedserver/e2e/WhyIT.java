package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code why} and {@code info}: who holds a server, why it is up, and why it last stopped. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class WhyIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final String[] WEB = {"python3", "-m", "http.server", "0"};

    /** Real, and out of everybody's way: it listens on a socket in its own directory. */
    private static String[] redis(Sandbox box) {
        return new String[] {
            "redis-server",
            "--port",
            "0",
            "--unixsocket",
            box.work().resolve("redis.sock").toString(),
            "--save",
            ""
        };
    }

    private static String why(Sandbox box, String name) {
        Result result = box.run("why", name).ok().isQuiet();
        assertEquals(1, result.out().lines().count(), result::toString);
        return result.out();
    }

    private static void tells(String text, String... phrases) {
        for (String phrase : phrases) {
            assertTrue(text.contains(phrase), () -> "\"" + phrase + "\" is not in: " + text);
        }
    }

    private static JsonObject lastEnd(Sandbox box, String name) {
        return box.info(name).getAsJsonObject("last_end");
    }

    private static void awaitStopped(Sandbox box, String name) {
        Until.holds(PATIENCE, () -> box.check(name) == 2, name + " is stopped");
    }

    @Test
    void aServerThatIsHeldNamesItsHolders(Sandbox box) {
        Stamped client = box.client();
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + client.pid(),
                        "--metadata",
                        "the editor",
                        "--",
                        "python3",
                        "-m",
                        "http.server",
                        "0")
                .ok();
        Stamped server = box.serverProcess("web");
        tells(
                why(box, "web"),
                "web is up as pid " + server.pid() + " (python3 -m http.server 0, in " + box.work(),
                "It is held by pid " + client.pid() + " (sleep 1000, 'the editor', in /",
                "It was started ",
                "Z) for pid " + client.pid() + " (sleep, 'the editor').");
        JsonObject info = box.info("web");
        JsonObject begun = info.getAsJsonObject("started_by");
        assertEquals("use", begun.get("how").getAsString());
        assertEquals("" + client.pid(), begun.get("client").getAsString());
        assertEquals("sleep", begun.get("command").getAsString());
        assertTrue(info.get("last_end").isJsonNull());
        JsonObject holder = info.getAsJsonArray("clients").get(0).getAsJsonObject();
        assertEquals("[\"sleep\",\"1000\"]", holder.get("command").toString());
        box.run("info", "web").ok().says("Begun:         was started ");
    }

    @Test
    void aHoldAndTheGracePeriodAreExplained(Sandbox box) {
        Stamped client = box.client();
        box.use("db", client, redis(box));
        String hold = box.run("use", "db", "--hold", "1h", "--json")
                .ok()
                .json()
                .get("hold")
                .getAsString();
        client.killAndAwait();
        Until.holds(PATIENCE, () -> box.refcount("db") == 1, "the dead client is dropped");
        tells(why(box, "db"), "No process needs it, it is kept up by " + hold + " (for 59m ");
        box.run("unuse", "db", "--hold", hold).ok();
        tells(
                why(box, "db"),
                "but nobody holds it: it is stopped in 4m ",
                "The last to leave was " + hold + ", which pid "
                        + ProcessHandle.current().pid() + " (java) detached ");
        Stamped second = box.client();
        box.use("db", second);
        // its program is looked up after the answer: a client that is gone by then has none
        Until.holds(
                PATIENCE,
                () -> box.run("events", "db", "-n", "1").out().contains("rescued, client " + second.pid()),
                "logged");
        second.killAndAwait();
        Until.holds(PATIENCE, () -> box.check("db") == 1, "grace");
        tells(why(box, "db"), "The last to leave was pid " + second.pid() + " (sleep), whose process ended ");
        assertEquals(
                "client_died",
                box.info("db").getAsJsonObject("last_client").get("how").getAsString());
        box.run("stop", "db").ok();
    }

    @Test
    void everyEndIsTold(Sandbox box) {
        Stamped client = box.client();
        box.use("killed", client, redis(box));
        box.serverProcess("killed").kill();
        awaitStopped(box, "killed");
        tells(
                why(box, "killed"),
                "killed is not running. It stopped ",
                "its process was killed by SIGKILL, which sharedserver did not send. It had run for ",
                "for pid " + client.pid() + " (sleep).");
        assertEquals(9, lastEnd(box, "killed").get("signal").getAsInt());

        box.use("crashed", client, "sh", "-c", "kill -SEGV $$");
        awaitStopped(box, "crashed");
        tells(why(box, "crashed"), "its process crashed with SIGSEGV");

        box.use("exits", client, "sh", "-c", "exit 3");
        awaitStopped(box, "exits");
        tells(why(box, "exits"), "its process ended by itself with exit code 3.");
        assertEquals(3, lastEnd(box, "exits").get("exit_code").getAsInt());

        box.run("use", "graced", "--pid", "" + client.pid(), "--grace-period", "50ms", "--", "sleep", "1000")
                .ok();
        box.unuse("graced", client);
        awaitStopped(box, "graced");
        tells(
                why(box, "graced"),
                "nobody held it for its whole grace period.",
                "The last to leave was pid " + client.pid() + " (sleep), which ");

        box.use("stopped", client, WEB);
        box.run("stop", "stopped", "--even-if-used").ok();
        String by = "pid " + ProcessHandle.current().pid() + " (java) stopped it.";
        tells(why(box, "stopped"), by);
        assertEquals(
                ProcessHandle.current().pid(), lastEnd(box, "stopped").get("by").getAsLong());
        box.run("info", "stopped").ok().says("Last end:      stopped ").says("Server stopped is not running");

        box.run(
                        "use",
                        "stubborn",
                        "--pid",
                        "" + client.pid(),
                        "--stop-timeout",
                        "100ms",
                        "--",
                        "sh",
                        "-c",
                        "trap '' TERM; echo deaf; while :; do sleep 1; done")
                .ok();
        Until.holds(PATIENCE, () -> box.run("logs", "stubborn").out().contains("deaf"), "it is deaf");
        box.run("stop", "stubborn", "--even-if-used").ok();
        tells(why(box, "stubborn"), "stopped it; it did not end in time, and SIGKILL was needed.");
    }

    @Test
    void whatCouldNotBeStartedSaysAtWhichStep(Sandbox box) {
        Stamped client = box.client();
        String pid = "" + client.pid();
        box.run("use", "web", "--pid", pid, "--", "/no/such").exits(127);
        tells(
                why(box, "web"),
                "web is not running. It could not be started ",
                "command not found: '/no/such' (No such file or directory).");
        JsonObject end = lastEnd(box, "web");
        assertEquals("start_failed", end.get("how").getAsString());
        assertEquals("not_started", end.get("cause").getAsString());
        assertEquals("/no/such", end.get("path").getAsString());
        box.run("use", "web", "--pid", pid, "--working-dir", "/nowhere", "--", "sleep", "1")
                .fails();
        tells(why(box, "web"), "working directory '/nowhere': No such file or directory.", "Before that, it could not");
        box.use("web", client, WEB);
        tells(why(box, "web"), "web is up as pid ", "Before that, it could not be started ");
    }

    @Test
    void aRestartNamesWhoWantedIt(Sandbox box) {
        Stamped client = box.client();
        box.use("web", client, WEB);
        box.run("restart", "web", "--even-if-used").ok();
        tells(
                why(box, "web"),
                "It was started again ",
                "pid " + ProcessHandle.current().pid() + " (java) restarted it.");
        JsonObject begun = box.info("web").getAsJsonObject("started_by");
        assertEquals("restart", begun.get("how").getAsString());
        assertEquals("restart_requested", begun.get("cause").getAsString());
    }

    @Tag("own-guard")
    @Test
    void anAgentThatWasKilledInBetweenMakesNoDifference(Sandbox box) {
        Stamped client = box.client();
        box.use("web", client, WEB);
        String before = untimed(why(box, "web"));
        box.requireAgent().killAndAwait();
        assertEquals(before, untimed(why(box, "web")));
        Stamped server = box.serverProcess("web");
        box.requireAgent().killAndAwait();
        server.kill();
        awaitStopped(box, "web");
        tells(why(box, "web"), "its process was killed by SIGKILL", "for pid " + client.pid() + " (sleep).");
        box.requireAgent().killAndAwait();
        tells(why(box, "web"), "its process was killed by SIGKILL", "for pid " + client.pid() + " (sleep).");
    }

    private static String untimed(String text) {
        return text.replaceAll("\\d+m? ?\\d*s", "TIME").replaceAll("\\(20[^)]*Z\\)", "(THEN)");
    }

    @Test
    void anOldLogIsReadAcrossItsRotationAndOneThatIsGoneIsNotMadeUp(Sandbox box) throws IOException {
        Stamped client = box.client();
        box.use("web", client, WEB);
        Path log = box.lockdir().resolve("web.invocations.log");
        Files.move(log, log.resolveSibling("web.invocations.log.1"));
        box.requireAgent().killAndAwait();
        tells(why(box, "web"), "It was started ", "for pid " + client.pid() + " (sleep).");
        Files.delete(log.resolveSibling("web.invocations.log.1"));
        Files.deleteIfExists(log);
        box.requireAgent().killAndAwait();
        tells(
                why(box, "web"),
                "It is held by pid " + client.pid(),
                "It was found running ",
                "who started it is not known.");
        assertEquals(
                "found",
                box.info("web").getAsJsonObject("started_by").get("how").getAsString());
    }

    @Test
    void whatWasFoundDeadSaysSo(Sandbox box) throws IOException {
        Stamped server = box.serve("web", box.client());
        box.requireGuard().killAndAwait();
        Until.holds(PATIENCE, () -> box.agent() == null, "the agent ends with its guard");
        String record = Sandbox.text(box.serverFile("web"));
        server.killAndAwait();
        Files.writeString(box.serverFile("web"), record.replaceFirst("\"pgid\": \\d+", "\"pgid\": null"));
        tells(why(box, "web"), "web is not running. It was found dead ", "its process " + server.pid() + " is gone");
        assertEquals("cleaned", lastEnd(box, "web").get("how").getAsString());
    }

    @Test
    void theWatcherOfAnotherToolIsNamed(Sandbox box) throws IOException {
        Stamped watcher = box.client();
        Stamped server = box.client();
        Files.createDirectories(box.lockdir());
        Files.writeString(
                box.serverFile("theirs"),
                "{\"pid\":" + server.pid()
                        + ",\"command\":[\"sleep\",\"1000\"],\"grace_period\":\"5m\",\"watcher_pid\":"
                        + watcher.pid() + ",\"started_at\":\"2026-11-21T04:12:09.123456Z\",\"start_time\":"
                        + server.stamp() + ",\"watcher_start_time\":" + watcher.stamp() + "}");
        tells(
                why(box, "theirs"),
                "theirs is managed by another tool (watcher pid " + watcher.pid() + "): it is shown, not touched.",
                "It runs as pid " + server.pid() + " (sleep 1000");
        Files.delete(box.serverFile("theirs"));
    }

    @Test
    void whatFailsAndIsStartedAgainSaysBoth(Sandbox box) {
        Stamped client = box.client();
        box.run("use", "db", "--pid", "" + client.pid(), "--restart", "on-failure", "--", "sleep", "1000")
                .ok();
        Stamped first = box.serverProcess("db");
        first.kill();
        Until.holds(
                PATIENCE,
                () -> {
                    String why = why(box, "db");
                    return why.startsWith("db is up as pid ") && !why.contains("pid " + first.pid() + " ");
                },
                "it runs again");
        tells(
                why(box, "db"),
                "It was started again ",
                "it had failed while it was held (failure 1 of late",
                "Before that, it stopped ",
                "its process was killed by SIGKILL, which sharedserver did not send.");
        box.run("stop", "db", "--even-if-used").ok();
    }

    @Test
    void whatIsNotReadyIsTold(Sandbox box) {
        Stamped client = box.client();
        String pid = "" + client.pid();
        box.run("use", "late", "--pid", pid, "--ready-log", "never", "--ready-timeout", "300ms", "--", "sleep", "1000")
                .exits(1);
        awaitStopped(box, "late");
        tells(why(box, "late"), "it was not ready in 300ms");
        assertEquals("not_ready", lastEnd(box, "late").get("cause").getAsString());
    }

    @Test
    void aNameThatWasNeverSeenIsAnError(Sandbox box) {
        box.serve("database", box.client());
        box.run("why", "databse").exits(1).complains("no server 'databse' has run here, did you mean database?");
        box.run("why", "zzzzzzzzzzzz").exits(1).complains("no server 'zzzzzzzzzzzz' has run here");
        JsonObject unknown = box.info("zzzzzzzzzzzz");
        assertEquals(List.of("state", "name"), List.copyOf(unknown.keySet()));
        box.run("why").exits(64);
        box.run("why", "../x").exits(64);
        box.run("why", "database", "--nope").exits(64);
    }

    @Test
    void forProgramsTheSameInFields(Sandbox box) {
        Stamped client = box.client();
        box.use("web", client, WEB);
        box.run("stop", "web", "--even-if-used").ok();
        String text = box.run("why", "web", "--json").ok().out();
        JsonObject why = JsonParser.parseString(text).getAsJsonObject();
        assertEquals(
                List.of("name", "state", "why", "started_by", "last_client", "stopping", "last_end", "last_mismatch"),
                List.copyOf(why.keySet()));
        assertEquals("stopped", why.get("state").getAsString());
        tells(why.get("why").getAsString(), "web is not running. It stopped ");
        JsonObject end = why.getAsJsonObject("last_end");
        assertEquals("stop_requested", end.get("cause").getAsString());
        assertFalse(end.get("killed").getAsBoolean());
        JsonObject info = box.info("web");
        assertEquals(
                List.of("state", "name", "started_by", "last_client", "stopping", "last_end", "last_mismatch"),
                List.copyOf(info.keySet()));
        assertEquals(end, info.getAsJsonObject("last_end"));
    }
}
