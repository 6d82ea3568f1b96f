package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.EventLog;
import dev.sharedserver.core.OsText;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.StateDirectory;
import dev.sharedserver.core.lifecycle.Action;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.ExitStatus;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Now;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.lifecycle.ServerState;
import dev.sharedserver.os.guard.GuardEvent;
import dev.sharedserver.os.guard.GuardLink;
import dev.sharedserver.os.guard.SpawnRequest;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * All servers of one state directory, and the hands that carry out what their state machines want. Thread-safe.
 *
 * <p>What the guard tells goes, in its order, to the mailboxes of the servers that it concerns.
 */
public final class Supervisor {

    /** How long after a failed write that cannot be undone it is tried again, in ns. */
    private static final long RETRY_WRITE = 1_000_000_000L;

    private final StateDirectory store;
    private final EventLog events;
    private final GuardLink guard;
    private final Host host;
    private final Adopter adopter;
    private final LogFiles logs;
    private final Executor executor;
    private final Fatal fatal;
    private final Watches watches;
    private final Deadlines deadlines;
    private final Map<ServerName, Server> servers = new ConcurrentHashMap<>();
    private final Map<Long, CompletableFuture<Optional<Outcome>>> requests = new ConcurrentHashMap<>();
    private final Map<Long, Server> spawning = new ConcurrentHashMap<>();
    private final Map<ProcessId, Server> running = new ConcurrentHashMap<>();
    private final AtomicLong numbers = new AtomicLong();

    /** What the agent does when it cannot go on: end, so that the guard starts another one. */
    public interface Fatal {
        /** Says why and ends the agent. */
        void because(Throwable reason);
    }

    /** Makes a supervisor of the servers in {@code store}; {@code executor} runs the mailboxes. */
    public Supervisor(
            StateDirectory store,
            EventLog events,
            GuardLink guard,
            Host host,
            Adopter adopter,
            LogFiles logs,
            Executor executor,
            Fatal fatal) {
        this.store = store;
        this.events = events;
        this.guard = guard;
        this.host = host;
        this.adopter = adopter;
        this.logs = logs;
        this.executor = executor;
        this.fatal = fatal;
        this.watches = new Watches(guard);
        this.deadlines = new Deadlines(guard);
    }

    // For the verbs

    /** Returns the server of that name, as memory knows it. */
    public Server server(ServerName name) {
        return servers.computeIfAbsent(name, n -> new Server(n, this));
    }

    /**
     * Hands an event to a server and waits for its answer. Empty if another tool manages the server.
     *
     * @param event makes the event from the number that its answer carries
     */
    public Optional<Outcome> ask(Server server, LongFunction<? extends Event> event) throws InterruptedException {
        long number = numbers.incrementAndGet();
        CompletableFuture<Optional<Outcome>> answer = new CompletableFuture<>();
        requests.put(number, answer);
        server.post(event.apply(number));
        try {
            return answer.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Returns every server that memory or disk knows, by name, after what was only on disk has been looked at. */
    public Collection<Server> all() throws IOException, InterruptedException {
        Map<String, Server> all = new TreeMap<>();
        for (Server server : servers.values()) {
            all.put(server.name().value(), server);
        }
        List<CompletableFuture<Optional<Outcome>>> looks = new ArrayList<>();
        for (ServerName name : store.names()) {
            Server server = server(name);
            all.put(name.value(), server);
            if (server.state().forgettable()) {
                looks.add(look(server));
            }
        }
        for (CompletableFuture<Optional<Outcome>> look : looks) {
            await(look);
        }
        all.values().removeIf(server -> server.state().forgettable() && server.foreign() == null);
        return all.values();
    }

    /** Returns the server after a look at the disk where memory knows nothing of it. */
    public Server known(ServerName name) throws InterruptedException {
        Server server = server(name);
        if (server.state().forgettable()) {
            await(look(server));
        }
        return server;
    }

    private CompletableFuture<Optional<Outcome>> look(Server server) {
        long number = numbers.incrementAndGet();
        CompletableFuture<Optional<Outcome>> done = new CompletableFuture<>();
        requests.put(number, done);
        server.post(new Event.Look(number));
        return done;
    }

    private static void await(CompletableFuture<Optional<Outcome>> future) throws InterruptedException {
        try {
            future.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Tells whether anything runs, is about to, or has yet to be cleaned up. */
    public boolean idle() {
        for (Server server : servers.values()) {
            if (!server.quiet()) {
                return false;
            }
        }
        return requests.isEmpty() && spawning.isEmpty();
    }

    // From the guard

    /** Brings into memory what stands on disk and what the guard says of it; returns when that is done. */
    public void adoptAll(GuardEvent.Init init) throws IOException, InterruptedException {
        for (ServerName name : store.names()) {
            known(name);
        }
        for (GuardEvent.Child child : init.children()) {
            ProcessId process = new ProcessId(child.pid(), child.startTime());
            if (!running.containsKey(process)) {
                // the last agent died before it could write down that this one runs: its caller will ask again
                guard.signal(0, process.pid(), process.startTime(), 9, GuardLink.Scope.GROUP);
                strays.add(process);
                guard.awaitGroupEmpty(process.pid(), process.startTime());
            }
        }
        for (GuardEvent.Watch watch : init.watches()) {
            watches.dropUnless(new ProcessId(watch.pid(), watch.startTime()));
        }
    }
}
