package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.Messages;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.config.ConfigPlaces;
import dev.sharedserver.core.lifecycle.Client;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Gives a shell the servers of the project that it is in.
 *
 * <p>The hook calls in the background, so calls may overtake each other. Each therefore looks where the shell is
 * <em>now</em>, one call after the other: whichever comes last finds the directory in which the shell has stayed. Which
 * references are the hook's stands in their metadata; what the user has attached by hand is left alone.
 */
final class ShellHookVerb {

    private static final String MARK = "shell in ";

    private final Supervisor supervisor;
    private final Launches launches;
    private final Callers callers;
    private final Proc proc;
    private final ShellTurns turns;
    private final Request request;
    private final LauncherConnection launcher;
    private final Messages messages;
    private final Messages complaints;
    private final int uid;

    ShellHookVerb(
            Supervisor supervisor,
            Launches launches,
            Callers callers,
            Proc proc,
            ShellTurns turns,
            Request request,
            LauncherConnection launcher,
            Messages messages,
            Messages complaints,
            int uid) {
        this.supervisor = supervisor;
        this.launches = launches;
        this.callers = callers;
        this.proc = proc;
        this.turns = turns;
        this.request = request;
        this.launcher = launcher;
        this.messages = messages;
        this.complaints = complaints;
        this.uid = uid;
    }

    void moved(Command.ShellMoved moved) throws IOException, InterruptedException, Failure {
        List<String> failures = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        try {
            ProcessId shell = callers.named(moved.pid(), request);
            text.append(follow(shell, moved.seen(), failures));
        } catch (Failure e) {
            // a shell that ended at once needs no servers, and has nobody who reads that
            if (proc.stat(moved.pid()) != null) {
                failures.add(e.text());
            }
        }
        for (String failure : failures) {
            text.append(complaints.error("sharedserver: " + failure));
        }
        if (!text.isEmpty()) {
            // by now the shell shows its prompt, behind which this would stand
            launcher.stderr((request.stderrTty() ? "\r\n" : "") + text);
        }
        launcher.exit(failures.isEmpty() ? ExitCodes.OK : ExitCodes.FAILED);
    }

    /** Makes a shell hold what belongs to its directory; returns what its user should know. */
    private String follow(ProcessId shell, boolean seen, List<String> failures)
            throws IOException, InterruptedException, Failure {
        ReentrantLock turn = turns.of(shell.pid());
        turn.lockInterruptibly();
        try {
            String cwd = proc.cwd(shell.pid());
            Request there = request.in(cwd == null ? "" : cwd);
            CallersConfig config = CallersConfig.ofProject(there, uid);
            ConfigPlaces.Place place = config.place();
            Fleet fleet = new Fleet(
                    supervisor, launches, new Names(supervisor, there, uid), there, launcher, messages, complaints);
            StringBuilder text = new StringBuilder();
            if (!seen) {
                config.notes().forEach(note -> text.append(complaints.warning("sharedserver: " + note)));
            }
            if (place == null) {
                failures.addAll(fleet.detach(shell.pid(), null, ShellHookVerb::isOurs));
                return text.toString();
            }
            String mark = MARK + place.directory();
            failures.addAll(
                    fleet.detach(shell.pid(), null, client -> isOurs(client) && !mark.equals(client.metadata())));
            byte[] bytes = ConfigReading.config(place.path());
            switch (Permissions.of(request, uid).answer(Path.of(place.path()), bytes)) {
                case ALLOWED -> {
                    config.read(place, bytes);
                    failures.addAll(fleet.attach(config, shell, mark));
                }
                case DENIED -> failures.addAll(fleet.detach(shell.pid(), null, ShellHookVerb::isOurs));
                case CHANGED -> text.append(toAllow(place, " has changed since it was allowed"));
                case NONE -> text.append(seen ? "" : toAllow(place, " is not allowed"));
            }
            return text.toString();
        } finally {
            turn.unlock();
        }
    }

    private static boolean isOurs(Client client) {
        String metadata = client.metadata();
        return metadata != null && metadata.startsWith(MARK);
    }

    private String toAllow(ConfigPlaces.Place place, String what) {
        return complaints.note("sharedserver: " + Quote.escape(place.path()) + what
                + ". If you trust what it starts: sharedserver hook allow");
    }

    void permit(Command.Permit permit) throws IOException, InterruptedException, Failure {
        CallersConfig config = CallersConfig.ofProject(request.in(directory(permit)), uid);
        ConfigPlaces.Place place = config.place();
        if (place == null) {
            throw new Failure(
                    ExitCodes.FAILED,
                    config.notes().isEmpty()
                            ? "there is no .sharedserver.json or .sharedserver/servers.json here or above"
                            : config.notes().get(0));
        }
        Permissions permissions = Permissions.of(request, uid);
        String shown = Quote.escape(place.path());
        if (permit.allow()) {
            byte[] bytes = ConfigReading.config(place.path());
            config.read(place, bytes);
            CallersConfig.refuse(config.file().errors());
            permissions.allow(Path.of(place.path()), bytes);
            launcher.stdout(
                    messages.allowed(shown, List.copyOf(config.file().servers().keySet())));
        } else {
            permissions.deny(Path.of(place.path()));
            launcher.stdout(messages.denied(shown));
        }
        List<String> failures = new ArrayList<>();
        ProcessId shell = callingShell();
        if (shell != null) {
            follow(shell, true, failures);
        }
        for (String failure : failures) {
            launcher.stderr(complaints.error(failure));
        }
        launcher.exit(failures.isEmpty() ? ExitCodes.OK : ExitCodes.FAILED);
    }

    private String directory(Command.Permit permit) throws Failure {
        String wanted = permit.directory();
        String named = wanted == null ? request.cwd() : wanted;
        try {
            Path path = Path.of(request.cwd()).resolve(named);
            if (!path.isAbsolute()) {
                throw new Failure(ExitCodes.FAILED, "the working directory does not exist any more");
            }
            // as a shell has it that is in there
            return path.toRealPath().toString();
        } catch (IOException | InvalidPathException e) {
            throw new Failure(ExitCodes.FAILED, "there is no directory " + Quote.of(named));
        }
    }

    /** Returns the shell that calls, if it has a hook: it is told at once what is allowed now. */
    private @Nullable ProcessId callingShell() {
        String hooked = request.variable("SHAREDSERVER_SHELL");
        try {
            ProcessId caller = callers.of(request).process();
            return hooked.equals(Long.toString(caller.pid())) ? caller : null;
        } catch (Failure e) {
            return null; // a script of somebody: no shell waits for it
        }
    }
}
