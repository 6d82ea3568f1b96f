package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.ServerName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A server's life for tests: events go in, what was answered and done is kept. */
final class Life {

    static final ProcessId SERVER = new ProcessId(1000, 77);
    private static final Instant EPOCH = Instant.parse("2026-11-21T00:00:00Z");
    private static final long SECOND = 1_000_000_000L;

    private final List<Action> actions = new ArrayList<>();
    private final Map<Long, Outcome> answers = new LinkedHashMap<>();
    private ServerState state;
    private long now;
    private long requests;

    Life() {
        try {
            state = ServerState.stopped(ServerName.of("web"));
        } catch (dev.sharedserver.core.InvalidInput e) {
            throw new AssertionError(e);
        }
    }

    static Launch launch(long graceSeconds) {
        return new Launch(
                List.of("sleep", "1"),
                "/",
                new Period(graceSeconds * SECOND),
                StopMode.SIGTERM,
                new Period(5 * SECOND),
                "/log",
                true,
                null,
                null,
                Health.NONE,
                null,
                new Launch.Surroundings(List.of(), 022, 0, List.of()));
    }

    static ProcessId client(long pid) {
        return new ProcessId(pid, pid + 5);
    }

    static Event.Request unuseOf(long request, String key) {
        return new Event.Unuse(request, key, null);
    }

    static Event.Request stopOf(long request, @Nullable String caller, boolean evenIfUsed, @Nullable StopMode mode) {
        return new Event.Stop(request, new Asker(1, "sh"), caller, evenIfUsed, mode);
    }

    static Event.Request restartOf(long request, @Nullable String caller, boolean evenIfUsed, @Nullable Launch launch) {
        return new Event.Restart(request, new Asker(1, "sh"), caller, evenIfUsed, launch);
    }

    Client clientOf(long pid) {
        return Client.process(client(pid), now().wall(), null);
    }

    Now now() {
        return new Now(now, EPOCH.plusNanos(now));
    }

    ServerState state() {
        return state;
    }

    /** Lets {@code seconds} pass and ticks if a deadline has come. */
    Life pass(long seconds) {
        now += seconds * SECOND;
        return state.nextDeadline() <= now ? on(new Event.Tick()) : this;
    }

    Life on(Event event) {
        take(Lifecycle.next(state, event, now()));
        return this;
    }

    @Nullable
    Step refuse(Event event) {
        Step step = Lifecycle.refuse(state, event, "disk full", now());
        if (step != null) {
            take(step);
        }
        return step;
    }

    private void take(Step step) {
        state = step.state();
        for (Action action : step.actions()) {
            actions.add(action);
            if (action instanceof Action.Reply reply) {
                Outcome before = answers.putIfAbsent(reply.request(), reply.outcome());
                if (before != null) {
                    throw new AssertionError("request " + reply.request() + " was answered twice: " + before + " and "
                            + reply.outcome());
                }
            }
        }
    }

    long use(long pid, @Nullable Launch launch) {
        long request = ++requests;
        on(new Event.Use(request, clientOf(pid), launch));
        return request;
    }

    long unuse(long pid) {
        long request = ++requests;
        on(unuseOf(request, Long.toString(pid)));
        return request;
    }

    long stop(boolean evenIfUsed, @Nullable StopMode mode) {
        long request = ++requests;
        on(stopOf(request, null, evenIfUsed, mode));
        return request;
    }

    long restart() {
        long request = ++requests;
        on(restartOf(request, null, true, null));
        return request;
    }

    long start(Launch launch) {
        long request = ++requests;
        on(new Event.Start(request, launch, new Asker(77, "sh")));
        return request;
    }

    @Nullable
    Outcome answer(long request) {
        return answers.get(request);
    }

    boolean answered(long request) {
        return answers.containsKey(request);
    }

    long requests() {
        return requests;
    }

    List<Action> actions() {
        return actions;
    }

    <T extends Action> long count(Class<T> type) {
        return actions.stream().filter(type::isInstance).count();
    }

    /** A server that runs for one client. */
    static Life running(long graceSeconds, long... pids) {
        Life life = new Life();
        for (long pid : pids) {
            life.use(pid, launch(graceSeconds));
            life.on(new Event.Watched(client(pid)));
        }
        life.on(new Event.Spawned(SERVER));
        for (long pid : pids) {
            life.on(new Event.Watched(client(pid)));
        }
        return life;
    }
}
