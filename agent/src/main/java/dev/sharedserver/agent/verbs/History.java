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

    /** Returns how the last process of that pid ended that was this server; null if it has not. */
    @Nullable
    ExitStatus lastExit(ServerName name, long pid) throws IOException {
        List<LoggedEvent> all = events.read(name);
        for (int i = all.size() - 1; i >= 0; i--) {
            LoggedEvent event = all.get(i);
            Long of = event.number("pid");
            if (of == null || of != pid) {
                continue;
            }
            switch (event.event()) {
                case "exited" -> {
                    return Causes.status(event);
                }
                case "started", "execed", "adopted" -> {
                    return null;
                }
                default -> {}
            }
        }
        return null;
    }
}
