package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code events}: what happened, when, who asked, and why it ended. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class EventsIT {

    private static List<JsonObject> objects(String text) {
        return text.lines()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
    }

    /** Whole lines only: what is read while it is written may end in the middle of one. */
    private static List<String> words(String text) {
        return objects(text.substring(0, text.lastIndexOf('\n') + 1)).stream()
                .map(event -> event.get("name").getAsString() + " "
                        + event.get("event").getAsString())
                .toList();
    }

    private static JsonObject last(Sandbox box, String name) {
        return objects(box.run("events", name, "-n", "1", "--json").ok().out()).get(0);
    }

    @Test
    void theStoryOfAServerIsToldInOrder(Sandbox box) {
        Stamped client = box.client();
        Stamped server = box.serve("web", client, "--metadata", "nvim");
        client.kill();
        Until.holds(() -> box.check("web") == 1, "grace");
        Stamped second = box.client();
        box.use("web", second);
        box.run("stop", "web", "--pid", "" + second.pid()).ok();

        String json = box.run("events", "web", "--json").ok().out();
        assertEquals(
                List.of(
                        "web started",
                        "web attached",
                        "web client_died",
                        "web grace",
                        "web rescued",
                        "web stopping",
                        "web exited",
                        "web stopped"),
                words(json));
        List<JsonObject> events = objects(json);
        assertEquals(server.pid(), events.get(0).get("pid").getAsLong());
        assertEquals("nvim", events.get(1).get("metadata").getAsString());
        assertEquals("" + client.pid(), events.get(2).get("client").getAsString());
        assertEquals(0, events.get(2).get("refcount").getAsInt());
        assertEquals("stop_requested", events.get(5).get("cause").getAsString());
        assertEquals(ProcessHandle.current().pid(), events.get(5).get("by").getAsLong(), "who ran the stop");
        assertEquals(15, events.get(6).get("signal").getAsInt());
        assertEquals("stop_requested", events.get(7).get("cause").getAsString(), "why it is gone");
        String text = box.run("events", "web").ok().out();
        assertTrue(text.contains("client died, client " + client.pid() + " (nvim), refcount 0"), text);
        assertTrue(text.contains("stopping, pid " + server.pid() + ", stop requested, by pid "), text);
    }

    @Test
    void everyEndHasItsCause(Sandbox box) {
        Stamped client = box.client();
        box.use("exits", client, "sh", "-c", "exit 3");
        Until.holds(() -> box.check("exits") == 2, "ended");
        assertEquals("exited", last(box, "exits").get("cause").getAsString());
        assertEquals(3, last(box, "exits").get("exit_code").getAsInt());

        box.serve("killed", client).kill();
        Until.holds(() -> box.check("killed") == 2, "ended");
        assertEquals("killed", last(box, "killed").get("cause").getAsString());
        assertEquals(9, last(box, "killed").get("signal").getAsInt());

        Stamped passing = box.client();
        box.serve("grace", passing, "--grace-period", "100ms");
        box.unuse("grace", passing);
        Until.holds(() -> box.check("grace") == 2, "ended");
        assertEquals("grace_expired", last(box, "grace").get("cause").getAsString());

        box.run("use", "missing", "--pid", "" + client.pid(), "--", "/no/such").exits(127);
        assertEquals("start_failed", last(box, "missing").get("event").getAsString());
        assertEquals(
                "No such file or directory", last(box, "missing").get("detail").getAsString());

        box.serve("again", client);
        box.run("restart", "again", "--even-if-used").ok();
        assertTrue(box.run("events", "again").ok().out().contains("restart requested"));
        box.run("stop", "again", "--even-if-used").ok();
    }

    @Test
    void whoStartsAServerForOthersIsNamed(Sandbox box) {
        long self = ProcessHandle.current().pid();
        box.run("admin", "start", "web", "--", "sleep", "1000").ok();
        JsonObject started =
                objects(box.run("events", "web", "--json").ok().out()).get(0);
        assertEquals("started", started.get("event").getAsString());
        assertEquals(self, started.get("by").getAsLong());
        assertEquals(ProcessFacts.comm(self), started.get("by_command").getAsString());
        box.run("why", "web").ok().says(" by pid " + self + " (").says(" for nobody in particular.");

        box.run("admin", "start", "other", "--pid", "" + box.client().pid(), "--", "sleep", "1000")
                .ok();
        assertTrue(box.run("events", "other").ok().out().contains(", by pid " + self + " ("), "also for a client");
        box.run("admin", "start", "bad", "--", "/no/such").exits(127);
        assertEquals(self, last(box, "bad").get("by").getAsLong(), "also what came to nothing");
    }

    @Test
    void whoDetachesAnotherIsNamed(Sandbox box) {
        Stamped client = box.client();
        box.serve("web", box.client());
        box.use("web", client);
        box.run("admin", "decref", "web", "--pid", "" + client.pid()).ok();
        assertEquals(ProcessHandle.current().pid(), last(box, "web").get("by").getAsLong());
    }

    @Test
    void followingTellsThePastOnceAndThenWhatHappens(Sandbox box) {
        Stamped client = box.client();
        box.serve("web", client);
        Invocation.Running all = box.inBackground(box.command("events", "-f", "--json"));
        Until.holds(() -> words(all.outSoFar()).size() == 2, "the past");
        Invocation.Running web = box.inBackground(box.command("events", "web", "-f", "--json"));
        Until.holds(() -> words(web.outSoFar()).size() == 2, "the past");
        box.serve("db", client);
        box.unuse("web", client);
        List<String> past = List.of("web started", "web attached");
        List<String> expected =
                List.of(past.get(0), past.get(1), "db started", "db attached", "web detached", "web grace");
        Until.holds(() -> words(all.outSoFar()).equals(expected), "all that happened");
        Until.holds(
                () -> words(web.outSoFar()).equals(List.of(past.get(0), past.get(1), "web detached", "web grace")),
                "of one server");
    }

    @Test
    void aFollowerSurvivesTheAgentAndMissesNothing(Sandbox box) {
        Stamped client = box.client();
        box.serve("web", client);
        Invocation.Running follower = box.inBackground(box.command("events", "web", "-f", "--json"));
        Until.holds(() -> words(follower.outSoFar()).size() == 2, "the past");
        box.requireAgent().kill();
        box.unuse("web", client);
        box.use("web", client);
        Until.holds(() -> words(follower.outSoFar()).contains("web rescued"), "what came after");
        assertEquals(
                List.of("web started", "web attached", "web adopted", "web detached", "web grace", "web rescued"),
                words(follower.outSoFar()));
    }

    @Test
    void aReaderThatGoesAwayEndsIt(Sandbox box) {
        box.serve("web", box.client());
        Result result = box.sh("\"$SS\" events -f | head -n 1").run().ok();
        assertTrue(result.out().contains("web  started"), result::toString);
        result.isQuiet();
    }

    @Tag("own-guard")
    @Test
    void aReaderThatDoesNotReadHoldsUpNobody(Sandbox box) {
        Stamped client = box.client();
        box.serve("web", client);
        // a pipe and a socket's buffers are full after some of these
        Invocation.Running stuck = box.inBackground(box.sh("\"$SS\" events -f | sleep 1000"));
        for (int i = 0; i < 300; i++) {
            box.run("unuse", "web", "--pid", "" + client.pid()).ok();
            box.use("web", client);
        }
        assertTrue(stuck.running());
        assertEquals(1, box.refcount("web"));
    }

    @Test
    void whatIsNoEventIsLeftOutAndHostileTextIsEscaped(Sandbox box) throws IOException {
        Stamped client = box.client();
        box.serve("web", client, "--metadata", "a\u001b[31mb\nc");
        Path log = box.lockdir().resolve("web.invocations.log");
        Files.write(
                log,
                List.of("garbage", "{}", "[1]", "{\"at\":\"x\",\"event\":\"y\"}", "\0\0", "{\"a\":".repeat(1000)),
                StandardOpenOption.APPEND);
        Files.write(log, new byte[] {(byte) 0xff, (byte) 0xfe, '\n'}, StandardOpenOption.APPEND);
        box.unuse("web", client);
        assertEquals(
                List.of("web started", "web attached", "web detached", "web grace"),
                words(box.run("events", "--json").ok().out()));
        Result text = box.run("events").ok();
        assertFalse(text.out().contains("\u001b"), text::toString);
        assertEquals(4, text.out().lines().count(), text::toString);
    }

    @Test
    void ofNothingItSaysNothing(Sandbox box) {
        assertEquals("", box.run("events").ok().out());
        assertEquals("", box.run("events", "nobody").ok().out());
        box.run("events", "-n", "x").exits(64).complains("x");
        box.run("events", "../x").exits(64);
    }
}
