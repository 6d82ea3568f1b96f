package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.Messages;
import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.lifecycle.StopMode;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The verbs that end a server, or end it to start it again. */
final class StopVerbs {

    private final Supervisor supervisor;
    private final Launches launches;
    private final Callers callers;
    private final Views views;
    private final Verbs.Conversation conversation;
    private final Request request;
    private final LauncherConnection launcher;
    private final Messages messages;
    private final Messages complaints;

    StopVerbs(Supervisor supervisor, Launches launches, Callers callers, Views views, Verbs.Conversation conversation) {
        this.supervisor = supervisor;
        this.launches = launches;
        this.callers = callers;
        this.views = views;
        this.conversation = conversation;
        this.request = conversation.request;
        this.launcher = conversation.launcher;
        this.messages = conversation.messages;
        this.complaints = conversation.complaints;
    }

    private @Nullable String callerKey(@Nullable Long pid) {
        try {
            long caller = pid == null ? callers.of(request).process().pid() : pid;
            return Long.toString(caller);
        } catch (Failure e) {
            return null; // nobody that could hold a reference
        }
    }

    void stop(Command.Stop stop) throws IOException, InterruptedException, Failure {
        String caller = callerKey(stop.pid());
        Asker by = conversation.asker();
        int code = ExitCodes.OK;
        for (ServerName name : stop.names()) {
            Outcome outcome =
                    conversation.ask(name, number -> new Event.Stop(number, by, caller, stop.evenIfUsed(), null));
            if (outcome instanceof Outcome.Stopped stopped) {
                launcher.stdout(messages.stopped(name.value(), stopped.killed()));
            } else if (outcome instanceof Outcome.NotRunning && request.retry()) {
                launcher.stdout(messages.stopped(name.value(), false));
            } else if (stop.names().size() == 1) {
                conversation.answer(name, outcome, false);
                return;
            } else {
                code = ExitCodes.FAILED;
                launcher.stderr(complaint(name, outcome));
            }
        }
        launcher.exit(code);
    }

    private String complaint(ServerName name, Outcome outcome) {
        return switch (outcome) {
            case Outcome.StillUsed o -> complaints.stillUsed(name.value(), views.clients(o.others(), true));
            case Outcome.Survived o -> complaints.survived(name.value(), o.pid());
            default -> complaints.notRunning(name.value());
        };
    }

    void restart(Command.Restart restart) throws IOException, InterruptedException, Failure {
        String caller = callerKey(restart.pid());
        Asker by = conversation.asker();
        ServerName name = restart.name();
        Instance running = supervisor.known(name).state().instance();
        Launch next = running == null ? null : renewed(name, running.launch());
        Outcome outcome = conversation.askPatiently(
                name, number -> new Event.Restart(number, by, caller, restart.evenIfUsed(), next));
        if (running != null && next != null && outcome instanceof Outcome.Restarted) {
            List<String> changes = Renewal.changes(running.launch(), next);
            if (!changes.isEmpty()) {
                launcher.stdout(messages.note("changed with its config: " + String.join(", ", changes)));
            }
        }
        conversation.answer(name, outcome, false);
    }

    /** Returns what the config says of a server now, null if it says nothing. */
    private @Nullable Launch renewed(ServerName name, Launch running) throws IOException, Failure {
        if (running.isExec()) {
            return null;
        }
        CallersConfig.Configured found =
                conversation.names.config(null).configured(name, UseOptions.ofConfig(null), launches.ports());
        if (found == null || found.skippedBy() != null) {
            return null;
        }
        for (String warning : found.warnings()) {
            launcher.stderr(complaints.warning(warning));
        }
        Launch wanted = launches.configured(name, found, request);
        return wanted == null
                ? null
                : Renewal.of(running, wanted, found.options().env());
    }

    void adminStop(Command.AdminStop stop) throws IOException, InterruptedException, Failure {
        StopMode mode = new StopMode(
                StopMode.SIGTERM,
                stop.timeout(),
                stop.force() ? StopMode.Escalation.KILL : StopMode.Escalation.GIVE_UP);
        Outcome outcome =
                conversation.ask(stop.name(), number -> new Event.Stop(number, conversation.asker(), null, true, mode));
        conversation.answer(stop.name(), outcome, false);
    }

    void kill(Command.AdminKill kill) throws IOException, InterruptedException, Failure {
        String name = kill.name().value();
        Instance instance = supervisor.known(kill.name()).state().instance();
        if (instance != null) {
            launcher.stdout(messages.forceKilling(name, instance.process().pid()));
        }
        Outcome outcome = conversation.ask(
                kill.name(), number -> new Event.Stop(number, conversation.asker(), null, true, StopMode.kill()));
        if (outcome instanceof Outcome.Stopped) {
            conversation.print(messages.forcefullyTerminated(name));
        } else {
            conversation.answer(kill.name(), outcome, false);
        }
    }
}
