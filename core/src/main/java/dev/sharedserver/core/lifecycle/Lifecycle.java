package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.lifecycle.Action.What;
import dev.sharedserver.core.lifecycle.ServerState.Attaching;
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

    private final ServerState before;
    private final Now now;
    private final List<Action> actions = new ArrayList<>();
    private final Map<String, Client> clients;
    private final List<Attaching> attaching;
    private final List<Event> deferred;
    private Phase phase;

    private Lifecycle(ServerState before, Now now) {
        this.before = before;
        this.now = now;
        this.phase = before.phase();
        this.clients = new LinkedHashMap<>(before.clients());
        this.attaching = new ArrayList<>(before.attaching());
        this.deferred = new ArrayList<>(before.deferred());
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
            case Event.Gone g -> false;
            case Event.SpawnFailed f -> false;
            case Event.ServerEnded e -> false;
            case Event.GroupEmpty e -> false;
            case Event.Tick t -> false;
            case Event.Found f -> false;
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
                        List.copyOf(deferred)),
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
            case Event.Found found -> found(found);
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
                spawn(use.launch(), List.of(), null, null);
            }
            case Phase.Running r -> attach(use, use.client(), false);
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
            case Phase.Stopped s -> spawn(start.launch(), List.of(), start.request(), null);
            case Phase.Running r ->
                reply(start.request(), new Outcome.AlreadyRunning(pid(r.instance()), clients.size()));
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
            case Phase.Stopping s -> {
                if (detach(unuse)) {
                    reply(unuse.request(), new Outcome.Detached(clients.size(), null));
                }
            }
        }
    }

    private boolean detach(Event.Unuse unuse) {
        Client client = clients.remove(unuse.key());
        if (client == null) {
            reply(unuse.request(), new Outcome.NotAttached(unuse.key()));
            return false;
        }
        unwatch(client);
        actions.add(new Action.Note(What.DETACHED, null, client, clients.size(), null, null, unuse.by()));
        return true;
    }

    private void stop(Event.Stop stop) {
        switch (phase) {
            case Phase.Stopped s -> reply(stop.request(), new Outcome.NotRunning());
            case Phase.Starting s -> deferred.add(stop);
            case Phase.Replacing r -> deferred.add(stop);
            case Phase.Running r -> {
                List<Client> others = others(stop.caller());
                if (!others.isEmpty() && !stop.evenIfUsed()) {
                    reply(stop.request(), new Outcome.StillUsed(others));
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
            case Phase.Running r -> {
                List<Client> others = others(restart.caller());
                if (!others.isEmpty() && !restart.evenIfUsed()) {
                    reply(restart.request(), new Outcome.StillUsed(others));
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
            boolean same = present != null && Objects.equals(present.process(), client.process());
            if (!same) {
                // an entry of the same pid and another stamp is a dead process whose end is not told yet
                clients.put(client.key(), client);
            }
            int refcount = clients.size();
            if (one.starter()) {
                reply(one.request(), new Outcome.Started(pid, refcount));
            } else if (rescued) {
                reply(one.request(), new Outcome.Rescued(pid, refcount));
            } else {
                reply(one.request(), new Outcome.Attached(pid, refcount));
            }
            if (!same) {
                note(rescued ? What.RESCUED : What.ATTACHED, client);
            }
            rescued = false;
        }
        if (!ready.isEmpty()) {
            phase = new Phase.Running(running.instance(), null);
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

    private void spawn(Launch launch, List<Long> restarts, @Nullable Long starter, @Nullable Instance before) {
        phase = new Phase.Starting(launch, restarts, starter, before);
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
            phase = new Phase.Running(r.instance(), null);
            note(What.EXECED, process.pid(), null, null);
            if (clients.containsKey(r.client().key())) {
                note(What.ATTACHED, r.client());
            }
        }
    }

    private void execFailed(Event.ExecFailed failed) {
        Cause why = new Cause.NotStarted(failed.step(), failed.errno());
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
        note(What.STARTED, process.pid(), null, null);
        attached(one -> one.client().process() == null);
        for (long restart : starting.restarts()) {
            reply(restart, new Outcome.Restarted(process.pid(), clients.size()));
        }
        if (starting.starter() != null) {
            reply(starting.starter(), new Outcome.Started(process.pid(), clients.size()));
        }
    }

    private void run(Phase.Starting starting, ProcessId process, boolean recorded) {
        Instance instance = new Instance(process, starting.launch(), now.wall(), true, recorded);
        phase = new Phase.Running(instance, null);
    }

    /** Ends a server that runs but cannot be recorded, and tells everybody who waits for it. */
    private void abandon(ProcessId process, String reason) {
        if (!(phase instanceof Phase.Starting starting)) {
            return;
        }
        run(starting, process, false);
        refuseWaiting(starting, new Outcome.NotRecorded(reason));
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
        phase = new Phase.Stopped();
        note(What.START_FAILED, null, new Cause.NotStarted(failed.step(), failed.errno()), null);
        refuseWaiting(starting, new Outcome.SpawnFailed(starting.launch(), failed.step(), failed.errno()));
        dropClients();
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
            case Phase.Replacing r -> {}
            case Phase.Running r -> {
                if (r.instance().process().equals(ended.process())) {
                    note(What.EXITED, ended.process().pid(), null, ended.status());
                    Launch launch = r.instance().launch();
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
            spawn(s.next(), s.restarts(), null, s.instance());
        } else {
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
        for (Client client : found.clients()) {
            // files are edited: a server that held itself would never end
            if (!instance.process().equals(client.process())) {
                clients.put(client.key(), client);
                if (client.process() != null) {
                    actions.add(new Action.Watch(client.process()));
                }
            }
        }
        phase = new Phase.Running(instance, clients.isEmpty() ? found.grace() : null);
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
            case Phase.Running r -> {
                if (r.grace() != null && attaching.isEmpty() && r.grace().reached(now)) {
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
                && !(event instanceof Event.Stop && stopping.next() == null);
    }

    /** The grace period begins when nobody holds the server and nobody is about to. */
    private void settle() {
        if (!(phase instanceof Phase.Running running)) {
            return;
        }
        if (clients.isEmpty() && attaching.isEmpty() && running.grace() == null) {
            Period period = running.instance().launch().gracePeriod();
            if (period.nanos() == 0) {
                StopMode mode = StopMode.of(running.instance().launch());
                end(running.instance(), new Cause.GraceExpired(), mode, List.of(), null, List.of());
            } else {
                phase = new Phase.Running(running.instance(), now.plus(period));
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
