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
 * @param awaiting the requests that are answered when the server is up
 * @param crashes when it failed lately, CLOCK_MONOTONIC in ns, oldest first
 * @param looked what the last look at a server that is not up yet, or not well, has seen; null for nothing
 */
public record ServerState(
        ServerName name,
        Phase phase,
        Map<String, Client> clients,
        List<Attaching> attaching,
        List<Event> deferred,
        List<Awaiting> awaiting,
        List<Long> crashes,
        @Nullable String looked) {

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

    /**
     * A request that waits until the server is up.
     *
     * @param outcome its answer then
     * @param client whose reference ends if it never is; null if the request brought none
     */
    public record Awaiting(
            long request, Outcome outcome, @Nullable Client client) {}

    /** Returns the state of a server of which nothing is known. */
    public static ServerState stopped(ServerName name) {
        return new ServerState(name, new Phase.Stopped(), Map.of(), List.of(), List.of(), List.of(), List.of(), null);
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
            case Phase.BackingOff b -> null;
            case Phase.Replacing r -> r.told() ? r.instance() : null;
            case Phase.Running r -> r.instance();
            case Phase.Stopping s -> s.instance();
        };
    }

    /** Returns what runs, is about to, or is on its way out; null if it is stopped. */
    public @Nullable Launch launch() {
        return switch (phase) {
            case Phase.Stopped s -> null;
            case Phase.Starting s -> s.launch();
            case Phase.BackingOff b -> b.launch();
            case Phase.Replacing r -> r.launch();
            case Phase.Running r -> r.instance().launch();
            case Phase.Stopping s -> s.next() == null ? s.instance().launch() : s.next();
        };
    }

    /** Returns the moment at which a {@link Event.Tick} is due, in CLOCK_MONOTONIC ns; Long.MAX_VALUE for never. */
    public long nextDeadline() {
        long next = switch (phase) {
            case Phase.Stopped s -> Long.MAX_VALUE;
            case Phase.Starting s -> Long.MAX_VALUE;
            case Phase.Replacing r -> Long.MAX_VALUE;
            case Phase.Running r ->
                Math.min(attaching.isEmpty() ? nanos(r.grace()) : Long.MAX_VALUE, nanos(r.unready()));
            case Phase.BackingOff b -> b.until().monotonicNanos();
            case Phase.Stopping s -> s.deadline().monotonicNanos();
        };
        for (Client client : clients.values()) {
            if (client.until() != null) {
                next = Math.min(next, client.until().monotonicNanos());
            }
        }
        return next;
    }

    private static long nanos(@Nullable Deadline deadline) {
        return deadline == null ? Long.MAX_VALUE : deadline.monotonicNanos();
    }
}
