package dev.sharedserver.agent;

import dev.sharedserver.agent.supervise.AgentLog;
import dev.sharedserver.agent.supervise.GuardReader;
import dev.sharedserver.agent.supervise.Snapshot;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.os.guard.GuardEvent;
import dev.sharedserver.os.guard.GuardLink;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.util.Objects;
import java.util.concurrent.SynchronousQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The agent's time: until the guard lets it go, is gone itself, or has lost the directory. */
final class Lease implements GuardReader.Control, Front.Rest {

    /** After how long without work the agent goes to sleep while servers run, in ms. */
    private static final long SLEEP_AFTER = 60_000;

    /** The variable of the guard's environment that says another time; for tests, and for who wants the memory back. */
    private static final String SETTING = "SHAREDSERVER_SLEEP_AFTER";

    /** For as long as there is a server, in ms. */
    private static final long NEVER = Long.MAX_VALUE / 4;

    /** After how long without work agent and guard end where there is no server, in ms. */
    private static final long END_AFTER = 5_000;

    /** How long what is under way may take when the guard is gone, in ms. */
    private static final long LAST_WORK = 1_500;

    private final GuardLink guard;
    private final Supervisor supervisor;
    private final Habitat habitat;
    private final Supervisor.Fatal fatal;
    private final AgentLog log;
    private final SynchronousQueue<GuardEvent.Leave> answers = new SynchronousQueue<>();
    private final long sleepAfter;
    private volatile boolean replaced;
    private volatile Runnable nudge = () -> {};
    private volatile Consumer<ServerSocketChannel> ear = channel -> {};
    private @Nullable GuardReader reader;

    Lease(GuardLink guard, Supervisor supervisor, Habitat habitat, Supervisor.Fatal fatal, AgentLog log) {
        this.guard = guard;
        this.supervisor = supervisor;
        this.habitat = habitat;
        this.fatal = fatal;
        this.log = log;
        this.sleepAfter = habitat.wakes() ? sleepAfter(System.getenv(SETTING), log) : NEVER;
    }

    private static long sleepAfter(@Nullable String setting, AgentLog log) {
        try {
            return setting == null || setting.isEmpty()
                    ? SLEEP_AFTER
                    : Period.parse(setting).nanos() / 1_000_000L;
        } catch (InvalidInput e) {
            log.say(SETTING + ": " + e.getMessage());
            return SLEEP_AFTER;
        }
    }

    void follow(GuardReader followed) {
        this.reader = followed;
    }

    void nudgeBy(Runnable wake) {
        this.nudge = wake;
    }

    void listenBy(Consumer<ServerSocketChannel> listen) {
        this.ear = listen;
    }

    @Override
    public long patienceMillis() {
        if (replaced) {
            return 0;
        }
        return supervisor.empty() ? END_AFTER : sleepAfter;
    }

    @Override
    public void tryToGo() throws IOException, InterruptedException {
        leave(guard::sleep);
    }

    @Override
    public GuardEvent.Leave tryToHandOver(String binary) throws IOException, InterruptedException {
        return leave(seen -> guard.handOver(seen, binary));
    }

    private interface Wish {
        void tell(long seen) throws IOException;
    }

    /** Does not come back if the guard lets the agent go. */
    private GuardEvent.Leave leave(Wish wish) throws IOException, InterruptedException {
        // the count first: what came before it has been handed on, what comes after makes the guard say no
        long seen = Objects.requireNonNull(reader, "no reader").handled();
        if (!supervisor.quiet()) {
            return GuardEvent.Leave.STAY;
        }
        supervisor.snapshot().save(habitat.memory());
        wish.tell(seen);
        GuardEvent.Leave answer = answers.take();
        if (answer == GuardEvent.Leave.GO) {
            Runtime.getRuntime().halt(0);
        }
        Snapshot.spend(habitat.memory());
        return answer;
    }

    @Override
    public void leaveAnswered(GuardEvent.Leave leave) {
        try {
            answers.put(leave);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void directoryChanged() {
        log.say("the state directory was removed and made again: everything is written anew");
        replaced = !listensAgain();
        supervisor.writeAll();
        nudge.run();
    }

    private boolean listensAgain() {
        try {
            ServerSocketChannel again = habitat.listenerMadeAgain();
            if (again != null) {
                ear.accept(again);
            }
            return again != null;
        } catch (IOException e) {
            log.say("cannot listen in the directory that was made again: " + e.getMessage());
            return false;
        }
    }

    @Override
    public void guardGone() {
        log.say("the guard is gone");
        long until = System.nanoTime() + LAST_WORK * 1_000_000L;
        while (!supervisor.quiet() && System.nanoTime() < until) {
            Thread.onSpinWait();
        }
        Runtime.getRuntime().halt(0);
    }

    @Override
    public void failed(Exception e) {
        fatal.because(e);
    }
}
