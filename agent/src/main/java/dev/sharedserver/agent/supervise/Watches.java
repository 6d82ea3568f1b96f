package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.os.guard.GuardLink;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Which servers want to know of which process: the guard watches each process once. Thread-safe. */
final class Watches {

    private final GuardLink guard;
    private final Map<ProcessId, Set<Server>> interested = new HashMap<>();

    Watches(GuardLink guard) {
        this.guard = guard;
    }

    /**
     * Asks the guard for a watch, even if it has one: its answer comes after every death that it saw before, so that a
     * client is never attached to a server whose end the guard has already seen.
     */
    void watch(ProcessId process, Server server) throws IOException {
        synchronized (this) {
            interested.computeIfAbsent(process, p -> new LinkedHashSet<>(2)).add(server);
        }
        guard.watch(process.pid(), process.startTime());
    }

    void unwatch(ProcessId process, Server server) throws IOException {
        synchronized (this) {
            Set<Server> servers = interested.get(process);
            if (servers == null || !servers.remove(server) || !servers.isEmpty()) {
                return;
            }
            interested.remove(process);
            // inside the lock, so that it cannot overtake a watch of the same process
            guard.unwatch(process.pid(), process.startTime());
        }
    }

    /** Hands what the guard says of a watched process to everybody who is interested. */
    void tell(ProcessId process, Event event, boolean last) {
        Set<Server> servers;
        synchronized (this) {
            servers = interested.get(process);
            if (servers == null) {
                return;
            }
            servers = new LinkedHashSet<>(servers);
            if (last) {
                interested.remove(process);
            }
        }
        for (Server server : servers) {
            server.post(event);
        }
    }

    /** Drops what an earlier agent had watched and nobody wants any more. */
    void dropUnless(ProcessId process) throws IOException {
        synchronized (this) {
            if (!interested.containsKey(process)) {
                guard.unwatch(process.pid(), process.startTime());
            }
        }
    }
}
