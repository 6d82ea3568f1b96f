package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.Damage;
import dev.sharedserver.core.Found;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.ServerRecord;
import dev.sharedserver.core.StateDirectory;
import dev.sharedserver.core.lifecycle.Action;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.ExitStatus;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Lifecycle;
import dev.sharedserver.core.lifecycle.Now;
import dev.sharedserver.core.lifecycle.Phase;
import dev.sharedserver.core.lifecycle.ServerState;
import dev.sharedserver.core.lifecycle.Step;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One server's mailbox: events are handled in the order in which they came, by one thread at a time.
 *
 * <p>What lies in the mailbox is handled as one batch: the state after the last event is written once, and only then
 * is anything of it done or answered. If it cannot be written, the events are handled one by one, and those that can
 * be refused are.
 */
public final class Server {

    private final ServerName name;
    private final Supervisor supervisor;
    private final ConcurrentLinkedQueue<Event> mailbox = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final ConcurrentLinkedQueue<CompletableFuture<List<Damage>>> examinations = new ConcurrentLinkedQueue<>();

    private volatile ServerState state;
    private volatile @Nullable Foreign foreign;

    private volatile long logStart;

    // only the handling thread writes what follows
    private OnDisk onDisk = OnDisk.NOTHING;
    private StateDirectory.Lengths lengths = new StateDirectory.Lengths(-1, -1);
    private volatile boolean unwritten;

    Server(ServerName name, Supervisor supervisor) {
        this.name = name;
        this.supervisor = supervisor;
        this.state = ServerState.stopped(name);
    }

    /** Returns the server's name. */
    public ServerName name() {
        return name;
    }

    /** Returns what memory knows, as of the last event that was written down. */
    public ServerState state() {
        return state;
    }

    /** Returns the server of that name that another tool manages, null if there is none. */
    public @Nullable Foreign foreign() {
        return foreign;
    }

    /** Returns how long the log was when the run that goes on began, in bytes. */
    long logStart() {
        return logStart;
    }

    void logStart(long length) {
        logStart = length;
    }

    /** Tells whether something waits in the mailbox, or is being handled: what the files say may be newer than {@link #state}. */
    boolean busy() {
        return waiting.get() != 0;
    }

    /** Tells whether nothing waits in the mailbox and nothing is about to start or end. */
    boolean quiet() {
        ServerState now = state;
        boolean settled = now.phase() instanceof Phase.Stopped
                || now.phase() instanceof Phase.Running
                || now.phase() instanceof Phase.BackingOff;
        return !busy() && settled && now.attaching().isEmpty() && !unwritten;
    }

    /** Has the files written again. */
    void rewrite() {
        unwritten = true;
        post(new Event.Tick());
    }

    /** Compares disk, memory and processes, repairs what differs and tells what that was. */
    CompletableFuture<List<Damage>> examine() {
        CompletableFuture<List<Damage>> result = new CompletableFuture<>();
        examinations.add(result);
        post(new Event.Tick());
        return result;
    }

    void post(Event event) {
        mailbox.add(event);
        if (waiting.getAndIncrement() == 0) {
            supervisor.run(this::handleAll);
        }
    }

    /**
     * Handles an event in this thread if nobody else handles one, which spares who waits for its answer two changes of threads. What comes
     * meanwhile is another thread's.
     */
    void postHere(Event event) {
        mailbox.add(event);
        if (waiting.getAndIncrement() == 0 && handleOnce()) {
            supervisor.run(this::handleAll);
        }
    }

    private void handleAll() {
        boolean more = true;
        while (more) {
            more = handleOnce();
        }
    }

    /** Handles what waits as one batch; tells whether more has come meanwhile, which the caller has to see to. */
    private boolean handleOnce() {
        int handled = waiting.get();
        List<Event> batch = new ArrayList<>(handled);
        for (int i = 0; i < handled; i++) {
            Event event = mailbox.poll();
            if (event != null) {
                batch.add(event);
            }
        }
        try {
            handle(batch);
        } catch (IOException | RuntimeException e) {
            supervisor.failed(e);
            return false;
        }
        return waiting.addAndGet(-handled) != 0;
    }

    private void handle(List<Event> batch) throws IOException {
        Now now = supervisor.now();
        boolean ran = !state.forgettable();
        if (!ran) {
            look(now);
        }
        if (foreign != null) {
            batch = refuseForeign(batch);
        }
        if (ran && !batch.isEmpty() && batch.get(0) instanceof Event.Request && wasDamaged()) {
            unwritten = true;
        }
        List<CompletableFuture<List<Damage>>> asked = new ArrayList<>();
        for (CompletableFuture<List<Damage>> one = examinations.poll(); one != null; one = examinations.poll()) {
            asked.add(one);
        }
        List<Damage> damages = asked.isEmpty() ? List.of() : examine(batch, now);
        if (!together(batch, now)) {
            for (Event event : batch) {
                alone(event, now);
            }
        }
        if (!asked.isEmpty()) {
            List<Damage> outcome = reexamined(damages);
            asked.forEach(one -> one.complete(outcome));
        }
        supervisor.deadlines().set(this, unwritten ? supervisor.soon(now, state) : state.nextDeadline());
        if (ran && state.forgettable()) {
            supervisor.gone();
        }
    }

    /** Finds what is wrong, and has it put right with the next write. */
    private List<Damage> examine(List<Event> batch, Now now) {
        if (foreign != null || state.forgettable()) {
            return List.of();
        }
        List<Damage> damages = new ArrayList<>(supervisor.store().examine(name, onDisk.server(), onDisk.clients()));
        unwritten |= !damages.isEmpty();
        for (Client client : state.clients().values()) {
            ProcessId process = client.process();
            if (process != null && !supervisor.isAlive(process)) {
                damages.add(new Damage(
                        name, Damage.Kind.DEAD_CLIENT, "client " + client.key() + " was counted and is dead", true));
                batch.add(new Event.Gone(process, new ExitStatus.Unknown()));
            }
        }
        if (state.phase() instanceof Phase.Running running
                && !supervisor.isAlive(running.instance().process())) {
            long pid = running.instance().process().pid();
            damages.add(new Damage(
                    name, Damage.Kind.DEAD_SERVER, "server process " + pid + " was thought alive and is dead", true));
            batch.add(new Event.ServerEnded(running.instance().process(), new ExitStatus.Unknown()));
        }
        return damages;
    }

    /** Looks again at what was to be repaired. */
    private List<Damage> reexamined(List<Damage> damages) {
        List<Damage> left =
                damages.isEmpty() ? List.of() : supervisor.store().examine(name, onDisk.server(), onDisk.clients());
        List<Damage> outcome = new ArrayList<>();
        for (Damage damage : damages) {
            boolean stays = left.stream().anyMatch(one -> one.detail().equals(damage.detail()));
            outcome.add(new Damage(name, damage.kind(), damage.detail(), !stays));
        }
        return outcome;
    }

    /** Tells whether somebody removed or cut a file of this server: it is written again with the next change. */
    private boolean wasDamaged() {
        return onDisk.server() != null && !supervisor.store().lengths(name).equals(lengths);
    }

    /** Memory knows nothing of this name: what does the disk say? */
    private void look(Now now) throws IOException {
        Adoption adoption = supervisor.look(name);
        foreign = null;
        switch (adoption) {
            case Adoption.Nothing n -> {}
            case Adoption.Stale stale -> supervisor.clean(name, stale.reason());
            case Adoption.OfAnotherTool other -> foreign = other.server();
            case Adoption.Ours ours -> {
                ours.damages().forEach(supervisor::repaired);
                // whatever the files say in detail, they are written again
                unwritten = true;
                for (Event event : ours.events()) {
                    if (event instanceof Event.FoundDown down) {
                        supervisor.adopted(this, down.before(), false);
                    }
                    if (event instanceof Event.Found adopted) {
                        supervisor.adopted(this, adopted.instance(), true);
                    }
                    alone(event, now);
                }
            }
        }
    }

    private List<Event> refuseForeign(List<Event> batch) {
        List<Event> rest = new ArrayList<>();
        for (Event event : batch) {
            if (event instanceof Event.Request request && !(event instanceof Event.Look)) {
                supervisor.answer(request.request(), null);
            } else {
                rest.add(event);
            }
        }
        return rest;
    }

    /** Handles the batch with one write; false (and nothing has happened) if that fails. */
    private boolean together(List<Event> batch, Now now) throws IOException {
        ServerState next = state;
        List<Action> actions = new ArrayList<>();
        for (Event event : batch) {
            Step step = Lifecycle.next(next, event, now);
            next = step.state();
            actions.addAll(step.actions());
        }
        try {
            write(next);
        } catch (IOException e) {
            return false;
        }
        commit(next, actions);
        return true;
    }

    private void alone(Event event, Now now) throws IOException {
        Step step = Lifecycle.next(state, event, now);
        try {
            write(step.state());
        } catch (IOException e) {
            String reason = Supervisor.reason(e);
            Step refused = Lifecycle.refuse(state, event, reason, now);
            step = refused == null ? step : refused;
            // a refusal may lead to something else that is to be written: the countdown when nobody attached
            unwritten |= !OnDisk.of(step.state(), supervisor.host()).equals(onDisk);
        }
        commit(step.state(), step.actions());
    }

    private void write(ServerState next) throws IOException {
        OnDisk wanted = OnDisk.of(next, supervisor.host());
        if (unwritten || !wanted.equals(onDisk)) {
            if (wanted.server() == null && isSuccessors()) {
                lengths = supervisor.store().lengths(name);
                onDisk = wanted;
                unwritten = false;
                return;
            }
            try {
                writeChange(wanted);
            } catch (NoSuchFileException e) {
                // somebody removed the directory; the guard is about to make it again
                if (!supervisor.awaitDirectory()) {
                    throw e;
                }
                unwritten = true;
                writeChange(wanted);
            }
            onDisk = wanted;
            unwritten = false;
        }
    }

    private void writeChange(OnDisk wanted) throws IOException {
        boolean sameServer = !unwritten && Objects.equals(wanted.server(), onDisk.server());
        if (sameServer) {
            long clients = supervisor.store().writeClients(name, wanted.clients());
            lengths = new StateDirectory.Lengths(lengths.server(), clients);
        } else {
            lengths = supervisor.store().write(name, wanted.server(), wanted.clients());
            recorded(wanted.server());
        }
    }

    /** A process that stands in a file now: the guard's word of it is not needed any more. */
    private void recorded(@Nullable ServerRecord server) throws IOException {
        ServerRecord before = onDisk.server();
        Long stamp = server == null ? null : server.startTime();
        if (server != null && stamp != null && (before == null || before.pid() != server.pid())) {
            supervisor
                    .store()
                    .started(
                            new ProcessId(server.pid(), stamp),
                            supervisor.host().bootId());
        }
    }

    /** Nobody deletes a successor: files that speak of another process than the one that was written are not ours. */
    private boolean isSuccessors() {
        ServerRecord written = onDisk.server();
        return written != null
                && supervisor.store().readServer(name) instanceof Found.Valid<ServerRecord> found
                && (found.value().pid() != written.pid()
                        || !Objects.equals(found.value().startTime(), written.startTime()));
    }

    private void commit(ServerState next, List<Action> actions) throws IOException {
        boolean fell = next.phase() instanceof Phase.BackingOff && !(state.phase() instanceof Phase.BackingOff);
        Launch launch = launch(state);
        Set<String> before = state.clients().keySet();
        state = next;
        for (String client : before) {
            if (!next.clients().containsKey(client)) {
                supervisor.needs().left(name, client);
            }
        }
        if (fell) {
            supervisor.remember();
        }
        for (Action action : actions) {
            act(action, launch);
        }
    }

    /** Returns what the phase speaks of, null if it speaks of nothing. */
    private static @Nullable Launch launch(ServerState state) {
        return switch (state.phase()) {
            case Phase.Stopped s -> null;
            case Phase.Starting s -> s.launch();
            case Phase.BackingOff b -> b.launch();
            case Phase.Replacing r -> r.launch();
            case Phase.Running r -> r.instance().launch();
            case Phase.Stopping s -> s.instance().launch();
        };
    }

    /** Does what is to be done; {@code before} is what ran, or was to run, until now. */
    private void act(Action action, @Nullable Launch before) throws IOException {
        switch (action) {
            case Action.Watch watch -> {
                supervisor.watches().watch(watch.process(), this);
                Instance instance = state.instance();
                if (instance != null && instance.process().equals(watch.process())) {
                    supervisor.endWithSession(instance);
                }
            }
            case Action.Unwatch unwatch -> supervisor.watches().unwatch(unwatch.process(), this);
            case Action.Spawn spawn -> supervisor.spawn(this, spawn.launch());
            case Action.Signal signal -> {
                if (state.phase() instanceof Phase.Stopping stopping && stopping.next() != null) {
                    supervisor.remember();
                }
                supervisor.signal(signal.instance(), signal.signal());
            }
            case Action.AwaitGroupEmpty await -> supervisor.awaitGroupEmpty(this, await.instance());
            case Action.Reap reap -> supervisor.reap(reap.process());
            case Action.AwaitReady await -> supervisor.probes().awaitReady(this, await.instance(), await.condition());
            case Action.Check check -> supervisor.probes().check(this, check.instance(), check.condition());
            case Action.Reply reply -> supervisor.answer(reply.request(), reply.outcome());
            case Action.Note note -> supervisor.note(name, note, before);
        }
    }
}
