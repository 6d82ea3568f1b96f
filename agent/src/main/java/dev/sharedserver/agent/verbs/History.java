package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.EventLog;
import dev.sharedserver.core.LoggedEvent;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.lifecycle.ExitStatus;
import dev.sharedserver.core.story.Causes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the event logs tell of the past. */
final class History {

    private final EventLog events;

    History(EventLog events) {
        this.events = events;
    }

    /** Returns the events of one server, or of all if {@code name} is null, oldest first. */
    List<LoggedEvent> of(@Nullable ServerName name) throws IOException {
        List<LoggedEvent> all = new ArrayList<>();
        for (ServerName one : name == null ? events.names() : List.of(name)) {
            all.addAll(events.read(one));
        }
        // stable: what happened in the same microsecond to one server stays in order
        all.sort(Comparator.comparing(LoggedEvent::at));
        return all;
    }

    /**
     * Returns how the last run ended that began with the newest process of that pid, restarts included; null if it has not
     * ended.
     */
    @Nullable
    ExitStatus lastExit(ServerName name, long pid) throws IOException {
        ExitStatus status = null;
        long run = pid;
        boolean again = false;
        for (LoggedEvent event : events.read(name)) {
            Long of = event.number("pid");
            long process = of == null ? 0 : of;
            switch (event.event()) {
                case "started", "execed", "adopted" -> {
                    if (process == pid || again) {
                        run = process;
                        again = false;
                        status = null;
                    }
                }
                case "exited" -> {
                    if (process == run) {
                        status = Causes.status(event);
                    }
                }
                case "stopped" -> again |= process == run && "restart_requested".equals(event.text("cause"));
                case "backing_off" -> again |= status != null;
                default -> {}
            }
        }
        return status;
    }
}
