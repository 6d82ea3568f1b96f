package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code --on-mismatch}: what happens when the server that runs is not the one that is asked for. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class MismatchIT {

    private static void aRedServer(Sandbox box) {
        assertTrue(box.work().resolve("other dir").toFile().mkdir());
        box.run("use", "web", "--pid", "" + box.client().pid(), "--env", "COLOUR=red", "--", "sleep", "1000")
                .ok();
    }

    /** What is asked for, and what the message has to name. */
    static Stream<Arguments> mismatches() {
        return Stream.of(
                Arguments.of(List.of("--", "sleep", "2000"), List.of("command", "sleep 1000")),
                Arguments.of(List.of("--", "sleep", "1000", ""), List.of("command", "sleep 1000")),
                Arguments.of(List.of("--", "sleep 1000"), List.of("command", "sleep 1000")),
                Arguments.of(List.of("--shell", "--", "sleep 1000"), List.of("command", "sleep 1000")),
                Arguments.of(
                        List.of("--working-dir", "other dir", "--", "sleep", "1000"), List.of("directory", "/work")),
                Arguments.of(List.of("--env", "COLOUR=blue", "--", "sleep", "1000"), List.of("COLOUR")),
                Arguments.of(List.of("--env", "COLOUR=", "--", "sleep", "1000"), List.of("COLOUR")),
                Arguments.of(List.of("--env", "SHAPE=round", "--", "sleep", "1000"), List.of("SHAPE")),
                Arguments.of(
                        List.of("--env", "COLOUR=blue", "--working-dir", "/", "--", "sleep", "2000"),
                        List.of("command", "sleep 1000", "directory", "/work", "COLOUR")));
    }

    @Test
    void whyTellsWhoAskedForSomethingElse(Sandbox box) {
        aRedServer(box);
        use(box, "fail", List.of("--", "sleep", "2000")).exits(1);
        box.run("why", "web").ok().says("and was refused: what runs has command 'sleep 1000'");
        use(box, "warn", List.of("--env", "COLOUR=blue", "--", "sleep", "1000")).ok();
        box.run("why", "web").ok().says("and was attached all the same: what runs has another value of COLOUR");
        box.run("events", "web").ok().says("mismatch");
        box.run("restart", "web", "--even-if-used").ok();
        assertFalse(box.run("why", "web").ok().out().contains("what runs has"));
    }

    @ParameterizedTest
    @MethodSource("mismatches")
    void byDefaultItIsAWarningThatNamesTheDifference(List<String> wanted, List<String> named, Sandbox box) {
        aRedServer(box);
        Stamped server = box.serverProcess("web");
        Result use = use(box, null, wanted).ok();
        use.says("Attached to server web (refcount: 2)");
        named.forEach(use::complains);
        assertEquals(1, use.err().lines().count(), use::toString);
        assertEquals(server, box.serverProcess("web"));
        assertEquals(use.err(), use(box, "warn", wanted).ok().err());
    }

    @ParameterizedTest
    @MethodSource("mismatches")
    void failAttachesNobodyAndSaysWhy(List<String> wanted, List<String> named, Sandbox box) {
        aRedServer(box);
        Result use = use(box, "fail", wanted).exits(1);
        named.forEach(use::complains);
        assertEquals("", use.out());
        assertEquals(1, box.refcountOnDisk("web"));
    }

    @ParameterizedTest
    @MethodSource("mismatches")
    void ignoreSaysNothing(List<String> wanted, List<String> named, Sandbox box) {
        aRedServer(box);
        use(box, "ignore", wanted).ok().isQuiet().says("Attached to server web (refcount: 2)");
    }

    @Test
    void theSameServerIsNoMismatch(Sandbox box) {
        aRedServer(box);
        use(box, "fail", List.of("--", "sleep", "1000")).ok().isQuiet();
        use(box, "fail", List.of("--env", "COLOUR=red", "--", "sleep", "1000"))
                .ok()
                .isQuiet();
        use(box, "fail", List.of("--working-dir", ".", "--", "sleep", "1000"))
                .ok()
                .isQuiet();
        use(box, "fail", List.of("--working-dir", box.work() + "/", "--", "sleep", "1000"))
                .ok()
                .isQuiet();
        use(box, "fail", List.of("--working-dir", "other dir/..", "--", "sleep", "1000"))
                .ok()
                .isQuiet();
        use(box, "fail", List.of()).ok().isQuiet();
    }

    @Test
    void aVariableOfTheCallersEnvironmentIsNoMismatchUnlessItIsNamed(Sandbox box) {
        aRedServer(box);
        box.command("use", "web", "--pid", "" + box.client().pid(), "--on-mismatch", "fail", "--", "sleep", "1000")
                .env("SHAPE", "round")
                .run()
                .ok()
                .isQuiet();
    }

    @Test
    void aValueIsNeverPrinted(Sandbox box) {
        aRedServer(box);
        Result use = use(box, "warn", List.of("--env", "COLOUR=hidden", "--", "sleep", "1000"))
                .ok();
        assertFalse((use.out() + use.err()).contains("hidden"), use::toString);
        assertFalse((use.out() + use.err()).contains("red"), use::toString);
    }

    @ParameterizedTest
    @EnumSource
    void anAdoptedServerIsComparedToo(RecoveryIT.Victim victim, Sandbox box) {
        aRedServer(box);
        victim.kill(box);
        use(box, "fail", List.of("--env", "COLOUR=blue", "--", "sleep", "1000"))
                .exits(1)
                .complains("COLOUR");
        use(box, "fail", List.of("--", "sleep", "2000")).exits(1).complains("command");
        use(box, "fail", List.of("--env", "COLOUR=red", "--", "sleep", "1000"))
                .ok()
                .isQuiet();
    }

    @Test
    void theConfigIsComparedWhenItIsNamed(Sandbox box) throws IOException {
        aRedServer(box);
        Files.writeString(
                box.work().resolve("servers.json"),
                "{\"servers\": {\"web\": {\"command\": \"sleep\", \"args\": [\"3000\"]}}}");
        use(box, "fail", List.of("--config", "servers.json")).exits(1).complains("sleep 1000");
    }

    @Test
    void aFailureLeavesAServerInItsGracePeriod(Sandbox box) {
        aRedServer(box);
        Stamped other = box.client();
        box.use("brief", other, "sleep", "1000");
        box.unuse("brief", other);
        assertEquals(1, box.check("brief"));
        box.run("use", "brief", "--hold", "1h", "--on-mismatch", "fail", "--", "sleep", "2000")
                .exits(1);
        assertEquals(1, box.check("brief"));
    }

    @Test
    void aStoppedServerIsStartedAsAsked(Sandbox box) {
        aRedServer(box);
        box.run("stop", "web", "--even-if-used").ok();
        use(box, "fail", List.of("--", "sleep", "2000")).ok().isQuiet().says("Started");
    }

    private static Result use(Sandbox box, @org.jspecify.annotations.Nullable String onMismatch, List<String> wanted) {
        List<String> args =
                new ArrayList<>(List.of("use", "web", "--pid", "" + box.client().pid()));
        if (onMismatch != null) {
            args.addAll(List.of("--on-mismatch", onMismatch));
        }
        args.addAll(wanted);
        return box.run(args.toArray(String[]::new));
    }
}
