package dev.sharedserver.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The verbs of the command line: the one table that parser, help, completion and documents are made from. */
@SuppressWarnings("ImmutableEnumChecker") // the lists are List.copyOf and List.of
enum Verb {
    USE(
            "use",
            "NAME [options] [-- COMMAND [ARG…]]",
            "start a server if it is stopped, and attach to it",
            """
            The server runs as long as somebody holds it, and for the grace period after that. The reference belongs
            to a process and is dropped by `unuse` or by the end of that process, however it ends. A server that runs
            already ignores COMMAND. Without COMMAND the config says what to start, and what it depends on is attached
            to before it.
            """,
            """
            0 attached; 1 not; 126 COMMAND cannot be executed; 127 COMMAND was not found
            """,
            "sharedserver use web -- python3 -m http.server 8000",
            serverOptions(true)),
    UNUSE(
            "unuse",
            "NAME [--pid PID | --hold KEY]",
            "detach from a server",
            """
            The last one to leave starts the grace period. What the client holds only because the server needs it is given
            back as well.
            """,
            """
            0 detached; 1 the server is not running, or the client is not attached
            """,
            "sharedserver unuse web",
            List.of(Option.PID, Option.HELD)),
    RUN(
            "run",
            "NAME… [options] -- COMMAND [ARG…]",
            "attach to servers, then become a command",
            """
            The reference belongs to COMMAND, which keeps this process's pid and terminal, and ends with it. What the
            servers depend on by the config is held as well.
            """,
            """
            COMMAND's; 1 a server cannot be attached; 126, 127 COMMAND cannot be executed, was not found
            """,
            "sharedserver run web -- curl -s localhost:8000",
            List.of(Option.METADATA, Option.CONFIG)),
    EXEC(
            "exec",
            "NAME [options] [-- COMMAND [ARG…]]",
            "become a server that others may share",
            """
            This process becomes COMMAND: same pid, same terminal, same pipes, its caller's child. The reference
            belongs to its parent. If NAME runs already, this process attaches to it and stays until the server ends
            (and exits as it did) or a signal comes (HUP, INT, TERM: detaches, exits with 0).
            """,
            """
            the server's, 128 + N if signal N ended it; 0 detached by a signal, or it is not known how the server ended;
            1 not attached; 126, 127 COMMAND cannot be executed, was not found
            """,
            "sharedserver exec db -- postgres -D data",
            execOptions()),
    UP(
            "up",
            "[NAME…] [options]",
            "attach to the servers of the config file",
            """
            Starts them at the same time, each after those that it depends on, and tells of each as soon as it is known.
            With names: those and what they depend on. A lazy server is left alone unless it runs or another needs it.
            """,
            """
            0 all attached or skipped; 1 one could not be
            """,
            "sharedserver up --pid $$ --json",
            List.of(
                    Option.PID,
                    Option.METADATA,
                    Option.CONFIG,
                    new Option("--servers-json", "-", "take the config from standard input instead of a file"),
                    new Option("--only", "lazy|eager", "only the servers that are lazy, or only those that are not"),
                    Option.JSON_STREAM)),
    DOWN(
            "down",
            "[NAME… | --all] [options]",
            "detach from the servers of the config file",
            """
            With names: from those, and from what was held for them only. With --all: from every server that the client is attached to.
            """,
            """
            0 detached, or there was nothing to detach from; 1 one of the names is not attached
            """,
            "sharedserver down --all",
            List.of(
                    new Option("--all", null, "every server that the client holds, in the config or not"),
                    Option.PID,
                    Option.CONFIG,
                    Option.JSON_STREAM)),
    LIST(
            "list",
            "[--json | --watch]",
            "show all servers",
            "",
            """
            0
            """,
            "sharedserver list",
            List.of(Option.JSON, new Option("--watch", null, "show them again whenever something changes"))),
    TOP("top", "", "show all servers live; keys to stop, restart, open logs", """
        ↑ ↓ or k j select, s stops (asks, and names who holds the server), r restarts, l follows the log (q comes
        back), / filters, ? explains, q leaves. Where standard input or output is no terminal, as list --watch.
        """, """
            0
            """, "sharedserver top", List.of()),
    LSP(
            "lsp",
            "serve|connect|list|status|restart|attach|detach [PID|ID] [options] [-- COMMAND [ARG…]]",
            "share one language server among editors",
            """
            `connect` is what an editor calls instead of the server: it starts the server that is missing, and speaks for it
            on standard input and output. Editors that name the same command, root and variables share one server. `serve`
            starts and initializes one before anybody comes, `list` and `status` show what runs, `restart` ends one with
            its sessions and starts it again. `attach` shares one that an editor has started for itself, without its
            knowledge; `detach` gives it back.
            """,
            """
            serve, list, status, restart: 0; 1 not started. connect: 0 the editor said shutdown and exit; 1 it did not, or the
            server ended or could not be started. attach, detach: 0; 1 not; 3 more than one is meant; 81 the process is gone,
            82 another one, 83 no language server, 84 another user's; 85 the kernel refuses; 86 it or its editor is busy;
            87 traced; 88 stopped; 89 not to be looked into; 90 its standard input and output cannot be replaced; 91 failed;
            124 the time is over. With --host: what the other machine says; 255 ssh failed, 127 there is no sharedserver there
            """,
            "sharedserver lsp connect -- clangd --background-index",
            List.of(
                    new Option("--name", "NAME", "call the server so; all who use the name share it"),
                    new Option(
                            "--root",
                            "DIR",
                            "its workspace (default: what the editor says, else the working directory)"),
                    new Option("--idle", "DURATION", "how long it stays when nobody uses it (default: 30m)"),
                    new Option("--env", "K=V", "add to the server's environment; may be repeated"),
                    new Option("--body-limit", "SIZE", "the largest message, 1M to 128M (default: 64M)"),
                    new Option("--server", "TYPE", "attach: to one that list calls so, instead of a pid"),
                    new Option("--strategy", "prompt|newest|oldest", "attach: which of many (default: prompt)"),
                    new Option("--timeout", "DURATION", "attach: how long to wait for a moment of rest (default: 10s)"),
                    new Option("--via", "inject|gdb", "attach: by our own means, or by gdb (default: inject)"),
                    new Option("--capabilities", "FILE", "attach: what the server has answered to initialize"),
                    new Option(
                            "--fresh", null, "attach: initialize the server once more, instead of asking a twin of it"),
                    new Option("--or-serve", null, "attach: if that fails, serve COMMAND"),
                    new Option("--park", null, "detach: end the sessions of others, keep the server here"),
                    new Option("--pattern", "REGEX", "list: only those whose name or command it is found in"),
                    new Option("--host", "HOST", "all this on another machine, by ssh"),
                    new Option(
                            "--map",
                            "LOCAL=REMOTE",
                            "what the editor calls file://LOCAL is file://REMOTE for the server; may be repeated"),
                    Option.JSON)),
    DEV(
            "dev",
            "up|down|restart|rebuild|status|logs|doctor|init|serve [DIR] [options]",
            "run a project's dev server and build loop, shared, with a page to look at",
            """
            `up` serves the front end and builds the back end of the project in DIR (default: here), and shows what they say
            until Ctrl-C; those who `up` one project share it, and it ends when the last of them leaves. `down` ends it
            whoever uses it, `restart` all of it, `rebuild` builds once more. `status` tells how things are, and the page's
            address. Instead of DIR its id will do, which `status` shows. `doctor` looks at tools, ports and what this
            hub's projects have left running. `init` writes a sharedserver-dev.json. `serve` is a hub of its own for a program that calls it.
            """,
            """
            up: 0 ended by Ctrl-C or down; 1 not started; with --detach 0 ready, 1 not. status: 0. doctor: 0; 1 it found
            something. Else 0; 1 not. 130 interrupted
            """,
            "sharedserver dev up",
            List.of(
                    new Option("--id", "ID", "up: call the project so (default: the directory's name)"),
                    new Option("--detach", null, "up: leave it running, and return when it is ready"),
                    new Option("--reload-command", "COMMAND", "up: a line of /bin/sh to run after each good build"),
                    new Option("--reload-url", "URL", "up: where to POST after each good build"),
                    new Option("-f", null, "logs: go on with new lines"),
                    new Option("-n", "N", "logs: the last N lines only"),
                    new Option(
                            "--source", "SOURCE", "logs: of that source only (vite, go-build, go-watch, manager, …)"),
                    new Option("--level", "debug|info|warn|error", "logs: that level and above (default: debug)"),
                    new Option("--all", null, "doctor: what hubs of other state directories have left, too"),
                    new Option("--port", "PORT", "serve: where to listen (default: a free port)"),
                    new Option("--stdio", null, "serve: speak JSON-RPC on standard input and output, end with it"),
                    Option.JSON)),
    INFO(
            "info",
            "NAME [--json]",
            "show one server and who holds it",
            "",
            """
            0, for a stopped server too
            """,
            "sharedserver info web --json",
            List.of(Option.JSON)),
    WHY(
            "why",
            "NAME [--json]",
            "tell who holds a server, why it is up, or why it last stopped",
            """
            In one paragraph, from what the agent knows and from the event log, which is kept after the end.
            """,
            """
            0; 1 nothing of that name has run here
            """,
            "sharedserver why web",
            List.of(Option.JSON)),
    CHECK(
            "check",
            "NAME",
            "tell a server's state by the exit code",
            "",
            """
            0 active; 1 in its grace period; 2 stopped; 3 its process is dead and being cleared away; 70 internal error
            """,
            "sharedserver check web || echo not in use",
            List.of()),
    STOP(
            "stop",
            "NAME… [--even-if-used]",
            "stop servers",
            """
            The server's process group gets the stop signal, and SIGKILL after the stop timeout. Refused while others
            than the caller hold it.
            """,
            """
            0 stopped; 1 not
            """,
            "sharedserver stop web",
            List.of(Option.EVEN_IF_USED, Option.PID)),
    RESTART(
            "restart",
            "NAME [--even-if-used]",
            "stop a server and start it again; its clients stay attached",
            """
            Refused while others than the caller hold it.
            """,
            """
            0 restarted; 1 not
            """,
            "sharedserver restart web --even-if-used",
            List.of(Option.EVEN_IF_USED, Option.PID)),
    WAIT(
            "wait",
            "NAME… [--for STATE] [--pid PID] [--process PID] [--timeout DURATION]",
            "wait until a server is in a state",
            """
            Waits in the kernel: it neither polls nor keeps the agent awake. For the state `ended` it takes many names:
            it waits until one of the processes that run now has ended, though the server may run anew, and prints whose.
            """,
            """
            0 it is; 1 error, or the process of --pid has ended; 124 the time is over
            """,
            "sharedserver wait web --for stopped --timeout 10s",
            List.of(
                    new Option("--for", "STATE", "ready, stopped, ended, active or grace (default: ready)"),
                    new Option("--pid", "PID", "ended: give up when this process has ended (default: wait on)"),
                    new Option("--process", "PID", "ended: the server's process that is meant (default: that of now)"),
                    Option.TIMEOUT)),
    LOGS(
            "logs",
            "NAME [-f] [-n N] [--since DURATION] [--grep REGEX]",
            "show a server's output",
            """
            A log above 10 MiB loses its beginning, which a line in its place tells. The output of the run before this one
            is kept beside it as .log.1. A regular expression is one of RE2: no backreferences, no look-around.
            """,
            """
            0; 1 there is no log
            """,
            "sharedserver logs web -f -n 20",
            List.of(
                    new Option("-f", null, "go on with what comes, also of the server's next runs"),
                    new Option("-n", "N", "the last N lines only"),
                    new Option("--since", "DURATION", "only what was written in the last DURATION"),
                    new Option("--grep", "REGEX", "only lines in which the regular expression is found"))),
    EVENTS(
            "events",
            "[NAME] [-f] [-n N] [--json]",
            "show what happened, when, who asked, and why",
            """
            From the event logs of all servers, or of one. With --json, one object a line.
            """,
            """
            0
            """,
            "sharedserver events web -f",
            List.of(
                    new Option("-f", null, "go on with what happens"),
                    new Option("-n", "N", "the last N events only"),
                    Option.JSON)),
    CONFIG(
            "config",
            "check [FILE] | show | path",
            "look at the config file",
            """
            check: tell all that is wrong with it, with line and column
            show:  print the servers as they are after expansion, secrets hidden
            path:  tell which file applies here, and why
            """,
            """
            0; 1 there is none, or it has errors
            """,
            "sharedserver config check",
            List.of(Option.CONFIG, Option.JSON)),
    HOOK(
            "hook",
            "shell bash|zsh|fish | allow [DIR] | deny [DIR] | claude start|end",
            "attach shells and Claude Code sessions to the servers of the project they are in",
            """
            shell:  print what a shell evaluates to be attached to the servers of the project that it is in
            allow:  let shells use the config of the project as it is now; after a change it is asked for again
            deny:   keep them from using it, and from telling so
            cd:     what the hook of a shell calls when it has come to another project
            claude: for the hooks SessionStart and SessionEnd: reads what Claude Code says on standard input, finds its
                    process above the shell that runs the hook, and answers with a message if something failed
            """,
            """
            0; 1 there is no project, or cd: a server of it cannot be attached
            """,
            "eval \"$(sharedserver hook shell bash)\"",
            List.of(
                    Option.CONFIG,
                    new Option("--pid", "PID", "cd: the shell"),
                    new Option("--seen", null, "cd: it was there before, and its user was told what is not allowed"))),
    MCP(
            "mcp",
            "[--no-commands]",
            "serve a coding agent over MCP on standard input and output",
            """
            Tools: list, info, logs, use, unuse, restart, stop, why. What the agent uses is held by this process, and ends with
            it or with its standard input. The agent stops nothing that others hold unless it says `force`.
            """,
            """
            0
            """,
            "claude mcp add sharedserver -- sharedserver mcp",
            List.of(new Option(
                    "--no-commands", null, "the agent uses what runs or what the config names, and gives no command"))),
    COMPLETION(
            "completion",
            "bash|zsh|fish",
            "print a completion script",
            """
            bash: sharedserver completion bash > ~/.local/share/bash-completion/completions/sharedserver
            zsh:  sharedserver completion zsh > DIR/_sharedserver, where DIR is in $fpath
            fish: sharedserver completion fish > ~/.config/fish/completions/sharedserver.fish
            """,
            """
            0
            """,
            "source <(sharedserver completion bash)",
            List.of()),
    HELP("help", "[VERB]", "explain a verb", "", "0\n", "sharedserver help use", List.of()),
    ADMIN_START(
            "admin start",
            "NAME [--pid PID] [options] -- COMMAND [ARG…]",
            "start a server for nobody in particular",
            """
            Without --pid the reference count is 0 and the grace period counts from the start.
            """,
            """
            as of use
            """,
            "sharedserver admin start web --grace-period 1h -- python3 -m http.server 8000",
            serverOptions(false)),
    ADMIN_STOP(
            "admin stop",
            "NAME [--force] [--timeout DURATION]",
            "stop a server, whoever holds it",
            """
            Sends SIGTERM. A server that does not end in time is left as it is, unless --force is given.
            """,
            """
            0 stopped; 1 not
            """,
            "sharedserver admin stop web --force",
            List.of(
                    new Option("--force", null, "send SIGKILL when the time is over"),
                    new Option("--timeout", "DURATION", "how long the server may take (default: 10s)"))),
    ADMIN_INCREF(
            "admin incref",
            "NAME --pid PID [--metadata TEXT]",
            "attach a process to a running server",
            "",
            """
            0 attached; 1 not
            """,
            "sharedserver admin incref web --pid 4711",
            List.of(new Option("--pid", "PID", "the client's process"), Option.METADATA)),
    ADMIN_DECREF(
            "admin decref",
            "NAME --pid PID | --hold KEY",
            "detach a process, or end a hold",
            "",
            """
            0 detached; 1 not
            """,
            "sharedserver admin decref web --pid 4711",
            List.of(new Option("--pid", "PID", "the client's process"), Option.HELD)),
    ADMIN_KILL(
            "admin kill",
            "NAME",
            "send SIGKILL to a server and forget it",
            """
            Reports what survived (a process in uninterruptible sleep) and removes the state files all the same.
            """,
            """
            0 gone; 1 it survived, or nothing runs
            """,
            "sharedserver admin kill web",
            List.of()),
    ADMIN_DEBUG(
            "admin debug",
            "NAME",
            "show what happened to a server lately",
            "",
            """
            0
            """,
            "sharedserver admin debug web",
            List.of()),
    ADMIN_DOCTOR(
            "admin doctor",
            "[NAME] [--json]",
            "find damage and repair it",
            """
            Compares the state files with what really runs, and both with what the agent knows: stale, orphaned,
            changed, missing and unreadable files, dead clients, dead watchers, unsafe permissions. Kills nothing.
            """,
            """
            0 nothing found, or all repaired; 1 something is left
            """,
            "sharedserver admin doctor",
            List.of(Option.JSON)),
    ADMIN_PRUNE(
            "admin prune",
            "[--older-than DURATION] [--dry-run]",
            "remove logs and event files of servers not seen for 30 days",
            """
            What a server that runs has, and what some process has open, stays.
            """,
            """
            0; 1 something could not be removed
            """,
            "sharedserver admin prune --older-than 7d --dry-run",
            List.of(
                    new Option("--older-than", "DURATION", "not seen for that long (default: 30d)"),
                    new Option("--dry-run", null, "only say what would be removed"))),
    START("start", "NAME [--grace-period DURATION] -- COMMAND [ARG…]", "", "", "", "", serverOptions(false)),
    INCREF("incref", "NAME [--metadata TEXT] [--pid PID]", "", "", "", "", List.of(Option.METADATA, Option.PID)),
    DECREF("decref", "NAME [--pid PID]", "", "", "", "", List.of(Option.PID, Option.HELD)),
    NAMES("__names", "", "", "", "", "", List.of()),
    MAN("__man", "", "", "", "", "", List.of());

    private final String words;
    private final String synopsis;
    private final String summary;
    private final String text;
    private final String exits;
    private final String example;
    private final List<Option> options;

    Verb(
            String words,
            String synopsis,
            String summary,
            String text,
            String exits,
            String example,
            List<Option> options) {
        this.words = words;
        this.synopsis = synopsis;
        this.summary = summary;
        this.text = text;
        this.exits = exits;
        this.example = example;
        this.options = options;
    }

    private static List<Option> execOptions() {
        List<Option> options = new ArrayList<>();
        options.add(new Option("--no-wait", null, "if it runs already, attach the parent and return at once"));
        options.add(Option.GRACE_PERIOD);
        options.add(Option.PID);
        options.add(Option.ON_MISMATCH);
        options.addAll(Option.COMMON);
        options.addAll(Option.HEALTH);
        options.addAll(Option.STOPPING);
        return List.copyOf(options);
    }

    private static List<Option> serverOptions(boolean client) {
        List<Option> options = new ArrayList<>();
        options.add(Option.GRACE_PERIOD);
        options.add(Option.PID);
        if (client) {
            options.add(new Option("--hold", "DURATION", "hold it for a time; no process is needed"));
            options.add(Option.ON_MISMATCH);
        }
        options.addAll(Option.COMMON);
        options.add(new Option("--log-file", "PATH", "where its output goes, appended"));
        options.add(new Option("--stdin", "PATH", "its standard input (default: /dev/null)"));
        options.add(new Option("--stdout", "PATH", "its standard output, instead of the log"));
        options.addAll(Option.HEALTH);
        options.addAll(Option.STOPPING);
        if (client) {
            options.add(Option.EXPORT);
        }
        options.add(Option.JSON);
        return List.copyOf(options);
    }

    /** Returns the word or words that call it. */
    String words() {
        return words;
    }

    String synopsis() {
        return synopsis;
    }

    String summary() {
        return summary;
    }

    String text() {
        return text;
    }

    String exits() {
        return exits;
    }

    String example() {
        return example;
    }

    List<Option> options() {
        return options;
    }

    /** Tells whether help and completion keep silent about it: an old alias, or nobody's business. */
    boolean hidden() {
        return summary.isEmpty();
    }

    @Nullable
    Option option(String flag) {
        for (Option option : options) {
            if (option.flag().equals(flag)) {
                return option;
            }
        }
        return null;
    }
}
