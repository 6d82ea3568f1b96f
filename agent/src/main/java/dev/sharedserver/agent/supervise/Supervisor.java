package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.Damage;
import dev.sharedserver.core.Errno;
import dev.sharedserver.core.EventLog;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.StateDirectory;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.core.config.ProjectName;
import dev.sharedserver.core.lifecycle.Action;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Cause;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Deadline;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.ExitStatus;
import dev.sharedserver.core.lifecycle.Health;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Now;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.lifecycle.Phase;
import dev.sharedserver.core.lifecycle.ServerState;
import dev.sharedserver.core.lifecycle.StopMode;
import dev.sharedserver.core.story.Causes;
import dev.sharedserver.os.Listeners;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.guard.GuardEvent;
import dev.sharedserver.os.guard.GuardLink;
import dev.sharedserver.os.guard.SpawnRequest;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
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

    /** How long a removed state directory may take to be there again, in ns. */
    private static final long DIRECTORY_PATIENCE = 2_000_000_000L;

    private static final long LOOK_AGAIN = 10_000_000L;

    private static final int MOST_REPAIRS = 10_000;

    private static final long NANOS_PER_MICRO = 1_000L;

    /** The step of a spawn that opens what the server writes to. */
    private static final int OUTPUT = 8;

    private static final long SECOND = 1_000_000_000L;

    /** How long an agent waits for the end of what its predecessors left, before it serves, in ns. */
    private static final long STRAYS_MAY_TAKE = 2 * SECOND;

    private final StateDirectory store;
    private final EventLog events;
    private final GuardLink guard;
    private final Host host;
    private final Adopter adopter;
    private final LogFiles logs;
    private final PortHolders holders;
    private final Executor executor;
    private final Fatal fatal;
    private final AgentLog log;
    private final Watches watches;
    private final Deadlines deadlines;
    private final Prober prober;
    private final Needs needs = new Needs(this);
    private final Map<ServerName, Server> servers = new ConcurrentHashMap<>();
    private final Map<Long, CompletableFuture<Optional<Outcome>>> requests = new ConcurrentHashMap<>();
    private final Map<Long, Probing> probing = new ConcurrentHashMap<>();
    private final Map<ProcessId, Probing> probes = new ConcurrentHashMap<>();
    private final Map<Long, Spawning> spawning = new ConcurrentHashMap<>();
    private final Map<ProcessId, String> tended = new ConcurrentHashMap<>();
    private final Map<ProcessId, Server> running = new ConcurrentHashMap<>();

    private final Map<ProcessId, Notification> notifications = new ConcurrentHashMap<>();

    /** What was adopted, also if it has ended since: not a stray. */
    private final Set<ProcessId> adopted = ConcurrentHashMap.newKeySet();

    private final Set<ProcessId> strays = ConcurrentHashMap.newKeySet();
    private final Object beginning = new Object();

    /** What is to be started while there may be strays, one of which may be just that; null once it is begun. Guarded by the object above. */
    private @Nullable List<Spawning> held = new ArrayList<>();

    private final AtomicLong numbers = new AtomicLong();
    private final List<Damage> repairs = new ArrayList<>();
    private volatile Runnable whenGone = () -> {};

    /**
     * Who is being started as what.
     *
     * @param again whether that has failed once
     */
    private record Spawning(Server server, Launch launch, boolean again) {}

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
            Listeners listeners,
            Proc proc,
            Executor executor,
            Fatal fatal,
            AgentLog log) {
        this.store = store;
        this.events = events;
        this.guard = guard;
        this.host = host;
        this.adopter = adopter;
        this.logs = logs;
        this.holders = new PortHolders(
                listeners, proc, proc.uid(ProcessHandle.current().pid()));
        this.executor = executor;
        this.fatal = fatal;
        this.log = log;
        this.watches = new Watches(guard);
        this.deadlines = new Deadlines(guard);
        this.prober = new Prober(this);
    }

    // For the verbs

    /** Returns the server of that name, as memory knows it. */
    public Server server(ServerName name) {
        return servers.computeIfAbsent(name, n -> new Server(n, this));
    }

    /** Tells whether memory knows anything of a server of that name; does not look at the disk. */
    public boolean remembers(ServerName name) {
        Server server = servers.get(name);
        return server != null && remembered(server);
    }

    /** Tells whether memory knows of a server that some project calls by that name. */
    public boolean remembersProjectOf(ServerName name) {
        for (Server server : servers.values()) {
            if (ProjectName.isOf(server.name(), name) && remembered(server)) {
                return true;
            }
        }
        return false;
    }

    private static boolean remembered(Server server) {
        return !server.state().forgettable() || server.foreign() != null;
    }

    /** Returns every server that there has been since this agent began. */
    Collection<Server> remembered() {
        return servers.values();
    }

    /** Returns who sees to it that nobody holds what is needed for nothing any more. */
    public Needs needs() {
        return needs;
    }

    /**
     * Hands an event to a server and waits for its answer. Empty if another tool manages the server.
     *
     * @param event makes the event from the number that its answer carries
     */
    public Optional<Outcome> ask(Server server, LongFunction<? extends Event> event) throws InterruptedException {
        return question(server, event).await();
    }

    /** Hands an event to a server, for somebody who waits for its answer in his own way. */
    public Question question(Server server, LongFunction<? extends Event> event) {
        long number = numbers.incrementAndGet();
        CompletableFuture<Optional<Outcome>> answer = new CompletableFuture<>();
        requests.put(number, answer);
        server.postHere(event.apply(number));
        return new Question(number, answer);
    }

    /**
     * A request and the answer that it will have; that is empty if another tool manages the server.
     *
     * @param number what the answer carries
     */
    public record Question(long number, CompletableFuture<Optional<Outcome>> answer) {

        /** Waits for the answer. */
        public Optional<Outcome> await() throws InterruptedException {
            try {
                return answer.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }

        /** Tells whether the answer is there. */
        public boolean isAnswered() {
            return answer.isDone();
        }

        /** Waits for the answer for so many ms at most; false if it did not come. */
        public boolean isAnsweredIn(long millis) throws InterruptedException {
            try {
                answer.get(millis, TimeUnit.MILLISECONDS);
                return true;
            } catch (TimeoutException e) {
                return false;
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }
    }

    /** Hands an event to a server that nobody waits for. */
    public void tell(ServerName name, Event event) {
        server(name).post(event);
    }

    /** Returns every server that memory or disk knows, by name, each as {@link #known} does. */
    public Collection<Server> all() throws IOException, InterruptedException {
        Map<String, Server> all = new TreeMap<>();
        List<CompletableFuture<Optional<Outcome>>> looks = new ArrayList<>();
        for (Server server : servers.values()) {
            all.put(server.name().value(), server);
            if (server.busy()) {
                looks.add(look(server));
            }
        }
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

    /**
     * Returns the server after a look at the disk where memory knows nothing of it, and never as it was before what its files tell
     * already: who has seen those change asks what it is now.
     */
    public Server known(ServerName name) throws InterruptedException {
        Server server = server(name);
        if (server.state().forgettable() || server.busy()) {
            await(look(server));
        }
        return server;
    }

    /** Returns the server after everything that is in its mailbox now has been handled and published. */
    public Server settled(ServerName name) throws InterruptedException {
        Server server = server(name);
        await(look(server));
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

    /** Has {@code action} run whenever a server is gone. */
    public void whenGone(Runnable action) {
        whenGone = action;
    }

    void gone() {
        whenGone.run();
    }

    /** Tells whether nothing is under way: no request waits, nothing starts or ends. */
    public boolean quiet() {
        if (!requests.isEmpty() || !spawning.isEmpty() || !strays.isEmpty() || !prober.idle()) {
            return false;
        }
        for (Server server : servers.values()) {
            if (!server.quiet()) {
                return false;
            }
        }
        return true;
    }

    /** Tells whether there is no server at all. */
    public boolean empty() {
        for (Server server : servers.values()) {
            if (!server.state().forgettable()) {
                return false;
            }
        }
        return true;
    }

    /** Has every state file written again. */
    public void writeAll() {
        for (Server server : servers.values()) {
            server.rewrite();
        }
    }

    /** Returns the moment that lies {@code period} from now. */
    public Deadline after(Period period) {
        return now().plus(period);
    }

    /** Returns how long it is until then, in whole seconds, 1 at least; 0 if it has passed. */
    public Period until(Deadline deadline) {
        long nanos = Math.max(0, deadline.monotonicNanos() - System.nanoTime());
        return new Period((nanos + SECOND - 1) / SECOND * SECOND);
    }

    /** Returns what somebody is told who has just let go of a server, and does not hold it any more. */
    public Outcome.Detached detached(Server server) {
        ServerState state = server.state();
        Deadline grace = state.phase() instanceof Phase.Running running ? running.grace() : null;
        return new Outcome.Detached(state.clients().size(), grace);
    }

    /** Returns how long a server that was let go stays, in whole seconds; 0 if it does not. */
    public Period grace(Outcome.Detached outcome) {
        return outcome.grace() == null ? new Period(0) : until(outcome.grace());
    }

    /** Returns the ports of all servers but one, whether or not they listen already. */
    public List<Integer> portsOfOthers(ServerName name) {
        List<Integer> ports = new ArrayList<>();
        for (Server server : servers.values()) {
            Launch launch = server.state().launch();
            if (launch != null && launch.port() != null && !server.name().equals(name)) {
                ports.add(launch.port());
            }
        }
        return ports;
    }

    /**
     * Returns who else listens on the port that a server is to have, as a person reads it; null if nobody does.
     *
     * @param self the process that will be the server, if there is one already
     */
    public @Nullable String portHeld(Launch launch, @Nullable ProcessId self) {
        return launch.port() == null ? null : holders.complaint(launch.port(), self, this::serverOfGroup);
    }

    private @Nullable ServerName serverOfGroup(long group) {
        for (Server server : servers.values()) {
            Instance instance = server.state().instance();
            if (instance != null && instance.process().pid() == group) {
                return server.name();
            }
        }
        return null;
    }

    /** Returns how many clients a server has. */
    public int refcount(ServerName name) {
        return server(name).state().clients().size();
    }

    /** Returns what a later agent may not find on disk. */
    public Snapshot snapshot() {
        Map<ProcessId, Launch.Surroundings> surroundings = new HashMap<>();
        Map<ServerName, StateDirectory.Content> files = new HashMap<>();
        for (Server server : servers.values()) {
            ServerState state = server.state();
            Instance instance = state.instance();
            if (instance == null && state.phase() instanceof Phase.Starting starting) {
                instance = starting.before();
            }
            if (state.phase() instanceof Phase.BackingOff waiting) {
                instance = waiting.before();
            }
            if (instance != null && instance.launch().surroundings() != null) {
                surroundings.put(instance.process(), instance.launch().surroundings());
            }
            OnDisk onDisk = OnDisk.of(state, host);
            if (onDisk.server() != null) {
                files.put(state.name(), StateDirectory.Content.of(onDisk.server(), onDisk.clients()));
            }
        }
        return new Snapshot(surroundings, files);
    }

    /** Leaves the environments with the guard: an agent that dies during a restart has a successor who goes on with it. */
    void remember() throws IOException {
        new Snapshot(snapshot().surroundings(), Map.of()).save(host.memory());
    }

    /** Returns every name that memory or disk knows, in order, without a look at what the disk says. */
    public Set<ServerName> names() throws IOException {
        Set<ServerName> names = new TreeSet<>(Comparator.comparing(ServerName::value));
        for (Server server : servers.values()) {
            if (!server.state().forgettable() || server.foreign() != null) {
                names.add(server.name());
            }
        }
        names.addAll(store.names());
        return names;
    }

    /** Examines a server and repairs what is wrong with it; one that is bad beyond repair is told, never thrown. */
    public List<Damage> examine(ServerName name) throws InterruptedException {
        Server server = server(name);
        try {
            return server.examine().get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Returns what this agent has put right in passing since it was last asked. */
    public List<Damage> repairs() {
        synchronized (repairs) {
            List<Damage> all = List.copyOf(repairs);
            repairs.clear();
            return all;
        }
    }

    // From the guard

    /**
     * Brings into memory what stands on disk and what the guard says of it; returns when that is done.
     *
     * @param left what the last agent left; its files, if it fell asleep, are what stood on disk then
     */
    public void adoptAll(GuardEvent.Init init, Snapshot left) throws IOException, InterruptedException {
        left.files().forEach(this::restore);
        for (ServerName name : store.names()) {
            known(name);
        }
        for (GuardEvent.Child child : init.children()) {
            ProcessId process = new ProcessId(child.pid(), child.startTime());
            if (!adopted.contains(process)) {
                // the last agent died before it could write down that this one runs: its caller asks again
                end(process);
            }
        }
        for (ProcessId process : store.starting(host.bootId())) {
            if (adopted.contains(process)) {
                store.started(process, host.bootId());
            } else if (!strays.contains(process)) {
                // the last guard died, too; to signal and to await what is gone already does no harm
                end(process);
            }
        }
        for (GuardEvent.Watch watch : init.watches()) {
            watches.dropUnless(new ProcessId(watch.pid(), watch.startTime()));
        }
    }

    private void restore(ServerName name, StateDirectory.Content content) {
        try {
            if (store.restore(name, content)) {
                log.say("somebody removed or changed the files of " + name + ": they are written again");
            }
        } catch (IOException e) {
            log.say("cannot write the files of " + name + " again: " + e);
        }
    }

    /**
     * Goes on with what the last agent was about to start, once what belongs to no server is gone, or after some time: it may have
     * been started already, by that agent, and be among what is ended now.
     */
    public void begin() throws IOException, InterruptedException {
        long until = System.nanoTime() + STRAYS_MAY_TAKE;
        while (!strays.isEmpty() && System.nanoTime() < until) {
            Thread.sleep(1);
        }
        List<Spawning> waiting;
        synchronized (beginning) {
            waiting = Objects.requireNonNull(held, "it is begun once");
            held = null;
        }
        for (Spawning one : waiting) {
            spawn(one);
        }
        needs.sweep();
    }

    /** Kills a process that we started and that belongs to no server. */
    private void end(ProcessId process) throws IOException {
        strays.add(process);
        guard.signal(0, process.pid(), process.startTime(), StopMode.SIGKILL, GuardLink.Scope.GROUP);
        // answered by ChildDied, or Gone if it is no child of this guard, now or when it has died
        guard.watch(process.pid(), process.startTime());
    }

    void spawned(long request, ProcessId process) throws IOException {
        Probing probe = probing.remove(request);
        if (probe != null) {
            probes.put(process, probe);
            // it belongs to no server: its end and what it leaves behind are cleared away like a stray's
            strays.add(process);
            probe.process().complete(process);
            return;
        }
        Spawning started = spawning.remove(request);
        if (started == null) {
            end(process);
            return;
        }
        Server server = started.server();
        running.put(process, server);
        tendLog(server, process, started.launch());
        server.post(new Event.Spawned(process));
    }

    void spawnFailed(long request, int step, int errno) {
        Probing probe = probing.remove(request);
        if (probe != null) {
            probe.fault().complete(Errno.text(errno));
            return;
        }
        Spawning started = spawning.remove(request);
        if (started == null) {
            return;
        }
        if (step == OUTPUT && errno == Errno.ENOENT && started.launch().ownLog() && !started.again()) {
            // somebody removed the directory; the guard is about to make it again, or has
            Thread.ofVirtual().start(() -> spawnAgain(started.server(), started.launch()));
        } else {
            started.server().post(new Event.SpawnFailed(step, errno));
        }
    }

    private void spawnAgain(Server server, Launch launch) {
        awaitDirectory();
        try {
            spawn(new Spawning(server, launch, true));
        } catch (IOException e) {
            failed(e);
        }
    }

    void childDied(ProcessId process, ExitStatus status) throws IOException {
        Probing probe = probes.remove(process);
        if (probe != null) {
            boolean well = status instanceof ExitStatus.Exited exited && exited.code() == 0;
            probe.fault().complete(well ? "" : status.toString());
            guard.signal(0, process.pid(), process.startTime(), StopMode.SIGKILL, GuardLink.Scope.GROUP);
        }
        Server server = running.get(process);
        if (server != null) {
            server.post(new Event.ServerEnded(process, status));
        } else {
            strayDied(process);
        }
        // a server may be a client of another one; of its own children the guard says nothing else
        watches.tell(process, new Event.Gone(process, status), true);
    }

    /** What a guard that died had started, and nobody has written down, has ended. */
    void strayDied(ProcessId process) throws IOException {
        if (strays.contains(process)) {
            guard.awaitGroupEmpty(process.pid(), process.startTime());
        }
    }

    void groupEmpty(ProcessId process) throws IOException {
        Server server = running.get(process);
        if (server != null) {
            server.post(new Event.GroupEmpty(process));
        } else if (strays.remove(process)) {
            guard.reap(process.pid(), process.startTime());
            store.started(process, host.bootId());
        }
    }

    /** The process that a server runs as has said something of itself, or another process of its session for it. */
    void notified(GuardEvent.Notified said) {
        Notification news = Notification.parse(said.text());
        running.forEach((process, server) -> {
            if (process.pid() != said.session() && process.pid() != said.pid()) {
                return;
            }
            notifications.merge(process, news, Notification::and);
            if (news.ready()) {
                server.post(new Event.SaidReady(process));
            }
            if (news.watchdog()) {
                prober.beat(process);
            }
        });
    }

    /** Returns what the process that a server runs as has said of itself; an earlier agent may have heard it. */
    public Notification notification(ProcessId process) {
        return notifications.getOrDefault(process, Notification.NOTHING);
    }

    void timerFired() throws IOException {
        deadlines.fired(System.nanoTime());
    }

    // For the mailboxes

    void run(Runnable mailbox) {
        executor.execute(mailbox);
    }

    void failed(Throwable reason) {
        fatal.because(reason);
    }

    /** HotSpot's nanoTime is CLOCK_MONOTONIC on Linux, which the guard's timer and the files count in, too. */
    Now now() {
        return new Now(System.nanoTime(), Instant.now());
    }

    Host host() {
        return host;
    }

    StateDirectory store() {
        return store;
    }

    Watches watches() {
        return watches;
    }

    Deadlines deadlines() {
        return deadlines;
    }

    /** Returns when a server whose state could not be written wants its next tick, CLOCK_MONOTONIC in ns. */
    long soon(Now now, ServerState state) {
        return Math.min(state.nextDeadline(), now.monotonicNanos() + RETRY_WRITE);
    }

    boolean isAlive(ProcessId process) {
        return adopter.isAlive(process);
    }

    /** Remembers, for whoever asks next, what was put right in passing. */
    void repaired(Damage damage) {
        synchronized (repairs) {
            if (repairs.size() < MOST_REPAIRS) {
                repairs.add(damage);
            }
        }
    }

    /** Waits until a state directory that was removed has been made again; false if it is not, or was there all the time. */
    boolean awaitDirectory() {
        long until = System.nanoTime() + DIRECTORY_PATIENCE;
        boolean missed = false;
        while (!store.exists() && System.nanoTime() < until) {
            missed = true;
            LockSupport.parkNanos(LOOK_AGAIN);
        }
        return missed && store.exists();
    }

    Adoption look(ServerName name) {
        return adopter.look(name);
    }

    /** Removes files that speak of nothing that lives. What cannot be removed harms no other server. */
    void clean(ServerName name, String reason) {
        try {
            store.write(name, null, null);
            events.append(name, Instant.now(), "cleaned", Map.of("detail", reason));
            repaired(new Damage(name, Damage.Kind.STALE_FILES, reason, true));
        } catch (IOException e) {
            log.say("cannot remove the stale files of " + name + " (" + reason + "): " + e);
            repaired(new Damage(
                    name, Damage.Kind.STALE_FILES, reason + "; they cannot be removed: " + reason(e), false));
        }
    }

    /** Takes over a server that runs, or is down for a while. */
    void adopted(Server server, Instance instance, boolean alive) throws IOException {
        adopted.add(instance.process());
        running.put(instance.process(), server);
        if (alive) {
            tendLog(server, instance.process(), instance.launch());
        }
    }

    /** The server writes its log by itself; the guard, which never sleeps, sees to its length. */
    private void tendLog(Server server, ProcessId process, Launch launch) throws IOException {
        String log = launch.logFile();
        if (log == null) {
            return; // its output goes where its caller's does
        }
        tended.put(process, log);
        guard.tendLog(log, logs.notes(server.name()).toString(), launch.ownLog() ? LogFiles.LIMIT : 0, LogFiles.KEEP);
    }

    void spawn(Server server, Launch launch) throws IOException {
        Spawning spawned = new Spawning(server, launch, false);
        synchronized (beginning) {
            if (held != null) {
                held.add(spawned);
                return;
            }
        }
        spawn(spawned);
    }

    private void spawn(Spawning spawned) throws IOException {
        Server server = spawned.server();
        Launch launch = spawned.launch();
        long number = numbers.incrementAndGet();
        Launch.Surroundings surroundings = Objects.requireNonNull(launch.surroundings(), "nothing to start it in");
        // here, since every way to a start leads here, and since what ran before is gone now
        String held = portHeld(launch, null);
        if (held != null) {
            server.post(new Event.SpawnFailed(0, Errno.EADDRINUSE, held));
            return;
        }
        String file = Objects.requireNonNull(launch.logFile(), "exec is not spawned");
        try {
            logs.rotate(server.name(), launch);
        } catch (IOException e) {
            log.say("cannot make room for " + file + ": " + e);
        }
        server.logStart(LogProbe.end(Path.of(file)));
        spawning.put(number, spawned);
        String out = launch.stdout() == null ? file : launch.stdout();
        String err = launch.stdout() == null ? null : file;
        guard.spawn(new SpawnRequest(
                number,
                surroundings.umask(),
                surroundings.nice(),
                surroundings.rlimits(),
                launch.workingDir(),
                launch.stdin(),
                out,
                err,
                path(surroundings.environment()),
                launch.command(),
                notifying(launch.health(), surroundings.environment())));
    }

    /** Adds what a server needs that says by itself how it is (sd_notify). */
    private List<String> notifying(Health health, List<String> environment) {
        boolean ready = isNotify(health.ready());
        Condition check = isNotify(health.check()) ? health.check() : null;
        if (!ready && check == null) {
            return environment;
        }
        List<String> added = new ArrayList<>();
        for (String entry : environment) {
            if (!entry.startsWith("NOTIFY_SOCKET=") && !entry.startsWith("WATCHDOG_")) {
                added.add(entry);
            }
        }
        added.add("NOTIFY_SOCKET=" + host.notifyAddress());
        if (check != null) {
            added.add("WATCHDOG_USEC=" + Prober.interval(check).nanos() / NANOS_PER_MICRO);
        }
        return added;
    }

    private static boolean isNotify(@Nullable Condition condition) {
        return condition != null && condition.probe() instanceof Probe.Notify;
    }

    // Probes

    /**
     * A command that looks at a server.
     *
     * @param process once it runs
     * @param fault once it has ended: empty if all is well
     */
    private record Probing(CompletableFuture<ProcessId> process, CompletableFuture<String> fault) {}

    Prober probes() {
        return prober;
    }

    /** Runs a command in the surroundings of a server; null if it exits with 0, else what went wrong. */
    @Nullable
    String probe(Launch launch, List<String> command, Period timeout) throws InterruptedException {
        Launch.Surroundings surroundings = launch.surroundings();
        if (surroundings == null) {
            return "its environment is not known any more";
        }
        long number = numbers.incrementAndGet();
        Probing probe = new Probing(new CompletableFuture<>(), new CompletableFuture<>());
        probing.put(number, probe);
        String shown = Quote.of(command.get(command.size() - 1));
        try {
            guard.spawn(new SpawnRequest(
                    number,
                    surroundings.umask(),
                    surroundings.nice(),
                    surroundings.rlimits(),
                    launch.workingDir(),
                    null,
                    "/dev/null",
                    null,
                    path(surroundings.environment()),
                    command,
                    surroundings.environment()));
            String fault = probe.fault().get(timeout.nanos(), TimeUnit.NANOSECONDS);
            return fault.isEmpty() ? null : shown + ": " + fault;
        } catch (TimeoutException e) {
            ProcessId process = probe.process().getNow(null);
            if (process != null) {
                kill(process);
            }
            return shown + " takes longer than " + timeout;
        } catch (ExecutionException | IOException e) {
            return shown + ": " + e;
        }
    }

    private void kill(ProcessId process) {
        try {
            guard.signal(0, process.pid(), process.startTime(), StopMode.SIGKILL, GuardLink.Scope.GROUP);
        } catch (IOException e) {
            log.say("cannot end a probe: " + e); // the guard is gone, and ends what it started
        }
    }

    private static String path(List<String> environment) {
        for (String entry : environment) {
            if (entry.startsWith("PATH=")) {
                return entry.substring("PATH=".length());
            }
        }
        return "/usr/local/bin:/usr/bin:/bin";
    }

    void signal(Instance instance, int signal) throws IOException {
        guard.signal(0, instance.process().pid(), instance.process().startTime(), signal, scope(instance));
    }

    /** Has the guard terminate a server that is not its child, too, when the session's directory is gone. */
    void endWithSession(Instance instance) throws IOException {
        guard.endWithSession(instance.process().pid(), instance.process().startTime(), scope(instance));
    }

    private static GuardLink.Scope scope(Instance instance) {
        return instance.ownGroup() ? GuardLink.Scope.GROUP : GuardLink.Scope.DESCENDANTS;
    }

    void awaitGroupEmpty(Server server, Instance instance) throws IOException {
        if (instance.ownGroup()) {
            guard.awaitGroupEmpty(instance.process().pid(), instance.process().startTime());
        } else {
            server.post(new Event.GroupEmpty(instance.process()));
        }
    }

    void reap(ProcessId process) throws IOException {
        running.remove(process);
        notifications.remove(process);
        String log = tended.remove(process);
        // a run that was found dead late must not take the log away from the next one
        if (log != null && !tended.containsValue(log)) {
            guard.leaveLog(log);
        }
        guard.reap(process.pid(), process.startTime());
        try {
            // there still is a word of one that could not be written down
            store.started(process, host.bootId());
        } catch (IOException e) {
            // the next agent removes it
        }
    }

    /** Answers a request; a null outcome says that another tool manages the server. */
    void answer(long request, @Nullable Outcome outcome) {
        CompletableFuture<Optional<Outcome>> waiting = requests.remove(request);
        if (waiting != null) {
            waiting.complete(Optional.ofNullable(outcome));
        }
    }

    /** Writes down what happened; {@code launch} is what runs, ran, or was to run, null if that is not known. */
    void note(ServerName name, Action.Note note, @Nullable Launch launch) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("pid", note.pid());
        Client client = note.client();
        if (client != null) {
            fields.put("client", client.key());
            if (note.what() == Action.What.ATTACHED || note.what() == Action.What.RESCUED) {
                fields.put("client_command", program(client));
            }
            fields.put("metadata", client.metadata());
        }
        fields.put("refcount", note.refcount());
        if (note.by() != null) {
            Causes.put(fields, note.by());
        }
        if (note.cause() != null) {
            Causes.put(fields, note.cause());
        }
        if (note.cause() instanceof Cause.NotStarted not && launch != null) {
            fields.put("path", path(launch, not.step()));
        }
        if (note.status() != null) {
            Causes.put(fields, note.status());
        }
        log(name, note.what().word(), fields);
    }

    /** Notes that somebody asked for another server than the one that runs; {@code running} says how that differs. */
    public void noteMismatch(ServerName name, Asker by, String running, boolean refused) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        Causes.put(fields, by);
        fields.put("refused", refused);
        fields.put("detail", running);
        log(name, "mismatch", fields);
    }

    private void log(ServerName name, String event, Map<String, @Nullable Object> fields) {
        String trouble = events.append(name, Instant.now(), event, fields);
        if (trouble != null) {
            log.say("cannot log an event of " + name + ": " + trouble);
        }
    }

    /** When it has gone, nobody can tell any more what it was. */
    private @Nullable String program(Client client) {
        return client.process() == null ? null : adopter.program(client.process());
    }

    /** Returns what the trouble at a step of a spawn is about, null if it is nothing in the file system. */
    private static @Nullable String path(Launch launch, int step) {
        return switch (step) {
            case 6 -> launch.workingDir();
            case 7 -> launch.stdin();
            case OUTPUT -> launch.stdout() == null ? launch.logFile() : launch.stdout();
            case 10 -> launch.command().get(0);
            default -> null;
        };
    }

    /** Returns what a person reads of a failed write. */
    static String reason(IOException e) {
        if (e instanceof FileSystemException file && file.getReason() != null) {
            return file.getReason();
        }
        return Objects.requireNonNullElse(e.getMessage(), e.toString());
    }
}
