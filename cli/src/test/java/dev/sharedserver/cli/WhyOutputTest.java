package dev.sharedserver.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Cause;
import dev.sharedserver.core.lifecycle.Deadline;
import dev.sharedserver.core.lifecycle.ExitStatus;
import dev.sharedserver.core.lifecycle.Health;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Phase;
import dev.sharedserver.core.lifecycle.ServerState;
import dev.sharedserver.core.lifecycle.StopMode;
import dev.sharedserver.core.story.Beginning;
import dev.sharedserver.core.story.Ending;
import dev.sharedserver.core.story.Leaving;
import dev.sharedserver.core.story.Mismatch;
import dev.sharedserver.core.story.Party;
import dev.sharedserver.core.story.Story;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class WhyOutputTest {

    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final Period PERIOD = new Period(5_000_000_000L);
    private static final Launch LAUNCH = new Launch(
            List.of("chroma", "run"), "/w", PERIOD, 15, PERIOD, "/log", true, null, null, Health.NONE, null, null);
    private static final Instance INSTANCE = new Instance(new ProcessId(5, 1), LAUNCH, ago(300), true, true);
    private static final Beginning BEGUN =
            new Beginning(Beginning.Kind.STARTED, ago(300), 5L, new Party("40", "nvim", null), null);
    private static final ClientView NVIM =
            new ClientView("40", ago(300), "m", null, true, "/usr/bin/nvim", "/home/me", List.of("nvim", "a b"));
    private static final ClientView HOLD = new ClientView("hold-1", ago(9), null, 61_000L, null, null, null, null);

    private static Instant ago(long seconds) {
        return NOW.minusSeconds(seconds);
    }

    private static Deadline in(long seconds) {
        return new Deadline(0, NOW.plusSeconds(seconds));
    }

    private static String why(Phase phase, List<ClientView> clients, Story story) {
        return WhyOutput.paragraph(account(phase, null, clients, null, story), NOW);
    }

    private static Account account(
            Phase phase, @Nullable String looked, List<ClientView> clients, @Nullable Long managedBy, Story story) {
        boolean up = !(phase instanceof Phase.Stopped) || managedBy != null;
        ServerView view = new ServerView(
                "web",
                !up ? State.STOPPED : clients.isEmpty() ? State.GRACE : State.ACTIVE,
                up ? 5L : null,
                List.of("chroma", "run"),
                "5m",
                4L,
                up ? ago(300) : null,
                clients,
                1L,
                1L,
                "/w",
                "/log",
                null,
                true,
                phase instanceof Phase.Running running && running.grace() != null ? 250_000L : null,
                managedBy);
        try {
            return new Account(
                    view,
                    new ServerState(
                            ServerName.of("web"), phase, Map.of(), List.of(), List.of(), List.of(), List.of(), looked),
                    story);
        } catch (InvalidInput e) {
            throw new AssertionError(e);
        }
    }

    private static Story up(@Nullable Leaving left, @Nullable Ending before) {
        return new Story(BEGUN, left, null, before, null);
    }

    private static Story down(Ending ending) {
        return new Story(BEGUN, null, ending, null, null);
    }

    private static Ending.Stopped stopped(Cause cause, boolean killed, @Nullable Cause verdict) {
        return new Ending.Stopped(ago(60), 5L, cause, null, killed, verdict);
    }

    @Test
    void ofOneThatIsHeldItSaysByWhom() {
        assertEquals(
                "web is up as pid 5 (chroma run, in /w, for 5m 0s). It is held by pid 40 (nvim 'a b', 'm', in"
                        + " /home/me, for 5m 0s) and hold-1 (for 1m 1s more). It was started 5m 0s ago"
                        + " (2026-11-21T11:55:00Z) for pid 40 (nvim).",
                why(new Phase.Running(INSTANCE, null), List.of(NVIM, HOLD), up(null, null)));
        String hold = why(new Phase.Running(INSTANCE, null), List.of(HOLD), up(null, null));
        assertTrue(hold.contains("No process needs it, it is kept up by hold-1 (for 1m 1s more)."), hold);
        String many = why(new Phase.Running(INSTANCE, null), java.util.Collections.nCopies(500, NVIM), up(null, null));
        assertTrue(many.contains(" and 490 others."), many);
    }

    @Test
    void ofOneInItsGracePeriodItSaysWhoLeftLastAndHow() {
        Phase grace = new Phase.Running(INSTANCE, in(250));
        Party nvim = new Party("40", "nvim", null);
        for (Map.Entry<String, Leaving> one : Map.of(
                        "The last to leave was pid 40 (nvim), which detached 50s ago.",
                        new Leaving(Leaving.Kind.DETACHED, ago(50), nvim, null),
                        "The last to leave was pid 40 (nvim), which pid 7 (bash) detached 50s ago.",
                        new Leaving(Leaving.Kind.DETACHED, ago(50), nvim, new Asker(7, "bash")),
                        "The last to leave was pid 40 (nvim), whose process ended 50s ago.",
                        new Leaving(Leaving.Kind.DIED, ago(50), nvim, null),
                        "The last to leave was hold-1, whose time was over 50s ago.",
                        new Leaving(Leaving.Kind.HOLD_ENDED, ago(50), new Party("hold-1", null, null), null))
                .entrySet()) {
            String text = why(grace, List.of(), up(one.getValue(), null));
            assertTrue(
                    text.contains(
                            "but nobody holds it: it is stopped in 4m 10s unless somebody uses it. " + one.getKey()),
                    text);
        }
        Beginning admin = new Beginning(Beginning.Kind.STARTED, ago(300), 5L, null, null, new Asker(7, "bash"));
        String text = why(grace, List.of(), new Story(admin, null, null, null, null));
        assertTrue(text.contains("Nobody has used it since it was started. It was started 5m 0s ago"), text);
        assertTrue(text.endsWith(" by pid 7 (bash) for nobody in particular."), text);
    }

    @Test
    void everyEndHasItsSentence() {
        for (Map.Entry<String, ? extends Ending> one : Map.ofEntries(
                        Map.entry(
                                "nobody held it for its whole grace period.",
                                stopped(new Cause.GraceExpired(), false, null)),
                        Map.entry(
                                "pid 7 (bash) stopped it; it did not end in time, and SIGKILL was needed.",
                                stopped(new Cause.Requested(new Asker(7, "bash")), true, null)),
                        Map.entry("pid 7 restarted it.", stopped(new Cause.Restarted(new Asker(7, null)), false, null)),
                        Map.entry(
                                "its process ended by itself with exit code 3.",
                                stopped(new Cause.Ended(new ExitStatus.Exited(3)), false, null)),
                        Map.entry(
                                "its process crashed with SIGSEGV (core dumped).",
                                stopped(new Cause.Ended(new ExitStatus.Killed(11, true)), false, null)),
                        Map.entry(
                                "its process was killed by SIGKILL, which sharedserver did not send.",
                                stopped(new Cause.Ended(new ExitStatus.Killed(9, false)), false, null)),
                        Map.entry(
                                "3 checks in a row failed (refused); it failed 8 times in 5s, so that it stays down"
                                        + " until somebody uses it.",
                                stopped(new Cause.Unhealthy(3, "refused"), false, new Cause.TooManyCrashes(8, PERIOD))),
                        Map.entry(
                                "it was not ready in 5s (refused).",
                                stopped(new Cause.NotReady(PERIOD, "refused"), false, null)),
                        Map.entry(
                                "its process ended by itself with exit code 1; it had failed, and nobody was left to "
                                        + "start it again for.",
                                stopped(new Cause.Ended(new ExitStatus.Exited(1)), false, new Cause.NobodyLeft())),
                        Map.entry(
                                "its state could not be written: No space left on device.",
                                stopped(new Cause.NotRecorded("No space left on device"), false, null)))
                .entrySet()) {
            String text = why(new Phase.Stopped(), List.of(), down(one.getValue()));
            String start = "web is not running. It stopped 1m 0s ago (2026-11-21T11:59:00Z): ";
            assertTrue(text.startsWith(start + one.getKey()), text);
            assertTrue(
                    text.endsWith("It had run for 4m 0s as pid 5. It was started 5m 0s ago (2026-11-21T11:55:00Z) "
                            + "for pid 40 (nvim)."),
                    text);
        }
    }

    @Test
    void ofOneThatCouldNotBeStartedItSaysAtWhichStep() {
        for (Map.Entry<String, ? extends Ending> one : Map.of(
                        "command not found: '/x' (No such file or directory).",
                        new Ending.NotStarted(ago(60), new Cause.NotStarted(10, 2), "/x"),
                        "cannot execute '/x': Permission denied.",
                        new Ending.NotStarted(ago(60), new Cause.NotStarted(10, 13), "/x"),
                        "working directory '/x': Not a directory.",
                        new Ending.NotStarted(ago(60), new Cause.NotStarted(6, 20), "/x"),
                        "log file: No space left on device.",
                        new Ending.NotStarted(ago(60), new Cause.NotStarted(8, 28), null),
                        "step 1 before the command is executed: Cannot allocate memory.",
                        new Ending.NotStarted(ago(60), new Cause.NotStarted(1, 12), null),
                        "process 9 ended.",
                        new Ending.NotStarted(ago(60), new Cause.Abandoned("process 9 ended"), null))
                .entrySet()) {
            Story story = new Story(null, null, one.getValue(), null, null);
            assertEquals(
                    "web is not running. It could not be started 1m 0s ago (2026-11-21T11:59:00Z): " + one.getKey(),
                    why(new Phase.Stopped(), List.of(), story));
        }
    }

    @Test
    void whatIsUnderWayIsSaid() {
        Phase.Stopping stopping = new Phase.Stopping(
                INSTANCE,
                new Cause.Requested(new Asker(7, "bash")),
                StopMode.kill(),
                in(1),
                false,
                null,
                List.of(),
                null,
                List.of());
        String text = why(stopping, List.of(), up(null, null));
        assertTrue(text.startsWith("web is on its way out: pid 7 (bash) stopped it."), text);

        Phase unready = new Phase.Running(INSTANCE, null, in(30), 0);
        String starting = WhyOutput.paragraph(account(unready, "refused", List.of(NVIM), null, up(null, null)), NOW);
        assertTrue(starting.contains("It is not ready yet (refused), and is given up in 30s."), starting);

        Phase unwell = new Phase.Running(INSTANCE, null, null, 2);
        String sick = WhyOutput.paragraph(account(unwell, "refused", List.of(NVIM), null, up(null, null)), NOW);
        assertTrue(sick.contains("The last 2 checks failed (refused)."), sick);

        Phase down = new Phase.BackingOff(LAUNCH, INSTANCE, in(2));
        Ending crash = stopped(new Cause.Ended(new ExitStatus.Killed(11, false)), false, new Cause.Failed(1, PERIOD));
        String waiting = why(down, List.of(NVIM), down(crash));
        assertTrue(
                waiting.startsWith(
                        "web has failed, and is started again in 2s for those who hold it. It stopped 1m 0s ago "
                                + "(2026-11-21T11:59:00Z): its process crashed with SIGSEGV. It is held by pid 40"),
                waiting);
        String again = why(
                new Phase.Running(INSTANCE, null),
                List.of(NVIM),
                new Story(
                        new Beginning(Beginning.Kind.STARTED, ago(58), 5L, null, new Cause.Failed(1, PERIOD)),
                        null,
                        null,
                        crash,
                        null));
        assertTrue(
                again.endsWith("It was started again 58s ago (2026-11-21T11:59:02Z): it had failed while it was held"
                    + " (failure 1 of late, pause 5s). Before that, it stopped 1m 0s ago (2026-11-21T11:59:00Z): its"
                    + " process crashed with SIGSEGV."),
                again);
    }

    @Test
    void whoAskedForAnotherServerIsTold() {
        Asker code = new Asker(41, "code");
        String refused = why(
                new Phase.Running(INSTANCE, null),
                List.of(NVIM),
                new Story(BEGUN, null, null, null, new Mismatch(ago(60), code, true, "command \"sleep 1\"")));
        assertTrue(
                refused.endsWith("pid 41 (code) asked for it in another way 1m 0s ago and was refused: what runs has"
                        + " command \"sleep 1\"."),
                refused);
        String attached = why(
                new Phase.Running(INSTANCE, null),
                List.of(NVIM),
                new Story(BEGUN, null, null, null, new Mismatch(ago(60), code, false, "directory \"/w\"")));
        assertTrue(attached.contains("1m 0s ago and was attached all the same: what runs has directory"), attached);
    }

    @Test
    void whatTheLogDoesNotTellIsNotMadeUp() {
        Beginning other = new Beginning(Beginning.Kind.STARTED, ago(900), 4L, new Party("40", "nvim", null), null);
        Leaving left = new Leaving(Leaving.Kind.DIED, ago(800), new Party("40", "nvim", null), null);
        String text = why(new Phase.Running(INSTANCE, in(250)), List.of(), new Story(other, left, null, null, null));
        assertTrue(text.contains("Who started it is not known any more"), text);
        assertFalse(text.contains("nvim"), text);
        Story begun = new Story(BEGUN, null, null, null, null);
        assertEquals(
                "web is not running, and the event log does not tell how it ended.",
                why(new Phase.Stopped(), List.of(), begun));
        assertFalse(
                account(new Phase.Stopped(), null, List.of(), null, Story.NONE).isKnown());
        assertTrue(account(new Phase.Stopped(), null, List.of(), null, begun).isKnown());
    }

    @Test
    void aServerOfAnotherToolIsShown() {
        String text = WhyOutput.paragraph(account(new Phase.Stopped(), null, List.of(), 77L, Story.NONE), NOW);
        assertEquals(
                "web is managed by another tool (watcher pid 77): it is shown, not touched. It runs as pid 5 (chroma"
                        + " run, in /w, for 5m 0s).",
                text);
    }

    @Test
    void hostileTextIsEscapedAndLongTextFitsItsTerminal() {
        ClientView bad = new ClientView("40", ago(3), "\u001b[31mx\n", null, true, null, "/\u202e", List.of("\u001b"));
        Ending.Cleaned cleaned = new Ending.Cleaned(ago(60), "\u001b\n");
        Story story = new Story(
                new Beginning(Beginning.Kind.EXECED, ago(9), 5L, new Party("\u001b", "\u001b", "\u001b"), null),
                new Leaving(Leaving.Kind.DIED, ago(9), new Party("9\n", "\u001b", "\u001b"), new Asker(1, "\n")),
                null,
                cleaned,
                new Mismatch(ago(9), new Asker(9, "\u001b"), true, "\u001b\n"));
        Account account = account(new Phase.Running(INSTANCE, null), "\u001b", List.of(bad), null, story);
        String text = WhyOutput.text(account, new Terminal(false, 0), NOW);
        assertEquals(1, text.lines().count(), text);
        assertTrue(text.chars().noneMatch(c -> c == 0x1b || c == 0x202e), text);
        String wrapped = WhyOutput.text(account, new Terminal(false, 60), NOW);
        assertEquals(text, wrapped.strip().replace('\n', ' ') + "\n");
        wrapped.lines().forEach(line -> assertTrue(TextOutput.width(line) <= 60 || !line.contains(" "), line));
        String info = TextOutput.info(account, new Terminal(false, 0), NOW);
        assertTrue(info.chars().noneMatch(c -> c == 0x1b || c == 0x202e), info);
        assertTrue(info.contains("Last end:      was found dead 1m 0s ago"), info);
    }

    @Test
    void aStoppedServerOfWhichNothingIsKnownHasTwoFields() {
        String unknown = JsonOutput.info(account(new Phase.Stopped(), null, List.of(), null, Story.NONE));
        assertEquals("{\n  \"state\": \"stopped\",\n  \"name\": \"web\"\n}\n", unknown);
        String known = JsonOutput.info(account(
                new Phase.Stopped(), null, List.of(), null, down(stopped(new Cause.GraceExpired(), false, null))));
        assertTrue(known.startsWith("{\n  \"state\": \"stopped\",\n  \"name\": \"web\",\n  \"started_by\": {"), known);
        assertTrue(known.contains("\"cause\": \"grace_expired\""), known);
    }
}
