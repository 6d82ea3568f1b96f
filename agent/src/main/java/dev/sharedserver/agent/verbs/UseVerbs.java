package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Server;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.ExportOutput;
import dev.sharedserver.cli.JsonOutput;
import dev.sharedserver.cli.Messages;
import dev.sharedserver.cli.OnMismatch;
import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.Errno;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The verbs that attach to a server, starting it if need be, and that detach. */
final class UseVerbs {

    private final Supervisor supervisor;
    private final Launches launches;
    private final Callers callers;
    private final Verbs.Conversation conversation;
    private final Names names;
    private final Request request;
    private final LauncherConnection launcher;
    private final Messages messages;
    private final Messages complaints;

    UseVerbs(Supervisor supervisor, Launches launches, Callers callers, Verbs.Conversation conversation) {
        this.supervisor = supervisor;
        this.launches = launches;
        this.callers = callers;
        this.conversation = conversation;
        this.names = conversation.names;
        this.request = conversation.request;
        this.launcher = conversation.launcher;
        this.messages = conversation.messages;
        this.complaints = conversation.complaints;
    }

    /**
     * What a use may start.
     *
     * @param launch null if nobody says what
     * @param skippedBy the variable for which the config says that the server is not wanted, null if it is
     */
    record Wish(
            UseOptions options,
            @Nullable Launch launch,
            @Nullable String skippedBy) {}

    /** Finds out what a use may start; the config is asked where the command line names no command. */
    Wish wish(ServerName name, UseOptions options, List<String> command, boolean exec) throws IOException, Failure {
        if (!command.isEmpty()) {
            UseOptions settled = launches.ports().settled(name, options, request);
            return new Wish(settled, launch(name, settled, command, exec), null);
        }
        boolean runs = supervisor.server(name).state().instance() != null;
        if (runs && options.config() == null) {
            return new Wish(options, null, null);
        }
        CallersConfig config = names.config(options.config());
        for (String note : config.notes()) {
            launcher.stderr(complaints.warning(note));
        }
        CallersConfig.Configured found = config.configured(name, options, launches.ports());
        if (found == null) {
            return new Wish(options, null, null);
        }
        for (String warning : found.warnings()) {
            launcher.stderr(complaints.warning(warning));
        }
        if (found.skippedBy() != null) {
            return new Wish(options, null, runs ? null : found.skippedBy());
        }
        if (found.command().isEmpty()) {
            return new Wish(found.options(), null, null);
        }
        return new Wish(found.options(), launch(name, found.options(), found.command(), exec), null);
    }

    private Launch launch(ServerName name, UseOptions options, List<String> command, boolean exec) throws Failure {
        return exec ? launches.exec(options, command, request) : launches.launch(name, options, command, request);
    }

    void use(Command.Use use) throws IOException, InterruptedException, Failure {
        Wish wish = wish(use.name(), use.options(), use.command(), false);
        UseOptions options = wish.options();
        String skippedBy = wish.skippedBy();
        if (skippedBy != null) {
            String name = use.name().value();
            conversation.print(
                    options.json() ? JsonOutput.skipped(name, skippedBy) : messages.skipped(name, skippedBy));
            return;
        }
        Launch launch = wish.launch();
        Client client = conversation.client(options.pid(), options.hold(), options.metadata());
        refuseMismatch(use.name(), launch, options);
        Outcome outcome;
        Prerequisites before = before(client, conversation::askPatiently);
        try {
            if (use.command().isEmpty()) {
                for (FleetResult one : before.take(use.name(), names.config(options.config()), options)) {
                    if (options.export()) {
                        launcher.stderr(one.text());
                    } else if (!options.json()) {
                        launcher.stdout(one.text());
                    }
                }
            }
            outcome = conversation.askPatiently(use.name(), number -> new Event.Use(number, client, launch));
        } finally {
            before.settle();
        }
        if (outcome instanceof Outcome.Attached || outcome instanceof Outcome.Rescued) {
            warnOfMismatch(use.name(), launch, options);
        }
        String hold = client.until() == null ? null : client.key();
        if (!options.export() || !export(use.name(), outcome, hold)) {
            conversation.answer(use.name(), outcome, options.json(), hold);
        }
    }

    /** Returns what takes, for a client, the servers that others depend on. */
    Prerequisites before(Client client, Prerequisites.Asking asking) {
        FleetResults make = new FleetResults(supervisor, messages, complaints);
        return new Prerequisites(supervisor, launches, request, make, client, asking);
    }

    private static boolean isHeld(Outcome outcome) {
        return outcome instanceof Outcome.Attached
                || outcome instanceof Outcome.Rescued
                || outcome instanceof Outcome.Started;
    }

    /** Prints the endpoint of a server that was attached; false if it was not. */
    private boolean export(ServerName name, Outcome outcome, @Nullable String hold) throws IOException {
        String said = switch (outcome) {
            case Outcome.Started o -> messages.started(name.value(), o.pid(), o.refcount());
            case Outcome.Attached o -> messages.attached(name.value(), o.refcount());
            case Outcome.Rescued o -> messages.rescued(name.value(), o.refcount());
            default -> null;
        };
        Instance instance = supervisor.server(name).state().instance();
        if (said == null || instance == null) {
            return false;
        }
        Endpoint endpoint = Endpoint.of(instance.launch());
        // standard output is for eval alone
        launcher.stderr(hold == null ? said : said + messages.held(name.value(), hold));
        conversation.print(ExportOutput.of(
                name.value(),
                instance.process().pid(),
                endpoint.port(),
                endpoint.url(),
                instance.launch().logFile()));
        return true;
    }

    void refuseMismatch(ServerName name, @Nullable Launch launch, UseOptions options) throws Failure {
        String difference = options.onMismatch() == OnMismatch.FAIL ? difference(name, launch, options) : null;
        if (difference != null) {
            supervisor.noteMismatch(name, conversation.asker(), difference, true);
            throw new Failure(
                    ExitCodes.FAILED,
                    "server " + Quote.escape(name.value()) + " runs differently: " + difference
                            + " (--on-mismatch=fail)");
        }
    }

    void warnOfMismatch(ServerName name, @Nullable Launch launch, UseOptions options) throws IOException {
        String difference = options.onMismatch() == OnMismatch.WARN ? difference(name, launch, options) : null;
        if (difference != null) {
            supervisor.noteMismatch(name, conversation.asker(), difference, false);
            launcher.stderr(complaints.warning("server " + Quote.escape(name.value())
                    + " was started differently and stays as it is: " + difference));
        }
    }

    private @Nullable String difference(ServerName name, @Nullable Launch wanted, UseOptions options) {
        Instance running = supervisor.server(name).state().instance();
        return wanted == null || running == null ? null : Launches.difference(running.launch(), wanted, options);
    }

    void adminStart(Command.AdminStart start) throws IOException, InterruptedException, Failure {
        UseOptions options = launches.ports().settled(start.name(), start.options(), request);
        Launch launch = launches.launch(start.name(), options, start.command(), request);
        Asker by = conversation.asker();
        Outcome outcome;
        if (options.pid() == null) {
            outcome = conversation.askPatiently(start.name(), number -> new Event.Start(number, launch, by));
        } else {
            Client client = conversation.client(options.pid(), null, options.metadata());
            outcome = conversation.askPatiently(start.name(), number -> new Event.Use(number, client, launch, by));
        }
        conversation.answer(start.name(), outcome, options.json());
    }

    void incref(Command.AdminIncref incref) throws IOException, InterruptedException, Failure {
        Client client = conversation.client(incref.pid(), null, incref.metadata());
        Outcome outcome = conversation.ask(incref.name(), number -> new Event.Use(number, client, null));
        conversation.answer(
                incref.name(), outcome instanceof Outcome.NoCommand ? new Outcome.NotRunning() : outcome, false);
    }

    void unuse(Command.Unuse unuse) throws IOException, InterruptedException, Failure {
        String key;
        Asker by;
        if (unuse.hold() != null) {
            key = unuse.hold();
            by = conversation.asker();
        } else if (unuse.pid() != null) {
            key = Long.toString(unuse.pid());
            by = callers.asker(request, callers.launcherStat(request));
        } else {
            key = Long.toString(conversation.caller(null).pid());
            by = null; // who detaches itself needs no mention, nor the time to look it up
        }
        String detached = key;
        Asker other = by != null && Long.toString(by.pid()).equals(key) ? null : by;
        List<Server> needed = supervisor.needs().of(unuse.name(), key);
        Outcome outcome = conversation.ask(unuse.name(), number -> new Event.Unuse(number, detached, other));
        if (outcome instanceof Outcome.NotRunning && request.retry()) {
            // the first try was the last one to detach, and the server had no grace period
            outcome = new Outcome.Detached(0, supervisor.after(new Period(0)));
        }
        if (!needed.isEmpty() && outcome instanceof Outcome.Detached o) {
            launcher.stdout(messages.detached(unuse.name().value(), o.refcount(), supervisor.grace(o)));
            launcher.stdout(released(needed, key));
            launcher.exit(ExitCodes.OK);
            return;
        }
        conversation.answer(unuse.name(), outcome, false);
    }

    /** Returns what a person reads of the servers that were held for another one only, once that is let go. */
    private String released(List<Server> needed, String key) throws InterruptedException {
        supervisor.needs().settle(needed);
        StringBuilder text = new StringBuilder();
        for (Server server : needed) {
            if (!server.state().clients().containsKey(key)) {
                Outcome.Detached now = supervisor.detached(server);
                text.append(messages.detached(server.name().value(), now.refcount(), supervisor.grace(now)));
            }
        }
        return text.toString();
    }

    void run(Command.Run run) throws IOException, InterruptedException, Failure {
        Client client = Client.process(callers.launcher(request), Instant.now(), run.metadata());
        UseOptions options = UseOptions.ofConfig(run.config());
        Prerequisites before = before(client, conversation::ask);
        try {
            run(run, client, options, before);
        } finally {
            before.settle();
        }
    }

    private void run(Command.Run run, Client client, UseOptions options, Prerequisites before)
            throws IOException, InterruptedException, Failure {
        List<ServerName> held = new ArrayList<>();
        try {
            for (ServerName name : run.names()) {
                Wish wish = wish(name, options, List.of(), false);
                String skippedBy = wish.skippedBy();
                if (skippedBy != null) {
                    launcher.stderr(complaints.skipped(name.value(), skippedBy));
                    continue;
                }
                before.take(name, names.config(run.config()), options);
                Launch launch = wish.launch();
                Outcome outcome = conversation.ask(name, number -> new Event.Use(number, client, launch));
                if (!isHeld(outcome)) {
                    drop(held, client);
                    before.settle();
                    conversation.answer(name, outcome, false);
                    return;
                }
                held.add(name);
            }
        } catch (Failure e) {
            drop(held, client);
            throw e;
        }
        launcher.become(run.command(), List.of(), "");
        LauncherConnection.ExecError error = launcher.execError();
        if (error != null) {
            drop(held, client);
            String command = Quote.of(run.command().get(0));
            throw Verbs.Conversation.isMissing(error.errno())
                    ? new Failure(ExitCodes.NOT_FOUND, "command not found: " + command)
                    : new Failure(
                            ExitCodes.CANNOT_EXECUTE, "cannot execute " + command + ": " + Errno.text(error.errno()));
        }
    }

    private void drop(List<ServerName> held, Client client) throws InterruptedException, Failure {
        for (ServerName name : held) {
            conversation.ask(name, number -> new Event.Unuse(number, client.key(), null));
        }
    }
}
