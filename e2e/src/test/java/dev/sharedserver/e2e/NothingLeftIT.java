package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No process and no socket of ours 10 s after the last server is gone. */
@ExtendWith(SandboxExtension.class)
@Tag("portable")
@Tag("sanitized")
class NothingLeftIT {
    private static final Duration PROMISED = Duration.ofSeconds(10);

    @Test
    void guardAgentAndSocketAreGoneAfterTheLastServer(Sandbox box) {
        Stamped client = box.client();
        box.serve("web", client, "--grace-period", "0s");
        Stamped guard = box.requireGuard();
        Stamped agent = box.requireAgent();
        box.unuse("web", client);
        Until.holds(PROMISED, () -> !guard.alive() && !agent.alive(), "both are gone");
        Until.holds(() -> !Files.exists(box.lockdir().resolve(".agent.sock")), "the socket is gone");
        assertEquals(List.of(), ProcessFacts.naming(box.root().toString()));
        assertEquals(List.of(), Sandbox.socketsNaming(box.root().toString()));
        List<String> files = box.filesInLockdir();
        assertTrue(
                List.of(".agent.lock", ".agent.log", "web.invocations.log", "web.log", "web.log.times")
                        .containsAll(files),
                files::toString);
    }

    @Test
    void aCommandThatOnlyLooksLeavesNothingEither(Sandbox box) {
        box.run("list").ok();
        Stamped guard = box.requireGuard();
        Until.holds(PROMISED, () -> !guard.alive(), "gone");
        assertNull(box.agent());
    }

    @Test
    void itStaysForAsLongAsAServerRuns(Sandbox box) {
        box.serve("web", box.client());
        Stamped guard = box.requireGuard();
        long until = System.nanoTime() + Duration.ofSeconds(8).toNanos();
        Until.holds(Duration.ofSeconds(9), () -> System.nanoTime() > until || !guard.alive(), "the time is over");
        assertTrue(guard.alive());
        assertEquals(0, box.check("web"));
    }

    @ParameterizedTest
    @ValueSource(ints = {4700, 4850, 4950, 5000, 5050, 5100, 5200, 5400})
    @Execution(ExecutionMode.CONCURRENT)
    void aCommandThatArrivesWhenTheyAreLeavingIsServed(int afterMs, Sandbox box) throws InterruptedException {
        box.run("list").ok();
        // they leave after 5 s: the moment is the point
        Thread.sleep(afterMs);
        box.run("list").ok().isQuiet();
        box.serve("web", box.client());
        assertEquals(0, box.check("web"));
    }

    @Test
    void zombiesAreNotLeft(Sandbox box) {
        Stamped client = box.client();
        for (int i = 0; i < 20; i++) {
            box.run("use", "s" + i, "--pid", "" + client.pid(), "--", "true").ok();
        }
        Until.holds(() -> box.run("list").out().equals("(no servers)\n"), "all of them have ended");
        long guard = box.requireGuard().pid();
        Until.holds(
                () -> ProcessFacts.all().stream()
                        .map(ProcessFacts::stat)
                        .noneMatch(stat -> stat != null && stat.parent() == guard && stat.dead()),
                "the guard has reaped them");
    }

    @Tag("own-guard")
    @Test
    void manyCommandsLeaveNoDescriptorsOrThreadsBehind(Sandbox box) {
        Stamped client = box.client();
        box.serve("web", client);
        box.sh("i=0; while [ $i -lt 50 ]; do \"$SS\" check web; \"$SS\" use web --pid " + client.pid()
                        + " >/dev/null; i=$((i+1)); done")
                .run()
                .ok();
        int agentBefore = ProcessFacts.descriptors(box.requireAgent().pid()).size();
        int guardBefore = ProcessFacts.descriptors(box.requireGuard().pid()).size();
        box.sh("i=0; while [ $i -lt 300 ]; do \"$SS\" use w$((i%5)) --pid " + client.pid()
                        + " -- sleep 1000 >/dev/null; \"$SS\" stop w$((i%5)) --pid " + client.pid()
                        + " >/dev/null; i=$((i+1)); done")
                .timeout(Duration.ofSeconds(90))
                .run()
                .ok();
        Until.holds(
                () -> ProcessFacts.descriptors(box.requireAgent().pid()).size() <= agentBefore + 5,
                "the agent's descriptors");
        Until.holds(
                () -> ProcessFacts.descriptors(box.requireGuard().pid()).size() <= guardBefore + 2,
                "the guard's descriptors");
    }

    @Test
    void theInvocationLogIsBounded(Sandbox box) {
        Stamped client = box.client();
        String metadata = "m".repeat(60_000);
        box.serve("web", box.client());
        for (int i = 0; i < 40; i++) {
            box.run("use", "web", "--pid", "" + client.pid(), "--metadata", metadata)
                    .ok();
            box.unuse("web", client);
        }
        var log = box.lockdir().resolve("web.invocations.log");
        assertTrue(log.toFile().length() <= 1_200_000, () -> log.toFile().length() + " bytes");
        assertFalse(Files.exists(box.lockdir().resolve("web.invocations.log.2")));
    }
}
