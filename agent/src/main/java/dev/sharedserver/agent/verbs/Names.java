package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.ProjectName;
import dev.sharedserver.core.wire.Request;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the names of one command mean: in the directory of a config that keeps a server to itself ({@code scope:
 * "project"}), NAME is that server and no other.
 *
 * <p>Commands that look at a server that runs go without the config, unless some project has a server of that name.
 */
final class Names {

    private final Supervisor supervisor;
    private final Request request;
    private final int uid;
    private @Nullable CallersConfig config;
    private @Nullable String option;

    Names(Supervisor supervisor, Request request, int uid) {
        this.supervisor = supervisor;
        this.request = request;
        this.uid = uid;
    }

    /** Returns the caller's config, found once for each command. */
    CallersConfig config(@Nullable String wanted) throws Failure {
        CallersConfig found = config;
        if (found == null || wanted != null && !wanted.equals(option)) {
            found = CallersConfig.find(wanted, request, uid);
            config = found;
            option = wanted;
        }
        return found;
    }

    /** Returns the command with every name as it is on disk. */
    Command onDisk(Command command) throws Failure {
        return switch (command) {
            case Command.Use c -> new Command.Use(used(c.name(), c.options().config()), c.options(), c.command());
            case Command.Run c -> new Command.Run(used(c.names(), c.config()), c.metadata(), c.config(), c.command());
            case Command.Exec c ->
                new Command.Exec(used(c.name(), c.options().config()), c.options(), c.noWait(), c.command());
            case Command.AdminStart c ->
                new Command.AdminStart(used(c.name(), c.options().config()), c.options(), c.command());
            case Command.Unuse c -> new Command.Unuse(seen(c.name()), c.pid(), c.hold());
            case Command.Info c -> new Command.Info(seen(c.name()), c.json());
            case Command.Why c -> new Command.Why(seen(c.name()), c.json());
            case Command.Check c -> {
                ServerName name = seen(c.name());
                yield name.equals(c.name()) ? c : new Command.Check(name);
            }
            case Command.Stop c -> new Command.Stop(seen(c.names()), c.evenIfUsed(), c.pid());
            case Command.Restart c -> new Command.Restart(seen(c.name()), c.evenIfUsed(), c.pid());
            case Command.Wait c -> new Command.Wait(seen(c.name()), c.goal(), c.timeout());
            case Command.AwaitEnd c -> new Command.AwaitEnd(seen(c.names()), c.pid(), c.process(), c.timeout());
            case Command.Logs c -> new Command.Logs(seen(c.name()), c.follow(), c.lines(), c.since(), c.grep());
            case Command.AdminStop c -> new Command.AdminStop(seen(c.name()), c.force(), c.timeout());
            case Command.AdminIncref c -> new Command.AdminIncref(seen(c.name()), c.pid(), c.metadata());
            case Command.AdminKill c -> new Command.AdminKill(seen(c.name()));
            case Command.AdminDebug c -> new Command.AdminDebug(seen(c.name()));
            case Command.Events c -> new Command.Events(seenOrNull(c.name()), c.follow(), c.lines(), c.json());
            case Command.AdminPrune c -> c;
            case Command.Doctor c -> new Command.Doctor(seenOrNull(c.name()), c.json());
            case Command.ListServers c -> c;
            case Command.Watch c -> c;
            case Command.Mcp c -> c;
            case Command.Lsp c -> c;
            case Command.Dev c -> c;
            case Command.Names c -> c;
            case Command.Print c -> c;
            case Command.Up c -> c;
            case Command.Down c -> c;
            case Command.Config c -> c;
            case Command.ClaudeHook c -> c;
            case Command.ShellHook c -> c;
            case Command.ShellMoved c -> c;
            case Command.Permit c -> c;
        };
    }

    private List<ServerName> used(List<ServerName> names, @Nullable String wanted) throws Failure {
        List<ServerName> resolved = new ArrayList<>(names.size());
        for (ServerName name : names) {
            resolved.add(used(name, wanted));
        }
        return List.copyOf(resolved);
    }

    /** Returns the server that a command may start. */
    ServerName used(ServerName name, @Nullable String wanted) throws Failure {
        return ProjectName.isOne(name) ? name : config(wanted).onDisk(name);
    }

    private @Nullable ServerName seenOrNull(@Nullable ServerName name) throws Failure {
        return name == null ? null : seen(name);
    }

    private List<ServerName> seen(List<ServerName> names) throws Failure {
        List<ServerName> resolved = new ArrayList<>(names.size());
        for (ServerName name : names) {
            resolved.add(seen(name));
        }
        return List.copyOf(resolved);
    }

    /** Returns the server that a command looks at, or ends. */
    ServerName seen(ServerName name) throws Failure {
        if (ProjectName.isOne(name)) {
            return name;
        }
        boolean projects = supervisor.remembersProjectOf(name);
        if (!projects && supervisor.remembers(name)) {
            return name;
        }
        CallersConfig callers = config(null);
        if (callers.place() == null) {
            return name;
        }
        ServerName own = projects ? callers.own(name) : name;
        // it may run although the file is broken just now
        return projects && supervisor.remembers(own) ? own : callers.onDisk(name);
    }
}
