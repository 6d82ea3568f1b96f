package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.core.config.RestartPolicy;
import dev.sharedserver.core.lifecycle.Action.What;
import dev.sharedserver.core.lifecycle.ServerState.Attaching;
import dev.sharedserver.core.lifecycle.ServerState.Awaiting;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rules by which a shared server lives: {@code next(state, event)}.
 *
 * <p>Guarantees, whatever the order of events: at most one instance a name; a use that is answered with success holds
 * a reference; a client is counted at most once and never after it was seen to be gone; a server on its way out takes
 * no new client (the use waits and starts afresh); a zombie is let go only when its group is empty or given up.
 */
public final class Lifecycle {

    /** How long a group may take to vanish after SIGKILL before the stop is reported as failed. */
    private static final Period AFTER_KILL = new Period(5_000_000_000L);

    /** How long a server may take to be up if nobody says. */
    private static final Period READY_TIMEOUT = new Period(30_000_000_000L);

    /** So many checks in a row have to fail. */
    private static final int UNHEALTHY_AFTER = 3;

    /** So many failures within the window are the last. */
    private static final int MOST_CRASHES = 8;

    private static final Period CRASH_WINDOW = new Period(300_000_000_000L);

    /** The pause after the first failure, in ns; each further one doubles it. */
    private static final long FIRST_PAUSE = 100_000_000L;

    private static final long LONGEST_PAUSE = 30_000_000_000L;

    private final ServerState before;
    private final Now now;
    private final List<Action> actions = new ArrayList<>();
    private final Map<String, Client> clients;
    private final List<Attaching> attaching;
    private final List<Event> deferred;
    private final List<Awaiting> awaiting;
    private final List<Long> crashes;
    private @Nullable String looked;
    private Phase phase;

    private Lifecycle(ServerState before, Now now) {
        this.before = before;
        this.now = now;
        this.phase = before.phase();
        this.clients = new LinkedHashMap<>(before.clients());
        this.attaching = new ArrayList<>(before.attaching());
        this.deferred = new ArrayList<>(before.deferred());
        this.awaiting = new ArrayList<>(before.awaiting());
        this.crashes = new ArrayList<>(before.crashes());
        this.looked = before.looked();
    }

    /** Returns where {@code event} takes {@code state}. */
    public static Step next(ServerState state, Event event, Now now) {
        Lifecycle step = new Lifecycle(state, now);
        step.handle(event);
        step.resumeDeferred();
        step.settle();
        return step.done();
    }

    /**
     * Returns where {@code event} takes {@code state} if what it leads to cannot be written down: whoever waits for an
     * answer learns of it, and memory stays with what stands on disk. Null if the event cannot be refused (a process
     * has ended, whether or not the disk is full); then the write is to be tried again later.
     */
    public static @Nullable Step refuse(ServerState state, Event event, String reason, Now now) {
        Lifecycle step = new Lifecycle(state, now);
        boolean refused = switch (event) {
            // a stop frees what the disk may lack: it is never refused
            case Event.Stop s -> false;
            case Event.Restart r -> false;
            case Event.Look l -> false;
            case Event.Request request -> {
                step.reply(request.request(), new Outcome.NotRecorded(reason));
                yield true;
            }
            case Event.Watched watched -> {
                step.withdraw(new Outcome.NotRecorded(reason), new Cause.NotRecorded(reason));
                step.dropAttaching(watched.process(), client -> new Outcome.NotRecorded(reason));
                step.resumeDeferred();
                step.settle();
                yield true;
            }
            case Event.Spawned spawned -> {
                step.abandon(spawned.process(), reason);
                step.resumeDeferred();
                yield true;
            }
            case Event.Execed e -> false;
            case Event.ExecFailed f -> false;
            case Event.NotWatched n -> false;
            case Event.Release r -> false;
            case Event.Gone g -> false;
            case Event.SpawnFailed f -> false;
            case Event.ServerEnded e -> false;
            case Event.GroupEmpty e -> false;
            case Event.Tick t -> false;
            case Event.Ready r -> false;
            case Event.SaidReady r -> false;
            case Event.Unready u -> false;
            case Event.Checked c -> false;
            case Event.Withdraw w -> false;
            case Event.Found f -> false;
            case Event.FoundDown f -> false;
        };
        return refused ? step.done() : null;
    }

    private Step done() {
        return new Step(
                new ServerState(
                        before.name(),
                        phase,
                        // unmodifiable view of a copy nobody else has; keeps the order of attaching, as Map.copyOf does
                        // not
                        Collections.unmodifiableMap(clients),
                        List.copyOf(attaching),
                        List.copyOf(deferred),
                        List.copyOf(awaiting),
                        List.copyOf(crashes),
                        looked),
                List.copyOf(actions));
    }

    private void handle(Event event) {
        switch (event) {
            case Event.Use use -> use(use);
            case Event.Exec exec -> exec(exec);
            case Event.Execed execed -> execed(execed.process());
            case Event.ExecFailed failed -> execFailed(failed);
            case Event.Start start -> start(start);
            case Event.Unuse unuse -> unuse(unuse);
            case Event.Release release -> release(release);
            case Event.Stop stop -> stop(stop);
            case Event.Restart restart -> restart(restart);
            case Event.Look look -> reply(look.request(), new Outcome.Looked());
            case Event.Watched watched -> watched(watched.process());
            case Event.NotWatched not -> notWatched(not);
            case Event.Gone gone -> gone(gone);
            case Event.Spawned spawned -> spawned(spawned.process());
            case Event.SpawnFailed failed -> spawnFailed(failed);
            case Event.ServerEnded ended -> {
                Instance running = before.instance();
                if (running != null && running.process().equals(ended.process())) {
                    serverEnded(ended);
                } else {
                    // one that was given up when not even SIGKILL helped: nobody signals it any more
                    actions.add(new Action.Reap(ended.process()));
                }
            }
            case Event.GroupEmpty empty -> groupEmpty(empty.process());
            case Event.Tick tick -> tick();
            case Event.Ready ready -> ready(ready.process());
            case Event.SaidReady said -> {
                Instance instance = before.instance();
                Condition ready =
                        instance == null ? null : instance.launch().health().ready();
                if (ready != null && ready.probe() instanceof Probe.Notify) {
                    ready(said.process());
                }
            }
            case Event.Unready unready -> unready(unready);
            case Event.Checked checked -> checked(checked);
            case Event.Withdraw withdraw -> withdraw(withdraw);
            case Event.Found found -> found(found);
            case Event.FoundDown found -> foundDown(found);
        }
    }

    // Requests

    private void use(Event.Use use) {
        switch (phase) {
            case Phase.Stopped s -> {
                if (use.launch() == null) {
                    reply(use.request(), new Outcome.NoCommand());
                    unwatch(use.client());
                    return;
                }
                attach(use, use.client(), true);
                spawn(use.launch(), List.of(), null, null, use.by());
            }
            case Phase.Running r -> attach(use, use.client(), false);
            case Phase.BackingOff b -> startNow(b, use);
            case Phase.Starting s -> deferred.add(use);
            case Phase.Replacing r -> deferred.add(use);
            case Phase.Stopping s -> deferred.add(use);
        }
    }

    private void exec(Event.Exec exec) {
        switch (phase) {
            case Phase.Stopped s -> {
                if (exec.launch() == null) {
                    reply(exec.request(), new Outcome.NoCommand());
                    return;
                }
                phase = new Phase.Replacing(
                        exec.launch(), exec.request(), exec.process(), exec.client(), now.wall(), false, false, false);
                actions.add(new Action.Watch(exec.process()));
                actions.add(
                        new Action.Watch(Objects.requireNonNull(exec.client().process(), "exec has no hold")));
            }
            case Phase.Running r -> {
                if (r.instance().process().equals(exec.process())) {
                    // it asks again: the agent that told it to go ahead died before it had
                    reply(exec.request(), new Outcome.Become(exec.process().pid()));
                } else {
                    attach(exec, exec.follower(), false);
                }
            }
            case Phase.BackingOff b -> startNow(b, exec);
            case Phase.Starting s -> deferred.add(exec);
            case Phase.Replacing r -> deferred.add(exec);
            case Phase.Stopping s -> deferred.add(exec);
        }
    }

    private void attach(Event.Request asked, Client client, boolean starter) {
        ProcessId process = client.process();
        if (process != null
                && phase instanceof Phase.Running r
                && process.equals(r.instance().process())) {
            reply(asked.request(), new Outcome.IsTheServer(process.pid()));
            return;
        }
        attaching.add(new Attaching(client, asked, starter));
        if (process != null) {
            actions.add(new Action.Watch(process));
        } else {
            attached(one -> one.client().process() == null);
        }
    }

    private void start(Event.Start start) {
        switch (phase) {
            case Phase.Stopped s -> spawn(start.launch(), List.of(), start.request(), null, start.by());
            case Phase.Running r ->
                reply(start.request(), new Outcome.AlreadyRunning(pid(r.instance()), clients.size()));
            case Phase.BackingOff b -> startNow(b, start);
            case Phase.Starting s -> deferred.add(start);
            case Phase.Replacing r -> deferred.add(start);
            case Phase.Stopping s -> deferred.add(start);
        }
    }

    private void unuse(Event.Unuse unuse) {
        switch (phase) {
            case Phase.Starting s -> deferred.add(unuse);
            case Phase.Replacing r -> deferred.add(unuse);
            case Phase.Stopped s -> reply(unuse.request(), new Outcome.NotRunning());
            case Phase.Running r -> {
                if (detach(unuse)) {
                    settle();
                    Deadline grace = phase instanceof Phase.Running running ? running.grace() : now.plus(new Period(0));
                    reply(unuse.request(), new Outcome.Detached(clients.size(), grace));
                }
            }
            case Phase.BackingOff b -> {
                if (detach(unuse)) {
                    reply(unuse.request(), new Outcome.Detached(clients.size(), now.plus(new Period(0))));
                }
            }
            case Phase.Stopping s -> {
                if (detach(unuse)) {
                    reply(unuse.request(), new Outcome.Detached(clients.size(), null));
                }
            }
        }
    }

    private boolean detach(Event.Unuse unuse) {
        Client client = clients.get(unuse.key());
        if (client == null) {
            reply(unuse.request(), new Outcome.NotAttached(unuse.key()));
            return false;
        }
        Reasons reasons = client.reasons();
        if (reasons.direct() && !reasons.dependents().isEmpty()) {
            clients.put(client.key(), client.with(reasons.withoutDirect()));
            reply(unuse.request(), new Outcome.Kept(clients.size(), reasons.dependents()));
            return false;
        }
        clients.remove(client.key());
        unwatch(client);
        actions.add(new Action.Note(What.DETACHED, null, client, clients.size(), null, null, unuse.by()));
        return true;
    }

    private void release(Event.Release release) {
        Client client = clients.get(release.key());
        if (phase instanceof Phase.Starting || phase instanceof Phase.Replacing) {
            deferred.add(release);
        } else if (client != null && client.reasons().dependents().contains(release.dependent())) {
            Reasons left = client.reasons().without(release.dependent());
            if (!left.isNone()) {
                clients.put(client.key(), client.with(left));
                return;
            }
            clients.remove(client.key());
            unwatch(client);
            note(What.DETACHED, client);
        }
    }

    private void stop(Event.Stop stop) {
        switch (phase) {
            case Phase.BackingOff b -> {
                if (!refused(stop.request(), stop.caller(), stop.evenIfUsed())) {
                    note(What.STOPPED, pid(b.before()), new Cause.Requested(stop.by()), null);
                    reply(stop.request(), new Outcome.Stopped(false));
                    phase = new Phase.Stopped();
                    dropClients();
                }
            }
            case Phase.Stopped s -> reply(stop.request(), new Outcome.NotRunning());
            case Phase.Starting s -> deferred.add(stop);
            case Phase.Replacing r -> deferred.add(stop);
            case Phase.Running r -> {
                if (refused(stop.request(), stop.caller(), stop.evenIfUsed())) {
                    return;
                }
                StopMode mode = stop.mode() == null ? StopMode.of(r.instance().launch()) : stop.mode();
                end(r.instance(), new Cause.Requested(stop.by()), mode, List.of(stop.request()), null, List.of());
            }
            case Phase.Stopping s -> {
                if (s.next() != null) {
                    deferred.add(stop);
                } else {
                    join(s, stop);
                }
            }
        }
    }

    /** A stop of a server that is being stopped waits for the same end; the more forceful of the two decides. */
    private void join(Phase.Stopping s, Event.Stop stop) {
        StopMode mode = stop.mode() == null ? StopMode.of(s.instance().launch()) : stop.mode();
        boolean kill = mode.signal() == StopMode.SIGKILL && !s.killed();
        boolean stronger = kill || goesFurther(mode.escalation(), s.mode().escalation());
        phase = new Phase.Stopping(
                s.instance(),
                s.cause(),
                stronger ? mode : s.mode(),
                stronger ? now.plus(mode.patience()) : s.deadline(),
                s.killed() || kill,
                s.ended(),
                with(s.waiting(), stop.request()),
                null,
                List.of());
        if (kill) {
            actions.add(new Action.Signal(s.instance(), StopMode.SIGKILL));
        }
    }

    private static boolean goesFurther(StopMode.Escalation escalation, StopMode.Escalation than) {
        return switch (than) {
            case GIVE_UP -> true;
            case KILL -> escalation == StopMode.Escalation.FORGET;
            case FORGET -> false;
        };
    }

    private void restart(Event.Restart restart) {
        switch (phase) {
            case Phase.Stopped s -> reply(restart.request(), new Outcome.NotRunning());
            case Phase.Starting s -> deferred.add(restart);
            case Phase.Replacing r -> deferred.add(restart);
            case Phase.Stopping s -> deferred.add(restart);
            case Phase.BackingOff b -> {
                if (!refused(restart.request(), restart.caller(), restart.evenIfUsed())) {
                    Launch next = restart.launch() == null ? b.launch() : restart.launch();
                    spawn(next, List.of(restart.request()), null, b.before(), null);
                }
            }
            case Phase.Running r -> {
                if (refused(restart.request(), restart.caller(), restart.evenIfUsed())) {
                    return;
                }
                if (r.instance().launch().isExec()) {
                    reply(restart.request(), new Outcome.IsExec(pid(r.instance())));
                    return;
                }
                Launch next = restart.launch() == null ? r.instance().launch() : restart.launch();
                if (next.surroundings() == null) {
                    reply(restart.request(), new Outcome.NoEnvironment());
                    return;
                }
                end(
                        r.instance(),
                        new Cause.Restarted(restart.by()),
                        StopMode.of(r.instance().launch()),
                        List.of(),
                        next,
                        List.of(restart.request()));
            }
        }
    }

    /** Answers a request that would take the server from others than its caller. */
    private boolean refused(long request, @Nullable String caller, boolean evenIfUsed) {
        List<Client> others = others(caller);
        if (others.isEmpty() || evenIfUsed) {
            return false;
        }
        reply(request, new Outcome.StillUsed(others));
        return true;
    }

    private List<Client> others(@Nullable String caller) {
        List<Client> others = new ArrayList<>();
        for (Client client : clients.values()) {
            if (!client.key().equals(caller)) {
                others.add(client);
            }
        }
        return others;
    }

    // Clients

    private void watched(ProcessId process) {
        if (phase instanceof Phase.Running) {
            attached(one -> process.equals(one.client().process()));
        } else if (phase instanceof Phase.Starting) {
            // its use is answered when the server runs; the mark is that the event is handled again then
            deferred.addFirst(new Event.Watched(process));
        } else if (phase instanceof Phase.Replacing replacing) {
            replacing(replacing, process);
        }
    }

    /** Counts the clients that are watched now, and answers them. */
    private void attached(Predicate<Attaching> watched) {
        if (!(phase instanceof Phase.Running running)) {
            return;
        }
        List<Attaching> ready = new ArrayList<>();
        for (Attaching one : attaching) {
            if (watched.test(one)) {
                ready.add(one);
            }
        }
        attaching.removeAll(ready);
        long pid = pid(running.instance());
        boolean rescued = running.grace() != null;
        for (Attaching one : ready) {
            Client client = one.client();
            Client present = clients.get(client.key());
            boolean same = false;
            if (present != null && Objects.equals(present.process(), client.process())) {
                same = true;
                clients.put(client.key(), present.with(present.reasons().and(client.reasons())));
            } else {
                // an entry of the same pid and another stamp is a dead process whose end is not told yet
                clients.put(client.key(), client);
            }
            int refcount = clients.size();
            Outcome outcome = one.starter()
                    ? new Outcome.Started(pid, refcount)
                    : rescued ? new Outcome.Rescued(pid, refcount) : new Outcome.Attached(pid, refcount);
            answer(one.request(), outcome, same ? null : client);
            if (!same) {
                note(rescued ? What.RESCUED : What.ATTACHED, client);
            }
            rescued = false;
        }
        if (!ready.isEmpty()) {
            phase = running.withGrace(null);
        }
    }

    /** Answers a request that has what it wants, now or when the server is up; {@code client} is what it brought. */
    private void answer(long request, Outcome outcome, @Nullable Client client) {
        if (phase instanceof Phase.Running running && !running.ready()) {
            awaiting.add(new Awaiting(request, outcome, client));
        } else {
            reply(request, outcome);
        }
    }

    /** Tells everybody who waits that the server is not up and will not be; what they brought is let go. */
    private void refuseAwaiting(Launch launch, Cause why) {
        List<Awaiting> refused = List.copyOf(awaiting);
        awaiting.clear();
        for (Awaiting one : refused) {
            reply(one.request(), new Outcome.NotReady(launch, why, looked));
            letGo(one.client());
        }
    }

    private void letGo(@Nullable Client client) {
        if (client != null && client.equals(clients.get(client.key()))) {
            clients.remove(client.key());
            unwatch(client);
            note(What.DETACHED, client);
        }
    }

    /** Whoever asked has hung up before there was an answer. */
    private void withdraw(Event.Withdraw withdraw) {
        long request = withdraw.asked();
        for (Awaiting one : List.copyOf(awaiting)) {
            if (one.request() == request) {
                awaiting.remove(one);
                reply(request, new Outcome.Withdrawn());
                letGo(one.client());
            }
        }
        for (Attaching one : List.copyOf(attaching)) {
            if (one.request() == request && phase instanceof Phase.Running) {
                attaching.remove(one);
                reply(request, new Outcome.Withdrawn());
                unwatch(one.client());
            }
        }
        for (Event event : List.copyOf(deferred)) {
            if (event instanceof Event.Use use && use.request() == request) {
                deferred.remove(event);
                reply(request, new Outcome.Withdrawn());
                unwatch(use.client());
            }
        }
        if (phase instanceof Phase.Starting && !deferred.contains(withdraw)) {
            // the use that it is started for: let go as soon as it is counted
            deferred.add(withdraw);
        }
    }

    private void dropAttaching(ProcessId process, Function<Client, Outcome> why) {
        for (Attaching one : List.copyOf(attaching)) {
            if (process.equals(one.client().process())) {
                attaching.remove(one);
                reply(one.request(), why.apply(one.client()));
                unwatch(one.client());
            }
        }
    }

    private void notWatched(Event.NotWatched not) {
        if (phase instanceof Phase.Replacing replacing
                && (not.process().equals(replacing.process())
                        || not.process().equals(replacing.client().process()))) {
            withdraw(
                    new Outcome.ClientNotWatched(Long.toString(not.process().pid()), not.reason()),
                    new Cause.Abandoned("process " + not.process().pid() + " cannot be watched: " + not.reason()));
        }
        dropAttaching(not.process(), client -> new Outcome.ClientNotWatched(client.key(), not.reason()));
    }

    /** Stops watching a client, unless it holds a reference or waits for one all the same. */
    private void unwatch(Client client) {
        ProcessId process = client.process();
        Client held = clients.get(client.key());
        if (process == null || held != null && process.equals(held.process())) {
            return;
        }
        for (Attaching one : attaching) {
            if (process.equals(one.client().process())) {
                return;
            }
        }
        actions.add(new Action.Unwatch(process));
    }

    private void gone(Event.Gone gone) {
        ProcessId process = gone.process();
        deferred.removeIf(event ->
                event instanceof Event.Watched watched && watched.process().equals(process));
        dropAttaching(process, client -> new Outcome.ClientNotAlive(client.key()));
        if (phase instanceof Phase.Replacing replacing && !replacing.told()) {
            if (process.equals(replacing.process())
                    || process.equals(replacing.client().process())) {
                withdraw(
                        new Outcome.ClientNotAlive(Long.toString(process.pid())),
                        new Cause.Abandoned("process " + process.pid() + " ended"));
            }
        } else if (phase instanceof Phase.Replacing replacing && process.equals(replacing.process())) {
            // it went ahead, and its end is known before its success
            execed(process);
        }
        Client client = clients.get(Long.toString(process.pid()));
        if (client != null && process.equals(client.process())) {
            clients.remove(client.key());
            note(What.CLIENT_DIED, client);
        }
        serverEnded(new Event.ServerEnded(process, gone.status()));
    }

    // The server

    private void spawn(
            Launch launch, List<Long> restarts, @Nullable Long starter, @Nullable Instance before, @Nullable Asker by) {
        phase = new Phase.Starting(launch, restarts, starter, before, by);
        actions.add(new Action.Spawn(launch));
    }

    /** One of the two watches that must stand before the launcher goes ahead. */
    private void replacing(Phase.Replacing r, ProcessId watched) {
        boolean process = r.processWatched() || watched.equals(r.process());
        boolean client = r.clientWatched() || watched.equals(r.client().process());
        boolean told = process && client;
        phase = new Phase.Replacing(r.launch(), r.request(), r.process(), r.client(), r.since(), process, client, told);
        if (told && !r.told()) {
            clients.put(r.client().key(), r.client());
            reply(r.request(), new Outcome.Become(r.process().pid()));
        }
    }

    private void execed(ProcessId process) {
        if (phase instanceof Phase.Replacing r && r.told() && r.process().equals(process)) {
            phase = new Phase.Running(r.instance(), null, unready(r.launch()), 0);
            note(What.EXECED, process.pid(), null, null);
            if (clients.containsKey(r.client().key())) {
                note(What.ATTACHED, r.client());
            }
            care();
        }
    }

    private void execFailed(Event.ExecFailed failed) {
        Cause why = new Cause.NotStarted(failed.step(), failed.errno(), failed.reason());
        if (phase instanceof Phase.Replacing r && r.process().equals(failed.process())) {
            withdraw(null, why);
        } else if (phase instanceof Phase.Running r
                && r.instance().process().equals(failed.process())
                && r.instance().launch().isExec()) {
            // an agent that came later took it for running
            phase = new Phase.Stopped();
            note(What.START_FAILED, null, why, null);
            actions.add(new Action.Unwatch(failed.process()));
            dropClients();
        }
    }

    /** A launcher does not become the server after all. */
    private void withdraw(@Nullable Outcome answer, Cause why) {
        if (!(phase instanceof Phase.Replacing r)) {
            return;
        }
        phase = new Phase.Stopped();
        note(What.START_FAILED, null, why, null);
        if (answer != null && !r.told()) {
            reply(r.request(), answer);
        }
        actions.add(new Action.Unwatch(r.process()));
        if (!clients.containsKey(r.client().key())) {
            unwatch(r.client());
        }
        dropClients();
    }

    private void spawned(ProcessId process) {
        if (!(phase instanceof Phase.Starting starting)) {
            return;
        }
        run(starting, process, true);
        actions.add(new Action.Note(What.STARTED, process.pid(), null, null, null, null, starting.by()));
        looked = null;
        attached(one -> one.client().process() == null);
        for (long restart : starting.restarts()) {
            answer(restart, new Outcome.Restarted(process.pid(), clients.size()), null);
        }
        if (starting.starter() != null) {
            answer(starting.starter(), new Outcome.Started(process.pid(), clients.size()), null);
        }
        care();
    }

    private @Nullable Deadline unready(Launch launch) {
        Condition ready = launch.health().ready();
        if (ready == null) {
            return null;
        }
        return now.plus(readyTimeout(ready));
    }

    private static Period readyTimeout(Condition ready) {
        return ready.timeout() == null ? READY_TIMEOUT : ready.timeout();
    }

    /** Has somebody look at the server, as it wants to be looked at now. */
    private void care() {
        if (!(phase instanceof Phase.Running running)) {
            return;
        }
        Health health = running.instance().launch().health();
        if (!running.ready()) {
            if (health.ready() != null) {
                actions.add(new Action.AwaitReady(running.instance(), health.ready()));
            }
        } else if (health.check() != null) {
            actions.add(new Action.Check(running.instance(), health.check()));
        }
    }

    private void ready(ProcessId process) {
        if (!(phase instanceof Phase.Running running)
                || running.ready()
                || !running.instance().process().equals(process)) {
            return;
        }
        phase = new Phase.Running(running.instance(), running.grace());
        looked = null;
        note(What.READY, process.pid(), null, null);
        for (Awaiting one : awaiting) {
            reply(one.request(), one.outcome().of(process.pid(), clients.size()));
        }
        awaiting.clear();
        care();
    }

    private void unready(Event.Unready unready) {
        if (phase instanceof Phase.Running running
                && !running.ready()
                && running.instance().process().equals(unready.process())) {
            looked = unready.looked();
        }
    }

    private void checked(Event.Checked checked) {
        if (!(phase instanceof Phase.Running running)
                || !running.ready()
                || !running.instance().process().equals(checked.process())) {
            return;
        }
        Instance instance = running.instance();
        looked = checked.fault();
        if (checked.fault() == null) {
            if (running.misses() >= UNHEALTHY_AFTER) {
                note(What.HEALTHY, pid(instance), null, null);
            }
            phase = new Phase.Running(instance, running.grace());
            return;
        }
        int misses = running.misses() + 1;
        phase = new Phase.Running(instance, running.grace(), null, misses);
        if (misses == UNHEALTHY_AFTER) {
            Cause cause = new Cause.Unhealthy(misses, checked.fault());
            note(What.UNHEALTHY, pid(instance), cause, null);
            // where nobody holds it, nobody misses it: its grace period goes on
            if (instance.launch().health().restart() != RestartPolicy.NEVER && !clients.isEmpty()) {
                end(instance, cause, StopMode.of(instance.launch()), List.of(), null, List.of());
            }
        }
    }

    private void run(Phase.Starting starting, ProcessId process, boolean recorded) {
        Instance instance = new Instance(process, starting.launch(), now.wall(), true, recorded);
        phase = new Phase.Running(instance, null, recorded ? unready(starting.launch()) : null, 0);
    }

    /** Ends a server that runs but cannot be recorded, and tells everybody who waits for it. */
    private void abandon(ProcessId process, String reason) {
        if (!(phase instanceof Phase.Starting starting)) {
            return;
        }
        run(starting, process, false);
        refuseWaiting(starting, new Outcome.NotRecorded(reason));
        refuseAwaiting(starting.launch(), new Cause.NotRecorded(reason));
        dropClients();
        end(
                ((Phase.Running) phase).instance(),
                new Cause.NotRecorded(reason),
                new StopMode(StopMode.SIGKILL, AFTER_KILL, StopMode.Escalation.FORGET),
                List.of(),
                null,
                List.of());
    }

    private void spawnFailed(Event.SpawnFailed failed) {
        if (!(phase instanceof Phase.Starting starting)) {
            return;
        }
        Cause why = new Cause.NotStarted(failed.step(), failed.errno(), failed.reason());
        actions.add(new Action.Note(What.START_FAILED, null, null, null, why, null, starting.by()));
        refuseWaiting(
                starting, new Outcome.SpawnFailed(starting.launch(), failed.step(), failed.errno(), failed.reason()));
        refuseAwaiting(starting.launch(), why);
        Instance crashed = starting.before();
        if (crashed != null
                && starting.restarts().isEmpty()
                && !clients.isEmpty()
                && starting.launch().health().restart() != RestartPolicy.NEVER) {
            backOff(starting.launch(), crashed);
        } else {
            phase = new Phase.Stopped();
            dropClients();
        }
    }

    // Failure

    /** Something wants a server that waits for being started again: then it does not wait. */
    private void startNow(Phase.BackingOff waiting, Event asked) {
        deferred.add(asked);
        spawn(waiting.launch(), List.of(), null, waiting.before(), null);
    }

    private boolean isToBeRestarted(Phase.Stopping s) {
        Launch launch = s.instance().launch();
        RestartPolicy policy = launch.health().restart();
        boolean fit = switch (s.cause()) {
            case Cause.Ended ended -> policy == RestartPolicy.ALWAYS || !isSuccess(ended.status());
            case Cause.NotReady n -> true;
            case Cause.Unhealthy u -> true;
            default -> false;
        };
        return fit
                && policy != RestartPolicy.NEVER
                && s.waiting().isEmpty()
                && !clients.isEmpty()
                && !launch.isExec()
                && launch.surroundings() != null;
    }

    private static boolean isSuccess(ExitStatus status) {
        return status instanceof ExitStatus.Exited exited && exited.code() == 0;
    }

    /** It failed: it is started again after a pause, unless it has failed too often. */
    private void backOff(Launch launch, Instance crashed) {
        long since = now.monotonicNanos() - CRASH_WINDOW.nanos();
        crashes.removeIf(at -> at <= since);
        crashes.add(now.monotonicNanos());
        int count = crashes.size();
        if (count >= MOST_CRASHES) {
            note(What.GAVE_UP, null, new Cause.TooManyCrashes(count, CRASH_WINDOW), null);
            phase = new Phase.Stopped();
            dropClients();
            return;
        }
        Period pause = new Period(Math.min(LONGEST_PAUSE, FIRST_PAUSE << (count - 1)));
        phase = new Phase.BackingOff(launch, crashed, now.plus(pause));
        note(What.BACKING_OFF, null, new Cause.Failed(count, pause), null);
    }

    private void refuseWaiting(Phase.Starting starting, Outcome why) {
        List<Attaching> refused = List.copyOf(attaching);
        attaching.clear();
        for (Attaching one : refused) {
            reply(one.request(), why);
            unwatch(one.client());
        }
        deferred.removeIf(event -> event instanceof Event.Watched);
        for (long restart : starting.restarts()) {
            reply(restart, why);
        }
        if (starting.starter() != null) {
            reply(starting.starter(), why);
        }
    }

    private void serverEnded(Event.ServerEnded ended) {
        switch (phase) {
            case Phase.Stopped s -> {}
            case Phase.Starting s -> {}
            case Phase.BackingOff b -> {}
            case Phase.Replacing r -> {}
            case Phase.Running r -> {
                if (r.instance().process().equals(ended.process())) {
                    note(What.EXITED, ended.process().pid(), null, ended.status());
                    Launch launch = r.instance().launch();
                    refuseAwaiting(launch, new Cause.Ended(ended.status()));
                    leaderless(new Phase.Stopping(
                            r.instance(),
                            new Cause.Ended(ended.status()),
                            new StopMode(StopMode.SIGTERM, launch.stopTimeout(), StopMode.Escalation.KILL),
                            now.plus(launch.stopTimeout()),
                            false,
                            ended.status(),
                            List.of(),
                            null,
                            List.of()));
                }
            }
            case Phase.Stopping s -> {
                if (s.ended() == null && s.instance().process().equals(ended.process())) {
                    note(What.EXITED, ended.process().pid(), null, ended.status());
                    leaderless(new Phase.Stopping(
                            s.instance(),
                            s.cause(),
                            s.mode(),
                            s.deadline(),
                            s.killed(),
                            ended.status(),
                            s.waiting(),
                            s.next(),
                            s.restarts()));
                }
            }
        }
    }

    /** The main process is a zombie: the rest of its group gets the first signal too, once, and is waited for. */
    private void leaderless(Phase.Stopping stopping) {
        phase = stopping;
        deferAttaching();
        if (!stopping.killed()) {
            actions.add(new Action.Signal(stopping.instance(), StopMode.SIGTERM));
        }
        actions.add(new Action.AwaitGroupEmpty(stopping.instance()));
    }

    private void groupEmpty(ProcessId process) {
        if (phase instanceof Phase.Stopping s
                && s.ended() != null
                && s.instance().process().equals(process)) {
            actions.add(new Action.Reap(process));
            finish(s, new Outcome.Stopped(s.killed()));
        }
    }

    /** Starts the end of a running server. */
    private void end(
            Instance instance,
            Cause cause,
            StopMode mode,
            List<Long> waiting,
            @Nullable Launch next,
            List<Long> restarts) {
        note(What.STOPPING, pid(instance), cause, null);
        if (next == null) {
            refuseAwaiting(instance.launch(), cause);
        }
        boolean kill = mode.signal() == StopMode.SIGKILL;
        phase = new Phase.Stopping(
                instance, cause, mode, now.plus(mode.patience()), kill, null, waiting, next, restarts);
        actions.add(new Action.Signal(instance, mode.signal()));
        deferAttaching();
    }

    /** Uses that came before the end but are not counted yet wait like those that come after it, and before them. */
    private void deferAttaching() {
        List<Event> uses = new ArrayList<>(attaching.size());
        for (Attaching one : attaching) {
            uses.add(one.asked());
        }
        deferred.addAll(0, uses);
        attaching.clear();
    }

    private void finish(Phase.Stopping s, Outcome outcome) {
        note(What.STOPPED, pid(s.instance()), s.cause(), s.ended());
        actions.add(new Action.Unwatch(s.instance().process()));
        for (long request : s.waiting()) {
            reply(request, outcome);
        }
        if (s.next() != null) {
            spawn(s.next(), s.restarts(), null, s.instance(), null);
        } else if (isToBeRestarted(s)) {
            backOff(s.instance().launch(), s.instance());
        } else {
            refuseAwaiting(s.instance().launch(), s.cause());
            phase = new Phase.Stopped();
            dropClients();
        }
    }

    private void dropClients() {
        for (Client client : clients.values()) {
            if (client.process() != null) {
                actions.add(new Action.Unwatch(client.process()));
            }
        }
        clients.clear();
    }

    private void found(Event.Found found) {
        if (!(phase instanceof Phase.Stopped)) {
            return;
        }
        Instance instance = found.instance();
        note(What.ADOPTED, pid(instance), null, null);
        actions.add(new Action.Watch(instance.process()));
        adopt(found.clients(), instance);
        crashes.addAll(found.crashes());
        phase = new Phase.Running(instance, clients.isEmpty() ? found.grace() : null, found.unready(), 0);
        care();
    }

    private void foundDown(Event.FoundDown found) {
        if (!(phase instanceof Phase.Stopped)) {
            return;
        }
        if (found.before().launch().surroundings() == null) {
            // guard and agent died, too, and with them all memory of what a start needs
            note(What.STOPPED, pid(found.before()), new Cause.Abandoned("its environment is not known any more"), null);
            return;
        }
        adopt(found.clients(), found.before());
        crashes.addAll(found.crashes());
        phase = new Phase.BackingOff(found.before().launch(), found.before(), found.until());
    }

    private void adopt(List<Client> found, Instance instance) {
        for (Client client : found) {
            // files are edited: a server that held itself would never end
            if (!instance.process().equals(client.process())) {
                clients.put(client.key(), client);
                if (client.process() != null) {
                    actions.add(new Action.Watch(client.process()));
                }
            }
        }
    }

    // Time

    private void tick() {
        for (Client client : List.copyOf(clients.values())) {
            if (client.until() != null && client.until().reached(now)) {
                clients.remove(client.key());
                note(What.HOLD_ENDED, client);
            }
        }
        switch (phase) {
            case Phase.Stopped s -> {}
            case Phase.Starting s -> {}
            case Phase.Replacing r -> {}
            case Phase.BackingOff b -> {
                if (b.until().reached(now) && !clients.isEmpty()) {
                    spawn(b.launch(), List.of(), null, b.before(), null);
                }
            }
            case Phase.Running r -> {
                if (r.unready() != null && r.unready().reached(now)) {
                    Launch launch = r.instance().launch();
                    Condition ready = Objects.requireNonNull(launch.health().ready(), "it is waited for");
                    Cause cause = new Cause.NotReady(readyTimeout(ready), looked);
                    end(r.instance(), cause, StopMode.of(launch), List.of(), null, List.of());
                } else if (r.grace() != null && attaching.isEmpty() && r.grace().reached(now)) {
                    StopMode mode = StopMode.of(r.instance().launch());
                    end(r.instance(), new Cause.GraceExpired(), mode, List.of(), null, List.of());
                }
            }
            case Phase.Stopping s -> {
                if (s.deadline().reached(now)) {
                    escalate(s);
                }
            }
        }
    }

    private void escalate(Phase.Stopping s) {
        if (s.killed()) {
            survived(s);
            return;
        }
        if (s.mode().escalation() == StopMode.Escalation.GIVE_UP && s.ended() == null) {
            note(What.STOP_FAILED, pid(s.instance()), s.cause(), null);
            phase = new Phase.Running(s.instance(), null);
            for (long request : s.waiting()) {
                reply(request, new Outcome.DidNotStop(s.mode()));
            }
            return;
        }
        note(What.KILLING, pid(s.instance()), s.cause(), null);
        actions.add(new Action.Signal(s.instance(), StopMode.SIGKILL));
        Period patience =
                s.mode().patience().nanos() > AFTER_KILL.nanos() ? s.mode().patience() : AFTER_KILL;
        phase = new Phase.Stopping(
                s.instance(),
                s.cause(),
                s.mode(),
                now.plus(patience),
                true,
                s.ended(),
                s.waiting(),
                s.next(),
                s.restarts());
    }

    /** Not even SIGKILL helps. Who waits learns of it; whether the name is given free is the mode's business. */
    private void survived(Phase.Stopping s) {
        Outcome outcome = new Outcome.Survived(pid(s.instance()));
        for (long request : s.restarts()) {
            reply(request, outcome);
        }
        refuseAwaiting(s.instance().launch(), s.cause());
        if (s.mode().escalation() == StopMode.Escalation.FORGET) {
            if (s.ended() != null) {
                actions.add(new Action.Reap(s.instance().process()));
            }
            finish(
                    new Phase.Stopping(
                            s.instance(),
                            s.cause(),
                            s.mode(),
                            s.deadline(),
                            true,
                            s.ended(),
                            s.waiting(),
                            null,
                            List.of()),
                    outcome);
            return;
        }
        for (long request : s.waiting()) {
            reply(request, outcome);
        }
        note(What.SURVIVED_KILL, pid(s.instance()), s.cause(), null);
        phase = new Phase.Stopping(
                s.instance(), s.cause(), s.mode(), now.plus(AFTER_KILL), true, s.ended(), List.of(), null, List.of());
    }

    // What follows from where the server is now

    /** Handles what waited, as if it came now, and in its order: the first that need not wait any longer is the next. */
    private void resumeDeferred() {
        for (int i = 0;
                i < deferred.size() && !(phase instanceof Phase.Starting || phase instanceof Phase.Replacing); ) {
            if (waits(deferred.get(i))) {
                i++;
            } else {
                handle(deferred.remove(i));
                i = 0;
            }
        }
    }

    private boolean waits(Event event) {
        return phase instanceof Phase.Stopping stopping
                && !(event instanceof Event.Unuse)
                && !(event instanceof Event.Release)
                && !(event instanceof Event.Withdraw)
                && !(event instanceof Event.Stop && stopping.next() == null);
    }

    /** The grace period begins when nobody holds the server and nobody is about to. */
    private void settle() {
        if (phase instanceof Phase.BackingOff waiting && clients.isEmpty()) {
            note(What.STOPPED, pid(waiting.before()), new Cause.NobodyLeft(), null);
            phase = new Phase.Stopped();
        }
        if (phase instanceof Phase.Stopped) {
            crashes.clear();
            looked = null;
        }
        if (!(phase instanceof Phase.Running running)) {
            return;
        }
        if (clients.isEmpty() && attaching.isEmpty() && running.grace() == null) {
            Period period = running.instance().launch().gracePeriod();
            if (period.nanos() == 0) {
                StopMode mode = StopMode.of(running.instance().launch());
                end(running.instance(), new Cause.GraceExpired(), mode, List.of(), null, List.of());
            } else {
                phase = running.withGrace(now.plus(period));
                note(What.GRACE, pid(running.instance()), null, null);
            }
        }
    }

    private void reply(long request, Outcome outcome) {
        actions.add(new Action.Reply(request, outcome));
    }

    private void note(What what, Client client) {
        actions.add(new Action.Note(what, null, client, clients.size(), null, null, null));
    }

    private void note(What what, @Nullable Long pid, @Nullable Cause cause, @Nullable ExitStatus status) {
        actions.add(new Action.Note(what, pid, null, null, cause, status, null));
    }

    private static long pid(Instance instance) {
        return instance.process().pid();
    }

    private static List<Long> with(List<Long> list, long one) {
        List<Long> longer = new ArrayList<>(list);
        longer.add(one);
        return List.copyOf(longer);
    }
}
