package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.LogFiles;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.UsageError;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.wire.LauncherConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** {@code logs}: the server's output. */
final class LogsVerb {

    private final Supervisor supervisor;
    private final LogFiles logs;
    private final LauncherConnection launcher;

    LogsVerb(Supervisor supervisor, LogFiles logs, LauncherConnection launcher) {
        this.supervisor = supervisor;
        this.logs = logs;
        this.launcher = launcher;
    }

    void carryOut(Command.Logs wanted) throws IOException, InterruptedException, Failure {
        Instance instance = supervisor.known(wanted.name()).state().instance();
        if (instance != null && instance.launch().isExec()) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "server " + Quote.escape(wanted.name().value())
                            + " was started by exec: its output goes where its caller's does");
        }
        String named = instance == null ? null : instance.launch().logFile();
        Path file = named == null ? logs.of(wanted.name()) : Path.of(named);
        if (!Files.isReadable(file)) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "server " + Quote.escape(wanted.name().value()) + " has no log at " + Quote.of(file.toString()));
        }
        LogReader reader = new LogReader(file, launcher, pattern(wanted.grep()));
        if (wanted.lines() != null) {
            reader.skipTo(wanted.lines());
        }
        if (wanted.follow()) {
            reader.follow();
        } else {
            reader.send();
            reader.finish();
        }
        launcher.exit(ExitCodes.OK);
    }

    private static @Nullable Pattern pattern(@Nullable String regex) throws Failure {
        try {
            return regex == null ? null : Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new Failure(
                    UsageError.EXIT_CODE,
                    "invalid --grep " + Quote.of(regex) + ": " + e.getDescription() + " at " + e.getIndex());
        }
    }
}
