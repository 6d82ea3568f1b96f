package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Server;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.State;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Phase;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.nio.file.Path;

/** {@code wait}: the launcher watches the state files and the process, and asks again when they change. */
final class WaitVerb {

    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final Supervisor supervisor;
    private final Path directory;
    private final Request request;
    private final LauncherConnection launcher;

    WaitVerb(Supervisor supervisor, Path directory, Request request, LauncherConnection launcher) {
        this.supervisor = supervisor;
        this.directory = directory;
        this.request = request;
        this.launcher = launcher;
    }

    void carryOut(Command.Wait wait) throws IOException, InterruptedException, Failure {
        // a file that changed is what made the launcher ask again: the answer has to include that change
        Server server = supervisor.settled(wait.name());
        State state = Views.state(server);
        boolean reached = switch (wait.goal()) {
            case READY -> server.foreign() != null || server.state().phase() instanceof Phase.Running up && up.ready();
            case STOPPED -> state == State.STOPPED;
            case ACTIVE -> state == State.ACTIVE;
            case GRACE -> state == State.GRACE;
        };
        if (reached) {
            // what is seen may be a moment old only, and what has led to it not yet in the event log
            supervisor.settled(wait.name());
            launcher.exit(ExitCodes.OK);
            return;
        }
        long millis = -1;
        if (wait.timeout() != null) {
            long now = System.nanoTime();
            long deadline = request.token().isEmpty() ? deadline(now, wait.timeout()) : token(request.token(), now);
            if (deadline <= now) {
                throw new Failure(
                        ExitCodes.TIMED_OUT,
                        "server " + Quote.escape(wait.name().value()) + " is " + state.word() + " after "
                                + wait.timeout());
            }
            launcher.token(Long.toString(deadline));
            millis = (deadline - now + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI;
        }
        // the files change with every state; the process is watched, too, in case nobody is left to change them
        Instance instance = server.state().instance();
        boolean end = wait.goal() == Command.Goal.STOPPED && state != State.DEFUNCT;
        ProcessId awaited = end && instance != null ? instance.process() : new ProcessId(0, 0);
        launcher.watch(
                awaited.pid(),
                awaited.startTime(),
                directory.toString(),
                wait.name().value() + ".",
                millis,
                false);
    }

    private static long deadline(long now, Period timeout) {
        return now > Long.MAX_VALUE - timeout.nanos() ? Long.MAX_VALUE : now + timeout.nanos();
    }

    private static long token(String token, long now) {
        try {
            return Long.parseLong(token);
        } catch (NumberFormatException e) {
            return now;
        }
    }
}
