package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.Messages;
import dev.sharedserver.cli.UsageError;
import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.Errno;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.core.config.Probes;
import dev.sharedserver.core.config.RestartPolicy;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.ExitStatus;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.lifecycle.Phase;
import dev.sharedserver.core.lifecycle.ServerState;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * {@code exec}: the launcher becomes the server, or, where that runs already, stays in front of it as its client.
 *
 * <p>A launcher that stays asks again and again, between long waits: its token says how far it is. {@code armed}: it
 * heeds signals now and may be attached. {@code PID STAMP}: it is attached and waits for the end of that process.
 */
final class ExecVerb {

    private static final String ARMED = "armed";
    private static final int SIGNALLED = 128;

    private final Supervisor supervisor;
    private final History history;
    private final Path directory;
    private final Callers callers;
    private final Verbs.Conversation conversation;
    private final UseVerbs uses;
    private final Request request;
    private final LauncherConnection launcher;
    private final Messages complaints;

    ExecVerb(
            Supervisor supervisor,
            History history,
            Path directory,
            Callers callers,
            Verbs.Conversation conversation,
            UseVerbs uses,
            Request request,
            LauncherConnection launcher,
            Messages complaints) {
        this.supervisor = supervisor;
        this.history = history;
        this.directory = directory;
        this.callers = callers;
        this.conversation = conversation;
        this.uses = uses;
        this.request = request;
        this.launcher = launcher;
        this.complaints = complaints;
    }

    void carryOut(Command.Exec exec) throws IOException, InterruptedException, Failure {
        ProcessId self = callers.launcher(request);
        ProcessId awaited = awaited(request.token());
        if (awaited != null) {
            stay(exec.name(), self, awaited);
        } else if (request.signalled()) {
            launcher.exit(ExitCodes.OK);
        } else if (!exec.noWait() && request.token().isEmpty() && runsElsewhere(exec.name(), self)) {
            launcher.token(ARMED);
            launcher.watch(0, 0, "", "", 0, true);
        } else {
            begin(exec, self);
        }
    }

    /** What a process keeps that becomes a server leaves some ways of looking at it without anything to look at. */
    private static void refuse(UseOptions options) throws Failure {
        for (Condition condition : Arrays.asList(options.ready(), options.check())) {
            if (condition != null
                    && (condition.probe() instanceof Probe.LogPattern || condition.probe() instanceof Probe.Notify)) {
                throw new Failure(
                        UsageError.EXIT_CODE,
                        "exec knows no " + Probes.kind(condition.probe())
                                + " probe: the server keeps its caller's output and environment. Use tcp, http or"
                                + " exec");
            }
        }
        if (options.restart() != null && options.restart() != RestartPolicy.NEVER) {
            throw new Failure(
                    UsageError.EXIT_CODE,
                    "exec knows no restart policy, got " + options.restart().word()
                            + ": only the caller can start its process again");
        }
    }

    private boolean runsElsewhere(ServerName name, ProcessId self) throws InterruptedException {
        Instance instance = supervisor.settled(name).state().instance();
        return instance != null && !instance.process().equals(self);
    }

    private void begin(Command.Exec exec, ProcessId self) throws IOException, InterruptedException, Failure {
        ServerName name = exec.name();
        UseVerbs.Wish wish = uses.wish(name, exec.options(), exec.command(), true);
        UseOptions options = wish.options();
        Launch launch = wish.launch();
        refuse(options);
        String skippedBy = wish.skippedBy();
        if (skippedBy != null) {
            launcher.stderr(complaints.skipped(name.value(), skippedBy));
            launcher.exit(ExitCodes.OK);
            return;
        }
        uses.refuseMismatch(name, launch, options);
        Client client = conversation.client(options.pid(), null, options.metadata());
        Client follower = exec.noWait() ? client : Client.process(self, Instant.now(), options.metadata());
        boolean runs = supervisor.server(name).state().instance() != null;
        Outcome outcome;
        Prerequisites before = uses.before(runs ? follower : client, conversation::ask);
        try {
            if (exec.command().isEmpty()) {
                before.take(name, conversation.names.config(options.config()), options);
            }
            outcome = conversation.ask(name, number -> new Event.Exec(number, client, follower, launch, self));
            if (outcome instanceof Outcome.Become) {
                become(name, self, Objects.requireNonNull(launch, "there was one"), options);
                return;
            }
        } finally {
            before.settle();
        }
        switch (outcome) {
            case Outcome.Attached attached -> attached(exec, self, launch, options, attached.refcount());
            case Outcome.Rescued rescued -> attached(exec, self, launch, options, rescued.refcount());
            default -> conversation.answer(name, outcome, false);
        }
    }

    private void become(ServerName name, ProcessId self, Launch launch, UseOptions options)
            throws IOException, InterruptedException, Failure {
        String held = supervisor.portHeld(launch, self);
        if (held != null) {
            throw withdrawn(name, self, new Outcome.SpawnFailed(launch, 0, Errno.EADDRINUSE, held));
        }
        LauncherConnection.ExecError error;
        try {
            launcher.become(launch.command(), options.env(), options.workingDir() == null ? "" : launch.workingDir());
            error = launcher.execError();
        } catch (IOException e) {
            // killed in between, or become already what it was told: its end tells
            error = null;
        }
        if (error == null) {
            supervisor.tell(name, new Event.Execed(self));
            return;
        }
        throw withdrawn(name, self, new Outcome.SpawnFailed(launch, error.step(), error.errno()));
    }

    /** The process does not become the server after all: returns why, once that is recorded. */
    private Failure withdrawn(ServerName name, ProcessId self, Outcome.SpawnFailed why) throws InterruptedException {
        supervisor.tell(name, new Event.ExecFailed(self, why.step(), why.errno(), why.reason()));
        supervisor.settled(name);
        return Verbs.Conversation.spawnFailed(name.value(), why);
    }

    private void attached(Command.Exec exec, ProcessId self, @Nullable Launch launch, UseOptions options, int refcount)
            throws IOException, InterruptedException, Failure {
        ServerName name = exec.name();
        uses.warnOfMismatch(name, launch, options);
        if (exec.noWait()) {
            launcher.stderr(complaints.attached(name.value(), refcount));
            launcher.exit(ExitCodes.OK);
            return;
        }
        Instance instance = supervisor.server(name).state().instance();
        ProcessId server = instance == null ? new ProcessId(0, 0) : instance.process();
        launcher.stderr(complaints.attached(name.value(), refcount));
        stay(name, self, server);
    }

    /** Waits in front of the server; {@code awaited} is the run of it that was waited for so far. */
    private void stay(ServerName name, ProcessId self, ProcessId awaited)
            throws IOException, InterruptedException, Failure {
        String key = Long.toString(self.pid());
        if (request.signalled()) {
            conversation.ask(name, number -> new Event.Unuse(number, key, null));
            launcher.exit(ExitCodes.OK);
            return;
        }
        ServerState state = supervisor.settled(name).state();
        Client held = state.clients().get(key);
        if (held == null || !self.equals(held.process())) {
            end(name, awaited);
            return;
        }
        Instance instance = state.instance();
        boolean dead = state.phase() instanceof Phase.Stopping stopping && stopping.ended() != null;
        ProcessId next = instance == null || dead ? new ProcessId(0, 0) : instance.process();
        ProcessId last = instance == null ? awaited : instance.process();
        launcher.token(last.pid() + " " + last.startTime());
        launcher.watch(next.pid(), next.startTime(), directory.toString(), name.value() + ".", -1, true);
    }

    /** The server is gone, or this process was detached from it by somebody else. */
    private void end(ServerName name, ProcessId awaited) throws IOException {
        ExitStatus status = history.lastExit(name, awaited.pid());
        switch (status) {
            case null -> launcher.exit(ExitCodes.OK);
            case ExitStatus.Exited exited -> launcher.exit(exited.code());
            case ExitStatus.Killed killed -> launcher.exit(SIGNALLED + killed.signal());
            case ExitStatus.Unknown unknown -> {
                launcher.stderr(complaints.note("server " + Quote.escape(name.value()) + " has ended; its exit status "
                        + "is not known, since it was not started here"));
                launcher.exit(ExitCodes.OK);
            }
        }
    }

    private static @Nullable ProcessId awaited(String token) {
        int space = token.indexOf(' ');
        if (space < 0) {
            return null;
        }
        try {
            return new ProcessId(Long.parseLong(token.substring(0, space)), Long.parseLong(token.substring(space + 1)));
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
