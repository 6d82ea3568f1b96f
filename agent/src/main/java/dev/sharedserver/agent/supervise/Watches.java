package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.Errno;
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

    /** What the guard could not watch for lack of something that others may give back. */
    private final Set<ProcessId> refused = new LinkedHashSet<>();

    private static final long ASK_AGAIN = 1_000;

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

    /**
     * Hands on that the guard cannot watch a process. Who has counted it already (it was adopted) wants to know of its end all the
     * same: where descriptors or memory are short, the guard is asked again until it can.
     */
    void refused(ProcessId process, int errno) {
        boolean passes = errno == Errno.EMFILE || errno == Errno.ENFILE || errno == Errno.ENOMEM;
        tell(process, new Event.NotWatched(process, Errno.text(errno)), !passes);
        if (passes) {
            boolean first;
            synchronized (this) {
                first = refused.isEmpty();
                refused.add(process);
            }
            if (first) {
                Thread.ofVirtual().start(this::askAgain);
            }
        }
    }

    private void askAgain() {
        try {
            Thread.sleep(ASK_AGAIN);
            synchronized (this) {
                for (ProcessId process : refused) {
                    if (interested.containsKey(process)) {
                        guard.watch(process.pid(), process.startTime());
                    }
                }
                refused.clear();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // the guard is gone, which its reader is about to learn, too
        }
    }

    /** Tells whether there is nothing that is to be asked for again. */
    synchronized boolean idle() {
        return refused.isEmpty();
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
