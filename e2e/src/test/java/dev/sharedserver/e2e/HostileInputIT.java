package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What people and programs type, by mistake or on purpose. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class HostileInputIT {

    static Stream<String> badNames() {
        return Stream.of(
                "",
                ".",
                "..",
                "../x",
                "a/b",
                "/etc/passwd",
                ".hidden",
                "@hub",
                "x".repeat(129),
                "é".repeat(65),
                "a\nb",
                "a\u0001",
                "a\u007f",
                "a\tb",
                "web.server",
                "web.clients",
                "web.invocations",
                "web.log");
    }

    @ParameterizedTest
    @MethodSource("badNames")
    void aBadNameIsRefusedByEveryVerbBeforeAnyFileIsTouched(String name, Sandbox box) throws IOException {
        String client = "" + box.client().pid();
        Files.writeString(box.root().resolve("x.server.json"), "{}");
        List<List<String>> commands = List.of(
                List.of("use", name, "--pid", client, "--", "touch", "ran"),
                List.of("unuse", name, "--pid", client),
                List.of("info", name),
                List.of("stop", name),
                List.of("restart", name),
                List.of("logs", name),
                List.of("wait", name, "--timeout", "1s"),
                List.of("run", name, "--", "touch", "ran"),
                List.of("admin", "start", name, "--", "touch", "ran"),
                List.of("admin", "stop", name),
                List.of("admin", "kill", name),
                List.of("admin", "debug", name),
                List.of("admin", "incref", name, "--pid", client),
                List.of("admin", "decref", name, "--pid", client));
        for (List<String> command : commands) {
            Result result = box.run(command.toArray(String[]::new)).fails();
            assertTrue(!result.err().isBlank() && result.err().lines().count() <= 3, result::toString);
        }
        int check = box.check(name);
        assertTrue(check > 3, "0 to 3 are only ever states: " + check);
        assertFalse(Files.exists(box.work().resolve("ran")));
        assertEquals("{}", Files.readString(box.root().resolve("x.server.json")));
        assertTrue(
                box.filesInLockdir().stream().allMatch(file -> file.startsWith(".agent.")),
                () -> box.filesInLockdir().toString());
    }

    @Test
    void aNameThatIsNoUtf8IsRefused(Sandbox box) {
        box.sh("\"$SS\" use \"$(printf 'a\\377b')\" --pid " + box.client().pid() + " -- touch ran")
                .run()
                .fails();
        box.sh("\"$SS\" use \"$(printf 'a\\355\\240\\200b')\" --pid "
                        + box.client().pid() + " -- touch ran")
                .run()
                .fails();
        assertFalse(Files.exists(box.work().resolve("ran")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a b",
                "🚀",
                "x",
                "a.b",
                "server.json",
                "a@b",
                "$HOME",
                "a;b",
                "'",
                "*",
                "%s",
                "\\",
                "a-b",
                "name=x"
            })
    void anUnusualNameWorksEverywhere(String name, Sandbox box) {
        Stamped client = box.client();
        Stamped server = box.serve(name, client);
        assertTrue(server.alive());
        assertEquals(
                name,
                box.run("list", "--json")
                        .ok()
                        .jsonArray()
                        .get(0)
                        .getAsJsonObject()
                        .get("name")
                        .getAsString());
        box.run("list").ok().says(name);
        assertEquals(1, box.refcount(name));
        box.unuse(name, client).says("Detached from server " + name + " (refcount: 0");
        box.use(name, client).says("Rescued server " + name + " from grace period (refcount: 1)");
        box.run("logs", name).ok();
        box.run("stop", name, "--even-if-used").ok();
        assertFalse(server.alive());
    }

    @Test
    void aNameOf128BytesWorks(Sandbox box) {
        for (String name : List.of("x".repeat(128), "é".repeat(64))) {
            Stamped server = box.serve(name, box.client());
            box.run("list").ok().says("active");
            box.run("stop", name, "--even-if-used").ok();
            assertFalse(server.alive());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-1",
                "abc",
                "",
                "1.5",
                "99999999999999999999",
                "4294967297",
                "0x10",
                " 1",
                "+5",
                "2147483648"
            })
    void aPidThatIsNoneIsRefusedAndNothingIsStarted(String pid, Sandbox box) {
        assertRefused(box, pid);
    }

    @Test
    void aDeadPidIsRefusedAndNothingIsStarted(Sandbox box) throws InterruptedException, IOException {
        Process process = new ProcessBuilder("true").start();
        process.waitFor();
        assertRefused(box, "" + process.pid());
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void thePidOfAnotherUsersProcessIsRefused(Sandbox box) {
        Stamped other = box.start("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sleep", "1000");
        Until.holds(() -> ProcessFacts.comm(other.pid()).equals("sleep"), "setpriv has become sleep");
        assertRefused(box, "" + other.pid());
    }

    @Test
    void aThreadIsNoProcess(Sandbox box) {
        long self = ProcessHandle.current().pid();
        String thread = Sandbox.namesIn(Path.of("/proc/" + self + "/task")).stream()
                .filter(tid -> !tid.equals("" + self))
                .findFirst()
                .orElseThrow();
        assertRefused(box, thread);
    }

    private static void assertRefused(Sandbox box, String pid) {
        Result result =
                box.run("use", "web", "--pid", pid, "--", "touch", "ran").fails();
        assertTrue(!result.err().isBlank(), result::toString);
        assertFalse(Files.exists(box.work().resolve("ran")));
        assertTrue(box.filesInLockdir().stream().noneMatch(file -> file.endsWith(".json")));
        Stamped holder = box.client();
        box.serve("web", holder);
        box.run("use", "web", "--pid", pid).fails();
        box.run("unuse", "web", "--pid", pid).fails();
        box.run("admin", "incref", "web", "--pid", pid).fails();
        box.run("admin", "decref", "web", "--pid", pid).fails();
        assertEquals(1, box.refcountOnDisk("web"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "5",
                "0",
                "5x",
                "-5s",
                "+5s",
                "1h 30m",
                "1.5s",
                "s",
                "ms",
                "5sm",
                "99999999999999999999s",
                "9223372036854775807d",
                "106752d",
                "5S",
                "٣s",
                "1h30",
                "1e3s"
            })
    void aBadDurationIsAnErrorThatQuotesIt(String duration, Sandbox box) {
        Result result = box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--grace-period",
                        duration,
                        "--",
                        "touch",
                        "ran")
                .fails();
        if (!duration.isBlank() && duration.chars().allMatch(c -> c < 128)) {
            result.complains(duration);
        }
        box.run("use", "web", "--hold", duration, "--", "touch", "ran").fails();
        box.run("wait", "web", "--timeout", duration).fails();
        assertFalse(Files.exists(box.work().resolve("ran")));
        assertTrue(box.filesInLockdir().stream().noneMatch(file -> file.endsWith(".json")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1d2h3m4s5ms", "0s", "250ms", "90m", "106751d", "2540400h"})
    void aGoodDurationIsTaken(String duration, Sandbox box) {
        box.run("use", "web", "--pid", "" + box.client().pid(), "--grace-period", duration, "--", "sleep", "1000")
                .ok();
    }

    @ParameterizedTest
    @ValueSource(strings = {"NOVALUE", "", "=x"})
    void anEnvironmentEntryWithoutNameAndValueIsRefused(String entry, Sandbox box) {
        Result result = box.run("use", "web", "--pid", "" + box.client().pid(), "--env", entry, "--", "touch", "ran")
                .fails();
        assertTrue(!result.err().isBlank(), result::toString);
        assertFalse(Files.exists(box.work().resolve("ran")));
    }

    @Test
    void usageErrorsExit64AndNameWhatIsNearest(Sandbox box) {
        box.run("lst").exits(64).complains("list");
        box.run("use", "web", "--grace-perod", "5m", "--", "true").exits(64).complains("--grace-period");
        box.run("check").exits(64);
        box.run("check", "web", "--jsno").exits(64);
        box.run("check", "a", "b").exits(64);
        box.run().exits(64);
        box.run("admin").exits(64);
        box.run("admin", "stpo", "web").exits(64).complains("stop");
        box.run("run", "web").exits(64);
        box.run("use").exits(64);
        box.run("use", "web", "--").exits(64);
        box.run("list", "surplus").exits(64);
        box.run("wait", "web", "--for", "never").exits(64).complains("stopped");
        box.run("completion", "tcsh").exits(64).complains("fish");
        box.run("logs", "web", "-n", "many").exits(64);
        box.run("use", "web", "--stop-signal", "NOSUCH", "--", "true").exits(64).complains("NOSUCH");
        box.run("admin", "incref", "web").exits(64).complains("--pid");
        assertTrue(box.filesInLockdir().stream().allMatch(file -> file.startsWith(".agent.")));
        box.serve("web", box.client());
        box.run("logs", "web", "--grep", "(").fails().complains("(");
    }

    @Test
    void metadataIsKeptAsItIsAndShownHarmlessly(Sandbox box) {
        String metadata = "\u001b[31mred\u0007\n{\"x\": 1}\t\u202eé\u0000".replace("\u0000", "");
        box.run("use", "web", "--pid", "" + box.client().pid(), "--metadata", metadata, "--", "sleep", "1000")
                .ok();
        assertEquals(
                metadata,
                box.info("web")
                        .getAsJsonArray("clients")
                        .get(0)
                        .getAsJsonObject()
                        .get("metadata")
                        .getAsString());
        for (Result shown : List.of(box.run("info", "web"), box.run("list"), box.run("admin", "debug", "web"))) {
            assertFalse(shown.out().contains("\u001b") || shown.out().contains("\u0007"), shown::toString);
        }
    }

    @Test
    void aMegabyteOfMetadataIsTakenOrRefusedButHurtsNobody(Sandbox box) {
        Stamped holder = box.client();
        box.serve("web", holder);
        box.sh("head -c 120000 /dev/zero | tr '\\0' m >m; \"$SS\" use web --metadata \"$(cat m)\" --pid "
                        + box.client().pid())
                .run();
        assertEquals(0, box.check("web"));
        box.run("list").ok();
        assertEquals(box.refcount("web"), box.refcountOnDisk("web"));
    }

    @Test
    void aClosedStdoutIsNoNoise(Sandbox box) {
        for (int i = 0; i < 20; i++) {
            box.serve("server-with-a-long-name-" + i, box.client());
        }
        box.sh("i=0; while [ $i -lt 20000 ]; do echo line $i of some length that fills the pipe; i=$((i+1));"
                        + " done >big.log")
                .run()
                .ok();
        box.run("use", "talk", "--pid", "" + box.client().pid(), "--", "cat", "big.log")
                .ok();
        for (String command : List.of("list", "list --json", "logs talk", "--help")) {
            Result result = box.sh("\"$SS\" " + command + " | head -1").run().ok();
            assertEquals("", result.err(), result::toString);
            assertEquals(1, result.out().lines().count(), result::toString);
        }
        box.sh("\"$SS\" list >&-").run();
        box.sh("\"$SS\" list <&- >/dev/full").run().fails();
        assertEquals(0, box.check("server-with-a-long-name-0"));
    }

    @Test
    void closedStandardDescriptorsDoNotConfuseIt(Sandbox box) {
        box.sh("\"$SS\" use web --pid " + box.client().pid()
                        + " -- sh -c 'ls -l /proc/self/fd; exec sleep 1000' <&- >&- 2>&-")
                .run();
        assertEquals(0, box.check("web"));
        Until.holds(() -> box.run("logs", "web").out().contains("0 -> /dev/null"), "stdin of the server is /dev/null");
        assertTrue(box.run("logs", "web").out().contains("1 -> " + box.logFile("web")));
    }

    @Test
    void aWorkingDirectoryThatIsGoneIsNoCrash(Sandbox box) {
        Result result = box.sh("mkdir gone; cd gone; rmdir ../gone; \"$SS\" list; \"$SS\" check web; exit $?")
                .run();
        result.exits(2).says("(no servers)");
    }
}
