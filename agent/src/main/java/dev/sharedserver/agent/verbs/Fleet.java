package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Server;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.agent.verbs.FleetResult.Action;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.Messages;
import dev.sharedserver.cli.UsageError;
import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.ConfigFile;
import dev.sharedserver.core.config.Problem;
import dev.sharedserver.core.config.ServerSpec;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Attaches to, and detaches from, many servers in one command ({@code up}, {@code down}). */
final class Fleet {

    /** How long the end of standard input is awaited. */
    private static final int INPUT_MILLIS = 10_000;

    private final Supervisor supervisor;
    private final Launches launches;
    private final Names names;
    private final Request request;
    private final LauncherConnection launcher;
    private final Messages messages;
    private final Messages complaints;
    private final FleetResults make;

    Fleet(
            Supervisor supervisor,
            Launches launches,
            Names names,
            Request request,
            LauncherConnection launcher,
            Messages messages,
            Messages complaints) {
        this.supervisor = supervisor;
        this.launches = launches;
        this.names = names;
        this.request = request;
        this.launcher = launcher;
        this.messages = messages;
        this.complaints = complaints;
        this.make = new FleetResults(supervisor, messages, complaints);
    }

    // Up

    void up(Command.Up up, ProcessId client) throws IOException, InterruptedException, Failure {
        CallersConfig config = up.input() ? given() : names.config(up.config());
        for (String note : config.notes()) {
            launcher.stderr(complaints.warning(note));
        }
        config.needed();
        ConfigFile file = sound(config);
        for (Problem warning : file.warnings()) {
            launcher.stderr(complaints.warning(warning.toString()));
        }
        Ascent ascent = ascent(up.metadata(), UseOptions.ofConfig(up.config()), client, config);
        for (ServerName name : up.names().isEmpty() ? all(file) : up.names()) {
            ServerSpec spec = file.servers().get(name.value());
            Command.Only kind = spec != null && spec.lazy() ? Command.Only.LAZY : Command.Only.EAGER;
            if (up.only() == null || up.only() == kind) {
                ascent.want(name);
            }
        }
        FleetReport report = new FleetReport(request, launcher, up.json());
        ascent.go(report::tell);
        report.end();
    }

    /** Attaches a process to all servers of a config; returns why each of those failed that did. */
    List<String> attach(CallersConfig config, ProcessId client, @Nullable String metadata)
            throws IOException, InterruptedException, Failure {
        Ascent ascent = ascent(metadata, UseOptions.ofConfig(null), client, config);
        for (ServerName name : all(sound(config))) {
            ascent.want(name);
        }
        List<String> failures = new ArrayList<>();
        ascent.go(result -> {
            if (result.failed()) {
                failures.add(result.why());
            }
        });
        return failures;
    }

    private Ascent ascent(@Nullable String metadata, UseOptions options, ProcessId client, CallersConfig config) {
        return new Ascent(supervisor, launches, request, make, metadata, options, client, config);
    }

    private CallersConfig given() throws IOException, Failure {
        if (request.stdinTty()) {
            throw new Failure(
                    UsageError.EXIT_CODE, "--servers-json - reads the config from standard input, which is a terminal");
        }
        LauncherConnection.Input input = launcher.input(ConfigFile.MAX_BYTES, INPUT_MILLIS);
        return switch (input.end()) {
            case WHOLE -> CallersConfig.given(input.bytes(), request);
            case LONGER ->
                throw new Failure(
                        ExitCodes.FAILED,
                        "standard input is longer than " + ConfigFile.MAX_BYTES + " bytes: that is no config");
            case LATE ->
                throw new Failure(
                        ExitCodes.FAILED,
                        "standard input did not end within " + INPUT_MILLIS / 1000 + " s: the config is not complete");
            case BROKEN -> throw new Failure(ExitCodes.FAILED, "standard input cannot be read");
        };
    }

    /** Returns what a config holds; fails if there is something wrong with it that concerns no single server. */
    private static ConfigFile sound(CallersConfig config) throws Failure {
        ConfigFile file = config.file();
        List<Problem> general = new ArrayList<>();
        for (Problem error : file.errors()) {
            if (error.server() == null) {
                general.add(error);
            }
        }
        CallersConfig.refuse(general);
        return file;
    }

    /** Returns every server of the file, the broken ones, too. */
    private static List<ServerName> all(ConfigFile file) {
        List<ServerName> all = new ArrayList<>();
        file.servers().values().forEach(spec -> all.add(spec.name()));
        for (String name : file.broken()) {
            try {
                all.add(ServerName.of(name));
            } catch (InvalidInput e) {
                // it has no name to be called by; config check tells of it
            }
        }
        return all;
    }

    // Down

    /** Detaches a process from all that it holds; returns what failed. */
    List<String> detach(long pid, @Nullable Asker by) throws IOException, InterruptedException {
        return detach(pid, by, client -> true);
    }

    /** Detaches a process from what it holds by those references; returns what failed. */
    List<String> detach(long pid, @Nullable Asker by, Predicate<Client> unwanted)
            throws IOException, InterruptedException {
        String key = Long.toString(pid);
        List<String> failures = new ArrayList<>();
        for (Server server : supervisor.all()) {
            Client held = server.state().clients().get(key);
            if (held != null && unwanted.test(held)) {
                FleetResult result = detach(server.name(), server.name(), key, true, by);
                if (result.failed() && server.state().clients().containsKey(key)) {
                    failures.add(result.why());
                }
            }
        }
        return failures;
    }

    void down(Command.Down down, long pid, @Nullable Asker by) throws IOException, InterruptedException, Failure {
        String key = Long.toString(pid);
        boolean named = !down.names().isEmpty();
        FleetReport report = new FleetReport(request, launcher, down.json());
        Map<ServerName, ServerName> affected = affected(down, key);
        Map<ServerName, Server> needed = new LinkedHashMap<>();
        Set<ServerName> held = new HashSet<>();
        for (ServerName id : affected.values()) {
            if (supervisor.server(id).state().clients().containsKey(key)) {
                held.add(id);
                supervisor.needs().of(id, key).forEach(server -> needed.put(server.name(), server));
            }
        }
        for (Map.Entry<ServerName, ServerName> entry : affected.entrySet()) {
            ServerName id = entry.getValue();
            boolean holds = held.contains(id);
            if (!report.tells(entry.getKey()) && (named || holds)) {
                report.tell(detach(entry.getKey(), id, key, holds, by));
            }
        }
        supervisor.needs().settle(List.copyOf(needed.values()));
        needed.keySet().removeAll(affected.values());
        for (Server server : needed.values()) {
            if (!server.state().clients().containsKey(key)) {
                report.tell(released(inFile(server.name(), down), server));
            }
        }
        if (report.isEmpty() && !down.json()) {
            launcher.stdout(messages.note("Client " + key + " is attached to none of them"));
        }
        report.end();
    }

    /** Returns the names in the order in which they are left, each with what it is on disk: the dependent ones first. */
    private Map<ServerName, ServerName> affected(Command.Down down, String key)
            throws IOException, InterruptedException, Failure {
        Map<ServerName, ServerName> affected = new LinkedHashMap<>();
        if (down.all()) {
            for (Server server : supervisor.needs().inOrder(supervisor.all(), key)) {
                affected.put(server.name(), server.name());
            }
            return affected;
        }
        if (!down.names().isEmpty()) {
            CallersConfig config = names.config(down.config());
            for (ServerName name : down.names()) {
                affected.put(name, down.config() == null ? names.seen(name) : config.onDisk(name));
            }
            return affected;
        }
        CallersConfig config = names.config(down.config());
        config.needed();
        CallersConfig.refuse(config.file().servers().isEmpty() ? config.file().errors() : List.of());
        ConfigFile file = config.file();
        for (ServerName name : Dependencies.inOrder(file.servers().values(), file, spec -> true)
                .sequencedKeySet()
                .reversed()) {
            affected.put(name, config.onDisk(name));
        }
        return affected;
    }

    /** Returns what a server is called in the file, where it stands there. */
    private ServerName inFile(ServerName id, Command.Down down) throws Failure {
        CallersConfig config = names.config(down.config());
        if (config.place() != null) {
            for (ServerSpec spec : config.file().servers().values()) {
                if (config.onDisk(spec.name()).equals(id)) {
                    return spec.name();
                }
            }
        }
        return id;
    }

    /** Tells of a server that was held for another one only. */
    private FleetResult released(ServerName name, Server server) {
        Instance instance = server.state().instance();
        Outcome.Detached now = supervisor.detached(server);
        return detached(
                name,
                server.name(),
                instance == null ? null : instance.process().pid(),
                now.refcount(),
                supervisor.grace(now));
    }

    /** {@code held}: the client held it when this began; if it does not any more, it was let go with what needed it. */
    private FleetResult detach(ServerName name, ServerName id, String key, boolean held, @Nullable Asker by)
            throws InterruptedException {
        Instance instance = supervisor.server(id).state().instance();
        Long process = instance == null ? null : instance.process().pid();
        try {
            Outcome outcome = FleetResults.known(
                    id, supervisor.ask(supervisor.server(id), number -> new Event.Unuse(number, key, by)));
            if (outcome instanceof Outcome.Detached o) {
                return detached(name, id, process, o.refcount(), supervisor.grace(o));
            }
            if (outcome instanceof Outcome.Kept o) {
                String text = messages.kept(id.value(), o.refcount(), o.dependents());
                return new FleetResult(Action.DETACHED, name, id, process, o.refcount(), null, null, text, null);
            }
            if (held && !(outcome instanceof Outcome.NotRecorded)) {
                return released(name, supervisor.server(id));
            }
            if (request.retry()) {
                // an agent that died after it had detached, and before it could say so
                return detached(name, id, process, supervisor.refcount(id), new Period(0));
            }
            String shown = "server " + Quote.escape(id.value());
            return make.failed(
                    name,
                    id,
                    outcome instanceof Outcome.NotAttached
                            ? "client " + key + " is not attached to " + shown
                            : shown + " is not running");
        } catch (Failure e) {
            return make.failed(name, id, e.text());
        }
    }

    private FleetResult detached(ServerName name, ServerName id, @Nullable Long process, int refcount, Period grace) {
        String text = messages.detached(id.value(), refcount, grace);
        return new FleetResult(Action.DETACHED, name, id, process, refcount, null, null, text, null);
    }
}
