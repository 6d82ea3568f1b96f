package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Server;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.JsonOutput;
import dev.sharedserver.cli.Messages;
import dev.sharedserver.cli.UsageError;
import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Nearest;
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
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Attaches to, and detaches from, many servers in one command ({@code up}, {@code down}).
 *
 * <p>Each server has a thread of its own, which waits for those that it depends on; what is known of one is told at once.
 */
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
    }

    /**
     * What became of one server.
     *
     * @param name as the config has it
     * @param text the sentence for people
     * @param reason why not, null if it went well
     */
    private record Result(
            String action,
            ServerName name,
            ServerName id,
            @Nullable Long pid,
            @Nullable Integer refcount,
            @Nullable String logFile,
            String text,
            @Nullable String reason) {

        boolean failed() {
            return action.equals("failed");
        }
    }

    /** Who wants to know of a server as soon as it is known. */
    private interface Teller {
        void tell(Result result) throws IOException;
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
        Ascent ascent = new Ascent(up.metadata(), UseOptions.ofConfig(up.config()), client, config);
        for (ServerName name : up.names().isEmpty() ? all(file) : up.names()) {
            ServerSpec spec = file.servers().get(name.value());
            Command.Only kind = spec != null && spec.lazy() ? Command.Only.LAZY : Command.Only.EAGER;
            if (up.only() == null || up.only() == kind) {
                ascent.want(name);
            }
        }
        List<String> failures = ascent.go(result -> tell(result, up.json()));
        launcher.exit(failures.isEmpty() ? ExitCodes.OK : ExitCodes.FAILED);
    }

    /** Attaches a process to all servers of a config; returns why each of those failed that did. */
    List<String> attach(CallersConfig config, ProcessId client, @Nullable String metadata)
            throws IOException, InterruptedException, Failure {
        Ascent ascent = new Ascent(metadata, UseOptions.ofConfig(null), client, config);
        for (ServerName name : all(sound(config))) {
            ascent.want(name);
        }
        return ascent.go(result -> {});
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

    /** One {@code up}: who is to be started, and what became of each. */
    private final class Ascent {

        private final @Nullable String metadata;
        private final ProcessId client;
        private final CallersConfig config;
        private final UseOptions options;
        private final Set<ServerName> wanted = new LinkedHashSet<>();
        private final Set<ServerName> onlyIfRunning = new LinkedHashSet<>();
        private final Map<String, CompletableFuture<Result>> results = new LinkedHashMap<>();
        private final BlockingQueue<Result> known = new LinkedBlockingQueue<>();

        Ascent(@Nullable String metadata, UseOptions options, ProcessId client, CallersConfig config) {
            this.metadata = metadata;
            this.options = options;
            this.client = client;
            this.config = config;
        }

        /** Adds a server, and what it depends on. */
        void want(ServerName first) {
            ServerSpec named = config.file().servers().get(first.value());
            if (named != null && named.lazy()) {
                onlyIfRunning.add(first);
                return;
            }
            ArrayDeque<ServerName> left = new ArrayDeque<>();
            left.add(first);
            while (!left.isEmpty()) {
                ServerName name = left.remove();
                ServerSpec spec = config.file().servers().get(name.value());
                if (wanted.add(name) && spec != null && config.skippedBy(spec) == null) {
                    for (String dependency : spec.dependsOn()) {
                        try {
                            left.add(ServerName.of(dependency));
                        } catch (InvalidInput e) {
                            throw new IllegalStateException("a dependency is a key of the file", e);
                        }
                    }
                }
            }
        }

        /** Starts all and tells of each; returns why each of those failed that did. */
        List<String> go(Teller teller) throws IOException, InterruptedException {
            onlyIfRunning.removeAll(wanted);
            List<ServerName> all = new ArrayList<>(wanted);
            all.addAll(onlyIfRunning);
            for (ServerName name : all) {
                results.put(name.value(), new CompletableFuture<>());
            }
            for (ServerName name : all) {
                Thread.ofVirtual().start(() -> finish(name));
            }
            List<String> failures = new ArrayList<>();
            for (int i = 0; i < results.size(); i++) {
                Result result = known.take();
                if (result.failed()) {
                    failures.add(Objects.requireNonNull(result.reason(), "what failed has a reason"));
                }
                teller.tell(result);
            }
            return failures;
        }

        private void finish(ServerName name) {
            Result made;
            try {
                made = attach(name);
            } catch (Failure e) {
                made = failed(name, config.onDisk(name), e.text());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                made = failed(name, config.onDisk(name), "interrupted");
            } catch (RuntimeException | ExecutionException e) {
                // told to this caller; the others' servers are no worse for it
                made = failed(name, config.onDisk(name), "internal error: " + e);
            }
            of(name.value()).complete(made);
            known.add(made);
        }

        private Result attach(ServerName name) throws InterruptedException, ExecutionException, Failure {
            ServerName id = config.onDisk(name);
            CallersConfig.Configured found = config.configured(id, options, launches.ports());
            if (found == null) {
                String nearest =
                        Nearest.of(name.value(), config.file().servers().keySet());
                throw new Failure(
                        ExitCodes.FAILED,
                        "no server " + Quote.of(name.value()) + " is in "
                                + Quote.of(config.file().file())
                                + (nearest == null ? "" : ", did you mean " + Quote.of(nearest) + "?"));
            }
            String variable = found.skippedBy();
            if (variable != null) {
                String text = messages.skipped(id.value(), variable);
                return new Result("skipped", name, id, null, null, null, text, variable + " is set");
            }
            boolean lazy = onlyIfRunning.contains(name);
            if (!lazy) {
                awaitDependencies(found.spec());
            }
            Launch launch = lazy ? null : launches.launch(id, found.options(), found.command(), request);
            String noted = metadata == null ? found.spec().metadata() : metadata;
            Client held = Client.process(client, Instant.now(), noted);
            return result(name, id, ask(id, number -> new Event.Use(number, held, launch)), lazy);
        }

        private void awaitDependencies(ServerSpec spec) throws InterruptedException, ExecutionException, Failure {
            for (String dependency : spec.dependsOn()) {
                if (of(dependency).get().failed()) {
                    throw new Failure(
                            ExitCodes.FAILED,
                            "server " + Quote.escape(spec.name().value()) + " is not started, since "
                                    + Quote.escape(dependency) + " failed, which it depends on");
                }
            }
        }

        private CompletableFuture<Result> of(String name) {
            return Objects.requireNonNull(results.get(name), "everybody that is wanted has a result");
        }
    }

    private Result failed(ServerName name, ServerName id, String reason) {
        return new Result("failed", name, id, null, null, null, complaints.error(reason), reason);
    }

    private Result result(ServerName name, ServerName id, Outcome outcome, boolean lazy) throws Failure {
        String shown = id.value();
        return switch (outcome) {
            case Outcome.Started o ->
                attached("started", name, id, o.pid(), o.refcount(), messages.started(shown, o.pid(), o.refcount()));
            case Outcome.Attached o ->
                attached("attached", name, id, o.pid(), o.refcount(), messages.attached(shown, o.refcount()));
            case Outcome.Rescued o ->
                attached("rescued", name, id, o.pid(), o.refcount(), messages.rescued(shown, o.refcount()));
            case Outcome.NoCommand o ->
                lazy
                        ? new Result(
                                "lazy", name, id, null, null, null, messages.lazy(shown), "it is lazy and does not run")
                        : failed(name, id, "server " + Quote.escape(shown) + " is not running");
            case Outcome.SpawnFailed o -> throw Verbs.Conversation.spawnFailed(shown, o);
            case Outcome.NotReady o -> throw Verbs.Conversation.notReady(shown, o);
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

    private Result attached(String action, ServerName name, ServerName id, long pid, int refcount, String text) {
        Instance instance = supervisor.server(id).state().instance();
        String log = instance == null ? null : instance.launch().logFile();
        return new Result(action, name, id, pid, refcount, log, text, null);
    }

    private Outcome ask(ServerName id, LongFunction<? extends Event> event) throws InterruptedException, Failure {
        Optional<Outcome> outcome = supervisor.ask(supervisor.server(id), event);
        if (outcome.isEmpty()) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "server " + Quote.escape(id.value()) + " is managed by another tool: it is shown, not touched");
        }
        return outcome.get();
    }

    private void tell(Result result, boolean json) throws IOException {
        if (json) {
            Launch launch = result.pid() == null
                    ? null
                    : supervisor.server(result.id()).state().launch();
            launcher.stdout(JsonOutput.fleet(
                    result.action(),
                    result.name().value(),
                    result.id().value(),
                    result.pid(),
                    result.refcount(),
                    result.logFile(),
                    launch == null ? null : launch.port(),
                    result.reason()));
        } else if (result.failed()) {
            launcher.stderr(result.text());
        } else {
            launcher.stdout(result.text());
        }
        launcher.flush();
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
                Result result = detach(server.name(), server.name(), key, by);
                if (result.failed() && server.state().clients().containsKey(key)) {
                    failures.add(Objects.requireNonNull(result.reason(), "what failed has a reason"));
                }
            }
        }
        return failures;
    }

    void down(Command.Down down, long pid, @Nullable Asker by) throws IOException, InterruptedException, Failure {
        String key = Long.toString(pid);
        boolean good = true;
        int told = 0;
        for (Map.Entry<ServerName, ServerName> entry : affected(down).entrySet()) {
            ServerName id = entry.getValue();
            boolean named = !down.names().isEmpty();
            Server server = supervisor.server(id);
            if (!named && !server.state().clients().containsKey(key)) {
                continue;
            }
            Result result = detach(entry.getKey(), id, key, by);
            good &= !result.failed();
            tell(result, down.json());
            told++;
        }
        if (told == 0 && !down.json()) {
            launcher.stdout(messages.note("Client " + key + " is attached to none of them"));
        }
        launcher.exit(good ? ExitCodes.OK : ExitCodes.FAILED);
    }

    /** Returns the names in the order in which they are left, each with what it is on disk: the dependent ones first. */
    private Map<ServerName, ServerName> affected(Command.Down down) throws IOException, InterruptedException, Failure {
        Map<ServerName, ServerName> affected = new LinkedHashMap<>();
        if (down.all()) {
            for (Server server : supervisor.all()) {
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
        SequencedSet<ServerName> order = new LinkedHashSet<>();
        Set<ServerName> done = new LinkedHashSet<>();
        for (ServerSpec spec : config.file().servers().values()) {
            order(spec, config.file(), done, order);
        }
        for (ServerName name : order.reversed()) {
            affected.put(name, config.onDisk(name));
        }
        return affected;
    }

    /** Puts what a server depends on before the server; without recursion, since chains may be long. */
    private static void order(ServerSpec first, ConfigFile file, Set<ServerName> done, Set<ServerName> order) {
        ArrayDeque<ServerSpec> stack = new ArrayDeque<>();
        stack.push(first);
        while (!stack.isEmpty()) {
            ServerSpec spec = Objects.requireNonNull(stack.peek(), "it is not empty");
            boolean entered = !done.add(spec.name());
            boolean pushed = false;
            if (!entered) {
                for (String dependency : spec.dependsOn()) {
                    ServerSpec next = file.servers().get(dependency);
                    if (next != null && !done.contains(next.name())) {
                        stack.push(next);
                        pushed = true;
                    }
                }
            }
            if (!pushed) {
                stack.pop();
                order.add(spec.name());
            }
        }
    }

    private Result detach(ServerName name, ServerName id, String key, @Nullable Asker by) throws InterruptedException {
        try {
            Outcome outcome = ask(id, number -> new Event.Unuse(number, key, by));
            if (outcome instanceof Outcome.Detached o) {
                Period grace = o.grace() == null ? new Period(0) : supervisor.until(o.grace());
                String text = messages.detached(id.value(), o.refcount(), grace);
                return new Result("detached", name, id, null, o.refcount(), null, text, null);
            }
            if (request.retry()) {
                // an agent that died after it had detached, and before it could say so
                int refcount = supervisor.refcount(id);
                String text = messages.detached(id.value(), refcount, new Period(0));
                return new Result("detached", name, id, null, refcount, null, text, null);
            }
            boolean runs = outcome instanceof Outcome.NotAttached;
            String shown = Quote.escape(id.value());
            return failed(
                    name,
                    id,
                    runs
                            ? "client " + key + " is not attached to server " + shown
                            : "server " + shown + " is not running");
        } catch (Failure e) {
            return failed(name, id, e.text());
        }
    }
}
