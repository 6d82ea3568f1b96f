package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.ServerName;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that memory knows of one server. Immutable.
 *
 * @param clients who holds it, by key, in the order of attaching
 * @param attaching the uses whose client the guard does not watch yet
 * @param deferred the events that wait for the end of a start or of a stop, in order
 */
public record ServerState(
        ServerName name, Phase phase, Map<String, Client> clients, List<Attaching> attaching, List<Event> deferred) {

    /**
     * A use that waits until the guard watches its client.
     *
     * @param asked what is to be asked anew if the server ends before that
     * @param starter whether the server is started for it
     */
    public record Attaching(Client client, Event.Request asked, boolean starter) {

        /** Returns the number that the answer carries. */
        public long request() {
            return asked.request();
        }
    }

    /** Returns the state of a server of which nothing is known. */
    public static ServerState stopped(ServerName name) {
        return new ServerState(name, new Phase.Stopped(), Map.of(), List.of(), List.of());
    }

    /** Tells whether there is nothing to remember. */
    public boolean forgettable() {
        return phase instanceof Phase.Stopped && clients.isEmpty() && attaching.isEmpty() && deferred.isEmpty();
    }

    /** Returns the run that the phase speaks of, null if nothing runs. */
    public @Nullable Instance instance() {
        return switch (phase) {
            case Phase.Stopped s -> null;
            case Phase.Starting s -> null;
            case Phase.Replacing r -> r.told() ? r.instance() : null;
            case Phase.Running r -> r.instance();
            case Phase.Stopping s -> s.instance();
        };
    }

    /** Returns the moment at which a {@link Event.Tick} is due, in CLOCK_MONOTONIC ns; Long.MAX_VALUE for never. */
    public long nextDeadline() {
        long next = switch (phase) {
            case Phase.Stopped s -> Long.MAX_VALUE;
            case Phase.Starting s -> Long.MAX_VALUE;
            case Phase.Replacing r -> Long.MAX_VALUE;
            case Phase.Running r ->
                r.grace() == null || !attaching.isEmpty()
                        ? Long.MAX_VALUE
                        : r.grace().monotonicNanos();
            case Phase.Stopping s -> s.deadline().monotonicNanos();
        };
        for (Client client : clients.values()) {
            if (client.until() != null) {
                next = Math.min(next, client.until().monotonicNanos());
            }
        }
        return next;
    }
}
