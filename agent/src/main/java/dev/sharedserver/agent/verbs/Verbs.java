package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Foreign;
import dev.sharedserver.agent.supervise.LogFiles;
import dev.sharedserver.agent.supervise.Server;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.CommandLine;
import dev.sharedserver.cli.JsonOutput;
import dev.sharedserver.cli.Messages;
import dev.sharedserver.cli.ServerView;
import dev.sharedserver.cli.ShellHook;
import dev.sharedserver.cli.State;
import dev.sharedserver.cli.Terminal;
import dev.sharedserver.cli.TextOutput;
import dev.sharedserver.cli.UsageError;
import dev.sharedserver.core.Errno;
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
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.os.Listeners;
import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** Carries out the command of one launcher. Stateless; one call for each connection. */
public final class Verbs {

    private static final int DEBUG_LINES = 50;

    private final Supervisor supervisor;
    private final EventLog events;
    private final History history;
    private final Stories stories;
    private final LogFiles logs;
    private final Path home;
    private final StateDirectory store;
    private final Path directory;
    private final Proc proc;
    private final Callers callers;
    private final Views views;
    private final Launches launches;
    private final int uid;
    private final AtomicBoolean asked = new AtomicBoolean();
    private final ShellTurns shellTurns = new ShellTurns();

    /** Makes the verbs of the servers that {@code supervisor} has. */
    public Verbs(
            Supervisor supervisor,
            EventLog events,
            LogFiles logs,
            StateDirectory store,
            Proc proc,
            Listeners listeners,
            ProcessId guard,
            long self,
            Path home) {
        this.home = home;
        this.supervisor = supervisor;
        this.events = events;
        this.logs = logs;
        this.history = new History(events);
        this.stories = new Stories(events);
        this.store = store;
        this.directory = store.path();
        this.proc = proc;
        this.callers = new Callers(proc, guard.pid(), self);
        this.views = new Views(proc, guard);
        this.launches = new Launches(logs, new PortChoice(supervisor, listeners));
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

    /** One request and its answer. */
    final class Conversation {

        private final boolean first;
        final Request request;
        final LauncherConnection launcher;
        final Names names;
        private final Terminal out;
        final Messages messages;
        final Messages complaints;

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
                case Command.Use use -> uses().use(use);
                case Command.Unuse unuse -> uses().unuse(unuse);
                case Command.Run run -> uses().run(run);
                case Command.Exec exec ->
                    new ExecVerb(supervisor, history, directory, callers, this, uses(), request, launcher, complaints)
                            .carryOut(exec);
                case Command.Up up -> fleet().up(up, caller(up.pid()));
                case Command.ClaudeHook hook ->
                    new ClaudeHookVerb(supervisor, launches, callers, request, launcher, messages, complaints, uid)
                            .carryOut(hook);
                case Command.ShellHook hook ->
                    print(ShellHook.script(
                            hook.shell(), home.resolve("bin/sharedserver").toString()));
                case Command.ShellMoved moved -> shells().moved(moved);
                case Command.Permit permit -> shells().permit(permit);
                case Command.Down down -> down(down);
                case Command.Config config ->
                    new ConfigViews(names.config(config.file()), launcher, messages, complaints).show(config);
                case Command.ListServers list -> list(list);
                case Command.Watch watch -> new WatchVerb(home, directory, request, launcher).carryOut(watch);
                case Command.Mcp mcp ->
                    new Program("mcp", home)
                            .replace(
                                    request,
                                    launcher,
                                    List.of(
                                            mcp.commands() ? "commands" : "no-commands",
                                            home.resolve("bin/sharedserver").toString()));
                case Command.Lsp lsp -> {
                    String host = lsp.host();
                    if (host != null) {
                        new OverSsh(host, lsp.what(), home).carryOut(request, launcher);
                    } else {
                        new HubVerb(HubVerb.Hub.LSP, home, directory, logs, callers, this).carryOut();
                    }
                }
                case Command.Dev dev -> {
                    if (dev.what().equals("serve")) {
                        List<String> arguments = new ArrayList<>();
                        arguments.add(home.resolve("bin/sharedserver").toString());
                        arguments.addAll(request.argv());
                        new Program("dev", home).replace(request, launcher, arguments);
                    } else {
                        new HubVerb(HubVerb.Hub.DEV, home, directory, logs, callers, this).carryOutHeedingSignals();
                    }
                }
                case Command.Info info -> whys().info(info);
                case Command.Why why -> whys().why(why);
                case Command.Check check ->
                    launcher.exit(Views.state(supervisor.known(check.name())).exitCode());
                case Command.Stop stop -> stops().stop(stop);
                case Command.Restart restart -> {
                    HubVerb hub = new HubVerb(HubVerb.Hub.LSP, home, directory, logs, callers, this);
                    if (hub.owns(supervisor.known(restart.name()).state().instance())) {
                        hub.carryOut(); // who reads and writes its FIFOs has to know of it
                    } else {
                        stops().restart(restart);
                    }
                }
                case Command.Wait wait -> new WaitVerb(supervisor, directory, request, launcher).carryOut(wait);
                case Command.AwaitEnd wait ->
                    new EndWait(supervisor, directory, callers, request, launcher).await(wait);
                case Command.Logs wanted ->
                    new LogsVerb(supervisor, logs, proc, launcher, request.stdoutTty()).carryOut(wanted);
                case Command.Events wanted -> new EventsVerb(events, history, request, launcher, out).carryOut(wanted);
                case Command.Doctor doctor -> {
                    ConfigViews.mention(names.config(null), launcher, complaints);
                    new DoctorVerb(supervisor, store, launcher, out, first).carryOut(doctor);
                }
                case Command.AdminStart start -> uses().adminStart(start);
                case Command.AdminStop stop -> stops().adminStop(stop);
                case Command.AdminIncref incref -> uses().incref(incref);
                case Command.AdminKill kill -> stops().kill(kill);
                case Command.AdminDebug debug -> debug(debug);
                case Command.AdminPrune prune -> prune(prune);
                case Command.Names names -> names();
                case Command.Print print -> print(print.text());
            }
        }

        private UseVerbs uses() {
            return new UseVerbs(supervisor, launches, callers, this);
        }

        private StopVerbs stops() {
            return new StopVerbs(supervisor, launches, callers, views, this);
        }

        private WhyVerb whys() {
            return new WhyVerb(supervisor, events, stories, views, launcher, out);
        }

        private ShellHookVerb shells() {
            return new ShellHookVerb(
                    supervisor, launches, callers, proc, shellTurns, request, launcher, messages, complaints, uid);
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

        void print(String text) throws IOException {
            launcher.stdout(text);
            launcher.exit(ExitCodes.OK);
        }

        Outcome ask(ServerName name, LongFunction<? extends Event> event) throws InterruptedException, Failure {
            Server server = supervisor.server(name);
            return managed(server, supervisor.ask(server, event));
        }

        /** Asks for something that may have to wait until a server is up. */
        Outcome askPatiently(ServerName name, LongFunction<? extends Event> event)
                throws IOException, InterruptedException, Failure {
            Server server = supervisor.server(name);
            return managed(server, new Patience(supervisor, request, launcher).ask(server, event));
        }

        private static Outcome managed(Server server, Optional<Outcome> outcome) throws Failure {
            Foreign foreign = server.foreign();
            if (outcome.isPresent()) {
                return outcome.get();
            }
            Long watcher = foreign == null ? null : foreign.server().watcherPid();
            throw new Failure(
                    ExitCodes.FAILED,
                    "server " + Quote.escape(server.name().value()) + " is managed by another tool (watcher pid "
                            + (watcher == null ? "unknown" : Long.toString(watcher)) + "): it is shown, not touched");
        }

        ProcessId caller(@Nullable Long pid) throws IOException, Failure {
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

        void answer(ServerName name, Outcome outcome, boolean json) throws IOException, Failure {
            answer(name, outcome, json, null);
        }

        /** Answers a request by what became of it; {@code hold} is the key of the hold that it made, if it made one. */
        void answer(ServerName serverName, Outcome outcome, boolean json, @Nullable String hold)
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
                case Outcome.Detached o -> print(messages.detached(name, o.refcount(), supervisor.grace(o)));
                case Outcome.Kept o -> print(messages.kept(name, o.refcount(), o.dependents()));
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
                case Outcome.Withdrawn o -> launcher.exit(ExitCodes.FAILED);
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
                Endpoint endpoint = instance == null ? new Endpoint(null, null) : Endpoint.of(instance.launch());
                State state = refcount > 0 ? State.ACTIVE : State.GRACE;
                print(JsonOutput.use(
                        action, name.value(), pid, refcount, state, true, log, endpoint.port(), endpoint.url(), hold));
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
            if (o.reason() != null) {
                return new Failure(ExitCodes.FAILED, "cannot start server " + Quote.escape(name) + ": " + o.reason());
            }
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

        static boolean isMissing(int errno) {
            return errno == Errno.ENOENT || errno == Errno.ENOTDIR;
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

        private void debug(Command.AdminDebug debug) throws IOException {
            StringBuilder text = new StringBuilder();
            for (String line : events.tail(debug.name(), DEBUG_LINES)) {
                text.append(Quote.escape(line)).append('\n');
            }
            print(text.isEmpty() ? "(no events of " + Quote.escape(debug.name().value()) + ")\n" : text.toString());
        }

        private void prune(Command.AdminPrune prune) throws IOException, InterruptedException {
            StringBuilder report = new StringBuilder();
            StringBuilder trouble = new StringBuilder();
            Pruning pruning = new Pruning(supervisor, proc, directory, logs.directory());
            pruning.prune(prune.olderThan(), prune.dryRun(), messages, report, trouble);
            launcher.stdout(report.isEmpty() && trouble.isEmpty() ? messages.nothingToPrune() : report.toString());
            launcher.stderr(trouble.toString());
            launcher.exit(trouble.isEmpty() ? ExitCodes.OK : ExitCodes.FAILED);
        }

        /** Who asks, as far as it can be told: the process that has us run, else the launcher. */
        Asker asker() {
            return callers.asker(request);
        }
    }
}
