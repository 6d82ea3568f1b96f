package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.LogFiles;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.core.config.RestartPolicy;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.Health;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.lifecycle.StopMode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code lsp …}: sees to it that the hub for language servers is up, which is a shared server like any other, and sends the
 * launcher there. What a session lasts for is no affair of the agent, which may sleep meanwhile.
 */
final class LspVerb {

    /** The hub's socket in the state directory. */
    private static final String SOCKET = ".lsp.sock";

    /** Where the hub keeps what it has of its servers, in the state directory. */
    private static final String PLACE = ".lsp";

    /** How long the hub stays when neither an editor nor a server needs it. */
    private static final Period GRACE = new Period(60_000_000_000L);

    private static final Period STOP_TIMEOUT = new Period(5_000_000_000L);
    private static final Period READY_WITHIN = new Period(30_000_000_000L);
    private static final Period LOOK_EVERY = new Period(20_000_000L);

    private final Path home;
    private final Path directory;
    private final LogFiles logs;
    private final Callers callers;
    private final Verbs.Conversation conversation;

    LspVerb(Path home, Path directory, LogFiles logs, Callers callers, Verbs.Conversation conversation) {
        this.home = home;
        this.directory = directory;
        this.logs = logs;
        this.callers = callers;
        this.conversation = conversation;
    }

    /** Tells whether a server that runs is the hub's: its standard input is one of the hub's FIFOs. */
    boolean owns(@Nullable Instance running) {
        String stdin = running == null ? null : running.launch().stdin();
        return stdin != null && stdin.startsWith(directory.resolve(PLACE) + "/");
    }

    void carryOut() throws IOException, InterruptedException, Failure {
        Client client = Client.process(callers.launcher(conversation.request), Instant.now(), "lsp");
        Launch launch = launch();
        Outcome outcome = conversation.askPatiently(ServerName.LSP, number -> new Event.Use(number, client, launch));
        if (outcome instanceof Outcome.Started
                || outcome instanceof Outcome.Attached
                || outcome instanceof Outcome.Rescued) {
            conversation.launcher.elsewhere(SOCKET);
        } else {
            conversation.answer(ServerName.LSP, outcome, false);
        }
    }

    private Launch launch() throws IOException {
        List<String> command = new ArrayList<>(new Program("lsp", home).command());
        command.add(home.resolve("bin/sharedserver").toString());
        command.add(directory.toString());
        command.add(conversation.request.version());
        return new Launch(
                command,
                // its socket has a path of its own length there
                directory.toString(),
                GRACE,
                StopMode.SIGTERM,
                STOP_TIMEOUT,
                logs.of(ServerName.LSP).toString(),
                true,
                null,
                null,
                new Health(
                        new Condition(new Probe.LogPattern("^ready$"), READY_WITHIN, LOOK_EVERY),
                        null,
                        RestartPolicy.NEVER),
                null,
                new Launch.Surroundings(
                        Program.surroundings(conversation.request.environment()),
                        conversation.request.umask(),
                        conversation.request.nice(),
                        conversation.request.rlimits()));
    }
}
