package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Servers that fail while somebody holds them: checks, restart policies, pauses, and the end of all patience. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class HealthIT {

    private static Result use(Sandbox box, String name, Stamped client, List<String> options, String... command) {
        List<String> args = new ArrayList<>(List.of("use", name, "--pid", "" + client.pid()));
        args.addAll(options);
        args.add("--");
        args.addAll(List.of(command));
        return box.run(args.toArray(String[]::new)).ok();
    }

    private static boolean runsAnew(Sandbox box, String name, Stamped before) {
        JsonObject server = box.serverOnDisk(name);
        return server != null
                && !server.has("restart_at")
                && !server.has("restarting")
                && server.get("pid").getAsLong() != before.pid();
    }

    private static String events(Sandbox box, String name) {
        return box.run("events", name).ok().out();
    }

    // ---- restart policies

    @Test
    void aServerThatCrashesIsStartedAgainForTheClientsThatItHas(Sandbox box) {
        int port = Ports.free();
        List<Stamped> clients = box.clients(3);
        for (Stamped client : clients) {
            use(
                    box,
                    "db",
                    client,
                    List.of("--restart", "on-failure", "--ready-log", "Ready to accept connections"),
                    "redis-server",
                    "--port",
                    "" + port,
                    "--save",
                    "",
                    "--set-proc-title",
                    "no");
        }
        for (int i = 0; i < 2; i++) {
            Stamped before = box.serverProcess("db");
            before.kill();
            Until.holds(() -> runsAnew(box, "db", before), "it runs again");
            box.run("wait", "db", "--for", "ready", "--timeout", "30s").ok();
            assertTrue(Ports.answers(port));
            assertEquals(3, box.refcountOnDisk("db"));
        }
        String events = events(box, "db");
        assertTrue(events.contains("backing off") && events.contains("failure 2, started again in 200ms"), events);
        for (Stamped client : clients) {
            box.unuse("db", client);
        }
        assertEquals(1, box.check("db"));
    }

    @ParameterizedTest
    @CsvSource({"never,1,false", "on-failure,0,false", "on-failure,1,true", "always,0,true", "always,1,true"})
    void whatBecomesOfOneThatEnds(String policy, int code, boolean again, Sandbox box) throws IOException {
        use(
                box,
                "job",
                box.client(),
                List.of("--restart", policy),
                "sh",
                "-c",
                "echo run >> runs; [ $(wc -l < runs) = 1 ] && while ! [ -e go ]; do sleep 0.05; done && exit " + code
                        + "; sleep 1000");
        Files.createFile(box.work().resolve("go"));
        if (again) {
            Until.holds(() -> box.lines("runs").size() == 2, "it runs a second time");
            assertEquals(1, box.refcountOnDisk("job"));
        } else {
            Until.holds(() -> box.check("job") == 2, "it is stopped");
            assertEquals(List.of("run"), box.lines("runs"));
            assertFalse(events(box, "job").contains("backing off"));
        }
    }

    @Test
    void oneThatFailsTooOftenStaysDownAndSaysSo(Sandbox box) {
        use(
                box,
                "bad",
                box.client(),
                List.of("--restart", "on-failure"),
                "sh",
                "-c",
                "echo run >> runs; sleep 0.02; exit 3");
        Until.holds(Duration.ofSeconds(60), () -> box.check("bad") == 2, "it stays down");
        assertEquals(8, box.lines("runs").size());
        String events = events(box, "bad");
        assertTrue(events.contains("gave up") && events.contains("failed 8 times in 5m"), events);
        assertEquals(0, box.refcountOnDisk("bad"));
        // asked for by somebody, it gets another chance
        use(box, "bad", box.client(), List.of(), "sleep", "1000").says("Started");
    }

    @Tag("own-guard")
    @Test
    void whoWantsItDuringThePauseNeedNotWait(Sandbox box) {
        Stamped client = box.client();
        // the fifth pause is of 1.6 s
        use(
                box,
                "job",
                client,
                List.of("--restart", "on-failure"),
                "sh",
                "-c",
                "echo run >> runs; [ $(wc -l < runs) -le 5 ] && exit 3; sleep 1000");
        Until.holds(() -> box.lines("runs").size() == 5 && box.check("job") == 3, "it waits to be started again");
        assertEquals(1, box.refcountOnDisk("job"));
        box.run("list").ok().says("defunct");
        box.use("job", box.client());
        assertEquals(6, box.lines("runs").size());
        assertEquals(2, box.refcountOnDisk("job"));
        assertEquals(0, box.check("job"));
    }

    @Test
    void nobodyIsWaitedForOnceTheLastOneHasLeft(Sandbox box) {
        Stamped client = box.client();
        use(
                box,
                "job",
                client,
                List.of("--restart", "always"),
                "sh",
                "-c",
                "echo run >> runs; [ $(wc -l < runs) -le 6 ] && exit 3; sleep 1000");
        Until.holds(() -> box.lines("runs").size() >= 5 && box.check("job") == 3, "it waits to be started again");
        box.unuse("job", client);
        assertEquals(2, box.check("job"));
        assertFalse(Files.exists(box.serverFile("job")));
    }

    private static void failing(Sandbox box, int times) {
        use(
                box,
                "job",
                box.client(),
                List.of("--restart", "on-failure"),
                "sh",
                "-c",
                "echo run >> runs; [ $(wc -l < runs) -le " + times + " ] && exit 3; sleep 1000");
        Until.holds(() -> box.lines("runs").size() == times && box.check("job") == 3, "it waits to be started again");
    }

    @Tag("own-guard")
    @Test
    void aPauseOutlivesTheAgent(Sandbox box) {
        failing(box, 5);
        box.requireAgent().kill();
        Until.holds(() -> box.lines("runs").size() == 6, "the next agent goes on");
        Until.holds(() -> box.check("job") == 0, "it runs");
        assertEquals(1, box.refcountOnDisk("job"));
    }

    @Test
    void withGuardAndAgentItsEnvironmentIsGoneAndItSaysSo(Sandbox box) {
        failing(box, 5);
        Stamped agent = box.requireAgent();
        box.requireGuard().kill();
        agent.kill();
        Until.holds(() -> box.check("job") == 2, "it stays down");
        assertTrue(events(box, "job").contains("its environment is not known any more"), () -> events(box, "job"));
        assertEquals(5, box.lines("runs").size());
        assertEquals(0, box.refcountOnDisk("job"));
    }

    // ---- checks

    @Test
    void threeFailedChecksAreUnhealthyAndWithAPolicyARestart(Sandbox box) throws IOException {
        Path well = Files.createFile(box.work().resolve("well"));
        use(
                box,
                "web",
                box.client(),
                List.of("--check-exec", "test -e well", "--check-interval", "100ms", "--restart", "on-failure"),
                "sleep",
                "1000");
        Stamped before = box.serverProcess("web");
        Files.delete(well);
        Until.holds(() -> runsAnew(box, "web", before), "it was started again");
        Files.createFile(well);
        assertTrue(events(box, "web").contains("3 checks in a row failed"), () -> events(box, "web"));
        assertEquals(1, box.refcountOnDisk("web"));
        assertEquals(0, box.check("web"));
    }

    @Test
    void withoutAPolicyUnhealthyIsOnlySaid(Sandbox box) throws IOException {
        int port = Ports.free();
        use(
                box,
                "db",
                box.client(),
                List.of("--ready-tcp", "" + port, "--check-exec", "test -e well", "--check-interval", "100ms"),
                "redis-server",
                "--port",
                "" + port,
                "--save",
                "",
                "--set-proc-title",
                "no");
        Stamped server = box.serverProcess("db");
        Until.holds(() -> events(box, "db").contains("unhealthy"), "it is unhealthy");
        Files.createFile(box.work().resolve("well"));
        Until.holds(() -> events(box, "db").lines().anyMatch(line -> line.contains("  healthy")), "it is well again");
        assertEquals(server, box.serverProcess("db"));
    }

    @Tag("own-guard")
    @Test
    void aWatchdogWantsToHearOfTheServer(Sandbox box) {
        use(
                box,
                "dog",
                box.client(),
                List.of("--check-notify", "--check-interval", "300ms", "--restart", "on-failure"),
                "python3",
                "-c",
                """
                import os, socket, time
                open("usec", "w").write(os.environ["WATCHDOG_USEC"])
                s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                while not os.path.exists("hang"):
                    s.sendto(b"WATCHDOG=1", "\\0" + os.environ["NOTIFY_SOCKET"][1:])
                    time.sleep(0.05)
                os.remove("hang")
                time.sleep(1000)
                """);
        Stamped before = box.serverProcess("dog");
        Until.holds(() -> box.lines("usec").equals(List.of("300000")), "it knows how often to speak");
        box.run("wait", "dog", "--for", "stopped", "--timeout", "2s").exits(124);
        assertEquals(before, box.serverProcess("dog"));
        try {
            Files.createFile(box.work().resolve("hang"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        Until.holds(() -> runsAnew(box, "dog", before), "it was started again");
        assertTrue(events(box, "dog").contains("no WATCHDOG=1 from it in 300ms"), () -> events(box, "dog"));
    }

    // ---- restart takes the config as it is

    @Test
    void restartTakesTheConfigAsItIsNowAndSaysWhatChanged(Sandbox box) throws IOException {
        Path config = box.work().resolve(".sharedserver.json");
        String text = "{\"servers\": {\"web\": {\"command\": \"sleep\", \"args\": [\"%s\"], \"gracePeriod\": \"%s\","
                + " \"env\": {\"TOKEN\": \"%s\"}}}}";
        Files.writeString(config, String.format(text, "1000", "5m", "secret1"));
        Stamped client = box.client();
        box.use("web", client);
        Stamped before = box.serverProcess("web");
        box.run("restart", "web", "--pid", "" + client.pid()).ok();
        Stamped same = box.serverProcess("web");
        assertNotEquals(before, same);
        Files.writeString(config, String.format(text, "2000", "10m", "secret2"));
        Result result = box.run("restart", "web", "--pid", "" + client.pid()).ok();
        result.tells("command (sleep 1000 → sleep 2000)")
                .tells("gracePeriod (5m → 10m)")
                .tells("variable TOKEN");
        assertFalse((result.out() + result.err()).contains("secret"), result::toString);
        JsonObject server = box.requireServerOnDisk("web");
        assertEquals("2000", server.getAsJsonArray("command").get(1).getAsString());
        assertEquals("10m", server.get("grace_period").getAsString());
        String environment = ProcessFacts.read(server.get("pid").getAsLong(), "environ");
        assertTrue(environment != null && environment.contains("TOKEN=secret2"));
        assertEquals(1, box.refcountOnDisk("web"));
    }
}
