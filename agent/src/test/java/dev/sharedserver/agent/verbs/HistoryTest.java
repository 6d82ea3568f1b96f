package dev.sharedserver.agent.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.sharedserver.core.EventLog;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.lifecycle.ExitStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code exec} ends with that stayed in front of a server: how the last run of it ended. */
class HistoryTest {

    private final ServerName web;

    private final Path directory;

    HistoryTest(@TempDir Path directory) throws InvalidInput {
        this.directory = directory;
        web = ServerName.of("web");
    }

    @Test
    void theEndOfTheProcessIsTheEnd() throws IOException {
        started(1);
        assertNull(lastExit(1));
        ended(1, 7, "exited");
        assertEquals(new ExitStatus.Exited(7), lastExit(1));
    }

    @Test
    void theRunThatARestartMadeIsTheSameRun() throws IOException {
        started(1);
        ended(1, 143, "restart_requested");
        started(2);
        assertNull(lastExit(1));
        ended(2, 5, "exited");
        assertEquals(new ExitStatus.Exited(5), lastExit(1));
    }

    @Test
    void soIsTheOneThatAPolicyMade() throws IOException {
        started(1);
        ended(1, 3, "exited");
        log("backing_off", Map.of("cause", "failed"));
        started(2);
        ended(2, 4, "exited");
        assertEquals(new ExitStatus.Exited(4), lastExit(1));
    }

    @Test
    void whatSomebodyElseStartsLaterIsAnotherRun() throws IOException {
        started(1);
        ended(1, 3, "exited");
        started(2);
        ended(2, 4, "exited");
        assertEquals(new ExitStatus.Exited(3), lastExit(1));
    }

    @Test
    void aPidThatCameAgainIsTheNewestOfThatPid() throws IOException {
        started(1);
        ended(1, 3, "exited");
        started(1);
        assertNull(lastExit(1));
    }

    private @Nullable ExitStatus lastExit(long pid) throws IOException {
        return new History(new EventLog(directory)).lastExit(web, pid);
    }

    private void started(long pid) {
        log("started", Map.of("pid", pid));
    }

    private void ended(long pid, int code, String cause) {
        log("exited", Map.of("pid", pid, "exit_code", code));
        log("stopped", Map.of("pid", pid, "cause", cause, "exit_code", code));
    }

    private void log(String event, Map<String, Object> fields) {
        assertNull(new EventLog(directory).append(web, Instant.now(), event, Map.copyOf(fields)));
    }
}
