package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What people and editors do all day. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class EverydayIT {

    @Tag("portable-slice")
    @Test
    void anHttpServerIsStartedOnceSharedKeptInGraceRescuedAndStoppedWhenGraceEnds(Sandbox box) throws Exception {
        String port = Integer.toString(freePort());
        Files.writeString(box.work().resolve("hello.txt"), "shared\n");
        Stamped first = box.client();
        Stamped second = box.client();
        Stamped third = box.client();
        String[] server = {"python3", "-m", "http.server", port, "--bind", "127.0.0.1"};

        Result started = useWithGrace(box, "web", "2s", first, server);
        Stamped python = box.serverProcess("web");
        assertEquals("✓ Started server web (PID: " + python.pid() + ", refcount: 1)\n", started.out());
        Until.holds(() -> get(port) == 200, "the server answers");

        assertEquals(
                "✓ Attached to server web (refcount: 2)\n",
                useWithGrace(box, "web", "2s", second, server).out());
        assertEquals(python, box.serverProcess("web"));
        JsonObject listed = box.run("list", "--json").ok().jsonArray().get(0).getAsJsonObject();
        assertEquals(2, listed.get("refcount").getAsInt());
        box.run("info", "web").ok().says("web").says(Long.toString(first.pid())).says(Long.toString(second.pid()));

        first.kill();
        box.unuse("web", second);
        Until.holds(() -> box.check("web") == 1, "grace after both left");
        assertEquals(200, get(port));

        assertEquals(
                "✓ Rescued server web from grace period (refcount: 1)\n",
                useWithGrace(box, "web", "2s", third, server).out());
        assertEquals(python, box.serverProcess("web"));

        third.kill();
        box.run("wait", "web", "--for", "stopped", "--timeout", "20s").ok();
        assertFalse(python.alive());
        assertEquals(2, box.check("web"));
        assertTrue(box.filesInLockdir().stream().noneMatch(file -> file.endsWith(".json")));
    }

    @Tag("portable-slice")
    @Test
    void useStartsThenAttachesAndIsIdempotentForOneClient(Sandbox box) {
        Stamped client = box.client();
        box.use("web", client, "sleep", "1000")
                .says("Started server web (PID: ")
                .says("refcount: 1)")
                .isQuiet();
        box.use("web", client, "sleep", "1000").says("Attached to server web (refcount: 1)");
        box.use("web", client).says("Attached to server web (refcount: 1)");
        assertEquals(1, box.refcountOnDisk("web"));
    }

    @Test
    void aRunningServerIgnoresTheCommandItIsGiven(Sandbox box) {
        Stamped server = box.serve("web", box.client());
        box.run("use", "web", "--pid", "" + box.client().pid(), "--on-mismatch", "ignore", "--", "touch", "never")
                .ok()
                .isQuiet();
        assertEquals(server, box.serverProcess("web"));
        assertFalse(Files.exists(box.work().resolve("never")));
    }

    @Tag("portable-slice")
    @Test
    void anotherCommandIsAWarningAndARefusalOnRequest(Sandbox box) {
        box.serve("web", box.client());
        box.use("web", box.client(), "sleep", "1000").isQuiet();
        Result warned = box.use("web", box.client(), "sleep", "2000");
        assertTrue(warned.err().contains("web"), warned::toString);
        box.run("use", "web", "--pid", "" + box.client().pid(), "--on-mismatch", "fail", "--", "sleep", "2000")
                .exits(1)
                .complains("web");
        assertEquals(3, box.refcountOnDisk("web"));
    }

    @Test
    void useOfAStoppedNameWithoutCommandFailsAndLeavesNothing(Sandbox box) {
        Result result = box.run("use", "web", "--pid", "" + box.client().pid());
        result.fails().complains("web");
        assertTrue(box.filesInLockdir().stream().noneMatch(file -> file.endsWith(".json")));
    }

    @Test
    void useJsonHasTheAgreedFieldsInOrder(Sandbox box) {
        List<String> fields = List.of("action", "name", "pid", "refcount", "state", "ready", "log_file");
        Stamped client = box.client();
        JsonObject started = useJson(box, client);
        assertEquals(fields, List.copyOf(started.keySet()));
        assertEquals("started", started.get("action").getAsString());
        assertEquals("web", started.get("name").getAsString());
        assertEquals(box.serverProcess("web").pid(), started.get("pid").getAsLong());
        assertEquals(1, started.get("refcount").getAsInt());
        assertEquals("active", started.get("state").getAsString());
        assertTrue(started.get("ready").getAsBoolean());
        assertEquals(box.logFile("web").toString(), started.get("log_file").getAsString());

        JsonObject attached = useJson(box, box.client());
        assertEquals(fields, List.copyOf(attached.keySet()));
        assertEquals("attached", attached.get("action").getAsString());
        assertEquals(2, attached.get("refcount").getAsInt());
    }

    @Test
    void unuseDetachesAndSaysWhenThereIsNothingToDetach(Sandbox box) {
        Stamped first = box.client();
        Stamped second = box.client();
        box.run("unuse", "web", "--pid", "" + first.pid()).exits(1).complains("is not running");
        box.serve("web", first);
        box.use("web", second);
        box.unuse("web", second).says("Detached from server web (refcount: 1");
        box.run("unuse", "web", "--pid", "" + second.pid()).exits(1).complains(Long.toString(second.pid()));
        box.unuse("web", first).says("Detached from server web (refcount: 0");
        assertEquals(1, box.check("web"));
    }

    @Tag("portable-slice")
    @Test
    void checkTellsTheStateByItsExitCode(Sandbox box) {
        assertEquals(2, box.check("web"));
        Stamped client = box.client();
        box.serve("web", client);
        assertEquals(0, box.check("web"));
        box.unuse("web", client);
        assertEquals(1, box.check("web"));
        box.run("stop", "web").ok();
        assertEquals(2, box.check("web"));
    }

    @Test
    void checkIsDefunctWhileTheGroupOfADeadServerIsTornDown(Sandbox box) {
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--stop-timeout",
                        "3s",
                        "--",
                        "sh",
                        "-c",
                        Scripts.STUBBORN_CHILD + " while [ ! -e end ]; do sleep 0.05; done")
                .ok();
        Until.holds(() -> !box.lines("child").isEmpty(), "the child is there");
        box.sh("touch end").run().ok();
        Until.holds(() -> box.check("web") == 3, "the server is defunct");
        Until.holds(() -> box.check("web") == 2, "the server is stopped");
    }

    @Test
    void listIsEmptySortedAndReadable(Sandbox box) {
        assertEquals("(no servers)\n", box.run("list").ok().out());
        assertEquals(0, box.run("list", "--json").ok().jsonArray().size());
        Stamped client = box.client();
        for (String name : List.of("web", "alpha", "Zed", "müde")) {
            box.serve(name, client);
        }
        Result list = box.run("list").ok().isQuiet();
        list.says("alpha").says("web").says("Zed").says("müde").says("active").says("sleep");
        assertFalse(list.out().contains("\u001b"), "no colour where there is no terminal");
        JsonArray array = box.run("list", "--json").ok().jsonArray();
        List<String> names = array.asList().stream()
                .map(entry -> entry.getAsJsonObject().get("name").getAsString())
                .toList();
        assertEquals(List.of("Zed", "alpha", "müde", "web"), names);
    }

    @Tag("portable-slice")
    @Test
    void listJsonHasTheAgreedFieldsInOrder(Sandbox box) {
        Stamped client = box.client();
        long before = Instant.now().getEpochSecond();
        box.run("use", "web", "--pid", "" + client.pid(), "--metadata", "editor 1", "--", "sleep", "1000")
                .ok();
        JsonObject entry = box.run("list", "--json").ok().jsonArray().get(0).getAsJsonObject();
        assertEquals(
                List.of(
                        "name",
                        "state",
                        "pid",
                        "command",
                        "grace_period",
                        "watcher_pid",
                        "started_at",
                        "refcount",
                        "clients"),
                List.copyOf(entry.keySet()));
        assertEquals("active", entry.get("state").getAsString());
        assertEquals("[\"sleep\",\"1000\"]", entry.get("command").toString());
        assertEquals("5m", entry.get("grace_period").getAsString());
        assertEquals(box.requireGuard().pid(), entry.get("watcher_pid").getAsLong());
        long startedAt = entry.get("started_at").getAsLong();
        assertTrue(startedAt >= before && startedAt <= Instant.now().getEpochSecond(), entry::toString);
        JsonObject attached = entry.getAsJsonArray("clients").get(0).getAsJsonObject();
        assertEquals(List.of("pid", "attached_at", "metadata"), List.copyOf(attached.keySet()));
        assertEquals(client.pid(), attached.get("pid").getAsLong());
        assertEquals("editor 1", attached.get("metadata").getAsString());
    }

    @Test
    void infoJsonHasTheAgreedFields(Sandbox box) {
        Stamped client = box.client();
        Stamped server = box.serve("web", client);
        JsonObject info = box.info("web");
        for (String field : List.of(
                "name",
                "state",
                "pid",
                "command",
                "grace_period",
                "watcher_pid",
                "started_at",
                "refcount",
                "clients",
                "status",
                "start_time",
                "watcher_start_time",
                "working_dir",
                "log_file",
                "ready",
                "grace_remaining_ms")) {
            assertTrue(info.has(field), () -> field + " is missing in " + info);
        }
        assertEquals("active", info.get("status").getAsString());
        assertEquals(server.stamp(), info.get("start_time").getAsLong());
        assertEquals(box.requireGuard().stamp(), info.get("watcher_start_time").getAsLong());
        assertEquals(box.work().toString(), info.get("working_dir").getAsString());
        assertEquals(box.logFile("web").toString(), info.get("log_file").getAsString());
        assertTrue(info.get("ready").getAsBoolean());
        assertTrue(info.get("grace_remaining_ms").isJsonNull());
        JsonObject who = info.getAsJsonArray("clients").get(0).getAsJsonObject();
        assertTrue(who.get("alive").getAsBoolean());
        assertEquals(ProcessFacts.link(client.pid(), "exe"), who.get("exe").getAsString());
        assertEquals("/", who.get("cwd").getAsString());

        box.unuse("web", client);
        JsonObject inGrace = box.info("web");
        assertEquals(List.copyOf(info.keySet()), List.copyOf(inGrace.keySet()));
        assertEquals("grace", inGrace.get("state").getAsString());
        long remaining = inGrace.get("grace_remaining_ms").getAsLong();
        assertTrue(remaining > 290_000 && remaining <= 300_000, inGrace::toString);
    }

    @Test
    void infoOfAStoppedServerIsNoError(Sandbox box) {
        JsonObject info = box.info("web");
        assertEquals("stopped", info.get("state").getAsString());
        assertEquals("web", info.get("name").getAsString());
        assertEquals(List.of("state", "name"), List.copyOf(info.keySet()));
        box.run("info", "web").ok().says("web").says("stopped");
    }

    @Test
    void aClientWithoutPidOptionIsTheParentProcess(Sandbox box) throws IOException {
        Files.writeString(
                box.work().resolve("client.sh"),
                "\"$SS\" use web -- sleep 1000 && echo $$ >client && exec sleep 1000\n");
        Invocation.Running script = box.inBackground(new Invocation(List.of("sh", "client.sh"), box.env(), box.work()));
        Until.holds(() -> !box.lines("client").isEmpty(), "the client is attached");
        JsonObject clients = box.info("web").getAsJsonArray("clients").get(0).getAsJsonObject();
        assertEquals(
                Long.parseLong(box.lines("client").getFirst()),
                clients.get("pid").getAsLong());
        script.kill();
        Until.holds(() -> box.check("web") == 1, "the client is gone");
    }

    @Tag("portable-slice")
    @Test
    void aShellWithACommandStringIsNotTheClientButTheOneWhoCalledIt(Sandbox box) {
        box.sh("\"$SS\" use web -- sleep 1000; exit $?").run().ok();
        JsonObject client = box.info("web").getAsJsonArray("clients").get(0).getAsJsonObject();
        assertEquals(ProcessHandle.current().pid(), client.get("pid").getAsLong());
        box.run("unuse", "web").ok();
        assertEquals(1, box.check("web"));
    }

    @Test
    void aHoldKeepsTheServerForItsTimeWithoutAProcess(Sandbox box) {
        box.run("use", "web", "--hold", "3s", "--grace-period", "0s", "--", "sleep", "1000")
                .ok();
        assertEquals(0, box.check("web"));
        assertEquals(1, box.refcountOnDisk("web"));
        box.run("wait", "web", "--for", "stopped", "--timeout", "20s").ok();
    }

    @Test
    void stopIsRefusedWhileOthersAreAttachedAndNamesThem(Sandbox box) {
        Stamped first = box.client();
        Stamped second = box.client();
        Stamped server = box.serve("web", first);
        box.use("web", second);
        box.run("stop", "web").exits(1).complains("" + first.pid()).complains("" + second.pid());
        assertTrue(server.alive());
        assertEquals(2, box.refcountOnDisk("web"));
        box.run("stop", "--even-if-used", "web").ok().says("stopped gracefully");
        assertFalse(server.alive());
        box.run("stop", "web").fails().complains("is not running");
    }

    @Test
    void stopByTheOnlyClientNeedsNoForce(Sandbox box) {
        Stamped client = box.client();
        Stamped server = box.serve("web", client);
        box.run("stop", "web", "--pid", "" + client.pid()).ok();
        assertFalse(server.alive());
        assertNull(box.serverOnDisk("web"));
        assertNull(box.clientsOnDisk("web"));
    }

    @Test
    void stopTakesSeveralNames(Sandbox box) {
        Stamped client = box.client();
        box.serve("one", client);
        box.serve("two", client);
        box.run("stop", "--even-if-used", "one", "two").ok();
        assertEquals(2, box.check("one"));
        assertEquals(2, box.check("two"));
    }

    @Test
    void restartKeepsTheClients(Sandbox box) {
        Stamped client = box.client();
        Stamped before = box.serve("web", client);
        box.run("restart", "web", "--even-if-used").ok();
        Stamped after = box.serverProcess("web");
        assertNotEquals(before, after);
        assertFalse(before.alive());
        assertTrue(after.alive());
        assertEquals(1, box.refcountOnDisk("web"));
        client.kill();
        Until.holds(() -> box.check("web") == 1, "the client is still watched");
    }

    @Tag("portable-slice")
    @Test
    void restartKeepsEnvironmentAndDirectory(Sandbox box) {
        Stamped client = box.client();
        box.run("use", "web", "--pid", "" + client.pid(), "--env", "COLOUR=teal", "--", "sh", "-c", Scripts.RECORD_RUN)
                .ok();
        Until.holds(() -> box.lines("runs").size() == 1, "first run");
        box.command("restart", "web", "--pid", "" + client.pid())
                .cwd(box.root())
                .run()
                .ok();
        Until.holds(() -> box.lines("runs").size() == 2, "second run");
        assertEquals(box.lines("runs").getFirst(), box.lines("runs").getLast());
        assertEquals("teal " + box.work(), box.lines("runs").getLast());
    }

    @Test
    void waitReturnsWhenTheStateIsReachedAndTimesOutWith124(Sandbox box) {
        box.run("wait", "web", "--for", "stopped").ok();
        box.run("wait", "web", "--for", "active", "--timeout", "200ms").exits(124);
        Invocation.Running active = box.inBackground(box.command("wait", "web", "--for", "active"));
        Invocation.Running ready = box.inBackground(box.command("wait", "web"));
        Stamped client = box.client();
        box.serve("web", client);
        active.await().ok();
        ready.await().ok();
        Invocation.Running grace = box.inBackground(box.command("wait", "web", "--for", "grace"));
        Invocation.Running stopped = box.inBackground(box.command("wait", "web", "--for", "stopped"));
        box.unuse("web", client);
        grace.await().ok();
        box.run("stop", "web").ok();
        stopped.await().ok();
    }

    @Test
    void waitTellsWhichOfManyServersHasEndedEvenIfItRunsAnew(Sandbox box) {
        Stamped client = box.client();
        box.serve("web", client);
        box.serve("cache", client);
        assertEquals(
                "none\n", box.run("wait", "web", "none", "--for", "ended").ok().out());
        box.run("wait", "web", "cache", "--for", "ended", "--timeout", "200ms").exits(124);
        Invocation.Running ended = box.inBackground(box.command("wait", "web", "cache", "--for", "ended"));
        Until.holds(() -> "S".equals(state(ended.pid())), "wait is asleep");
        Until.holds(() -> switches(ended.pid()).equals(switchesAfter(ended.pid(), 300)), "wait has come to rest");
        Invocation.Running again = box.inBackground(box.command("wait", "cache", "--for", "ended"));
        Until.holds(() -> "S".equals(state(again.pid())), "wait is asleep");
        Until.holds(() -> switches(again.pid()).equals(switchesAfter(again.pid(), 300)), "wait has come to rest");
        box.run("restart", "cache", "--pid", "" + client.pid()).ok();
        assertEquals("cache\n", ended.await().ok().out());
        assertEquals("cache\n", again.await().ok().out());
        assertEquals(0, box.check("cache"), "it runs anew");
    }

    @Tag("own-guard")
    @Test
    void waitForTheEndOfAServerThatIsAboutToRunAnewIsForTheNextEnd(Sandbox box) {
        String client = "" + box.client().pid();
        box.run("use", "web", "--restart", "on-failure", "--pid", client, "--", "sleep", "1000")
                .ok();
        Stamped server = Stamped.of(box.info("web").get("pid").getAsLong());
        Invocation.Running ended = box.inBackground(box.command("wait", "web", "--for", "ended"));
        Until.holds(() -> "S".equals(state(ended.pid())), "wait is asleep");
        Until.holds(() -> switches(ended.pid()).equals(switchesAfter(ended.pid(), 300)), "wait has come to rest");
        server.kill();
        assertEquals("web\n", ended.await().ok().out());
        Invocation.Running next = box.inBackground(box.command("wait", "web", "--for", "ended"));
        box.run("wait", "web", "--for", "active", "--timeout", "30s").ok();
        Until.holds(() -> switches(next.pid()).equals(switchesAfter(next.pid(), 300)), "wait has come to rest");
        assertTrue(next.running());
        box.run("stop", "web", "--even-if-used").ok();
        assertEquals("web\n", next.await().ok().out());
    }

    @Test
    void waitForTheEndEndsWithTheProcessForWhichItWaits(Sandbox box) {
        box.serve("web", box.client());
        Stamped master = box.client();
        Invocation.Running wait =
                box.inBackground(box.command("wait", "web", "--for", "ended", "--pid", "" + master.pid()));
        Until.holds(() -> "S".equals(state(wait.pid())), "wait is asleep");
        Until.holds(() -> switches(wait.pid()).equals(switchesAfter(wait.pid(), 300)), "wait has come to rest");
        assertTrue(wait.running());
        master.kill();
        wait.await().exits(1).complains("" + master.pid());
    }

    @Tag("portable-slice")
    @Test
    void waitOutlivesTheRemovalOfTheStateDirectory(Sandbox box) {
        Stamped client = box.client();
        box.serve("web", client);
        Invocation.Running ended = box.inBackground(box.command("wait", "web", "--for", "ended"));
        Until.holds(() -> "S".equals(state(ended.pid())), "wait is asleep");
        Until.holds(() -> switches(ended.pid()).equals(switchesAfter(ended.pid(), 300)), "wait has come to rest");
        // it may be made again, and filled, while rm is still at it
        box.sh("rm -rf \"$SHAREDSERVER_LOCKDIR\"").run();
        Until.holds(() -> Files.exists(box.lockdir().resolve("web.server.json")), "it is made again");
        Until.holds(() -> switches(ended.pid()).equals(switchesAfter(ended.pid(), 300)), "wait has come to rest again");
        box.run("stop", "web", "--even-if-used").ok();
        assertEquals("web\n", ended.await().ok().out());
    }

    @Tag("own-guard")
    @Test
    void waitDoesNotPoll(Sandbox box) throws InterruptedException {
        box.serve("web", box.client());
        Invocation.Running wait = box.inBackground(box.command("wait", "web", "--for", "stopped"));
        Until.holds(() -> "S".equals(state(wait.pid())), "wait is asleep");
        Until.holds(() -> switches(wait.pid()).equals(switchesAfter(wait.pid(), 300)), "wait has come to rest");
        assertEquals(switches(wait.pid()), switchesAfter(wait.pid(), 1500), "no context switch while waiting");
        assertTrue(wait.running());
        box.run("stop", "web", "--even-if-used").ok();
        wait.await().ok();
    }

    @Tag("portable-slice")
    @Test
    void logsShowsFollowsAndFilters(Sandbox box) {
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--",
                        "sh",
                        "-c",
                        "echo one; echo two >&2; echo three; while [ ! -e more ]; do sleep 0.05; done; echo four;"
                                + " exec sleep 1000")
                .ok();
        Until.holds(() -> box.run("logs", "web").out().contains("three"), "the server has written");
        assertEquals("one\ntwo\nthree\n", box.run("logs", "web").ok().out());
        assertEquals("three\n", box.run("logs", "web", "-n", "1").ok().out());
        assertEquals("two\n", box.run("logs", "web", "--grep", "^t.o$").ok().out());
        Invocation.Running following = box.inBackground(box.command("logs", "web", "-f", "-n", "1"));
        Until.holds(() -> following.outSoFar().equals("three\n"), "the last line is shown");
        box.sh("touch more").run().ok();
        Until.holds(() -> following.outSoFar().equals("three\nfour\n"), "the new line is shown");
        box.run("logs", "nobody").exits(1).complains("nobody");
    }

    @Test
    void theLogOfThePreviousRunIsKept(Sandbox box) {
        Stamped client = box.client();
        for (String line : List.of("first", "second")) {
            box.use("web", client, "sh", "-c", "echo " + line + "; exec sleep 1000");
            Until.holds(() -> box.run("logs", "web").out().equals(line + "\n"), line + " is in the log");
            box.run("stop", "web", "--even-if-used").ok();
        }
        assertEquals("second\n", Sandbox.read(box.logFile("web")));
        assertEquals("first\n", Sandbox.read(box.lockdir().resolve("web.log.1")));
    }

    @Tag("portable-slice")
    @Test
    void runHoldsItsLeaseForAsLongAsTheCommandLives(Sandbox box) {
        box.run("admin", "start", "web", "--", "sleep", "1000").ok();
        Result result = box.run("run", "web", "--", "sh", "-c", "echo $$; \"$SS\" info web --json; exit 7")
                .exits(7);
        String pid = result.out().lines().findFirst().orElseThrow();
        assertTrue(result.out().contains("\"pid\": " + pid), result::toString);
        Until.holds(() -> box.check("web") == 1, "the lease ended with the command");
    }

    @Test
    void runOfACommandThatIsNotThereIs127AndLeavesNoReference(Sandbox box) {
        box.run("admin", "start", "web", "--", "sleep", "1000").ok();
        box.run("run", "web", "--", "no-such-command-here").exits(127).complains("no-such-command-here");
        Until.holds(() -> box.check("web") == 1, "no reference is left");
    }

    @Test
    void runAttachesToEveryNameAndStartsThoseOfTheConfig(Sandbox box) throws IOException {
        Files.writeString(
                box.work().resolve(".sharedserver.json"),
                "{\"servers\": {\"one\": {\"command\": \"sleep\", \"args\": [\"1000\"]},"
                        + " \"two\": {\"command\": \"sleep\", \"args\": [\"1001\"]}}}");
        Result result = box.run("run", "one", "two", "--", "sh", "-c", "\"$SS\" list --json")
                .ok();
        assertEquals(2, result.jsonArray().size());
        for (int i = 0; i < 2; i++) {
            assertEquals(
                    1,
                    result.jsonArray().get(i).getAsJsonObject().get("refcount").getAsInt());
        }
        box.run("run", "three", "--", "true").fails().complains("three");
    }

    @Test
    void useTakesTheCommandFromTheConfigFoundUpwards(Sandbox box) throws IOException {
        Files.writeString(box.work().resolve(".sharedserver.json"), """
            {
              // people edit this by hand
              "servers": {"web": {
                "command": "sh", "args": ["-c", "echo $COLOUR $PWD >>facts; exec sleep 1000"],
                "env": {"COLOUR": "${TINT:-grey}"}, "gracePeriod": "90s", "metadata": "from config",
              }},
            }
            """);
        var below = Files.createDirectories(box.work().resolve("a/b"));
        box.command("use", "web", "--pid", "" + box.client().pid())
                .cwd(below)
                .run()
                .ok();
        JsonObject info = box.info("web");
        assertEquals("1m30s", info.get("grace_period").getAsString());
        assertEquals(
                "from config",
                info.getAsJsonArray("clients")
                        .get(0)
                        .getAsJsonObject()
                        .get("metadata")
                        .getAsString());
        Until.holds(() -> factsWritten(box), "the server ran");
    }

    @Test
    void aConfigIsTakenFromOptionOrEnvironment(Sandbox box) throws IOException {
        var config = box.home().resolve("servers.json");
        Files.writeString(config, "{\"servers\": {\"web\": {\"command\": \"sleep\", \"args\": [\"1000\"]}}}");
        String client = "" + box.client().pid();
        box.run("use", "web", "--pid", client, "--config", config.toString()).ok();
        box.run("stop", "web", "--even-if-used").ok();
        box.command("use", "web", "--pid", client)
                .env("SHAREDSERVER_CONFIG", config.toString())
                .run()
                .ok();
    }

    @Test
    void useRunsOneStringThroughAShellOnRequest(Sandbox box) {
        box.run("use", "web", "--pid", "" + box.client().pid(), "--shell", "--", "echo $((6*7)); exec sleep 1000")
                .ok();
        Until.holds(() -> box.run("logs", "web").out().equals("42\n"), "the shell ran it");
    }

    @Tag("portable-slice")
    @Test
    void useOptionsReachTheServer(Sandbox box) throws IOException {
        Files.writeString(box.work().resolve("input"), "from stdin\n");
        var dir = Files.createDirectory(box.work().resolve("elsewhere"));
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--working-dir",
                        "elsewhere",
                        "--env",
                        "A=1",
                        "--env=B=x=y",
                        "--stdin",
                        "input",
                        "--log-file",
                        "own.log",
                        "--grace-period=1h30m",
                        "--",
                        "sh",
                        "-c",
                        "cat; echo $A $B; pwd; exec sleep 1000")
                .ok();
        Until.holds(() -> box.lines("own.log").size() == 3, "the server has written its own log");
        assertEquals(List.of("from stdin", "1 x=y", dir.toString()), box.lines("own.log"));
        assertEquals("1h30m", box.info("web").get("grace_period").getAsString());
    }

    @Test
    void standardOutputMayGoToAFileOfItsOwn(Sandbox box) {
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--stdout",
                        "out",
                        "--",
                        "sh",
                        "-c",
                        "echo result; echo trouble >&2; exec sleep 1000")
                .ok();
        Until.holds(() -> box.lines("out").equals(List.of("result")), "the output is in its file");
        Until.holds(() -> box.run("logs", "web").out().equals("trouble\n"), "the rest is in the log");
    }

    @Tag("portable-slice")
    @Test
    void theStopSignalIsTheOneAskedFor(Sandbox box) {
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--stop-signal",
                        "USR1",
                        "--",
                        "sh",
                        "-c",
                        "trap 'echo usr1 >got; exit' USR1; echo up >up; while :; do sleep 0.05; done")
                .ok();
        Until.holds(() -> !box.lines("up").isEmpty(), "the trap is set");
        box.run("stop", "web", "--even-if-used").ok();
        assertEquals(List.of("usr1"), box.lines("got"));
    }

    private static boolean factsWritten(Sandbox box) throws IOException {
        try (var files = Files.walk(box.work())) {
            return files.filter(file -> file.endsWith("facts"))
                    .map(Sandbox::read)
                    .anyMatch(text -> text != null && text.startsWith("grey "));
        }
    }

    private static Result useWithGrace(Sandbox box, String name, String grace, Stamped client, String... command) {
        String[] args = new String[7 + command.length];
        System.arraycopy(
                new String[] {"use", name, "--grace-period", grace, "--pid", "" + client.pid(), "--"}, 0, args, 0, 7);
        System.arraycopy(command, 0, args, 7, command.length);
        return box.run(args).ok();
    }

    private static JsonObject useJson(Sandbox box, Stamped client) {
        return box.run("use", "web", "--json", "--pid", "" + client.pid(), "--", "sleep", "1000")
                .ok()
                .json();
    }

    private static String state(long pid) {
        ProcessFacts.Stat stat = ProcessFacts.stat(pid);
        return stat == null ? "gone" : String.valueOf(stat.state());
    }

    private static String switches(long pid) {
        return ProcessFacts.status(pid, "voluntary_ctxt_switches") + "";
    }

    /** Returns the count after a time: the time is what is measured here, nothing is synchronised by it. */
    private static String switchesAfter(long pid, long ms) throws InterruptedException {
        Thread.sleep(ms);
        return switches(pid);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static int get(String port) {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/hello.txt"))
                                    .timeout(Duration.ofSeconds(5))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .statusCode();
        } catch (IOException notUpYet) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
