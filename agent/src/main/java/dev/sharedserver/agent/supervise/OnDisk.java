package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.ClientRecord;
import dev.sharedserver.core.ClientsRecord;
import dev.sharedserver.core.DeadlineRecord;
import dev.sharedserver.core.HealthRecord;
import dev.sharedserver.core.ServerRecord;
import dev.sharedserver.core.config.Probes;
import dev.sharedserver.core.lifecycle.Cause;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Deadline;
import dev.sharedserver.core.lifecycle.Health;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Phase;
import dev.sharedserver.core.lifecycle.ServerState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is to stand on disk for one server: a pure function of what memory knows.
 *
 * @param server null for no file
 * @param clients null for no file
 */
record OnDisk(@Nullable ServerRecord server, @Nullable ClientsRecord clients) {

    static final OnDisk NOTHING = new OnDisk(null, null);

    private static final long NANOS_PER_MILLI = 1_000_000L;

    /** What a stop waits after SIGKILL at least, however little it waits before. */
    private static final long AFTER_KILL = 5_000_000_000L;

    static OnDisk of(ServerState state, Host host) {
        return switch (state.phase()) {
            case Phase.Stopped s -> NOTHING;
            case Phase.Starting s -> s.before() == null ? NOTHING : of(s.before(), null, true, state, host);
            case Phase.Replacing r -> r.told() ? of(r.instance(), null, false, state, host) : NOTHING;
            case Phase.Running r -> of(r.instance(), r.grace(), false, state, host);
            case Phase.BackingOff b -> of(b.before(), null, false, state, host);
            case Phase.Stopping s -> of(s.instance(), expired(s), s.next() != null, state, host);
        };
    }

    /** A countdown that has ended stays on disk until the server is gone: who takes over goes on with the stop, not anew. */
    private static @Nullable Deadline expired(Phase.Stopping stopping) {
        if (!(stopping.cause() instanceof Cause.GraceExpired)) {
            return null;
        }
        // an earlier moment does as well: that it has passed is the point
        long patience = Math.max(stopping.mode().patience().nanos(), AFTER_KILL);
        Deadline deadline = stopping.deadline();
        return new Deadline(
                Math.max(0, deadline.monotonicNanos() - patience), deadline.at().minusNanos(patience));
    }

    private static OnDisk of(
            Instance instance, @Nullable Deadline grace, boolean restarting, ServerState state, Host host) {
        if (!instance.recorded()) {
            return NOTHING;
        }
        Launch launch = instance.launch();
        Phase phase = state.phase();
        Deadline unready = phase instanceof Phase.Running running ? running.unready() : null;
        Deadline restart = phase instanceof Phase.BackingOff waiting ? waiting.until() : null;
        ServerRecord server = new ServerRecord(
                instance.process().pid(),
                state.name().value(),
                launch.command(),
                launch.workingDir(),
                launch.gracePeriod().toString(),
                host.guard().pid(),
                instance.startedAt(),
                instance.process().startTime(),
                host.guard().startTime(),
                host.bootId(),
                instance.ownGroup() ? instance.process().pid() : null,
                launch.isExec(),
                restarting,
                deadline(grace),
                phase instanceof Phase.Running running && running.ready(),
                deadline(unready),
                deadline(restart),
                health(launch.health(), state.crashes()),
                launch.port(),
                launch.logFile(),
                launch.ownLog(),
                launch.stopSignal(),
                launch.stopTimeout().toString(),
                launch.stdin(),
                launch.stdout());
        return new OnDisk(server, state.clients().isEmpty() ? null : clients(state.clients()));
    }

    private static @Nullable HealthRecord health(Health health, List<Long> crashes) {
        if (health.equals(Health.NONE)) {
            return null;
        }
        List<Long> millis = new ArrayList<>(crashes.size());
        for (long crash : crashes) {
            millis.add(crash / NANOS_PER_MILLI);
        }
        return new HealthRecord(
                Probes.record(health.ready()),
                Probes.record(health.check()),
                health.restart().word(),
                List.copyOf(millis));
    }

    private static ClientsRecord clients(Map<String, Client> clients) {
        Map<String, ClientRecord> records = new LinkedHashMap<>();
        for (Client client : clients.values()) {
            records.put(
                    client.key(),
                    new ClientRecord(
                            client.attachedAt(),
                            client.metadata(),
                            client.process() == null ? null : client.process().startTime(),
                            deadline(client.until()),
                            client.reasons().direct(),
                            client.reasons().dependents()));
        }
        return new ClientsRecord(records);
    }

    private static @Nullable DeadlineRecord deadline(@Nullable Deadline deadline) {
        return deadline == null ? null : new DeadlineRecord(deadline.monotonicNanos() / NANOS_PER_MILLI, deadline.at());
    }
}
