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
 * {@code lsp …} and {@code dev …}: sees to it that their hub is up, which is a shared server like any other, and sends the
 * launcher there. What a session lasts for is no affair of the agent, which may sleep meanwhile.
 */
final class HubVerb {

    /**
     * What differs from hub to hub.
     *
     * @param program the program's name, and the note on those who hold the hub
     * @param socket in the state directory
     * @param stopTimeout how long it may take to end what it runs
     */
    record Hub(ServerName name, String program, String socket, Period stopTimeout) {

        static final Hub LSP = new Hub(ServerName.LSP, "lsp", ".lsp.sock", new Period(5_000_000_000L));

        /** A front end has 5 s to end, and 3 more after SIGKILL. */
        static final Hub DEV = new Hub(ServerName.DEV, "dev", ".dev.sock", new Period(15_000_000_000L));
    }

    /** How long the hub stays when nobody needs it, and nothing that it runs. */
    private static final Period GRACE = new Period(60_000_000_000L);

    private static final Period READY_WITHIN = new Period(30_000_000_000L);
    private static final Period LOOK_EVERY = new Period(20_000_000L);

    private final Hub hub;
    private final Path home;
    private final Path directory;
    private final LogFiles logs;
    private final Callers callers;
    private final Verbs.Conversation conversation;

    HubVerb(Hub hub, Path home, Path directory, LogFiles logs, Callers callers, Verbs.Conversation conversation) {
        this.hub = hub;
        this.home = home;
        this.directory = directory;
        this.logs = logs;
        this.callers = callers;
        this.conversation = conversation;
    }

    /** Tells whether a server that runs is the hub's: its standard input is one of the hub's FIFOs. */
    boolean owns(@Nullable Instance running) {
        String stdin = running == null ? null : running.launch().stdin();
        return stdin != null && stdin.startsWith(directory.resolve("." + hub.program) + "/");
    }

    /** Sends the launcher there once it heeds signals: the first one is told to the hub, and its input is left alone. */
    void carryOutHeedingSignals() throws IOException, InterruptedException, Failure {
        if (conversation.request.signalled()) {
            conversation.launcher.exit(ExitCodes.INTERRUPTED);
        } else if (conversation.request.token().isEmpty()) {
            conversation.launcher.token(hub.program);
            conversation.launcher.watch(0, 0, "", "", 0, true);
        } else {
            carryOut();
        }
    }

    void carryOut() throws IOException, InterruptedException, Failure {
        Client client = Client.process(callers.launcher(conversation.request), Instant.now(), hub.program);
        Launch launch = launch();
        Outcome outcome = conversation.askPatiently(hub.name, number -> new Event.Use(number, client, launch));
        if (outcome instanceof Outcome.Started
                || outcome instanceof Outcome.Attached
                || outcome instanceof Outcome.Rescued) {
            conversation.launcher.elsewhere(hub.socket);
        } else {
            conversation.answer(hub.name, outcome, false);
        }
    }

    private Launch launch() throws IOException {
        List<String> command = new ArrayList<>(new Program(hub.program, home).command());
        command.add(home.resolve("bin/sharedserver").toString());
        command.add(directory.toString());
        command.add(conversation.request.version());
        return new Launch(
                command,
                // its socket has a path of its own length there
                directory.toString(),
                GRACE,
                StopMode.SIGTERM,
                hub.stopTimeout,
                logs.of(hub.name).toString(),
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
