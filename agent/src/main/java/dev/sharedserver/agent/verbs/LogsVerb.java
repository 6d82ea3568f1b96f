package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.logs.InvalidPattern;
import dev.sharedserver.agent.logs.LogPlace;
import dev.sharedserver.agent.logs.LogReader;
import dev.sharedserver.agent.supervise.Foreign;
import dev.sharedserver.agent.supervise.LogFiles;
import dev.sharedserver.agent.supervise.Server;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.UsageError;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** {@code logs}: the server's output. */
final class LogsVerb {

    private static final long NANOS_PER_MILLI = 1_000_000L;

    /** Of a thread that matches a regular expression, in bytes: re2j recurses as deep as the expression has states. */
    private static final long STACK = 64L << 20;

    private final Supervisor supervisor;
    private final LogFiles logs;
    private final Proc proc;
    private final LauncherConnection launcher;
    private final boolean terminal;

    /** Makes the verb; {@code terminal} says whether what it sends is shown by one. */
    LogsVerb(Supervisor supervisor, LogFiles logs, Proc proc, LauncherConnection launcher, boolean terminal) {
        this.supervisor = supervisor;
        this.logs = logs;
        this.proc = proc;
        this.launcher = launcher;
        this.terminal = terminal;
    }

    void carryOut(Command.Logs wanted) throws IOException, InterruptedException, Failure {
        if (wanted.grep() == null) {
            logs(wanted, null);
        } else {
            String regex = wanted.grep();
            // what computes for long keeps no thread from those that others wait for
            aside(() -> logs(wanted, grep(regex)), "invalid --grep " + Quote.of(regex) + ": too deeply nested");
        }
        launcher.exit(ExitCodes.OK);
    }

    private void logs(Command.Logs wanted, LogReader.@Nullable Grep grep)
            throws IOException, InterruptedException, Failure {
        Long since = wanted.since() == null
                ? null
                : System.currentTimeMillis() - wanted.since().nanos() / NANOS_PER_MILLI;
        LogReader.Selection selection = new LogReader.Selection(wanted.lines(), since, grep);
        LogPlace place = logPlace(supervisor.known(wanted.name()));
        LogReader reader = new LogReader(place, launcher, selection, terminal);
        if (wanted.follow()) {
            reader.follow();
        } else {
            reader.send();
        }
    }

    private LogPlace logPlace(Server server) throws Failure {
        Instance instance = server.state().instance();
        Foreign foreign = server.foreign();
        if (instance != null && instance.launch().isExec()) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "server " + Quote.escape(server.name().value())
                            + " was started by exec: its output goes where its caller's does");
        }
        Long pid = instance != null ? (Long) instance.process().pid() : null;
        String known = instance != null ? instance.launch().logFile() : null;
        if (foreign != null) {
            pid = foreign.server().pid();
            known = foreign.server().logFile();
        }
        Path log = known == null ? logs.of(server.name()) : Path.of(known);
        Path notes = logs.notes(server.name());
        if (Files.isRegularFile(log)) {
            return new LogPlace(log, log, notes);
        }
        for (int fd = 1; fd <= 2 && pid != null && !Files.exists(log); fd++) {
            // removed while it is written to, or somewhere that another tool has chosen
            Path open = proc.open(pid, fd);
            if (Files.isRegularFile(open)) {
                return new LogPlace(open, log, notes);
            }
        }
        String name = Quote.escape(server.name().value());
        String where = Quote.of(log.toString());
        throw new Failure(
                ExitCodes.FAILED,
                Files.exists(log)
                        ? "server " + name + " writes to " + where + ", which is no file that could be shown"
                        : "server " + name + " has no log at " + where);
    }

    private static LogReader.Grep grep(String regex) throws Failure {
        try {
            return new LogReader.Grep(regex);
        } catch (InvalidPattern e) {
            throw new Failure(
                    UsageError.EXIT_CODE, "invalid --grep " + Quote.of(regex) + ": " + Quote.escape(e.reason()));
        }
    }

    private interface Work {
        void run() throws IOException, InterruptedException, Failure;
    }

    /**
     * Runs something that may recurse in a thread of the system's own and waits for it.
     *
     * @param tooDeep what to say where even a large stack was not enough
     */
    private static void aside(Work work, String tooDeep) throws IOException, InterruptedException, Failure {
        CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        Runnable task = () -> {
            try {
                work.run();
                done.complete(null);
            } catch (IOException | InterruptedException | Failure | RuntimeException | Error e) {
                done.completeExceptionally(e); // also an error: who waits would wait for ever
            }
        };
        Thread thread = new Thread(null, task, "aside", STACK);
        thread.setDaemon(true);
        thread.start();
        try {
            done.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case Failure failure -> throw failure;
                case StackOverflowError overflow -> throw new Failure(UsageError.EXIT_CODE, tooDeep);
                case null, default -> throw new IllegalStateException(e.getCause());
            }
        }
    }
}
