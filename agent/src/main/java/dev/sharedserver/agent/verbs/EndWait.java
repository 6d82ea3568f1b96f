package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Server;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.State;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the end of one of several servers ({@code wait --for ended}): of the processes that run when the waiting
 * begins, so that one that is started again at once is not missed.
 *
 * <p>The launcher waits, and asks again whenever a state file changes. It carries along which processes these were, and
 * until when it waits: {@code DEADLINE PID:STAMP…}, first the one for whom it waits, then in the order of the names.
 */
final class EndWait {

    private static final long NANOS_PER_MILLI = 1_000_000L;
    private static final ProcessId NOBODY = new ProcessId(0, 0);

    private final Supervisor supervisor;
    private final Path directory;
    private final Callers callers;
    private final Request request;
    private final LauncherConnection launcher;

    EndWait(Supervisor supervisor, Path directory, Callers callers, Request request, LauncherConnection launcher) {
        this.supervisor = supervisor;
        this.directory = directory;
        this.callers = callers;
        this.request = request;
        this.launcher = launcher;
    }

    void await(Command.AwaitEnd wait) throws IOException, InterruptedException, Failure {
        String[] carried =
                request.token().isEmpty() ? new String[0] : request.token().split(" ", -1);
        boolean first = carried.length != wait.names().size() + 2;
        long now = System.nanoTime();
        long deadline = first ? deadline(now, wait.timeout()) : carried(carried[0], now);
        ProcessId master = wait.pid() == null ? NOBODY : callers.named(wait.pid(), request);
        if (!first && !carried[1].equals(text(master))) {
            throw new Failure(ExitCodes.FAILED, "process " + wait.pid() + " has ended");
        }
        StringBuilder token = new StringBuilder().append(deadline).append(' ').append(text(master));
        boolean ended = false;
        for (int i = 0; i < wait.names().size(); i++) {
            ServerName name = wait.names().get(i);
            // a file that changed is what made the launcher ask again: the answer has to include that change
            Server server = supervisor.settled(name);
            Instance instance = server.state().instance();
            String running = text(instance == null ? NOBODY : instance.process());
            String awaited = first ? running : carried[i + 2];
            // who knows the process may come after its end, and after another was started in its place
            boolean gone = first
                    && wait.process() != null
                    && (instance == null || instance.process().pid() != wait.process());
            if (awaited.equals(text(NOBODY))) {
                awaited = running; // it was about to be started again
            }
            if (gone || !awaited.equals(running) || Views.state(server) == State.STOPPED) {
                launcher.stdout(name.value() + "\n");
                ended = true;
            }
            token.append(' ').append(awaited);
        }
        if (ended) {
            launcher.exit(ExitCodes.OK);
        } else if (deadline - now <= 0) {
            throw new Failure(ExitCodes.TIMED_OUT, "none of them has ended after " + wait.timeout());
        } else {
            long millis = wait.timeout() == null ? -1 : (deadline - now + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI;
            launcher.token(token.toString());
            launcher.watch(master.pid(), master.startTime(), directory.toString(), prefix(wait.names()), millis, false);
        }
    }

    private static String text(ProcessId process) {
        return process.pid() + ":" + process.startTime();
    }

    private static long deadline(long now, @Nullable Period timeout) {
        return timeout == null || now > Long.MAX_VALUE - timeout.nanos() ? Long.MAX_VALUE : now + timeout.nanos();
    }

    private static long carried(String deadline, long now) {
        try {
            return Long.parseLong(deadline);
        } catch (NumberFormatException e) {
            return now; // no launcher of ours
        }
    }

    /** Returns what the names of all their files begin with. */
    private static String prefix(List<ServerName> names) {
        if (names.size() == 1) {
            return names.get(0).value() + ".";
        }
        String prefix = names.get(0).value();
        for (ServerName name : names) {
            int same = 0;
            while (same < Math.min(prefix.length(), name.value().length())
                    && prefix.charAt(same) == name.value().charAt(same)) {
                same++;
            }
            prefix = prefix.substring(0, same);
        }
        if (!prefix.isEmpty() && Character.isSurrogate(prefix.charAt(prefix.length() - 1))) {
            prefix = prefix.substring(0, prefix.length() - 1); // half a character is no text
        }
        return prefix;
    }
}
