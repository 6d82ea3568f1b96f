package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Phase;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Looks at servers: whether they are up, and whether they still are. Each server that is looked at has a thread of its own,
 * which ends with its reason; what is seen goes to the server's mailbox.
 */
final class Prober {

    private static final Period CHECK_INTERVAL = new Period(10_000_000_000L);
    private static final Period LOOK_TIMEOUT = new Period(5_000_000_000L);

    /** How long to wait between two looks at a server that is not up yet: little at first. In ns. */
    private static final long FIRST_PAUSE = 10_000_000L;

    private static final long LONGEST_PAUSE = 200_000_000L;

    private final Supervisor supervisor;
    private final AtomicInteger looking = new AtomicInteger();

    /** When a server last said that it is well (sd_notify, WATCHDOG=1). */
    private final Map<ProcessId, Long> beats = new ConcurrentHashMap<>();

    Prober(Supervisor supervisor) {
        this.supervisor = supervisor;
    }

    /** Tells whether nobody is being looked at: what a server says by itself needs no looking. */
    boolean idle() {
        return looking.get() == 0;
    }

    /** Returns how long one checks, at most, between two signs of life. */
    static Period interval(Condition check) {
        return check.interval() == null ? CHECK_INTERVAL : check.interval();
    }

    void beat(ProcessId process) {
        beats.put(process, System.nanoTime());
    }

    void awaitReady(Server server, Instance instance, Condition condition) {
        if (condition.probe() instanceof Probe.Notify) {
            return; // it speaks up
        }
        start(() -> untilReady(server, instance, condition));
    }

    void check(Server server, Instance instance, Condition condition) {
        start(() -> whileWell(server, instance, condition));
    }

    private interface Task {
        void run() throws InterruptedException;
    }

    private void start(Task task) {
        looking.incrementAndGet();
        Thread.ofVirtual().start(() -> {
            try {
                task.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                looking.decrementAndGet();
            }
        });
    }

    private void untilReady(Server server, Instance instance, Condition condition) throws InterruptedException {
        Look look = look(server, instance, condition, true);
        long pause = FIRST_PAUSE;
        String last = null;
        while (server.state().phase() instanceof Phase.Running running
                && running.instance().equals(instance)
                && !running.ready()) {
            String fault = look.fault(LOOK_TIMEOUT);
            if (fault == null) {
                server.post(new Event.Ready(instance.process()));
                return;
            }
            if (!fault.equals(last)) {
                server.post(new Event.Unready(instance.process(), fault));
                last = fault;
            }
            Period wished = condition.interval();
            sleep(wished == null ? pause : wished.nanos());
            pause = Math.min(LONGEST_PAUSE, 2 * pause);
        }
    }

    private void whileWell(Server server, Instance instance, Condition condition) throws InterruptedException {
        Look look = look(server, instance, condition, false);
        Period timeout = condition.timeout() == null ? LOOK_TIMEOUT : condition.timeout();
        long interval = interval(condition).nanos();
        beat(instance.process());
        sleep(interval);
        while (isReady(server, instance)) {
            server.post(new Event.Checked(instance.process(), look.fault(timeout)));
            sleep(interval);
        }
        beats.remove(instance.process());
    }

    private static boolean isReady(Server server, Instance instance) {
        return server.state().phase() instanceof Phase.Running running
                && running.instance().equals(instance)
                && running.ready();
    }

    private static void sleep(long nanos) throws InterruptedException {
        Thread.sleep(nanos / 1_000_000L, (int) (nanos % 1_000_000L));
    }

    /** One kind of look. */
    interface Look {
        /** Looks once; null if all is well, else what is wrong in a few words. */
        @Nullable
        String fault(Period timeout) throws InterruptedException;
    }

    private Look look(Server server, Instance instance, Condition condition, boolean first) {
        Launch launch = instance.launch();
        return switch (condition.probe()) {
            case Probe.Tcp tcp -> timeout -> NetworkProbes.tcp(tcp, timeout);
            case Probe.Http http -> timeout -> NetworkProbes.http(http, timeout);
            case Probe.Exec exec -> timeout -> supervisor.probe(launch, exec.command(), timeout);
            case Probe.LogPattern log -> {
                String file = launch.logFile();
                if (file == null) {
                    yield timeout -> "it has no log of its own";
                }
                Path path = Path.of(file);
                yield first ? LogProbe.from(path, server.logStart(), log.regex()) : LogProbe.atEnd(path, log.regex());
            }
            case Probe.Notify n -> timeout -> watchdog(instance.process(), condition);
        };
    }

    private @Nullable String watchdog(ProcessId process, Condition condition) {
        Period interval = interval(condition);
        Long beat = beats.get(process);
        boolean heard = beat != null && System.nanoTime() - beat <= interval.nanos();
        return heard ? null : "no WATCHDOG=1 from it in " + interval;
    }
}
