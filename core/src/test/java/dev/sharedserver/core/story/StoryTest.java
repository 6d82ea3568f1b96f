package dev.sharedserver.core.story;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.sharedserver.core.EventLog;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Cause;
import dev.sharedserver.core.lifecycle.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoryTest {

    private static final Instant AT = Instant.parse("2026-11-21T04:12:09.123456Z");
    private static final Cause STOP = new Cause.Requested(new Asker(77, "bash"));

    /** An event log that is read as the product reads it: newest first, only as far as it matters. */
    private static final class Log {
        private final Path directory;
        private final EventLog log;
        private final ServerName web;
        private int second;

        Log(Path directory) throws InvalidInput {
            this.directory = directory;
            this.log = new EventLog(directory);
            this.web = ServerName.of("web");
        }

        Log add(String event, @Nullable Object... fields) {
            return add(event, null, null, fields);
        }

        Log add(String event, @Nullable Cause cause, @Nullable ExitStatus status, @Nullable Object... more) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            for (int i = 0; i < more.length; i += 2) {
                fields.put(String.valueOf(more[i]), more[i + 1]);
            }
            if (cause != null) {
                Causes.put(fields, cause);
            }
            if (status != null) {
                Causes.put(fields, status);
            }
            assertNull(log.append(web, AT.plusSeconds(second++), event, fields), directory::toString);
            return this;
        }

        Story story() throws IOException {
            Story.Reader reader = new Story.Reader();
            log.backwards(web, reader::take);
            return reader.story();
        }
    }

    @Test
    void whoHadItStartedIsTold(@TempDir Path dir) throws IOException, InvalidInput {
        Log log = new Log(dir).add("started", "pid", 5, "by", 77, "by_command", "bash");
        assertEquals(
                new Beginning(Beginning.Kind.STARTED, AT, 5L, null, null, new Asker(77, "bash")),
                log.story().beginning());
        log.add("attached", "client", "9", "refcount", 1);
        assertEquals(
                new Beginning(Beginning.Kind.STARTED, AT, 5L, new Party("9", null, null), null, new Asker(77, "bash")),
                log.story().beginning());
    }

    @Test
    void aRunIsToldFromItsBeginningToItsEnd(@TempDir Path dir) throws IOException, InvalidInput {
        Log log = new Log(dir)
                .add("started", "pid", 5)
                .add("attached", "client", "9", "client_command", "nvim", "metadata", "m", "refcount", 1)
                .add("attached", "client", "10", "client_command", "emacs", "refcount", 2);
        Story up = log.story();
        assertEquals(new Beginning(Beginning.Kind.STARTED, AT, 5L, new Party("9", "nvim", "m"), null), up.beginning());
        assertNull(up.left());
        assertNull(up.ending());
        log.add("detached", "client", "9", "metadata", "m", "refcount", 1, "by", 77, "by_command", "bash")
                .add("client_died", "client", "10", "refcount", 0)
                .add("grace", "pid", 5);
        assertEquals(
                new Leaving(Leaving.Kind.DIED, AT.plusSeconds(4), new Party("10", "emacs", null), null),
                log.story().left(),
                "the program of a dead process is known from when it came");
        log.add("stopping", new Cause.GraceExpired(), null, "pid", 5)
                .add("killing", new Cause.GraceExpired(), null, "pid", 5)
                .add("exited", null, new ExitStatus.Killed(9, false), "pid", 5)
                .add("stopped", new Cause.GraceExpired(), new ExitStatus.Killed(9, false), "pid", 5);
        Story down = log.story();
        assertEquals(up.beginning(), down.beginning());
        assertEquals(
                new Ending.Stopped(
                        AT.plusSeconds(9), 5L, new Cause.GraceExpired(), new ExitStatus.Killed(9, false), true, null),
                down.ending());
    }

    @Test
    void whatWasBeforeIsOfTheRunBefore(@TempDir Path dir) throws IOException, InvalidInput {
        Log log = new Log(dir)
                .add("started", "pid", 5)
                .add("attached", "client", "9", "refcount", 1)
                .add("client_died", "client", "9", "refcount", 0)
                .add("stopped", new Cause.Ended(new ExitStatus.Exited(3)), new ExitStatus.Exited(3), "pid", 5)
                .add("started", "pid", 6)
                .add("grace", "pid", 6);
        Story story = log.story();
        Beginning beginning = beginning(log);
        assertEquals(6L, beginning.pid());
        assertNull(beginning.client(), "admin start");
        assertNull(beginning.again());
        assertNull(story.left(), "who left the run before");
        assertNull(story.ending());
        Ending.Stopped before = assertInstanceOf(Ending.Stopped.class, story.before());
        assertEquals(new Cause.Ended(new ExitStatus.Exited(3)), before.cause());
    }

    private static Beginning beginning(Log log) throws IOException {
        return Objects.requireNonNull(log.story().beginning(), "it has begun");
    }

    @Test
    void aRestartSaysWhy(@TempDir Path dir) throws IOException, InvalidInput {
        Cause asked = new Cause.Restarted(new Asker(77, "bash"));
        Log log = new Log(dir)
                .add("started", "pid", 5)
                .add("attached", "client", "9", "refcount", 1)
                .add("stopped", asked, null, "pid", 5)
                .add("client_died", "client", "9", "refcount", 0)
                .add("started", "pid", 6);
        assertEquals(asked, beginning(log).again());

        Cause failed = new Cause.Failed(2, new Period(1_000_000_000L));
        log.add("stopped", new Cause.Ended(new ExitStatus.Killed(11, true)), new ExitStatus.Killed(11, true), "pid", 6)
                .add("backing_off", failed, null);
        Ending.Stopped down = assertInstanceOf(Ending.Stopped.class, log.story().ending());
        assertEquals(failed, down.verdict());
        log.add("started", "pid", 7);
        assertEquals(failed, beginning(log).again());

        Cause enough = new Cause.TooManyCrashes(8, new Period(300_000_000_000L));
        log.add("stopped", new Cause.Unhealthy(3, "refused"), null, "pid", 7).add("gave_up", enough, null);
        Ending.Stopped up = assertInstanceOf(Ending.Stopped.class, log.story().ending());
        assertEquals(enough, up.verdict());
        assertEquals(new Cause.Unhealthy(3, "refused"), up.cause());
        log.add("started", "pid", 8).add("attached", "client", "9", "refcount", 1);
        Beginning anew = beginning(log);
        assertNull(anew.again(), "it had given up: somebody uses it anew");
        assertEquals(new Party("9", null, null), anew.client());
    }

    @Test
    void nobodyLeftToStartItForKeepsHowItFailed(@TempDir Path dir) throws IOException, InvalidInput {
        Log log = new Log(dir)
                .add("started", "pid", 5)
                .add("stopped", new Cause.Ended(new ExitStatus.Exited(1)), new ExitStatus.Exited(1), "pid", 5)
                .add("backing_off", new Cause.Failed(1, new Period(500_000_000L)), null)
                .add("client_died", "client", "9", "refcount", 0)
                .add("stopped", new Cause.NobodyLeft(), null, "pid", 5);
        Story story = log.story();
        Ending.Stopped end = assertInstanceOf(Ending.Stopped.class, story.ending());
        assertEquals(new Cause.Ended(new ExitStatus.Exited(1)), end.cause());
        assertEquals(new Cause.NobodyLeft(), end.verdict());
    }

    @Test
    void anAttemptThatFailedIsNoRun(@TempDir Path dir) throws IOException, InvalidInput {
        Log log = new Log(dir)
                .add("started", "pid", 5)
                .add("stopped", STOP, null, "pid", 5)
                .add("start_failed", new Cause.NotStarted(10, 2), null, "path", "/no/such");
        Story story = log.story();
        assertEquals(new Ending.NotStarted(AT.plusSeconds(2), new Cause.NotStarted(10, 2), "/no/such"), story.ending());
        assertNull(story.beginning());
        Ending.Stopped before = assertInstanceOf(Ending.Stopped.class, story.before());
        assertEquals(STOP, before.cause());
    }

    @Test
    void whatWasAdoptedIsTheSameRunUnlessItIsAnother(@TempDir Path dir) throws IOException, InvalidInput {
        Log log = new Log(dir)
                .add("started", "pid", 5)
                .add("attached", "client", "9", "refcount", 1)
                .add("adopted", "pid", 5)
                .add("adopted", "pid", 5);
        assertEquals(Beginning.Kind.STARTED, beginning(log).kind());
        log.add("stopped", STOP, null, "pid", 5).add("adopted", "pid", 6);
        Beginning found = beginning(log);
        assertEquals(Beginning.Kind.FOUND, found.kind());
        assertEquals(6L, found.pid());
        log.add("cleaned", "detail", "its process 6 is gone");
        assertEquals(
                new Ending.Cleaned(AT.plusSeconds(6), "its process 6 is gone"),
                log.story().ending());
        assertEquals(found, log.story().beginning());
    }

    @Test
    void aLogThatDoesNotGoBackFarEnoughTellsWhatItHas(@TempDir Path dir) throws IOException, InvalidInput {
        Log log = new Log(dir).add("detached", "client", "9", "refcount", 0).add("grace", "pid", 5);
        assertNull(log.story().beginning());
        assertEquals(
                new Leaving(Leaving.Kind.DETACHED, AT, new Party("9", null, null), null),
                log.story().left());
        log.add("stopped", STOP, null, "pid", 5);
        Story story = log.story();
        assertEquals(new Ending.Stopped(AT.plusSeconds(2), 5L, STOP, null, false, null), story.ending());
        assertNull(story.beginning());
        assertEquals(Story.NONE, new Log(dir.resolve("none")).story());
    }

    /** The reader stops where the last run is told: what came before the run before it makes no difference. */
    @Test
    void whatIsLongAgoMakesNoDifference(@TempDir Path dir) throws IOException, InvalidInput {
        for (int seed = 0; seed < 100; seed++) {
            Log longer = new Log(Files.createDirectory(dir.resolve("long" + seed)));
            Log shorter = new Log(Files.createDirectory(dir.resolve("short" + seed)));
            Random past = new Random(seed);
            for (int i = past.nextInt(1, 6); i > 0; i--) {
                run(longer, past, true);
            }
            shorter.second = longer.second;
            Random same = new Random(1000 + seed);
            Random again = new Random(1000 + seed);
            run(longer, same, true);
            run(shorter, again, true);
            boolean over = seed % 2 == 0;
            run(longer, same, over);
            run(shorter, again, over);
            assertEquals(shorter.story(), longer.story(), "seed " + seed);
            assertEquals(over, shorter.story().ending() != null, "seed " + seed);
        }
    }

    private static void run(Log log, Random random, boolean over) {
        long pid = random.nextLong(2, 1000);
        if (over && random.nextInt(5) == 0) {
            log.add("start_failed", new Cause.NotStarted(6, 13), null, "path", "/x");
            return;
        }
        log.add(random.nextBoolean() ? "started" : "execed", "pid", pid);
        for (int i = random.nextInt(5); i > 0; i--) {
            String key = Integer.toString(random.nextInt(2, 5));
            log.add(random.nextBoolean() ? "attached" : "rescued", "client", key, "client_command", "c" + key);
            if (random.nextBoolean()) {
                log.add(random.nextBoolean() ? "detached" : "client_died", "client", key);
            }
            if (random.nextInt(3) == 0) {
                log.add("adopted", "pid", pid);
            }
        }
        if (over) {
            boolean cleaned = random.nextInt(4) == 0;
            log.add(cleaned ? "cleaned" : "stopped", cleaned ? null : STOP, null, "pid", pid);
        }
    }
}
