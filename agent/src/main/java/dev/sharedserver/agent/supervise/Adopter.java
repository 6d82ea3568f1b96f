package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.ClientRecord;
import dev.sharedserver.core.ClientsRecord;
import dev.sharedserver.core.Damage;
import dev.sharedserver.core.DeadlineRecord;
import dev.sharedserver.core.Found;
import dev.sharedserver.core.HealthRecord;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.ServerRecord;
import dev.sharedserver.core.StateDirectory;
import dev.sharedserver.core.config.Probes;
import dev.sharedserver.core.config.RestartPolicy;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Deadline;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.ExitStatus;
import dev.sharedserver.core.lifecycle.Health;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Reasons;
import dev.sharedserver.core.lifecycle.StopMode;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import dev.sharedserver.os.guard.GuardEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Judges the files of a server that memory knows nothing of, by what verifiably runs: a pid counts only with its start
 * stamp, and a stamp only on the boot that it was taken on.
 */
public final class Adopter {

    private static final Period DEFAULT_GRACE = new Period(Duration.ofMinutes(5).toNanos());
    private static final Period DEFAULT_STOP_TIMEOUT =
            new Period(Duration.ofSeconds(5).toNanos());
    private static final int DEFAULT_UMASK = 022;
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private static final Deadline LONG_AGO = new Deadline(0, Instant.EPOCH);

    /** How far the start in a file without stamps may be from the kernel's word on it. */
    private static final Duration TOLERANCE = Duration.ofSeconds(3);

    private final StateDirectory store;
    private final Proc proc;
    private final Host host;
    private final LogFiles logs;
    private final Map<ProcessId, GuardEvent.Child> children;
    private final Map<ProcessId, Launch.Surroundings> remembered;

    /**
     * Makes a judge.
     *
     * @param children what the guard has as children, by process
     * @param remembered what an earlier agent knew of the surroundings of servers
     */
    public Adopter(
            StateDirectory store,
            Proc proc,
            Host host,
            LogFiles logs,
            Map<ProcessId, GuardEvent.Child> children,
            Map<ProcessId, Launch.Surroundings> remembered) {
        this.store = store;
        this.proc = proc;
        this.host = host;
        this.logs = logs;
        this.children = Map.copyOf(children);
        this.remembered = Map.copyOf(remembered);
    }

    boolean isAlive(ProcessId process) {
        return proc.alive(process.pid(), process.startTime());
    }

    /** Returns the name of the program that a process runs, null if it is gone. */
    @Nullable
    String program(ProcessId process) {
        ProcStat stat = proc.stat(process.pid());
        return stat == null || stat.startTime() != process.startTime() ? null : stat.comm();
    }

    Adoption look(ServerName name) {
        Found<ServerRecord> server = store.readServer(name);
        Found<ClientsRecord> clients = store.readClients(name);
        return switch (server) {
            case Found.Absent<ServerRecord> absent ->
                clients instanceof Found.Absent ? new Adoption.Nothing() : new Adoption.Stale("clients of no server");
            case Found.Unreadable<ServerRecord> bad -> new Adoption.Stale("unreadable server.json: " + bad.reason());
            case Found.Valid<ServerRecord> valid -> judge(name, valid.value(), clients);
        };
    }

    private Adoption judge(ServerName name, ServerRecord record, Found<ClientsRecord> found) {
        if (record.bootId() != null && !record.bootId().equals(host.bootId())) {
            return new Adoption.Stale("it is of an earlier boot of the machine");
        }
        ClientsRecord clients = found instanceof Found.Valid<ClientsRecord> valid ? valid.value() : null;
        if (isOfAnotherTool(record)) {
            return new Adoption.OfAnotherTool(new Foreign(record, clients));
        }
        ProcessId process = process(record);
        if (process == null) {
            return new Adoption.Stale("its process " + record.pid() + " is gone, or cannot be told from another one");
        }
        GuardEvent.Child child = children.get(process);
        boolean alive = child == null ? proc.alive(process.pid(), process.startTime()) : !child.dead();
        boolean goesOn = record.restarting() || record.restartAt() != null;
        if (!alive && child == null && (record.pgid() == null || isStrangers(process) && !goesOn)) {
            return new Adoption.Stale("its process " + record.pid() + " is gone");
        }
        List<Event> events = new ArrayList<>();
        Instance instance =
                new Instance(process, launch(name, record, process), record.startedAt(), record.pgid() != null, true);
        Deadline restart = deadline(record.restartAt());
        if (restart != null && !alive) {
            events.add(new Event.FoundDown(instance, clients(clients), restart, crashes(record)));
            return new Adoption.Ours(events, damages(name, record, found));
        }
        boolean restarts = record.restarting();
        events.add(new Event.Found(
                instance,
                alive || restarts ? clients(clients) : List.of(),
                deadline(record.graceDeadline()),
                record.ready() || instance.launch().health().ready() == null
                        ? null
                        : Objects.requireNonNullElse(deadline(record.readyDeadline()), LONG_AGO),
                crashes(record)));
        if (restarts) {
            // whoever asked has no connection any more, or asks again
            events.add(new Event.Restart(0, new Asker(host.guard().pid(), null), null, true, null));
        }
        if (!alive) {
            // its main process is dead; what is left of its group is ended like that of any server
            ExitStatus status = child == null ? new ExitStatus.Unknown() : GuardReader.status(child.exit());
            events.add(new Event.ServerEnded(process, status));
        }
        return new Adoption.Ours(events, damages(name, record, found));
    }

    /** The kernel gives no pid that still names a group: where a stranger has the pid, the server's group is empty. */
    private boolean isStrangers(ProcessId process) {
        ProcStat stat = proc.stat(process.pid());
        return stat != null && stat.startTime() != process.startTime();
    }

    private List<Damage> damages(ServerName name, ServerRecord record, Found<ClientsRecord> clients) {
        List<Damage> damages = new ArrayList<>();
        boolean ours = Objects.equals(record.watcherPid(), host.guard().pid())
                && Objects.equals(record.watcherStartTime(), host.guard().startTime());
        if (!ours) {
            damages.add(new Damage(
                    name,
                    Damage.Kind.DEAD_WATCHER,
                    "its watcher " + record.watcherPid() + " was dead: it is watched again",
                    true));
        }
        if (clients instanceof Found.Unreadable<ClientsRecord> bad) {
            damages.add(new Damage(
                    name,
                    Damage.Kind.UNREADABLE_FILE,
                    name.value() + ".clients.json was unreadable (" + bad.reason() + "): its clients are forgotten",
                    true));
        }
        return damages;
    }

    /** A live watcher that is not our guard belongs to another tool. A guard of ours that died is no live watcher. */
    private boolean isOfAnotherTool(ServerRecord record) {
        Long watcher = record.watcherPid();
        if (watcher == null || watcher <= 1 || watcher == host.guard().pid()) {
            return false;
        }
        ProcStat stat = proc.stat(watcher);
        if (stat == null || !stat.alive()) {
            return false;
        }
        Long stamp = record.watcherStartTime();
        return stamp == null ? record.startTime() == null : stamp == stat.startTime();
    }

    private @Nullable ProcessId process(ServerRecord record) {
        Long stamp = record.startTime();
        if (stamp != null) {
            return new ProcessId(record.pid(), stamp);
        }
        // a file of an older tool: the same command, started at the same time, is the same process
        ProcStat stat = proc.stat(record.pid());
        Instant boot = proc.bootTime();
        if (stat == null || !stat.alive() || boot == null) {
            return null;
        }
        Instant started = boot.plusMillis(stat.startTime() * (1000 / Proc.TICKS_PER_SECOND));
        boolean then = Duration.between(started, record.startedAt()).abs().compareTo(TOLERANCE) < 0;
        return then && record.command().equals(proc.cmdline(record.pid()))
                ? new ProcessId(record.pid(), stat.startTime())
                : null;
    }

    private Launch launch(ServerName name, ServerRecord record, ProcessId process) {
        Integer signal = record.stopSignal();
        String logFile = record.logFile() != null || record.exec()
                ? record.logFile()
                : logs.of(name).toString();
        return new Launch(
                record.command(),
                Objects.requireNonNullElse(record.workingDir(), "/"),
                period(record.gracePeriod(), DEFAULT_GRACE),
                signal == null ? StopMode.SIGTERM : signal,
                period(record.stopTimeout(), DEFAULT_STOP_TIMEOUT),
                logFile,
                !record.exec() && (record.logFile() == null || record.ownLog()),
                record.stdin(),
                record.stdout(),
                health(record),
                record.port(),
                surroundings(process));
    }

    /** What cannot be understood is not looked at: the server runs all the same. */
    private static Health health(ServerRecord record) {
        HealthRecord health = record.health();
        RestartPolicy policy = health == null ? null : RestartPolicy.of(health.restart());
        try {
            return health == null || policy == null
                    ? Health.NONE
                    : new Health(Probes.condition(health.ready()), Probes.condition(health.check()), policy);
        } catch (InvalidInput e) {
            return Health.NONE;
        }
    }

    private static List<Long> crashes(ServerRecord record) {
        List<Long> crashes = new ArrayList<>();
        if (record.health() != null) {
            for (long millis : record.health().crashes()) {
                crashes.add(Math.min(millis, Long.MAX_VALUE / NANOS_PER_MILLI) * NANOS_PER_MILLI);
            }
        }
        return List.copyOf(crashes);
    }

    private Launch.@Nullable Surroundings surroundings(ProcessId process) {
        Launch.Surroundings known = remembered.get(process);
        if (known != null) {
            return known;
        }
        ProcStat stat = proc.stat(process.pid());
        List<String> environment = proc.environment(process.pid());
        if (stat == null || stat.startTime() != process.startTime() || environment == null) {
            return null;
        }
        int umask = proc.umask(process.pid());
        return new Launch.Surroundings(
                environment, umask < 0 ? DEFAULT_UMASK : umask, stat.nice(), proc.limits(process.pid()));
    }

    private static Period period(@Nullable String text, Period otherwise) {
        try {
            return text == null ? otherwise : Period.parse(text);
        } catch (InvalidInput e) {
            return otherwise;
        }
    }

    private List<Client> clients(@Nullable ClientsRecord clients) {
        List<Client> list = new ArrayList<>();
        if (clients == null) {
            return list;
        }
        for (Map.Entry<String, ClientRecord> entry : clients.clients().entrySet()) {
            Client client = client(entry.getKey(), entry.getValue());
            if (client != null) {
                list.add(client);
            }
        }
        return list;
    }

    private @Nullable Client client(String key, ClientRecord record) {
        Deadline until = deadline(record.until());
        if (until != null) {
            return new Client(key, null, record.attachedAt(), record.metadata(), until, reasons(record));
        }
        if (key.startsWith("hold-")) {
            return null;
        }
        long pid = Long.parseLong(key);
        Long stamp = record.startTime();
        if (stamp == null) {
            ProcStat stat = proc.stat(pid);
            stamp = stat == null ? null : stat.startTime();
        }
        return stamp == null
                ? null
                : new Client(
                        key, new ProcessId(pid, stamp), record.attachedAt(), record.metadata(), null, reasons(record));
    }

    /** Files are edited: a reference for no reason is one that somebody wants. */
    private static Reasons reasons(ClientRecord record) {
        return record.direct() || record.neededBy().isEmpty()
                ? Reasons.DIRECT.and(Reasons.neededBy(record.neededBy()))
                : Reasons.neededBy(record.neededBy());
    }

    private static @Nullable Deadline deadline(@Nullable DeadlineRecord record) {
        if (record == null) {
            return null;
        }
        long millis = Math.min(record.monotonicMillis(), Long.MAX_VALUE / NANOS_PER_MILLI);
        return new Deadline(millis * NANOS_PER_MILLI, record.at());
    }
}
