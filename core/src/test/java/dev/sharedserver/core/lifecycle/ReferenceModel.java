package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What must be seen of a shared server, written a second time and in another way: facts that change, and one list of
 * everybody who waits for an answer, in order of arrival. After each event the list is gone through, and whoever can be
 * answered is. No phases that carry data, no deferred events, no notes.
 */
final class ReferenceModel {

    enum Stage {
        DOWN,
        STARTING,
        UP,
        ENDING
    }

    /** What a request has to do with what goes on. */
    private enum Part {
        WAITS,
        STARTED_IT,
        JOINS,
        STOPS,
        RESTARTS
    }

    private static final class Asked {
        final Event.Request what;
        Part part = Part.WAITS;
        boolean starter;
        boolean watched;

        Asked(Event.Request what) {
            this.what = what;
        }

        /** Tells whether this is a use that waits for the watch on {@code process}. */
        boolean awaits(ProcessId process) {
            return (part == Part.JOINS || part == Part.STARTED_IT)
                    && what instanceof Event.Use use
                    && process.equals(use.client().process());
        }
    }

    private static final Period FIVE_SECONDS = new Period(5_000_000_000L);

    // what is seen

    final Map<String, Client> counted = new LinkedHashMap<>();
    Stage stage = Stage.DOWN;

    @Nullable
    ProcessId server;

    @Nullable
    Deadline grace;

    @Nullable
    Deadline patience;

    // what the last event led to

    final Map<Long, Outcome> answers = new LinkedHashMap<>();
    final List<String> signals = new ArrayList<>();
    final List<Launch> spawns = new ArrayList<>();
    final List<ProcessId> reaps = new ArrayList<>();

    private final List<Asked> asked = new ArrayList<>();
    private Launch launch = Life.launch(0);
    private boolean adopted;
    private StopMode how = StopMode.kill();
    private boolean killed;
    private boolean leaderDead;
    private @Nullable Launch next;
    private Now now = new Now(0, java.time.Instant.EPOCH);

    /** Takes an event; {@code refused} if what it leads to could not be written. */
    void on(Event event, boolean refused, Now at) {
        now = at;
        answers.clear();
        signals.clear();
        spawns.clear();
        reaps.clear();
        if (refused) {
            refuse(event);
        } else {
            take(event);
        }
        answerWhoCanBe();
        countDown();
    }

    /** Tells whether an event is undone when it cannot be written: nobody can undo a death, and a stop frees space. */
    static boolean refusable(Event event) {
        return event instanceof Event.Use
                || event instanceof Event.Start
                || event instanceof Event.Unuse
                || event instanceof Event.Watched
                || event instanceof Event.Spawned;
    }

    /** Loses its memory, as an agent that dies does. */
    void forget() {
        asked.clear();
        answers.clear();
        grace = null;
        next = null;
        down();
    }

    Set<ProcessId> mustBeWatched() {
        Set<ProcessId> all = new HashSet<>();
        for (Client client : counted.values()) {
            add(all, client.process());
        }
        for (Asked one : asked) {
            if ((one.part == Part.JOINS || one.part == Part.STARTED_IT) && one.what instanceof Event.Use use) {
                add(all, use.client().process());
            }
        }
        if (adopted && !leaderDead) {
            add(all, server);
        }
        return all;
    }

    private static void add(Collection<ProcessId> all, @Nullable ProcessId one) {
        if (one != null) {
            all.add(one);
        }
    }

    Set<Long> unanswered() {
        Set<Long> all = new HashSet<>();
        for (Asked one : asked) {
            all.add(one.what.request());
        }
        return all;
    }

    private void take(Event event) {
        switch (event) {
            case Event.Look look -> answers.put(look.request(), new Outcome.Looked());
            case Event.Request request -> asked.add(new Asked(request));
            case Event.Watched watched -> watched(watched.process());
            case Event.NotWatched not -> dismiss(not.process(), key -> new Outcome.ClientNotWatched(key, not.reason()));
            case Event.Gone gone -> {
                dismiss(gone.process(), Outcome.ClientNotAlive::new);
                counted.values().removeIf(client -> gone.process().equals(client.process()));
                ended(gone.process(), false);
            }
            case Event.Spawned spawned -> spawned(spawned.process());
            case Event.SpawnFailed failed -> {
                if (stage == Stage.STARTING) {
                    answerAll(Part.STARTED_IT, new Outcome.SpawnFailed(launch, failed.step(), failed.errno()));
                    answerAll(Part.RESTARTS, new Outcome.SpawnFailed(launch, failed.step(), failed.errno()));
                    down();
                }
            }
            case Event.ServerEnded ended -> ended(ended.process(), true);
            case Event.GroupEmpty empty -> {
                if (stage == Stage.ENDING && leaderDead && empty.process().equals(server)) {
                    reaps.add(empty.process());
                    over(new Outcome.Stopped(killed));
                }
            }
            case Event.Tick tick -> tick();
            case Event.Found found -> found(found);
            default -> throw new AssertionError("the model does not know " + event);
        }
    }

    private void refuse(Event event) {
        Outcome no = new Outcome.NotRecorded(World.DISK_FULL);
        switch (event) {
            case Event.Request request -> answers.put(request.request(), no);
            case Event.Watched watched -> dismiss(watched.process(), key -> no);
            case Event.Spawned spawned -> {
                server = spawned.process();
                answerAll(Part.STARTED_IT, no);
                answerAll(Part.RESTARTS, no);
                counted.clear();
                end(new StopMode(StopMode.SIGKILL, FIVE_SECONDS, StopMode.Escalation.FORGET));
            }
            default -> throw new AssertionError("the model does not refuse " + event);
        }
    }

    // Who waits

    private void answerWhoCanBe() {
        boolean more = true;
        while (more) {
            more = false;
            for (Asked one : List.copyOf(asked)) {
                if (one.part == Part.WAITS && isServed(one)) {
                    more = true;
                    break;
                }
            }
        }
    }

    private boolean isServed(Asked one) {
        return switch (stage) {
            case STARTING -> false;
            case DOWN -> {
                servedDown(one);
                yield true;
            }
            case UP -> {
                servedUp(one);
                yield true;
            }
            case ENDING -> {
                if (one.what instanceof Event.Unuse unuse) {
                    detach(one, unuse);
                    yield true;
                }
                if (one.what instanceof Event.Stop stop && next == null) {
                    one.part = Part.STOPS;
                    join(modeOf(stop));
                    yield true;
                }
                yield false;
            }
        };
    }

    private void servedDown(Asked one) {
        if (one.what instanceof Event.Use use && use.launch() != null) {
            start(use.launch());
            one.part = Part.STARTED_IT;
            one.starter = true;
        } else if (one.what instanceof Event.Start begin) {
            start(begin.launch());
            one.part = Part.STARTED_IT;
        } else {
            answer(one, one.what instanceof Event.Use ? new Outcome.NoCommand() : new Outcome.NotRunning());
        }
    }

    private void servedUp(Asked one) {
        switch (one.what) {
            case Event.Use use -> {
                if (use.client().process() == null) {
                    admit(one, use.client());
                } else if (use.client().process().equals(server)) {
                    answer(one, new Outcome.IsTheServer(pid()));
                } else {
                    one.part = Part.JOINS;
                }
            }
            case Event.Start begin -> answer(one, new Outcome.AlreadyRunning(pid(), counted.size()));
            case Event.Unuse unuse -> detach(one, unuse);
            case Event.Stop stop -> {
                if (!answeredBecauseOfOthers(one, stop.caller(), stop.evenIfUsed())) {
                    one.part = Part.STOPS;
                    end(modeOf(stop));
                }
            }
            case Event.Restart restart -> {
                Launch wanted = restart.launch() == null ? launch : restart.launch();
                if (!answeredBecauseOfOthers(one, restart.caller(), restart.evenIfUsed())) {
                    if (wanted.surroundings() == null) {
                        answer(one, new Outcome.NoEnvironment());
                    } else {
                        one.part = Part.RESTARTS;
                        next = wanted;
                        end(StopMode.of(launch));
                    }
                }
            }
            default -> throw new AssertionError("the model does not know " + one.what);
        }
    }

    private boolean answeredBecauseOfOthers(Asked one, @Nullable String caller, boolean evenIfUsed) {
        List<Client> others = new ArrayList<>(counted.values());
        others.removeIf(client -> client.key().equals(caller));
        if (evenIfUsed || others.isEmpty()) {
            return false;
        }
        answer(one, new Outcome.StillUsed(others));
        return true;
    }

    private void detach(Asked one, Event.Unuse unuse) {
        if (counted.remove(unuse.key()) == null) {
            answer(one, new Outcome.NotAttached(unuse.key()));
            return;
        }
        boolean wasUp = stage == Stage.UP;
        countDown();
        Deadline ends = stage == Stage.ENDING && wasUp ? now.plus(new Period(0)) : grace;
        answer(one, new Outcome.Detached(counted.size(), ends));
    }

    private void watched(ProcessId process) {
        for (Asked one : List.copyOf(asked)) {
            if (one.awaits(process)) {
                one.watched = true;
                if (stage == Stage.UP && one.what instanceof Event.Use use) {
                    admit(one, use.client());
                }
            }
        }
    }

    private void admit(Asked one, Client client) {
        Client present = counted.get(client.key());
        if (present == null || !java.util.Objects.equals(present.process(), client.process())) {
            counted.put(client.key(), client);
        }
        int count = counted.size();
        answer(
                one,
                one.starter
                        ? new Outcome.Started(pid(), count)
                        : grace != null ? new Outcome.Rescued(pid(), count) : new Outcome.Attached(pid(), count));
        grace = null;
    }

    private void dismiss(ProcessId process, java.util.function.Function<String, Outcome> why) {
        for (Asked one : List.copyOf(asked)) {
            if (one.awaits(process)) {
                answer(one, why.apply(Long.toString(process.pid())));
            }
        }
    }

    private void answer(Asked one, Outcome outcome) {
        asked.remove(one);
        answers.put(one.what.request(), outcome);
    }

    private void answerAll(Part part, Outcome outcome) {
        for (Asked one : List.copyOf(asked)) {
            if (one.part == part) {
                answer(one, outcome);
            }
        }
    }

    // The server

    private void start(Launch what) {
        stage = Stage.STARTING;
        launch = what;
        next = null;
        adopted = false;
        server = null;
        spawns.add(what);
    }

    private void spawned(ProcessId process) {
        if (stage != Stage.STARTING) {
            return;
        }
        stage = Stage.UP;
        server = process;
        for (Asked one : List.copyOf(asked)) {
            if (one.part == Part.RESTARTS) {
                answer(one, new Outcome.Restarted(pid(), counted.size()));
            } else if (one.part == Part.STARTED_IT && one.what instanceof Event.Use use) {
                one.part = Part.JOINS;
                if (one.watched || use.client().process() == null) {
                    admit(one, use.client());
                }
            } else if (one.part == Part.STARTED_IT) {
                answer(one, new Outcome.Started(pid(), counted.size()));
            }
        }
    }

    private void found(Event.Found found) {
        if (stage != Stage.DOWN) {
            return;
        }
        stage = Stage.UP;
        adopted = true;
        leaderDead = false;
        server = found.instance().process();
        launch = found.instance().launch();
        for (Client client : found.clients()) {
            if (!server.equals(client.process())) {
                counted.put(client.key(), client);
            }
        }
        grace = counted.isEmpty() ? found.grace() : null;
    }

    private void countDown() {
        boolean awaited = asked.stream().anyMatch(one -> one.part == Part.JOINS);
        if (stage == Stage.UP && counted.isEmpty() && !awaited && grace == null) {
            if (launch.gracePeriod().nanos() == 0) {
                end(StopMode.of(launch));
            } else {
                grace = now.plus(launch.gracePeriod());
            }
        }
    }

    private void end(StopMode mode) {
        ending(mode, mode.signal() == StopMode.SIGKILL, false);
        signal(mode.signal());
    }

    private void ending(StopMode mode, boolean kill, boolean dead) {
        stage = Stage.ENDING;
        grace = null;
        how = mode;
        killed = kill;
        leaderDead = dead;
        patience = now.plus(mode.patience());
        for (Asked one : asked) {
            if (one.part == Part.JOINS) {
                one.part = Part.WAITS;
                one.starter = false;
                one.watched = false;
            }
        }
    }

    private void join(StopMode mode) {
        boolean kills = mode.signal() == StopMode.SIGKILL && !killed;
        boolean goesFurther = how.escalation() == StopMode.Escalation.GIVE_UP
                || mode.escalation() == StopMode.Escalation.FORGET && how.escalation() == StopMode.Escalation.KILL;
        if (kills || goesFurther) {
            how = mode;
            patience = now.plus(mode.patience());
        }
        if (kills) {
            killed = true;
            signal(StopMode.SIGKILL);
        }
    }

    private void ended(ProcessId process, boolean child) {
        if (!process.equals(server)) {
            if (child) {
                // one that was given up when it would not die
                reaps.add(process);
            }
            return;
        }
        if (stage == Stage.UP) {
            ending(new StopMode(StopMode.SIGTERM, launch.stopTimeout(), StopMode.Escalation.KILL), false, true);
            signal(StopMode.SIGTERM);
        } else if (!leaderDead) {
            leaderDead = true;
            if (!killed) {
                signal(StopMode.SIGTERM);
            }
        }
    }

    private void tick() {
        counted.values()
                .removeIf(client -> client.until() != null && client.until().reached(now));
        boolean awaited = asked.stream().anyMatch(one -> one.part == Part.JOINS);
        if (stage == Stage.UP && grace != null && !awaited && grace.reached(now)) {
            end(StopMode.of(launch));
        } else if (stage == Stage.ENDING && patience != null && patience.reached(now)) {
            outOfPatience();
        }
    }

    private void outOfPatience() {
        if (!killed && how.escalation() == StopMode.Escalation.GIVE_UP && !leaderDead) {
            stage = Stage.UP;
            patience = null;
            answerAll(Part.STOPS, new Outcome.DidNotStop(how));
        } else if (!killed) {
            killed = true;
            signal(StopMode.SIGKILL);
            patience = now.plus(how.patience().nanos() > FIVE_SECONDS.nanos() ? how.patience() : FIVE_SECONDS);
        } else {
            Outcome survived = new Outcome.Survived(pid());
            next = null;
            answerAll(Part.RESTARTS, survived);
            answerAll(Part.STOPS, survived);
            if (how.escalation() == StopMode.Escalation.FORGET) {
                if (leaderDead && server != null) {
                    reaps.add(server);
                }
                down();
            } else {
                patience = now.plus(FIVE_SECONDS);
            }
        }
    }

    private void over(Outcome outcome) {
        answerAll(Part.STOPS, outcome);
        patience = null;
        if (next != null) {
            start(next);
        } else {
            down();
        }
    }

    private void down() {
        stage = Stage.DOWN;
        server = null;
        patience = null;
        adopted = false;
        counted.clear();
    }

    private void signal(int signal) {
        signals.add(pid() + ":" + signal);
    }

    private StopMode modeOf(Event.Stop stop) {
        return stop.mode() == null ? StopMode.of(launch) : stop.mode();
    }

    private long pid() {
        return server == null ? 0 : server.pid();
    }
}
