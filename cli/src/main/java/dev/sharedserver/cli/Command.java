package dev.sharedserver.cli;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.ServerName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A command line that was understood. A pid of null means: find out who calls. */
public sealed interface Command {

    /** Attach, starting the server if need be; the command is empty if none was given. */
    record Use(ServerName name, UseOptions options, List<String> command) implements Command {}

    /** Detach a process, or a hold by its key. */
    record Unuse(
            ServerName name, @Nullable Long pid, @Nullable String hold) implements Command {}

    /** Attach to all, then become the command. */
    record Run(
            List<ServerName> names,
            @Nullable String metadata,
            @Nullable String config,
            List<String> command) implements Command {}

    /** Become the server, or attach to it if it runs; the command is empty if none was given. */
    record Exec(ServerName name, UseOptions options, boolean noWait, List<String> command) implements Command {}

    /**
     * Attach to all servers of the config, or to those named.
     *
     * @param only null for all
     * @param input whether standard input holds the config
     */
    record Up(
            List<ServerName> names,
            @Nullable Long pid,
            @Nullable String metadata,
            @Nullable String config,
            boolean input,
            @Nullable Only only,
            boolean json)
            implements Command {}

    /** Which servers of a config. */
    enum Only {
        LAZY,
        EAGER
    }

    /** Print what a shell evaluates to follow its directory. */
    record ShellHook(Shell shell) implements Command {

        /** The shells that there is a hook for. */
        public enum Shell {
            BASH,
            ZSH,
            FISH
        }
    }

    /**
     * Give a shell the servers of the project that it is in, and no others of its hook.
     *
     * @param seen whether the shell was there before, so that its user knows what is not allowed
     */
    record ShellMoved(long pid, boolean seen) implements Command {}

    /** Allow the hooks of shells to use the config of a project, or forbid it; {@code directory} is in it, null for here. */
    record Permit(boolean allow, @Nullable String directory) implements Command {}

    /** Attach a Claude Code session to the servers of its config, or detach it; {@code input} is on standard input. */
    record ClaudeHook(Moment moment, @Nullable String config) implements Command {

        /** What has happened to the session. */
        public enum Moment {
            START,
            END
        }
    }

    /** Detach from all servers of the config, from those named, or from all there are. */
    record Down(
            List<ServerName> names,
            boolean all,
            @Nullable Long pid,
            @Nullable String config,
            boolean json) implements Command {}

    /** Look at the config; {@code file} is null for the one that applies here. */
    record Config(View view, @Nullable String file, boolean json) implements Command {

        /** What is looked at. */
        public enum View {
            CHECK,
            SHOW,
            PATH
        }
    }

    /** Show all. */
    record ListServers(boolean json) implements Command {}

    /** Show all, live; with {@code keys} on a terminal: select, stop, restart, look at logs. */
    record Watch(boolean keys) implements Command {}

    /** Become the MCP server; with {@code commands} its client may say what is run. */
    record Mcp(boolean commands) implements Command {}

    /** Something about language servers, here or on another host; who does it reads the command line again. */
    record Lsp(String what, @Nullable String host) implements Command {}

    /** Something about dev servers; who does it reads the command line again. */
    record Dev(String what) implements Command {}

    /** Show one. */
    record Info(ServerName name, boolean json) implements Command {}

    /** Tell who holds it, why it is up, or why it last stopped. */
    record Why(ServerName name, boolean json) implements Command {}

    /** Tell the state by the exit code. */
    record Check(ServerName name) implements Command {}

    /** Stop. */
    record Stop(
            List<ServerName> names,
            boolean evenIfUsed,
            @Nullable Long pid) implements Command {}

    /** Stop and start. */
    record Restart(
            ServerName name, boolean evenIfUsed, @Nullable Long pid) implements Command {}

    /** Wait for a state; no time-out if null. */
    record Wait(ServerName name, Goal goal, @Nullable Period timeout) implements Command {}

    /**
     * Wait for the end of one of the servers' processes that run now, as long as the waiting process lives.
     *
     * @param pid the waiting process
     * @param process of the only server, the one that is meant, though another may run by now
     */
    record AwaitEnd(
            List<ServerName> names,
            @Nullable Long pid,
            @Nullable Long process,
            @Nullable Period timeout) implements Command {}

    /** What can be waited for. */
    enum Goal {
        READY,
        STOPPED,
        ACTIVE,
        GRACE
    }

    /** Show output. */
    record Logs(
            ServerName name,
            boolean follow,
            @Nullable Integer lines,
            @Nullable Period since,
            @Nullable String grep) implements Command {}

    /** Show what happened; to all if the name is null. */
    record Events(
            @Nullable ServerName name,
            boolean follow,
            @Nullable Integer lines,
            boolean json) implements Command {}

    /** Find and repair damage; everywhere if the name is null. */
    record Doctor(@Nullable ServerName name, boolean json) implements Command {}

    /** Start without a client, or for {@code options.pid()}. */
    record AdminStart(ServerName name, UseOptions options, List<String> command) implements Command {}

    /** Stop, whoever holds it. */
    record AdminStop(ServerName name, boolean force, Period timeout) implements Command {}

    /** Attach to what runs. */
    record AdminIncref(
            ServerName name, @Nullable Long pid, @Nullable String metadata) implements Command {}

    /** Kill and forget. */
    record AdminKill(ServerName name) implements Command {}

    /** Remove what was left by servers that were not seen for so long. */
    record AdminPrune(Period olderThan, boolean dryRun) implements Command {}

    /** Show the event log. */
    record AdminDebug(ServerName name) implements Command {}

    /** Print the names of all servers, for completions. */
    record Names() implements Command {}

    /** Print a text. */
    record Print(String text) implements Command {}
}
