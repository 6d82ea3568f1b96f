package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.Instance;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a client holds for the sake of another server ends when it does not hold that one any more, however that came about.
 * Both stand in the state files: whoever dies in between, the next agent finds a reference whose reason is gone. Thread-safe.
 */
public final class Needs {

    private final Supervisor supervisor;
    private final Map<Need, Integer> underWay = new HashMap<>();

    Needs(Supervisor supervisor) {
        this.supervisor = supervisor;
    }

    /** That a client takes what a server needs. */
    private record Need(ServerName dependent, String client) {}

    /** Says that a client is about to take what {@code dependent} needs, and then that one itself: until {@link #taken}. */
    public synchronized void taking(ServerName dependent, String client) {
        underWay.merge(new Need(dependent, client), 1, Integer::sum);
    }

    /** Says that the client has it now, or will not have it: what it holds for nothing is let go when this returns. */
    public void taken(ServerName dependent, String client) throws InterruptedException {
        synchronized (this) {
            underWay.computeIfPresent(new Need(dependent, client), (need, count) -> count == 1 ? null : count - 1);
            if (underWay.containsKey(new Need(dependent, client))) {
                return;
            }
        }
        if (!holds(supervisor.settled(dependent), client)) {
            settle(release(dependent, client));
        }
    }

    /** A client does not hold a server any more. */
    void left(ServerName dependent, String client) {
        synchronized (this) {
            if (underWay.containsKey(new Need(dependent, client))) {
                return; // it may be back in a moment, and is looked after then
            }
        }
        release(dependent, client);
    }

    /** Lets go of what clients of an earlier agent hold for servers that they do not hold; that is done when this returns. */
    void sweep() throws InterruptedException {
        // what is let go may be what something else was held for; no chain is longer than there are servers
        for (int left = supervisor.remembered().size(); left > 0; left--) {
            List<Server> concerned = new ArrayList<>();
            for (Server server : supervisor.remembered()) {
                for (Client client : server.state().clients().values()) {
                    for (String dependent : client.reasons().dependents()) {
                        if (!holds(dependent, client.key())) {
                            server.post(new Event.Release(client.key(), dependent));
                            concerned.add(server);
                        }
                    }
                }
            }
            if (concerned.isEmpty()) {
                return;
            }
            settle(concerned);
        }
    }

    /** Returns what a client holds for a server, directly or for others in between; a server before what it needs itself. */
    public List<Server> of(ServerName dependent, String client) {
        Map<ServerName, Server> left = new LinkedHashMap<>();
        Deque<ServerName> open = new ArrayDeque<>(List.of(dependent));
        while (!open.isEmpty()) {
            for (Server server : neededBy(open.remove(), client)) {
                if (left.putIfAbsent(server.name(), server) == null) {
                    open.add(server.name());
                }
            }
        }
        return inOrder(left.values(), client);
    }

    /** Returns servers in the order in which a client lets go of them: each before what it needs itself. */
    public List<Server> inOrder(Collection<Server> servers, String client) {
        Map<ServerName, Server> left = new LinkedHashMap<>();
        servers.forEach(server -> left.put(server.name(), server));
        List<Server> order = new ArrayList<>();
        while (!left.isEmpty()) {
            Server next = first(left, client);
            left.remove(next.name());
            order.add(next);
        }
        return order;
    }

    /** One that none of the others needs; any, if files that somebody edited say that they need each other in a circle. */
    private static Server first(Map<ServerName, Server> left, String client) {
        for (Server server : left.values()) {
            Client held = server.state().clients().get(client);
            if (held == null
                    || left.keySet().stream()
                            .noneMatch(name -> held.reasons().dependents().contains(name.value()))) {
                return server;
            }
        }
        return left.values().iterator().next();
    }

    /** Waits until all that follows from earlier events has been done to these servers, in order. */
    public void settle(List<Server> servers) throws InterruptedException {
        for (Server server : servers) {
            supervisor.settled(server.name());
        }
    }

    private List<Server> release(ServerName dependent, String client) {
        List<Server> needed = neededBy(dependent, client);
        for (Server server : needed) {
            server.post(new Event.Release(client, dependent.value()));
        }
        return needed;
    }

    private List<Server> neededBy(ServerName dependent, String client) {
        List<Server> needed = new ArrayList<>();
        for (Server server : supervisor.remembered()) {
            Client held = server.state().clients().get(client);
            if (held != null && held.reasons().dependents().contains(dependent.value())) {
                needed.add(server);
            }
        }
        needed.sort(Comparator.comparing(server -> server.name().value()));
        return needed;
    }

    private boolean holds(String dependent, String client) {
        for (Server server : supervisor.remembered()) {
            if (server.name().value().equals(dependent)) {
                return holds(server, client);
            }
        }
        return false;
    }

    private static boolean holds(Server server, String client) {
        Instance instance = server.state().instance();
        // one that was made by `exec` may hold by itself what it needs
        return server.state().clients().containsKey(client)
                || instance != null && Long.toString(instance.process().pid()).equals(client);
    }
}
