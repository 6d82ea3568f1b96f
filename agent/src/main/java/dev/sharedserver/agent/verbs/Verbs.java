package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Errno;
import dev.sharedserver.agent.supervise.Foreign;
import dev.sharedserver.agent.supervise.LogFiles;
import dev.sharedserver.agent.supervise.Server;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.agent.wire.LauncherConnection;
import dev.sharedserver.agent.wire.Request;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.CommandLine;
import dev.sharedserver.cli.JsonOutput;
import dev.sharedserver.cli.Messages;
import dev.sharedserver.cli.OnMismatch;
import dev.sharedserver.cli.ServerView;
import dev.sharedserver.cli.State;
import dev.sharedserver.cli.Terminal;
import dev.sharedserver.cli.TextOutput;
import dev.sharedserver.cli.UsageError;
import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.EventLog;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.StateDirectory;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.lifecycle.Phase;
import dev.sharedserver.core.lifecycle.StopMode;
import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongFunction;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Carries out the command of one launcher. Stateless; one call for each connection. */
public final class Verbs {

    private static final int DEBUG_LINES = 50;
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final Supervisor supervisor;
    private final EventLog events;
    private final History history;
    private final LogFiles logs;
    private final StateDirectory store;
    private final Path directory;
    private final Callers callers;
    private final Views views;
    private final Launches launches;
    private final int uid;
    private final AtomicBoolean asked = new AtomicBoolean();

    /** Makes the verbs of the servers that {@code supervisor} has. */
    public Verbs(
            Supervisor supervisor,
            EventLog events,
            LogFiles logs,
            StateDirectory store,
            Proc proc,
            ProcessId guard,
            long self) {
        this.supervisor = supervisor;
        this.events = events;
        this.logs = logs;
        this.history = new History(events);
        this.store = store;
        this.directory = store.path();
        this.callers = new Callers(proc, guard.pid(), self);
        this.views = new Views(proc, guard);
        this.launches = new Launches(logs);
        this.uid = proc.uid(self);
    }

    /** Carries out a request and answers it. */
    public void serve(Request request, LauncherConnection launcher) throws IOException, InterruptedException {
        Conversation conversation = new Conversation(request, launcher, !asked.getAndSet(true));
        try {
            conversation.carryOut(CommandLine.parse(request.argv(), request.version()));
        } catch (UsageError e) {
            launcher.stderr("sharedserver: " + e.text() + "\n");
            launcher.exit(UsageError.EXIT_CODE);
        } catch (Failure e) {
            launcher.stderr(conversation.complaints.error(e.text()));
            launcher.exit(e.exitCode());
        }
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

    /** One request and its answer. */
    final class Conversation {

        private final boolean first;
        private final Request request;
        private final LauncherConnection launcher;
        private final Names names;
        private final Terminal out;
        private final Messages messages;
        private final Messages complaints;

        Conversation(Request request, LauncherConnection launcher, boolean first) {
            this.first = first;
            this.request = request;
            this.launcher = launcher;
            this.names = new Names(supervisor, request, uid);
            // asking for NO_COLOR reads the whole environment: only where it matters
            boolean terminal = request.stdoutTty() || request.stderrTty();
            boolean color = terminal && request.variable("NO_COLOR").isEmpty();
            this.out = new Terminal(color && request.stdoutTty(), request.stdoutTty() ? request.columns() : 0);
            this.messages = new Messages(out);
            this.complaints = new Messages(new Terminal(color && request.stderrTty(), 0));
        }

        void carryOut(Command command) throws IOException, InterruptedException, Failure {
            switch (names.onDisk(command)) {
                case Command.Use use -> use(use);
                case Command.Unuse unuse -> unuse(unuse);
                case Command.Run run -> run(run);
                case Command.Exec exec ->
                    new ExecVerb(supervisor, history, directory, callers, this, request, launcher, complaints)
                            .carryOut(exec);
                case Command.Up up -> fleet().up(up, caller(up.pid()));
                case Command.ClaudeHook hook ->
                    new ClaudeHookVerb(supervisor, launches, callers, request, launcher, messages, complaints, uid)
                            .carryOut(hook);
                case Command.Down down -> down(down);
                case Command.Config config ->
                    new ConfigViews(names.config(config.file()), launcher, messages, complaints).show(config);
                case Command.ListServers list -> list(list);
                case Command.Info info -> info(info);
                case Command.Check check ->
                    launcher.exit(Views.state(supervisor.known(check.name())).exitCode());
                case Command.Stop stop -> stop(stop);
                case Command.Restart restart -> restart(restart);
                case Command.Wait wait -> await(wait);
                case Command.Logs wanted -> logs(wanted);
                case Command.Events wanted -> new EventsVerb(events, history, request, launcher, out).carryOut(wanted);
                case Command.Doctor doctor -> {
                    ConfigViews.mention(names.config(null), launcher, complaints);
                    new DoctorVerb(supervisor, store, launcher, out, first).carryOut(doctor);
                }
                case Command.AdminStart start -> adminStart(start);
                case Command.AdminStop stop -> adminStop(stop);
                case Command.AdminIncref incref -> incref(incref);
                case Command.AdminKill kill -> kill(kill);
                case Command.AdminDebug debug -> debug(debug);
                case Command.Names names -> names();
                case Command.Print print -> print(print.text());
            }
        }

        private Fleet fleet() {
            return new Fleet(supervisor, launches, names, request, launcher, messages, complaints);
        }

        private void down(Command.Down down) throws IOException, InterruptedException, Failure {
            Long pid = down.pid();
            if (pid == null) {
                fleet().down(down, caller(null).pid(), null);
            } else {
                fleet().down(down, callers.number(pid, request), asker());
            }
        }

        private void print(String text) throws IOException {
            launcher.stdout(text);
            launcher.exit(ExitCodes.OK);
        }

        Outcome ask(ServerName name, LongFunction<? extends Event> event) throws InterruptedException, Failure {
            Server server = supervisor.server(name);
            Optional<Outcome> outcome = supervisor.ask(server, event);
            Foreign foreign = server.foreign();
            if (outcome.isPresent()) {
                return outcome.get();
            }
            Long watcher = foreign == null ? null : foreign.server().watcherPid();
            throw new Failure(
                    ExitCodes.FAILED,
                    "server " + Quote.escape(name.value()) + " is managed by another tool (watcher pid "
                            + (watcher == null ? "unknown" : Long.toString(watcher)) + "): it is shown, not touched");
        }

        private ProcessId caller(@Nullable Long pid) throws IOException, Failure {
            if (pid != null) {
                return callers.named(pid, request);
            }
            Callers.Caller caller = callers.of(request);
            if (caller.indirect()) {
                launcher.stderr(complaints.note("the reference belongs to process "
                        + caller.process().pid() + ", since the direct parent is short-lived"));
            }
            return caller.process();
        }

        Client client(@Nullable Long pid, @Nullable Period hold, @Nullable String metadata)
                throws IOException, Failure {
            Instant now = Instant.now();
            if (hold != null) {
                return Client.hold(request.id().substring(0, 8), now, supervisor.after(hold), metadata);
            }
            return Client.process(caller(pid), now, metadata);
        }

        // Attaching and detaching

        /** Finds out what a use may start; the config is asked where the command line names no command. */
        Wish wish(ServerName name, UseOptions options, List<String> command, boolean exec) throws IOException, Failure {
            if (!command.isEmpty()) {
                return new Wish(options, launch(name, options, command, exec), null);
            }
            boolean runs = supervisor.server(name).state().instance() != null;
            if (runs && options.config() == null) {
                return new Wish(options, null, null);
            }
            CallersConfig config = names.config(options.config());
            for (String note : config.notes()) {
                launcher.stderr(complaints.warning(note));
            }
            CallersConfig.Configured found = config.configured(name, options);
            if (found == null) {
                return new Wish(options, null, null);
            }
            for (String warning : found.warnings()) {
                launcher.stderr(complaints.warning(warning));
            }
            if (found.skippedBy() != null) {
                return new Wish(options, null, runs ? null : found.skippedBy());
            }
            return new Wish(found.options(), launch(name, found.options(), found.command(), exec), null);
        }

        private Launch launch(ServerName name, UseOptions options, List<String> command, boolean exec) throws Failure {
            return exec ? launches.exec(options, command, request) : launches.launch(name, options, command, request);
        }

        private void use(Command.Use use) throws IOException, InterruptedException, Failure {
            Wish wish = wish(use.name(), use.options(), use.command(), false);
            UseOptions options = wish.options();
            String skippedBy = wish.skippedBy();
            if (skippedBy != null) {
                String name = use.name().value();
                print(options.json() ? JsonOutput.skipped(name, skippedBy) : messages.skipped(name, skippedBy));
                return;
            }
            Launch launch = wish.launch();
            Client client = client(options.pid(), options.hold(), options.metadata());
            refuseMismatch(use.name(), launch, options);
            Outcome outcome = ask(use.name(), number -> new Event.Use(number, client, launch));
            if (outcome instanceof Outcome.Attached || outcome instanceof Outcome.Rescued) {
                warnOfMismatch(use.name(), launch, options);
            }
            answer(use.name(), outcome, options.json(), client.until() == null ? null : client.key());
        }

        void refuseMismatch(ServerName name, @Nullable Launch launch, UseOptions options) throws Failure {
            String difference = options.onMismatch() == OnMismatch.FAIL ? difference(name, launch, options) : null;
            if (difference != null) {
                throw new Failure(
                        ExitCodes.FAILED,
                        "server " + Quote.escape(name.value()) + " runs differently: " + difference
                                + " (--on-mismatch=fail)");
            }
        }

        void warnOfMismatch(ServerName name, @Nullable Launch launch, UseOptions options) throws IOException {
            String difference = options.onMismatch() == OnMismatch.WARN ? difference(name, launch, options) : null;
            if (difference != null) {
                launcher.stderr(complaints.warning("server " + Quote.escape(name.value())
                        + " was started differently and stays as it is: " + difference));
            }
        }

        private @Nullable String difference(ServerName name, @Nullable Launch wanted, UseOptions options) {
            Instance running = supervisor.server(name).state().instance();
            return wanted == null || running == null ? null : Launches.difference(running.launch(), wanted, options);
        }

        private void adminStart(Command.AdminStart start) throws IOException, InterruptedException, Failure {
            UseOptions options = start.options();
            Launch launch = launches.launch(start.name(), options, start.command(), request);
            Outcome outcome;
            if (options.pid() == null) {
                outcome = ask(start.name(), number -> new Event.Start(number, launch));
            } else {
                Client client = client(options.pid(), null, options.metadata());
                outcome = ask(start.name(), number -> new Event.Use(number, client, launch));
            }
            answer(start.name(), outcome, options.json());
        }

        private void incref(Command.AdminIncref incref) throws IOException, InterruptedException, Failure {
            Client client = client(incref.pid(), null, incref.metadata());
            Outcome outcome = ask(incref.name(), number -> new Event.Use(number, client, null));
            answer(incref.name(), outcome instanceof Outcome.NoCommand ? new Outcome.NotRunning() : outcome, false);
        }

        private void unuse(Command.Unuse unuse) throws IOException, InterruptedException, Failure {
            String key = unuse.hold();
            if (key == null) {
                Long pid = unuse.pid();
                key = Long.toString(pid == null ? caller(null).pid() : callers.number(pid, request));
            }
            String detached = key;
            // who detaches itself needs no mention, nor the time to look it up
            Asker by = unuse.hold() == null && unuse.pid() == null ? null : asker();
            Asker other = by != null && Long.toString(by.pid()).equals(key) ? null : by;
            Outcome outcome = ask(unuse.name(), number -> new Event.Unuse(number, detached, other));
            if (outcome instanceof Outcome.NotRunning && request.retry()) {
                // the first try was the last one to detach, and the server had no grace period
                outcome = new Outcome.Detached(0, supervisor.after(new Period(0)));
            }
            answer(unuse.name(), outcome, false);
        }

        void answer(ServerName name, Outcome outcome, boolean json) throws IOException, Failure {
            answer(name, outcome, json, null);
        }

        /** Answers a request by what became of it; {@code hold} is the key of the hold that it made, if it made one. */
        private void answer(ServerName serverName, Outcome outcome, boolean json, @Nullable String hold)
                throws IOException, Failure {
            String name = serverName.value();
            switch (outcome) {
                case Outcome.Started o ->
                    attached(
                            "started",
                            serverName,
                            o.pid(),
                            o.refcount(),
                            json,
                            hold,
                            messages.started(name, o.pid(), o.refcount()));
                case Outcome.Attached o ->
                    attached(
                            "attached",
                            serverName,
                            o.pid(),
                            o.refcount(),
                            json,
                            hold,
                            messages.attached(name, o.refcount()));
                case Outcome.Rescued o ->
                    attached(
                            "rescued",
                            serverName,
                            o.pid(),
                            o.refcount(),
                            json,
                            hold,
                            messages.rescued(name, o.refcount()));
                case Outcome.AlreadyRunning o ->
                    attached(
                            "attached",
                            serverName,
                            o.pid(),
                            o.refcount(),
                            json,
                            hold,
                            messages.alreadyRunning(name, o.pid(), o.refcount()));
                case Outcome.Detached o -> {
                    Period grace = o.grace() == null ? new Period(0) : supervisor.until(o.grace());
                    print(messages.detached(name, o.refcount(), grace));
                }
                case Outcome.Stopped o -> print(messages.stopped(name, o.killed()));
                case Outcome.Restarted o -> print(messages.restarted(name, o.pid(), o.refcount()));
                case Outcome.NotRunning o -> refuse(complaints.notRunning(name));
                case Outcome.NoCommand o -> refuse(complaints.noCommand(name));
                case Outcome.NotAttached o -> notAttached(serverName, o);
                case Outcome.ClientNotAlive o ->
                    refuse(complaints.error("Client " + o.key() + " is not alive: nothing was attached"));
                case Outcome.ClientNotWatched o ->
                    refuse(complaints.error("Client " + o.key() + " cannot be watched: " + o.reason()));
                case Outcome.IsTheServer o ->
                    refuse(complaints.error("Process " + o.pid() + " is the server itself: it cannot hold itself"));
                case Outcome.StillUsed o -> refuse(complaints.stillUsed(name, views.clients(o.others(), true)));
                case Outcome.DidNotStop o ->
                    refuse(complaints.didNotStop(name, o.mode().patience()));
                case Outcome.Survived o -> refuse(complaints.survived(name, o.pid()));
                case Outcome.IsExec o ->
                    refuse(complaints.error("Server " + Quote.escape(name) + " was started by exec (pid " + o.pid()
                            + "): it ends with its caller's command and cannot be restarted. Stop it instead"));
                case Outcome.Become o -> throw new IllegalStateException("only exec is told to become a server");
                case Outcome.NoEnvironment o ->
                    refuse(complaints.error("Server " + Quote.escape(name)
                            + " cannot be restarted: its environment is not known any more. Stop it and use it anew"));
                case Outcome.SpawnFailed o -> throw spawnFailed(name, o);
                case Outcome.NotReady o -> throw notReady(name, o);
                case Outcome.NotRecorded o -> refuse(complaints.notRecorded(name, directory.toString(), o.reason()));
                case Outcome.Looked o -> launcher.exit(ExitCodes.OK);
            }
        }

        private void notAttached(ServerName serverName, Outcome.NotAttached outcome) throws IOException {
            if (request.retry()) {
                // an agent that died after it had detached, and before it could say so
                print(messages.detached(serverName.value(), supervisor.refcount(serverName), new Period(0)));
            } else {
                refuse(complaints.notAttached(serverName.value(), outcome.key()));
            }
        }

        private void refuse(String text) throws IOException {
            launcher.stderr(text);
            launcher.exit(ExitCodes.FAILED);
        }

        private void attached(
                String action,
                ServerName name,
                long pid,
                int refcount,
                boolean json,
                @Nullable String hold,
                String text)
                throws IOException {
            if (json) {
                Instance instance = supervisor.server(name).state().instance();
                String log = instance == null ? null : instance.launch().logFile();
                State state = refcount > 0 ? State.ACTIVE : State.GRACE;
                print(JsonOutput.use(action, name.value(), pid, refcount, state, true, log, hold));
            } else {
                print(hold == null ? text : text + messages.held(name.value(), hold));
            }
        }

        /** What a person needs to know of a server that did not come up: why, and what it said last. */
        static Failure notReady(String name, Outcome.NotReady o) {
            String why = o.cause().detail();
            String tail = LogTail.of(o.launch().logFile());
            return new Failure(
                    ExitCodes.FAILED,
                    "server " + Quote.escape(name) + " did not come up: "
                            + Quote.escape(why == null ? o.cause().word() : why)
                            + (tail.isEmpty() ? "" : "\n" + tail));
        }

        static Failure spawnFailed(String name, Outcome.SpawnFailed o) {
            Launch launch = o.launch();
            String why = Errno.text(o.errno());
            String command = Quote.of(launch.command().get(0));
            return switch (o.step()) {
                case 6 ->
                    new Failure(
                            ExitCodes.FAILED,
                            "cannot start server " + Quote.escape(name) + ": working directory "
                                    + Quote.of(launch.workingDir()) + ": " + why);
                case 7 ->
                    new Failure(
                            ExitCodes.FAILED,
                            "cannot start server " + Quote.escape(name) + ": standard input "
                                    + Quote.of(launch.stdin() == null ? "/dev/null" : launch.stdin()) + ": " + why);
                case 8 ->
                    new Failure(
                            ExitCodes.FAILED,
                            "cannot start server " + Quote.escape(name) + ": log file "
                                    + Quote.of(String.valueOf(launch.logFile()))
                                    + (launch.stdout() == null ? "" : " or output " + Quote.of(launch.stdout())) + ": "
                                    + why);
                case 10 ->
                    isMissing(o.errno())
                            ? new Failure(
                                    ExitCodes.NOT_FOUND,
                                    "cannot start server " + Quote.escape(name) + ": command not found: " + command
                                            + " (" + why + ")")
                            : new Failure(
                                    ExitCodes.CANNOT_EXECUTE,
                                    "cannot start server " + Quote.escape(name) + ": cannot execute " + command + ": "
                                            + why);
                default ->
                    new Failure(
                            ExitCodes.FAILED,
                            "cannot start server " + Quote.escape(name) + ": step " + o.step()
                                    + " before the command is executed: " + why);
            };
        }

        private void run(Command.Run run) throws IOException, InterruptedException, Failure {
            Client client = Client.process(callers.launcher(request), Instant.now(), run.metadata());
            UseOptions options = UseOptions.ofConfig(run.config());
            List<ServerName> held = new ArrayList<>();
            try {
                for (ServerName name : run.names()) {
                    Wish wish = wish(name, options, List.of(), false);
                    String skippedBy = wish.skippedBy();
                    if (skippedBy != null) {
                        launcher.stderr(complaints.skipped(name.value(), skippedBy));
                        continue;
                    }
                    Launch launch = wish.launch();
                    Outcome outcome = ask(name, number -> new Event.Use(number, client, launch));
                    boolean holds = outcome instanceof Outcome.Attached
                            || outcome instanceof Outcome.Rescued
                            || outcome instanceof Outcome.Started;
                    if (!holds) {
                        drop(held, client);
                        answer(name, outcome, false);
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
                throw isMissing(error.errno())
                        ? new Failure(ExitCodes.NOT_FOUND, "command not found: " + command)
                        : new Failure(
                                ExitCodes.CANNOT_EXECUTE,
                                "cannot execute " + command + ": " + Errno.text(error.errno()));
            }
        }

        private static boolean isMissing(int errno) {
            return errno == Errno.ENOENT || errno == Errno.ENOTDIR;
        }

        private void drop(List<ServerName> held, Client client) throws InterruptedException, Failure {
            for (ServerName name : held) {
                ask(name, number -> new Event.Unuse(number, client.key(), null));
            }
        }

        // Looking

        private void list(Command.ListServers list) throws IOException, InterruptedException {
            List<ServerView> all = new ArrayList<>();
            for (Server server : supervisor.all()) {
                all.add(views.view(server, false));
            }
            print(list.json() ? JsonOutput.list(all) : TextOutput.list(all, out, Instant.now()));
        }

        private void names() throws IOException, InterruptedException {
            StringBuilder text = new StringBuilder();
            for (Server server : supervisor.all()) {
                text.append(server.name().value()).append('\n');
            }
            print(text.toString());
        }

        private void info(Command.Info info) throws IOException, InterruptedException {
            ServerView view = views.view(supervisor.known(info.name()), true);
            print(info.json() ? JsonOutput.info(view) : TextOutput.info(view, out, Instant.now()));
        }

        private void debug(Command.AdminDebug debug) throws IOException {
            StringBuilder text = new StringBuilder();
            for (String line : events.tail(debug.name(), DEBUG_LINES)) {
                text.append(Quote.escape(line)).append('\n');
            }
            print(text.isEmpty() ? "(no events of " + Quote.escape(debug.name().value()) + ")\n" : text.toString());
        }

        private void logs(Command.Logs wanted) throws IOException, InterruptedException, Failure {
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
                        "server " + Quote.escape(wanted.name().value()) + " has no log at "
                                + Quote.of(file.toString()));
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

        private void await(Command.Wait wait) throws IOException, InterruptedException, Failure {
            // a file that changed is what made the launcher ask again: the answer has to include that change
            Server server = supervisor.settled(wait.name());
            State state = Views.state(server);
            boolean running = state == State.ACTIVE || state == State.GRACE;
            boolean reached = switch (wait.goal()) {
                case READY ->
                    server.foreign() != null || server.state().phase() instanceof Phase.Running up && up.ready();
                case STOPPED -> state == State.STOPPED;
                case ACTIVE -> state == State.ACTIVE;
                case GRACE -> state == State.GRACE;
            };
            if (reached) {
                launcher.exit(ExitCodes.OK);
                return;
            }
            long millis = -1;
            if (wait.timeout() != null) {
                long now = System.nanoTime();
                long deadline = request.token().isEmpty() ? deadline(now, wait.timeout()) : token(request.token(), now);
                if (deadline <= now) {
                    throw new Failure(
                            ExitCodes.TIMED_OUT,
                            "server " + Quote.escape(wait.name().value()) + " is " + state.word() + " after "
                                    + wait.timeout());
                }
                launcher.token(Long.toString(deadline));
                millis = (deadline - now + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI;
            }
            // the files change with every state; the process is watched, too, in case nobody is left to change them
            Instance instance = server.state().instance();
            boolean end = wait.goal() == Command.Goal.STOPPED && state != State.DEFUNCT;
            ProcessId awaited = end && instance != null ? instance.process() : new ProcessId(0, 0);
            launcher.watch(
                    awaited.pid(),
                    awaited.startTime(),
                    directory.toString(),
                    wait.name().value() + ".",
                    millis,
                    false);
        }

        private static long deadline(long now, Period timeout) {
            return now > Long.MAX_VALUE - timeout.nanos() ? Long.MAX_VALUE : now + timeout.nanos();
        }

        private static long token(String token, long now) {
            try {
                return Long.parseLong(token);
            } catch (NumberFormatException e) {
                return now;
            }
        }

        // Ending

        private @Nullable String callerKey(@Nullable Long pid) {
            try {
                long caller = pid == null ? callers.of(request).process().pid() : pid;
                return Long.toString(caller);
            } catch (Failure e) {
                return null; // nobody that could hold a reference
            }
        }

        /** Who asks, as far as it can be told: the process that has us run, else the launcher. */
        private Asker asker() {
            return callers.asker(request);
        }

        private void stop(Command.Stop stop) throws IOException, InterruptedException, Failure {
            String caller = callerKey(stop.pid());
            Asker by = asker();
            int code = ExitCodes.OK;
            for (ServerName name : stop.names()) {
                Outcome outcome = ask(name, number -> new Event.Stop(number, by, caller, stop.evenIfUsed(), null));
                if (outcome instanceof Outcome.Stopped stopped) {
                    launcher.stdout(messages.stopped(name.value(), stopped.killed()));
                } else if (outcome instanceof Outcome.NotRunning && request.retry()) {
                    launcher.stdout(messages.stopped(name.value(), false));
                } else if (stop.names().size() == 1) {
                    answer(name, outcome, false);
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

        private void restart(Command.Restart restart) throws IOException, InterruptedException, Failure {
            String caller = callerKey(restart.pid());
            Asker by = asker();
            Outcome outcome =
                    ask(restart.name(), number -> new Event.Restart(number, by, caller, restart.evenIfUsed(), null));
            answer(restart.name(), outcome, false);
        }

        private void adminStop(Command.AdminStop stop) throws IOException, InterruptedException, Failure {
            StopMode mode = new StopMode(
                    StopMode.SIGTERM,
                    stop.timeout(),
                    stop.force() ? StopMode.Escalation.KILL : StopMode.Escalation.GIVE_UP);
            Outcome outcome = ask(stop.name(), number -> new Event.Stop(number, asker(), null, true, mode));
            answer(stop.name(), outcome, false);
        }

        private void kill(Command.AdminKill kill) throws IOException, InterruptedException, Failure {
            String name = kill.name().value();
            Instance instance = supervisor.known(kill.name()).state().instance();
            if (instance != null) {
                launcher.stdout(messages.forceKilling(name, instance.process().pid()));
            }
            Outcome outcome = ask(kill.name(), number -> new Event.Stop(number, asker(), null, true, StopMode.kill()));
            if (outcome instanceof Outcome.Stopped) {
                print(messages.forcefullyTerminated(name));
            } else {
                answer(kill.name(), outcome, false);
            }
        }
    }
}
