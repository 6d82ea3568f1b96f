package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.os.guard.GuardLink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The next moment at which each server wants a tick; the earliest one is armed in the guard's timer. Thread-safe. */
final class Deadlines {

    private final GuardLink guard;
    private final Map<Server, Long> due = new HashMap<>();
    private long armed = Long.MAX_VALUE;

    Deadlines(GuardLink guard) {
        this.guard = guard;
    }

    /** Sets the moment for one server, CLOCK_MONOTONIC in ns; Long.MAX_VALUE for never. */
    synchronized void set(Server server, long nanos) throws IOException {
        Long before = nanos == Long.MAX_VALUE ? due.remove(server) : due.put(server, nanos);
        if (before == null ? nanos != Long.MAX_VALUE : before != nanos) {
            arm();
        }
    }

    /** The timer fired: everybody whose moment has come gets a tick. */
    void fired(long nowNanos) throws IOException {
        List<Server> servers = new ArrayList<>();
        synchronized (this) {
            armed = Long.MAX_VALUE;
            due.forEach((server, nanos) -> {
                if (nanos <= nowNanos) {
                    servers.add(server);
                }
            });
            servers.forEach(due::remove);
            arm();
        }
        for (Server server : servers) {
            server.post(new Event.Tick());
        }
    }

    private void arm() throws IOException {
        long earliest = Long.MAX_VALUE;
        for (long nanos : due.values()) {
            earliest = Math.min(earliest, nanos);
        }
        if (earliest != armed) {
            armed = earliest;
            guard.timer(earliest == Long.MAX_VALUE ? 0 : Math.max(1, earliest));
        }
    }
}
