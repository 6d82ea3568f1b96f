package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.ServerName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One play of a sequence: the machine, the model and the world take each event, and all rules are checked after it. */
final class Play {

    /** The machine as the play sees it; tests put broken ones in its place. */
    interface Machine {
        Step next(ServerState state, Event event, Now now);
    }

    private static final long SECOND = 1_000_000_000L;
    private static final Instant EPOCH = Instant.parse("2026-11-21T00:00:00Z");
    private static final int PATIENCE = 300;

    private final Machine machine;
    private final World world = new World();
    private final ReferenceModel model = new ReferenceModel();
    private final boolean told;
    private final StringBuilder story = new StringBuilder();
    private final Map<Long, Event.Request> open = new HashMap<>();
    private final Set<ProcessId> seenDead = new HashSet<>();
    private final int[] stamps = new int[Op.PROCESSES];
    private final int[] holds = new int[Op.SLOTS];
    private ServerState state;
    private long now;
    private long requests;
    private long pids = 1000;

    private Play(Machine machine, boolean told) {
        this.machine = machine;
        this.told = told;
        try {
            state = ServerState.stopped(ServerName.of("web"));
        } catch (InvalidInput e) {
            throw new AssertionError(e);
        }
    }

    /** Returns why that fails, null if it does not. */
    static @Nullable String failure(Machine machine, List<Op> ops) {
        return new Play(machine, false).failure(ops);
    }

    /** Returns what was done, what came of it and how it ended, for people. */
    static String story(Machine machine, List<Op> ops) {
        Play play = new Play(machine, true);
        String failure = play.failure(ops);
        return (play.story + "  => " + (failure == null ? "all is well" : failure))
                .replaceAll("Launch\\[command=\\[(.*?)\\].*?(rlimits=\\[\\]\\]\\]|surroundings=null\\])", "$1")
                .replaceAll("ProcessId\\[pid=(\\d+), startTime=(\\d+)\\]", "$1/$2")
                .replaceAll("Deadline\\[monotonicNanos=(\\d+)\\d{9}, at=[^]]*\\]", "$1 s")
                .replaceAll("(, )?(attachedAt|startedAt|metadata|until|recorded|patience)=[^],]*", "");
    }

    private @Nullable String failure(List<Op> ops) {
        try {
            all(ops);
            return null;
        } catch (AssertionError | RuntimeException e) {
            return e instanceof Broken ? e.getMessage() : e.toString();
        }
    }

    private void tell(String indent, Object what) {
        if (told) {
            story.append(indent).append(what).append('\n');
        }
    }

    private void all(List<Op> ops) {
        for (Op op : ops) {
            tell("  ", op);
            once(op);
        }
        tell("  ", "and then everything takes its course");
        untilQuiet();
        atRest();
        tell("  ", "and all clients end");
        for (ProcessId client : List.copyOf(world.living)) {
            world.clientDies(client);
        }
        untilQuiet();
        atRest();
        Broken.unless(state.forgettable(), Rule.NOTHING_IS_LEFT_BEHIND, () -> "with no client left there is " + state);
        Broken.unless(
                world.interest.isEmpty(), Rule.NOTHING_IS_LEFT_BEHIND, () -> "watched for ever: " + world.interest);
        for (World.Run run : world.runs) {
            Broken.unless(
                    run.reaped || !run.child || !run.leaderDead,
                    Rule.ZOMBIES_ARE_REAPED_ONCE,
                    () -> "for ever a zombie: " + run.process);
        }
    }

    // What happens

    private void once(Op op) {
        switch (op) {
            case Op.Use use -> {
                ProcessId process = client(use.slot());
                Client client = Client.process(process, at().wall(), null);
                if (use.dead()) {
                    world.clientDies(process);
                    stamps[use.slot()]++;
                }
                on(new Event.Use(++requests, client, use.want().launch()));
            }
            case Op.Hold hold -> {
                String id = hold.slot() + "-" + ++holds[hold.slot()];
                Deadline until = at().plus(new Period(hold.seconds() * SECOND));
                Client client = Client.hold(id, at().wall(), until, null);
                on(new Event.Use(++requests, client, hold.want().launch()));
            }
            case Op.UseByTheServer use -> {
                World.Run run = world.last();
                if (run != null && !run.leaderDead) {
                    Client client = Client.process(run.process, at().wall(), null);
                    on(new Event.Use(++requests, client, use.want().launch()));
                }
            }
            case Op.Start start -> {
                Launch launch = start.want().launch();
                on(new Event.Start(++requests, launch == null ? Life.launch(3) : launch, new Asker(77, "sh")));
            }
            case Op.Unuse unuse -> on(Life.unuseOf(++requests, Objects.requireNonNullElse(key(unuse.slot()), "77")));
            case Op.Stop stop ->
                on(Life.stopOf(
                        ++requests,
                        key(stop.caller()),
                        stop.evenIfUsed(),
                        stop.how().mode()));
            case Op.Restart restart ->
                on(Life.restartOf(
                        ++requests,
                        key(restart.caller()),
                        restart.evenIfUsed(),
                        restart.want().launch()));
            case Op.Look look -> on(new Event.Look(++requests));
            case Op.ClientDies dies -> {
                world.clientDies(process(dies.slot()));
                stamps[dies.slot()]++;
            }
            case Op.Spawns spawns -> world.spawns(new ProcessId(++pids, 1), spawns.leader(), spawns.rest());
            case Op.SpawnFails fails -> {
                if (world.spawning) {
                    world.spawning = false;
                    on(new Event.SpawnFailed(10, fails.errno()));
                }
            }
            case Op.Crash crash -> {
                World.Run run = world.last();
                if (run != null) {
                    world.leaderDies(run, new ExitStatus.Exited(1));
                }
            }
            case Op.RestDies dies -> {
                World.Run run = world.last();
                if (run != null) {
                    world.restDies(run);
                }
            }
            case Op.Thaw thaw -> world.thaw();
            case Op.Deliver deliver -> deliver(deliver.which(), false);
            case Op.DeliverTwice deliver -> deliver(deliver.which(), true);
            case Op.CannotWatch cannot -> {
                Set<ProcessId> counted = new HashSet<>();
                for (Client client : state.clients().values()) {
                    if (client.process() != null) {
                        counted.add(client.process());
                    }
                }
                world.cannotWatch(cannot.which(), counted);
            }
            case Op.Pass pass -> now += pass.seconds() * SECOND;
            case Op.Tick tick -> on(new Event.Tick());
            case Op.Disk disk -> world.diskFull = disk.full();
            case Op.AgentDies dies -> agentDies(dies);
        }
    }

    private ProcessId client(int slot) {
        ProcessId process = process(slot);
        world.living.add(process);
        return process;
    }

    private ProcessId process(int slot) {
        return new ProcessId(10L + slot, 1 + stamps[slot]);
    }

    private @Nullable String key(int slot) {
        if (slot == Op.NOBODY) {
            return null;
        }
        return slot < Op.PROCESSES ? Long.toString(10L + slot) : "hold-" + slot + "-" + holds[slot];
    }

    private void deliver(int which, boolean twice) {
        if (world.pipe.isEmpty()) {
            return;
        }
        Event event = world.read(which);
        if (event == null) {
            return;
        }
        on(event);
        if (twice && (event instanceof Event.Watched || event instanceof Event.Gone)) {
            on(event);
        }
    }

    private void agentDies(Op.AgentDies dies) {
        world.agentDies(dies.guardToo());
        World.Disk found = world.disk;
        ServerState forgotten = state;
        state = ServerState.stopped(forgotten.name());
        model.forget();
        open.clear();
        seenDead.clear();
        Instance instance = found.instance();
        World.Run run = instance == null ? null : world.find(instance.process());
        if (instance == null || run == null || run.reaped) {
            // stale: it is cleaned, now or when there is room
            world.disk = World.Disk.EMPTY;
            return;
        }
        List<Client> clients = new ArrayList<>();
        Deadline grace = found.grace();
        if (!run.leaderDead) {
            clients.addAll(found.clients());
        }
        if (dies.tampered() && !run.leaderDead) {
            clients.add(Client.process(run.process, at().wall(), null));
            grace = at().plus(new Period(5 * SECOND));
            instance = new Instance(
                    instance.process(),
                    withoutSurroundings(instance.launch()),
                    instance.startedAt(),
                    instance.ownGroup(),
                    true);
        }
        run.givenUp = false;
        on(new Event.Found(instance, clients, grace));
        if (run.leaderDead) {
            on(new Event.ServerEnded(run.process, new ExitStatus.Unknown()));
        }
    }

    private static Launch withoutSurroundings(Launch l) {
        return new Launch(
                l.command(),
                l.workingDir(),
                l.gracePeriod(),
                l.stopSignal(),
                l.stopTimeout(),
                l.logFile(),
                l.ownLog(),
                l.stdin(),
                l.stdout(),
                l.health(),
                l.port(),
                null);
    }

    private Now at() {
        return new Now(now, EPOCH.plusNanos(now));
    }

    // One event

    private void on(Event event) {
        Now at = at();
        ServerState before = state;
        if (event instanceof Event.Request request) {
            open.put(request.request(), request);
        }
        if (event instanceof Event.Gone gone) {
            seenDead.add(gone.process());
        }
        Step step = machine.next(before, event, at);
        boolean refused = false;
        if (world.diskFull && !World.Disk.of(step.state()).equals(world.disk)) {
            Step instead = Lifecycle.refuse(before, event, World.DISK_FULL, at);
            Broken.unless(
                    (instead != null) == ReferenceModel.refusable(event),
                    Rule.WHAT_IS_REFUSED_CHANGES_NOTHING,
                    () -> event + " is refused: " + (instead != null));
            if (instead != null) {
                refused = true;
                step = instead;
            }
        } else {
            world.disk = World.Disk.of(step.state());
        }
        state = step.state();
        model.on(event, refused, at);
        if (told) {
            tell("    ", (refused ? "cannot be written: " : "") + event);
            for (Action action : step.actions()) {
                if (!(action instanceof Action.Note)) {
                    tell("      does ", action);
                }
            }
            tell("      is   ", state.phase() + " " + state.clients().keySet());
        }
        Instance was = before.instance();
        world.giveUp(was == null ? null : was.process(), state);
        for (Action action : step.actions()) {
            world.act(action, state);
        }
        rules(before, event, refused, step.actions());
        asTheModel(step.actions());
    }

    private void rules(ServerState before, Event event, boolean refused, List<Action> actions) {
        Set<String> detached = new HashSet<>();
        for (Action action : actions) {
            if (action instanceof Action.Reply reply) {
                Event.Request request = open.remove(reply.request());
                Broken.unless(
                        request != null, Rule.EACH_REQUEST_IS_ANSWERED_ONCE, () -> reply + ", nobody waits for it");
                if (request instanceof Event.Unuse unuse && reply.outcome() instanceof Outcome.Detached) {
                    detached.add(unuse.key());
                }
                if (request instanceof Event.Use use && holds(reply.outcome())) {
                    Broken.unless(
                            state.clients().containsKey(use.client().key())
                                    || detached.contains(use.client().key())
                                    || willDetach(use.client().key(), actions),
                            Rule.A_SUCCESSFUL_USE_HOLDS_A_REFERENCE,
                            () -> reply + " without a reference");
                }
                answer(reply.outcome());
            }
        }
        clients(before, event, refused, detached, actions);
        grace(before, event, refused);
        Instance was = before.instance();
        if (was != null && !refused && isWordOnAProcess(event) && !speaksOf(event, was.process())) {
            Broken.unless(
                    state.phase() instanceof Phase.Running
                            || state.phase() instanceof Phase.Stopping
                                    && (before.phase() instanceof Phase.Stopping || event instanceof Event.Gone),
                    Rule.NOBODY_ENDS_A_SUCCESSOR,
                    () -> event + " took " + before.phase() + " to " + state.phase());
        }
        if (refused && !(event instanceof Event.Spawned) && !(event instanceof Event.Watched)) {
            Broken.unless(before.equals(state), Rule.WHAT_IS_REFUSED_CHANGES_NOTHING, () -> event + " led to " + state);
        }
        if (event instanceof Event.SpawnFailed && state.phase() instanceof Phase.Stopped) {
            Broken.unless(state.forgettable(), Rule.A_START_IS_HONEST, () -> "a start that failed left " + state);
        }
    }

    private boolean willDetach(String key, List<Action> actions) {
        for (Action action : actions) {
            if (action instanceof Action.Reply reply
                    && open.get(reply.request()) instanceof Event.Unuse unuse
                    && unuse.key().equals(key)
                    && reply.outcome() instanceof Outcome.Detached) {
                return true;
            }
        }
        return false;
    }

    private static boolean holds(Outcome outcome) {
        return outcome instanceof Outcome.Started
                || outcome instanceof Outcome.Attached
                || outcome instanceof Outcome.Rescued;
    }

    private void answer(Outcome outcome) {
        if (outcome instanceof Outcome.Stopped) {
            for (World.Run run : world.runs) {
                Broken.unless(
                        run.givenUp || !run.lives(),
                        Rule.A_STOP_IS_TOTAL,
                        () -> run.process.pid() + " or its group lives, and the stop is over");
            }
        }
        long pid = switch (outcome) {
            case Outcome.Started o -> o.pid();
            case Outcome.Restarted o -> o.pid();
            default -> 0;
        };
        if (pid != 0) {
            World.Run run = world.last();
            Broken.unless(
                    run != null && run.process.pid() == pid && !world.spawning,
                    Rule.A_START_IS_HONEST,
                    () -> outcome + ", but nothing of that pid was started");
        }
    }

    private void clients(ServerState before, Event event, boolean refused, Set<String> detached, List<Action> actions) {
        for (Client client : state.clients().values()) {
            ProcessId process = client.process();
            Instance instance = state.instance();
            if (process == null) {
                continue;
            }
            Broken.unless(!seenDead.contains(process), Rule.NO_REFERENCE_LEAKS, () -> client + " is dead and counted");
            Broken.unless(
                    instance == null || !process.equals(instance.process()),
                    Rule.NO_REFERENCE_LEAKS,
                    () -> "the server holds itself");
            Broken.unless(
                    client.key().equals(Long.toString(process.pid())),
                    Rule.A_SUCCESSFUL_USE_HOLDS_A_REFERENCE,
                    () -> client + " has another's key");
        }
        for (ProcessId process : model.mustBeWatched()) {
            Broken.unless(world.interest.contains(process), Rule.NO_REFERENCE_LEAKS, () -> "nobody watches " + process);
        }
        boolean over = actions.stream()
                        .anyMatch(a -> a instanceof Action.Note note
                                && (note.what() == Action.What.STOPPED || note.what() == Action.What.START_FAILED))
                || refused && event instanceof Event.Spawned;
        for (Client client : before.clients().values()) {
            Client held = state.clients().get(client.key());
            boolean ended = event instanceof Event.Gone gone && gone.process().equals(client.process())
                    || event instanceof Event.Tick
                            && client.until() != null
                            && client.until().reached(at());
            Broken.unless(
                    held != null || ended || over || detached.contains(client.key()),
                    Rule.NO_REFERENCE_IS_LOST,
                    () -> event + " took the reference of " + client);
        }
    }

    private void grace(ServerState before, Event event, boolean refused) {
        if (!(state.phase() instanceof Phase.Running running)) {
            return;
        }
        boolean held = !state.clients().isEmpty();
        Broken.unless(
                running.grace() == null || !held, Rule.GRACE_IS_COUNTED_ONCE, () -> "grace while somebody holds it");
        Broken.unless(
                running.grace() != null || held || !state.attaching().isEmpty(),
                Rule.GRACE_IS_COUNTED_ONCE,
                () -> "nobody holds it and it does not count down");
        if (before.phase() instanceof Phase.Running was && was.grace() != null && running.grace() != null) {
            Broken.unless(
                    was.grace().equals(running.grace()) && !refused
                            || was.grace().equals(running.grace()),
                    Rule.GRACE_IS_COUNTED_ONCE,
                    () -> event + " moved the deadline from " + was.grace() + " to " + running.grace());
        }
    }

    private static boolean isWordOnAProcess(Event event) {
        return event instanceof Event.Gone
                || event instanceof Event.ServerEnded
                || event instanceof Event.GroupEmpty
                || event instanceof Event.Watched;
    }

    private static boolean speaksOf(Event event, ProcessId process) {
        return switch (event) {
            case Event.Gone e -> e.process().equals(process);
            case Event.ServerEnded e -> e.process().equals(process);
            case Event.GroupEmpty e -> e.process().equals(process);
            default -> false;
        };
    }

    private void asTheModel(List<Action> actions) {
        Map<Long, Outcome> answers = new HashMap<>();
        List<String> signals = new ArrayList<>();
        List<Launch> spawns = new ArrayList<>();
        List<ProcessId> reaps = new ArrayList<>();
        for (Action action : actions) {
            switch (action) {
                case Action.Reply reply -> answers.put(reply.request(), reply.outcome());
                case Action.Signal signal ->
                    signals.add(signal.instance().process().pid() + ":" + signal.signal());
                case Action.Spawn spawn -> spawns.add(spawn.launch());
                case Action.Reap reap -> reaps.add(reap.process());
                default -> {}
            }
        }
        same("answers", model.answers, answers);
        same("signals", model.signals, signals);
        same("spawns", model.spawns, spawns);
        same("reaps", model.reaps, reaps);
        same("stage", model.stage, stage());
        same(
                "clients",
                List.copyOf(model.counted.values()),
                List.copyOf(state.clients().values()));
        Instance instance = state.instance();
        same("server", model.server, instance == null ? null : instance.process());
        Phase phase = state.phase();
        same("grace", model.grace, phase instanceof Phase.Running running ? running.grace() : null);
        same("patience", model.patience, phase instanceof Phase.Stopping stopping ? stopping.deadline() : null);
        same("open requests", model.unanswered(), open.keySet());
    }

    private ReferenceModel.Stage stage() {
        Phase phase = state.phase();
        return phase instanceof Phase.Stopped
                ? ReferenceModel.Stage.DOWN
                : phase instanceof Phase.Running
                        ? ReferenceModel.Stage.UP
                        : phase instanceof Phase.Stopping ? ReferenceModel.Stage.ENDING : ReferenceModel.Stage.STARTING;
    }

    private static void same(String what, @Nullable Object expected, @Nullable Object actual) {
        Broken.unless(
                Objects.equals(expected, actual),
                Rule.AS_THE_MODEL_SAYS,
                () -> what + ": expected " + expected + ", but is " + actual);
    }

    // The end

    /** The disk has room, what was stuck is free, every message is read, time passes. */
    private void untilQuiet() {
        world.diskFull = false;
        world.thaw();
        for (int i = 0; i < PATIENCE; i++) {
            if (world.spawning) {
                once(new Op.Spawns(Op.Temper.MEEK, Op.Temper.NOT_THERE));
            } else if (!world.pipe.isEmpty()) {
                deliver(0, false);
            } else if (state.nextDeadline() < Long.MAX_VALUE) {
                now = Math.max(now, state.nextDeadline());
                on(new Event.Tick());
                world.thaw();
            } else if (!World.Disk.of(state).equals(world.disk)) {
                // what could not be written is tried again
                on(new Event.Tick());
            } else {
                return;
            }
        }
        throw new Broken(Rule.EACH_REQUEST_IS_ANSWERED_ONCE, "there is no end of it: " + state);
    }

    private void atRest() {
        Broken.unless(open.isEmpty(), Rule.EACH_REQUEST_IS_ANSWERED_ONCE, () -> "never answered: " + open.values());
        same("watches", model.mustBeWatched(), world.interest);
        for (Client client : state.clients().values()) {
            Broken.unless(
                    client.process() != null && world.living.contains(client.process()),
                    Rule.NO_REFERENCE_LEAKS,
                    () -> client + " does not live and is counted");
        }
        Broken.unless(
                World.Disk.of(state).equals(world.disk),
                Rule.WHAT_IS_REFUSED_CHANGES_NOTHING,
                () -> "disk " + world.disk + ", memory " + state);
    }
}
