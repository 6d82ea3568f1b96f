package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Foreign;
import dev.sharedserver.agent.supervise.Server;
import dev.sharedserver.cli.ClientView;
import dev.sharedserver.cli.ServerView;
import dev.sharedserver.cli.State;
import dev.sharedserver.core.ClientRecord;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.ServerRecord;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Deadline;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Phase;
import dev.sharedserver.core.lifecycle.ServerState;
import dev.sharedserver.os.Proc;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes what is shown out of what is known. */
final class Views {

    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final Proc proc;
    private final ProcessId guard;

    Views(Proc proc, ProcessId guard) {
        this.proc = proc;
        this.guard = guard;
    }

    static State state(Server server) {
        Foreign foreign = server.foreign();
        if (foreign != null) {
            boolean used =
                    foreign.clients() != null && !foreign.clients().clients().isEmpty();
            return used ? State.ACTIVE : State.GRACE;
        }
        ServerState state = server.state();
        return switch (state.phase()) {
            case Phase.Stopped s -> State.STOPPED;
            case Phase.Starting s -> state.clients().isEmpty() ? State.STOPPED : State.DEFUNCT;
            case Phase.BackingOff b -> State.DEFUNCT;
            case Phase.Replacing r -> r.told() ? State.ACTIVE : State.STOPPED;
            case Phase.Running r -> state.clients().isEmpty() ? State.GRACE : State.ACTIVE;
            case Phase.Stopping s ->
                s.ended() != null ? State.DEFUNCT : state.clients().isEmpty() ? State.GRACE : State.ACTIVE;
        };
    }

    /** Returns a server as it is shown; {@code full} looks at the clients' processes, too. */
    ServerView view(Server server, boolean full) {
        Foreign foreign = server.foreign();
        if (foreign != null) {
            return foreign(foreign, state(server));
        }
        ServerState state = server.state();
        Instance instance = state.instance();
        if (instance == null) {
            return stopped(
                    state.name().value(), state(server), clients(state.clients().values(), full));
        }
        Deadline grace = state.phase() instanceof Phase.Running runs ? runs.grace() : null;
        return new ServerView(
                state.name().value(),
                state(server),
                instance.process().pid(),
                instance.launch().command(),
                instance.launch().gracePeriod().toString(),
                guard.pid(),
                instance.startedAt(),
                clients(state.clients().values(), full),
                instance.process().startTime(),
                guard.startTime(),
                instance.launch().workingDir(),
                instance.launch().logFile(),
                instance.launch().port(),
                state.phase() instanceof Phase.Running running && running.ready(),
                grace == null ? null : remaining(grace),
                null);
    }

    private static long remaining(Deadline deadline) {
        return Math.max(0, (deadline.monotonicNanos() - System.nanoTime()) / NANOS_PER_MILLI);
    }

    private static ServerView stopped(String name, State state, List<ClientView> clients) {
        return new ServerView(
                name, state, null, List.of(), null, null, null, clients, null, null, null, null, null, false, null,
                null);
    }

    List<ClientView> clients(Collection<Client> clients, boolean full) {
        List<ClientView> views = new ArrayList<>(clients.size());
        for (Client client : clients) {
            ProcessId process = client.process();
            views.add(client(
                    client.key(),
                    client.attachedAt(),
                    client.metadata(),
                    process == null ? null : process.pid(),
                    process == null ? null : process.startTime(),
                    client.until() == null ? null : remaining(client.until()),
                    full));
        }
        return views;
    }

    private ClientView client(
            String key,
            java.time.Instant attachedAt,
            @Nullable String metadata,
            @Nullable Long pid,
            @Nullable Long stamp,
            @Nullable Long remainingMs,
            boolean full) {
        if (!full || pid == null) {
            return new ClientView(key, attachedAt, metadata, remainingMs, null, null, null, null);
        }
        boolean alive = stamp != null && proc.alive(pid, stamp);
        return new ClientView(
                key,
                attachedAt,
                metadata,
                null,
                alive,
                alive ? proc.exe(pid) : null,
                alive ? proc.cwd(pid) : null,
                alive ? proc.cmdline(pid) : null);
    }

    private ServerView foreign(Foreign foreign, State state) {
        ServerRecord record = foreign.server();
        List<ClientView> clients = new ArrayList<>();
        if (foreign.clients() != null) {
            for (Map.Entry<String, ClientRecord> one :
                    foreign.clients().clients().entrySet()) {
                ClientRecord client = one.getValue();
                clients.add(client(one.getKey(), client.attachedAt(), client.metadata(), null, null, null, false));
            }
        }
        return new ServerView(
                record.serverName(),
                state,
                record.pid(),
                record.command(),
                record.gracePeriod(),
                record.watcherPid(),
                record.startedAt(),
                clients,
                record.startTime(),
                record.watcherStartTime(),
                record.workingDir(),
                record.logFile(),
                record.port(),
                true,
                null,
                record.watcherPid());
    }
}
