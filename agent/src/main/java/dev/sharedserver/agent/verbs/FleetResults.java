package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.agent.verbs.FleetResult.Action;
import dev.sharedserver.cli.Messages;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Outcome;
import java.util.Optional;

/** Makes of the answers of servers what is told of them in a command about many. */
final class FleetResults {

    private final Supervisor supervisor;
    private final Messages messages;
    private final Messages complaints;

    FleetResults(Supervisor supervisor, Messages messages, Messages complaints) {
        this.supervisor = supervisor;
        this.messages = messages;
        this.complaints = complaints;
    }

    /** Returns a server's answer; fails if another tool manages it. */
    static Outcome known(ServerName id, Optional<Outcome> outcome) throws Failure {
        if (outcome.isEmpty()) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "server " + Quote.escape(id.value()) + " is managed by another tool: it is shown, not touched");
        }
        return outcome.get();
    }

    FleetResult failed(ServerName name, ServerName id, String reason) {
        return FleetResult.failed(name, id, complaints.error(reason), reason);
    }

    FleetResult skipped(ServerName name, ServerName id, String variable) {
        return FleetResult.skipped(name, id, messages.skipped(id.value(), variable), variable + " is set");
    }

    FleetResult lazy(ServerName name, ServerName id) {
        return FleetResult.skipped(name, id, messages.lazy(id.value()), "it is lazy and does not run");
    }

    /** Returns what became of a use. */
    FleetResult of(ServerName name, ServerName id, Outcome outcome) throws Failure {
        String shown = id.value();
        return switch (outcome) {
            case Outcome.Started o ->
                held(Action.STARTED, name, id, o.pid(), o.refcount(), messages.started(shown, o.pid(), o.refcount()));
            case Outcome.Attached o ->
                held(Action.ATTACHED, name, id, o.pid(), o.refcount(), messages.attached(shown, o.refcount()));
            case Outcome.Rescued o ->
                held(Action.RESCUED, name, id, o.pid(), o.refcount(), messages.rescued(shown, o.refcount()));
            case Outcome.SpawnFailed o -> throw Verbs.Conversation.spawnFailed(shown, o);
            case Outcome.NotReady o -> throw Verbs.Conversation.notReady(shown, o);
            case Outcome.NoCommand o ->
                failed(
                        name,
                        id,
                        "server " + Quote.escape(shown) + " is not running, and the config has no command to start it");
            case Outcome.ClientNotAlive o ->
                failed(name, id, "client " + o.key() + " is not alive: nothing was attached to " + Quote.escape(shown));
            case Outcome.ClientNotWatched o ->
                failed(name, id, "client " + o.key() + " cannot be watched: " + o.reason());
            case Outcome.IsTheServer o ->
                failed(
                        name,
                        id,
                        "process " + o.pid() + " is server " + Quote.escape(shown) + " itself: it cannot hold itself");
            case Outcome.NotRecorded o ->
                failed(
                        name,
                        id,
                        "cannot write the state of server " + Quote.escape(shown) + ": " + Quote.escape(o.reason()));
            default -> failed(name, id, "server " + Quote.escape(shown) + ": " + outcome);
        };
    }

    private FleetResult held(Action action, ServerName name, ServerName id, long pid, int refcount, String text) {
        Instance instance = supervisor.server(id).state().instance();
        Launch launch = instance == null ? null : instance.launch();
        return new FleetResult(
                action,
                name,
                id,
                pid,
                refcount,
                launch == null ? null : launch.logFile(),
                launch == null ? null : launch.port(),
                text,
                null);
    }
}
