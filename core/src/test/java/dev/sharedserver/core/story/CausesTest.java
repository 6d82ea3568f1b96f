package dev.sharedserver.core.story;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.sharedserver.core.EventLog;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.LoggedEvent;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Cause;
import dev.sharedserver.core.lifecycle.ExitStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CausesTest {

    private static final Instant AT = Instant.parse("2026-11-21T04:12:09.123456Z");
    private static final Period SECOND = new Period(1_000_000_000L);

    private static final List<Cause> ALL = List.of(
            new Cause.GraceExpired(),
            new Cause.Requested(new Asker(77, "bash")),
            new Cause.Requested(new Asker(77, null)),
            new Cause.Restarted(new Asker(77, "bash")),
            new Cause.Ended(new ExitStatus.Exited(3)),
            new Cause.Ended(new ExitStatus.Killed(11, true)),
            new Cause.Ended(new ExitStatus.Unknown()),
            new Cause.NotRecorded("No space left on device"),
            new Cause.NotReady(SECOND, "connection refused"),
            new Cause.NotReady(SECOND, null),
            new Cause.Unhealthy(3, "connection refused"),
            new Cause.TooManyCrashes(8, SECOND),
            new Cause.Failed(2, SECOND),
            new Cause.NobodyLeft(),
            new Cause.NotStarted(10, 2),
            new Cause.Abandoned("process 5 ended"));

    private static LoggedEvent logged(Path dir, Cause cause) throws IOException, InvalidInput {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        Causes.put(fields, cause);
        if (cause instanceof Cause.Ended ended) {
            Causes.put(fields, ended.status());
        }
        EventLog log = new EventLog(dir);
        ServerName web = ServerName.of("web");
        assertNull(log.append(web, AT, "stopped", fields));
        return log.read(web).getLast();
    }

    @Test
    void everyCauseIsReadBackAsItWasWritten(@TempDir Path dir) throws IOException, InvalidInput {
        for (Cause cause : ALL) {
            assertEquals(cause, Causes.of(logged(dir, cause)));
        }
    }

    @Test
    void noCauseIsLeftOutAbove() {
        Set<Class<?>> tried = ALL.stream().map(Cause::getClass).collect(Collectors.toSet());
        assertEquals(Stream.of(Cause.class.getPermittedSubclasses()).collect(Collectors.toSet()), tried);
    }

    @Test
    void whatNobodyWroteIsNoCause(@TempDir Path dir) throws IOException, InvalidInput {
        ServerName web = ServerName.of("web");
        for (String line : List.of(
                "{\"at\":\"2026-11-21T04:12:09.123456Z\",\"event\":\"stopped\"}",
                "{\"at\":\"2026-11-21T04:12:09.123456Z\",\"event\":\"stopped\",\"cause\":\"moon\"}",
                "{\"at\":\"2026-11-21T04:12:09.123456Z\",\"event\":\"stopped\",\"cause\":\"stop_requested\"}",
                "{\"at\":\"2026-11-21T04:12:09.123456Z\",\"event\":\"stopped\",\"cause\":7}")) {
            LoggedEvent event = LoggedEvent.parse(web, line);
            assertNull(event == null ? null : Causes.of(event), line);
        }
        LoggedEvent wild = LoggedEvent.parse(
                web,
                "{\"at\":\"2026-13-21T04:12:09.123456Z\",\"event\":\"stopped\",\"cause\":\"not_ready\",\"timeout\":\"x\"}");
        assertEquals(
                new Cause.NotReady(new Period(0), null), wild == null ? null : Causes.of(wild), "a time that is none");
        assertEquals(Instant.EPOCH, wild == null ? null : wild.time(), "a thirteenth month");
    }
}
