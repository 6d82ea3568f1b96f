package dev.sharedserver.cli;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Nearest;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Port;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.core.config.Probes;
import dev.sharedserver.core.config.RestartPolicy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Understands a command line. Names and options may stand in any order; everything behind {@code --} is a command. */
public final class CommandLine {

    /** How large a message to or from a language server may be at most: more would not fit into the hub's memory. */
    private static final int MOST_MEBIBYTES = 128;

    private static final Period ADMIN_STOP_TIMEOUT = new Period(10_000_000_000L);
    private static final Period PRUNE_AFTER = new Period(30L * 24 * 3600 * 1_000_000_000L);
    private static final long LARGEST_PID = 1L << 22;
    private static final int LARGEST_PORT = 65535;
    private static final List<String> LSP =
            List.of("serve", "connect", "list", "status", "restart", "attach", "detach");
    private static final List<String> DEV =
            List.of("up", "down", "restart", "rebuild", "status", "logs", "doctor", "init", "serve");

    private final Verb verb;
    private final String version;
    private final List<String> names = new ArrayList<>();
    private final Map<String, List<String>> options = new LinkedHashMap<>();
    private final List<String> command = new ArrayList<>();
    private boolean hasCommand;

    private CommandLine(Verb verb, String version) {
        this.version = version;
        this.verb = verb;
    }

    /**
     * Parses argv without its first word.
     *
     * @param version what {@code --version} prints
     */
    public static Command parse(List<String> argv, String version) throws UsageError {
        if (argv.isEmpty()) {
            throw new UsageError("a verb is missing; see sharedserver --help");
        }
        String first = argv.get(0);
        if (first.equals("--help") || first.equals("-h")) {
            return new Command.Print(Help.overview());
        }
        if (first.equals("--version") || first.equals("-V")) {
            return new Command.Print("sharedserver " + version + "\n");
        }
        if (first.startsWith("-")) {
            throw new UsageError("unknown option " + Quote.of(first)
                    + ": a verb comes first; the options without one are --help and --version");
        }
        boolean admin = first.equals("admin");
        if (admin
                && (argv.size() < 2
                        || argv.get(1).equals("--help")
                        || argv.get(1).equals("-h"))) {
            if (argv.size() < 2) {
                throw new UsageError(
                        "a verb is missing behind admin: start, stop, incref, decref, kill, debug, doctor or prune");
            }
            return new Command.Print(Help.overview());
        }
        CommandLine line = new CommandLine(verb(admin ? "admin " + argv.get(1) : first), version);
        return line.parse(argv.subList(admin ? 2 : 1, argv.size()))
                ? line.command()
                : new Command.Print(Help.of(line.verb));
    }

    private static Verb verb(String words) throws UsageError {
        List<String> known = new ArrayList<>();
        for (Verb verb : Verb.values()) {
            if (verb.words().equals(words)) {
                return verb;
            }
            if (!verb.hidden()) {
                known.add(verb.words());
            }
        }
        throw new UsageError("unknown verb " + Quote.of(words) + meant(words, known) + "; see sharedserver --help");
    }

    private static String meant(String word, List<String> known) {
        String nearest = Nearest.of(word, known);
        return nearest == null ? "" : ", did you mean " + nearest + "?";
    }

    /** Sorts the words; false if help was asked for. */
    private boolean parse(List<String> words) throws UsageError {
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (word.equals("--")) {
                command.addAll(words.subList(i + 1, words.size()));
                hasCommand = true;
                return true;
            }
            if (word.equals("--help") || word.equals("-h")) {
                return false;
            }
            if (!word.startsWith("-") || word.equals("-")) {
                names.add(word);
                continue;
            }
            int equals = word.startsWith("--") ? word.indexOf('=') : -1;
            String flag = equals < 0 ? word : word.substring(0, equals);
            Option option = verb.option(flag);
            if (option == null) {
                List<String> known = new ArrayList<>();
                verb.options().forEach(o -> known.add(o.flag()));
                throw new UsageError("unknown option " + Quote.of(flag) + " of " + verb.words() + meant(flag, known)
                        + "; see sharedserver " + verb.words() + " --help");
            }
            String value = "";
            if (option.value() == null) {
                if (equals >= 0) {
                    throw new UsageError("option " + flag + " takes no value, got " + Quote.of(word));
                }
            } else if (equals >= 0) {
                value = word.substring(equals + 1);
            } else {
                i++;
                if (i == words.size() || words.get(i).equals("--")) {
                    throw new UsageError("option " + flag + " of " + verb.words() + " needs a value: " + flag + " "
                            + option.value());
                }
                value = words.get(i);
            }
            List<String> values = options.computeIfAbsent(flag, f -> new ArrayList<>());
            if (!values.isEmpty() && !flag.equals("--env") && !flag.equals("--map")) {
                throw new UsageError(
                        "option " + flag + " was given twice: " + Quote.of(values.get(0)) + " and " + Quote.of(value));
            }
            values.add(value);
        }
        return true;
    }

    private Command command() throws UsageError {
        if (hasCommand && !takesCommand()) {
            throw new UsageError(verb.words() + " takes no command behind --");
        }
        return switch (verb) {
            case USE -> new Command.Use(name(), useOptions(), optionalCommand());
            case UNUSE, DECREF -> unuse(pid());
            case RUN -> new Command.Run(allNames(), text("--metadata"), path("--config"), neededCommand());
            case EXEC -> new Command.Exec(name(), useOptions(), has("--no-wait"), optionalCommand());
            case UP -> up();
            case DOWN -> down();
            case CONFIG -> config();
            case HOOK -> hook();
            case LIST -> nameless(list());
            case TOP -> nameless(new Command.Watch(true));
            case LSP -> lsp();
            case DEV -> dev();
            case INFO -> new Command.Info(name(), has("--json"));
            case WHY -> new Command.Why(name(), has("--json"));
            case CHECK -> new Command.Check(name());
            case STOP -> new Command.Stop(allNames(), has("--even-if-used"), pid());
            case RESTART -> new Command.Restart(name(), has("--even-if-used"), pid());
            case WAIT -> await();
            case LOGS -> new Command.Logs(name(), has("-f"), lines(), period("--since"), text("--grep"));
            case EVENTS -> new Command.Events(optionalName(), has("-f"), lines(), has("--json"));
            case MCP -> nameless(new Command.Mcp(!has("--no-commands")));
            case COMPLETION -> new Command.Print(completion());
            case HELP -> new Command.Print(help());
            case ADMIN_START, START -> new Command.AdminStart(name(), useOptions(), neededCommand());
            case ADMIN_STOP -> {
                Period timeout = period("--timeout");
                yield new Command.AdminStop(name(), has("--force"), timeout == null ? ADMIN_STOP_TIMEOUT : timeout);
            }
            case ADMIN_INCREF -> new Command.AdminIncref(name(), neededPid(), text("--metadata"));
            case INCREF -> new Command.AdminIncref(name(), pid(), text("--metadata"));
            case ADMIN_DECREF -> unuse(has("--hold") ? pid() : neededPid());
            case ADMIN_PRUNE -> {
                Period olderThan = period("--older-than");
                yield nameless(new Command.AdminPrune(olderThan == null ? PRUNE_AFTER : olderThan, has("--dry-run")));
            }
            case ADMIN_KILL -> new Command.AdminKill(name());
            case ADMIN_DEBUG -> new Command.AdminDebug(name());
            case ADMIN_DOCTOR -> new Command.Doctor(optionalName(), has("--json"));
            case NAMES -> nameless(new Command.Names());
            case MAN -> nameless(new Command.Print(ManPage.page(version)));
        };
    }

    private static UsageError unknown(String verb, String what, List<String> known) {
        return new UsageError(
                String.join(", ", known.subList(0, known.size() - 1)) + " or " + known.get(known.size() - 1)
                        + " is expected behind " + verb + (what.isEmpty() ? "" : ", got " + Quote.of(what)));
    }

    private Command lsp() throws UsageError {
        String what = names.isEmpty() ? "" : names.get(0);
        boolean named = List.of("attach", "detach", "restart", "status").contains(what);
        if (names.size() > (named ? 2 : 1) && LSP.contains(what)) {
            throw new UsageError("lsp " + what + (named ? " takes one server" : " takes no name") + ", got "
                    + Quote.of(names.get(named ? 2 : 1))
                    + (what.equals("serve") || what.equals("connect") ? ": the server's command comes behind --" : ""));
        }
        maps();
        bodyLimit();
        switch (what) {
            case "attach" -> {
                lspAttach();
                return new Command.Lsp(what, host());
            }
            case "detach", "restart" -> {
                if (hasCommand || names.size() != 2) {
                    throw new UsageError("lsp " + what + " needs the name or the pid of a server: see lsp status");
                }
                return new Command.Lsp(what, host());
            }
            case "serve", "connect", "list", "status" -> {
                if (hasCommand && (what.equals("list") || what.equals("status"))) {
                    throw new UsageError("lsp " + what + " takes no command behind --");
                }
                if (!has("--name") && command.isEmpty() && (what.equals("serve") || what.equals("connect"))) {
                    throw new UsageError("lsp " + what + " needs a command: lsp " + what + " -- COMMAND [ARG…]");
                }
                period("--idle");
                return new Command.Lsp(what, host());
            }
            default -> throw unknown("lsp", what, LSP);
        }
    }

    private Command dev() throws UsageError {
        String what = names.isEmpty() ? "" : names.get(0);
        List<String> own = switch (what) {
            case "up" -> List.of("--id", "--detach", "--reload-command", "--reload-url");
            case "logs" -> List.of("-f", "-n", "--source", "--level");
            case "serve" -> List.of("--port", "--stdio");
            case "doctor" -> List.of("--all");
            case "down", "restart", "rebuild", "status", "init" -> List.of();
            default -> throw unknown("dev", what, DEV);
        };
        boolean placeless = what.equals("doctor") || what.equals("serve");
        if (names.size() > (placeless ? 1 : 2)) {
            throw new UsageError("dev " + what + (placeless ? " takes no name, got " : " takes one project, got also ")
                    + Quote.of(names.get(names.size() - 1)));
        }
        for (String given : options.keySet()) {
            if (!given.equals("--json") && !own.contains(given)) {
                throw new UsageError("option " + given + " does not belong to dev " + what);
            }
        }
        lines();
        String level = text("--level");
        if (level != null && !List.of("debug", "info", "warn", "error").contains(level)) {
            throw new UsageError("invalid --level " + Quote.of(level) + ": debug, info, warn or error is expected");
        }
        devPort();
        return new Command.Dev(what);
    }

    private void devPort() throws UsageError {
        String port = text("--port");
        try {
            if (port == null || Integer.parseInt(port) >= 0 && Integer.parseInt(port) <= LARGEST_PORT) {
                return;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new UsageError(
                "invalid --port " + Quote.of(port) + ": a number from 0 to " + LARGEST_PORT + " is expected");
    }

    private void lspAttach() throws UsageError {
        if (names.size() == 2 == has("--server")) {
            throw new UsageError("lsp attach needs a pid or --server TYPE, not both: see lsp list");
        }
        if (names.size() == 2 && pid(names.get(1)) == null) {
            throw new UsageError("invalid pid " + Quote.of(names.get(1)) + ": see lsp list");
        }
        if (has("--or-serve") == command.isEmpty()) {
            throw new UsageError("--or-serve and a command belong together: lsp attach … --or-serve -- COMMAND [ARG…]");
        }
        String strategy = text("--strategy");
        if (strategy != null && !List.of("prompt", "newest", "oldest").contains(strategy)) {
            throw new UsageError("invalid --strategy " + Quote.of(strategy) + ": prompt, newest or oldest is expected");
        }
        String via = text("--via");
        if (via != null && !via.equals("inject") && !via.equals("gdb")) {
            throw new UsageError("invalid --via " + Quote.of(via) + ": inject or gdb is expected");
        }
        if (has("--fresh") && has("--capabilities")) {
            throw new UsageError(
                    "--fresh and --capabilities exclude each other: only one of them can tell what it can do");
        }
        period("--timeout");
        period("--idle");
    }

    private void bodyLimit() throws UsageError {
        String limit = text("--body-limit");
        if (limit == null) {
            return;
        }
        int size = 0;
        for (int i = 0; i < limit.length() - 1 && size <= MOST_MEBIBYTES; i++) {
            char c = limit.charAt(i);
            size = c >= '0' && c <= '9' ? size * 10 + c - '0' : MOST_MEBIBYTES + 1;
        }
        if (size < 1 || size > MOST_MEBIBYTES || !limit.endsWith("M")) {
            throw new UsageError("invalid --body-limit " + Quote.of(limit) + ": 1M to 128M is expected");
        }
    }

    /** Returns the host that ssh is to be told: nothing that ssh, or a command of its configuration, could misread. */
    private @Nullable String host() throws UsageError {
        String host = text("--host");
        if (host == null) {
            return null;
        }
        boolean good = !host.isEmpty() && !host.startsWith("-") && !host.contains("@-") && !host.contains("//-");
        for (int i = 0; i < host.length() && good; i++) {
            char c = host.charAt(i);
            good = Character.isLetterOrDigit(c) || "._-:@/[]%+,=~".indexOf(c) >= 0;
        }
        if (!good) {
            throw new UsageError("invalid --host " + Quote.of(host)
                    + ": what ssh is to be told is expected: HOST, USER@HOST" + " or ssh://USER@HOST:PORT");
        }
        return host;
    }

    private void maps() throws UsageError {
        for (String map : options.getOrDefault("--map", List.of())) {
            int equals = map.indexOf('=');
            if (equals < 2
                    || !map.startsWith("/")
                    || map.charAt(equals - 1) == '/'
                    || map.length() < equals + 3
                    || map.charAt(equals + 1) != '/'
                    || map.endsWith("/")
                    || map.indexOf('=', equals + 1) >= 0) {
                throw new UsageError("invalid --map " + Quote.of(map)
                        + ": two absolute directories, LOCAL=REMOTE, without a / behind them are expected");
            }
        }
    }

    private Command list() throws UsageError {
        if (has("--watch") && has("--json")) {
            throw new UsageError("--watch and --json exclude each other: events -f --json tells every change as JSON");
        }
        return has("--watch") ? new Command.Watch(false) : new Command.ListServers(has("--json"));
    }

    private Command.Unuse unuse(@Nullable Long pid) throws UsageError {
        String hold = text("--hold");
        if (hold != null && pid != null) {
            throw new UsageError("--hold and --pid exclude each other: a hold belongs to no process");
        }
        if (hold != null && !hold.startsWith("hold-")) {
            throw new UsageError("invalid --hold " + Quote.of(hold) + ": hold-… is expected, as use and info show it");
        }
        return new Command.Unuse(name(), pid, hold);
    }

    private boolean takesCommand() {
        return verb == Verb.USE
                || verb == Verb.LSP
                || verb == Verb.EXEC
                || verb == Verb.RUN
                || verb == Verb.ADMIN_START
                || verb == Verb.START;
    }

    private List<String> optionalCommand() throws UsageError {
        if (hasCommand && command.isEmpty()) {
            throw new UsageError("a command is missing behind --");
        }
        if (!hasCommand && has("--shell")) {
            throw new UsageError(
                    "--shell needs a command: sharedserver " + verb.words() + " NAME --shell -- 'COMMAND LINE'");
        }
        return shell(command);
    }

    private List<String> neededCommand() throws UsageError {
        if (command.isEmpty()) {
            throw new UsageError(
                    verb.words() + " needs a command: sharedserver " + verb.words() + " " + verb.synopsis());
        }
        return shell(command);
    }

    private List<String> shell(List<String> words) throws UsageError {
        if (!has("--shell")) {
            return List.copyOf(words);
        }
        if (words.size() != 1) {
            throw new UsageError("--shell takes the command as one string, got " + words.size() + " words");
        }
        return List.of("/bin/sh", "-c", words.get(0));
    }

    private Command nameless(Command made) throws UsageError {
        if (!names.isEmpty()) {
            throw new UsageError(verb.words() + " takes no name, got " + Quote.of(names.get(0)));
        }
        return made;
    }

    private ServerName name() throws UsageError {
        if (names.isEmpty()) {
            throw new UsageError("a server name is missing: sharedserver " + verb.words() + " " + verb.synopsis());
        }
        if (names.size() > 1) {
            String hint = takesCommand() ? "; the command comes behind --" : "";
            throw new UsageError("one server name is expected, got " + Quote.of(names.get(0)) + " and "
                    + Quote.of(names.get(1)) + hint);
        }
        return named(names.get(0));
    }

    private @Nullable ServerName optionalName() throws UsageError {
        return names.isEmpty() ? null : name();
    }

    private Command await() throws UsageError {
        if ("ended".equals(text("--for"))) {
            if (has("--process")) {
                name(); // a process is of one server
            }
            return new Command.AwaitEnd(allNames(), pid(), pid("--process", text("--process")), period("--timeout"));
        }
        if (has("--pid") || has("--process")) {
            throw new UsageError((has("--pid") ? "--pid" : "--process") + " of wait goes with --for ended only");
        }
        return new Command.Wait(name(), goal(), period("--timeout"));
    }

    private Command.Down down() throws UsageError {
        if (has("--all") && !names.isEmpty()) {
            throw new UsageError("--all and names exclude each other, got " + Quote.of(names.get(0)));
        }
        return new Command.Down(someNames(), has("--all"), pid(), path("--config"), has("--json"));
    }

    private Command.Up up() throws UsageError {
        String input = text("--servers-json");
        if (input != null && !input.equals("-")) {
            throw new UsageError("invalid --servers-json " + Quote.of(input)
                    + ": - is expected, for standard input; a file is named by --config");
        }
        if (input != null && has("--config")) {
            throw new UsageError("--servers-json and --config exclude each other");
        }
        String text = text("--only");
        Command.Only only = text == null
                ? null
                : switch (text) {
                    case "lazy" -> Command.Only.LAZY;
                    case "eager" -> Command.Only.EAGER;
                    default -> throw new UsageError("invalid --only " + Quote.of(text) + ": lazy or eager is expected");
                };
        return new Command.Up(
                someNames(), pid(), text("--metadata"), path("--config"), input != null, only, has("--json"));
    }

    private Command hook() throws UsageError {
        String kind = names.isEmpty() ? "" : names.get(0);
        if (has("--config") && !kind.equals("claude")) {
            throw new UsageError("--config of hook goes with claude only");
        }
        if ((has("--pid") || has("--seen")) && !kind.equals("cd")) {
            throw new UsageError("--pid and --seen of hook go with cd only");
        }
        return switch (kind) {
            case "claude" -> claudeHook();
            case "shell" -> shellHook();
            case "allow", "deny" -> {
                if (names.size() > 2) {
                    throw new UsageError("hook " + kind + " takes one directory, got " + Quote.of(names.get(2)));
                }
                yield new Command.Permit(kind.equals("allow"), names.size() == 2 ? names.get(1) : null);
            }
            case "cd" -> {
                if (names.size() > 1) {
                    throw new UsageError("hook cd takes no name, got " + Quote.of(names.get(1)));
                }
                yield new Command.ShellMoved(neededPid(), has("--seen"));
            }
            default ->
                throw new UsageError("hook needs a word: claude, shell, allow or deny"
                        + (names.isEmpty()
                                ? ""
                                : ", got " + Quote.of(kind)
                                        + meant(kind, List.of("claude", "shell", "allow", "deny"))));
        };
    }

    private Command.ShellHook shellHook() throws UsageError {
        String word = names.size() == 2 ? names.get(1) : "";
        return new Command.ShellHook(
                switch (word) {
                    case "bash" -> Command.ShellHook.Shell.BASH;
                    case "zsh" -> Command.ShellHook.Shell.ZSH;
                    case "fish" -> Command.ShellHook.Shell.FISH;
                    default ->
                        throw new UsageError("hook shell needs one word: bash, zsh or fish"
                                + (names.size() < 2 ? "" : ", got " + Quote.of(names.get(names.size() - 1))));
                });
    }

    private Command.ClaudeHook claudeHook() throws UsageError {
        String word = names.size() == 2 ? names.get(1) : "";
        Command.ClaudeHook.Moment moment = switch (word) {
            case "start" -> Command.ClaudeHook.Moment.START;
            case "end" -> Command.ClaudeHook.Moment.END;
            default ->
                throw new UsageError("hook claude needs one word: start or end"
                        + (names.size() < 2 ? "" : ", got " + Quote.of(names.get(names.size() - 1))));
        };
        return new Command.ClaudeHook(moment, path("--config"));
    }

    private Command.Config config() throws UsageError {
        if (names.isEmpty()) {
            throw new UsageError("check, show or path is missing behind config");
        }
        String word = names.get(0);
        Command.Config.View view = switch (word) {
            case "check" -> Command.Config.View.CHECK;
            case "show" -> Command.Config.View.SHOW;
            case "path" -> Command.Config.View.PATH;
            default ->
                throw new UsageError("unknown word " + Quote.of(word) + " behind config"
                        + meant(word, List.of("check", "show", "path")) + "; known are check, show, path");
        };
        String file = path("--config");
        boolean takesFile = view == Command.Config.View.CHECK && file == null;
        if (names.size() > (takesFile ? 2 : 1)) {
            throw new UsageError("config " + word + " takes " + (takesFile ? "one file" : "no more words") + ", got "
                    + Quote.of(names.get(names.size() - 1)));
        }
        if (names.size() == 2) {
            file = names.get(1);
            if (file.isEmpty()) {
                throw new UsageError("invalid file '': a path is expected");
            }
        }
        return new Command.Config(view, file, has("--json"));
    }

    private @Nullable String path(String flag) throws UsageError {
        String value = text(flag);
        if (value != null && value.isEmpty()) {
            throw new UsageError("invalid " + flag + " '': a path is expected");
        }
        return value;
    }

    private List<ServerName> allNames() throws UsageError {
        if (names.isEmpty()) {
            throw new UsageError("a server name is missing: sharedserver " + verb.words() + " " + verb.synopsis());
        }
        return someNames();
    }

    private List<ServerName> someNames() throws UsageError {
        Set<ServerName> all = new LinkedHashSet<>();
        for (String name : names) {
            all.add(named(name));
        }
        return List.copyOf(all);
    }

    private ServerName named(String name) throws UsageError {
        try {
            boolean starts = switch (verb) {
                case USE, RUN, EXEC, ADMIN_START, START -> true;
                default -> false;
            };
            return starts ? ServerName.of(name) : ServerName.existing(name);
        } catch (InvalidInput e) {
            throw new UsageError(text(e));
        }
    }

    private static String text(InvalidInput e) {
        String message = e.getMessage();
        return message == null ? e.toString() : message;
    }

    private boolean has(String flag) {
        return options.containsKey(flag);
    }

    private @Nullable String text(String flag) {
        List<String> values = options.get(flag);
        return values == null ? null : values.get(0);
    }

    private @Nullable Period period(String flag) throws UsageError {
        String text = text(flag);
        try {
            return text == null ? null : Period.parse(text);
        } catch (InvalidInput e) {
            throw new UsageError(flag + ": " + text(e));
        }
    }

    private @Nullable Long pid() throws UsageError {
        return pid("--pid", text("--pid"));
    }

    private static @Nullable Long pid(String option, @Nullable String text) throws UsageError {
        if (text == null) {
            return null;
        }
        Long pid = pid(text);
        if (pid != null) {
            return pid;
        }
        throw new UsageError("invalid " + option + " " + Quote.of(text) + ": a process id from 1 to " + LARGEST_PID
                + " is expected");
    }

    private static @Nullable Long pid(String text) {
        try {
            long pid = Long.parseLong(text);
            return pid > 0 && pid <= LARGEST_PID && text.charAt(0) != '+' ? pid : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private Long neededPid() throws UsageError {
        Long pid = pid();
        if (pid == null) {
            throw new UsageError(verb.words() + " needs --pid PID");
        }
        return pid;
    }

    private @Nullable Integer lines() throws UsageError {
        String text = text("-n");
        if (text == null) {
            return null;
        }
        try {
            int lines = Integer.parseInt(text);
            if (lines >= 0) {
                return lines;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new UsageError("invalid -n " + Quote.of(text) + ": a number, 0 or more, is expected");
    }

    private Command.Goal goal() throws UsageError {
        String text = text("--for");
        if (text == null) {
            return Command.Goal.READY;
        }
        return switch (text) {
            case "ready" -> Command.Goal.READY;
            case "stopped" -> Command.Goal.STOPPED;
            case "active" -> Command.Goal.ACTIVE;
            case "grace" -> Command.Goal.GRACE;
            default ->
                throw new UsageError(
                        "invalid --for " + Quote.of(text) + ": ready, stopped, ended, active or grace is expected");
        };
    }

    private String completion() throws UsageError {
        String shell = names.size() == 1 ? names.get(0) : "";
        return switch (shell) {
            case "bash" -> Completion.bash();
            case "zsh" -> Completion.zsh();
            case "fish" -> Completion.fish();
            default ->
                throw new UsageError("completion needs a shell: bash, zsh or fish"
                        + (names.isEmpty() ? "" : ", got " + Quote.of(names.get(0))));
        };
    }

    private String help() throws UsageError {
        if (names.isEmpty()) {
            return Help.overview();
        }
        StringBuilder words = new StringBuilder(names.get(0));
        for (String word : names.subList(1, names.size())) {
            words.append(' ').append(word);
        }
        return words.toString().equals("admin") ? Help.overview() : Help.of(verb(words.toString()));
    }

    private UseOptions useOptions() throws UsageError {
        List<String> env = List.copyOf(options.getOrDefault("--env", List.of()));
        for (String entry : env) {
            if (entry.indexOf('=') <= 0) {
                throw new UsageError("invalid --env " + Quote.of(entry) + ": KEY=VALUE is expected");
            }
        }
        for (String path : List.of("--log-file", "--working-dir", "--stdin", "--stdout", "--config")) {
            String value = text(path);
            if (value != null && value.isEmpty()) {
                throw new UsageError("invalid " + path + " '': a path is expected");
            }
        }
        String signal = text("--stop-signal");
        if (has("--hold") && has("--pid")) {
            throw new UsageError("--hold and --pid exclude each other: a hold belongs to no process");
        }
        return new UseOptions(
                period("--grace-period"),
                pid(),
                period("--hold"),
                text("--metadata"),
                onMismatch(),
                text("--stdin"),
                text("--stdout"),
                env,
                text("--log-file"),
                text("--working-dir"),
                signal == null ? null : Signals.parse(signal),
                period("--stop-timeout"),
                condition("--ready", "--ready-timeout", null),
                condition("--check", null, "--check-interval"),
                restart(),
                port(),
                has("--export"),
                text("--config"),
                has("--json"),
                has("--shell"));
    }

    /** Returns the probe whose options begin with {@code prefix}, null if none was given. */
    private @Nullable Condition condition(String prefix, @Nullable String timeout, @Nullable String interval)
            throws UsageError {
        Probe probe = null;
        String given = "";
        for (String kind : List.of("tcp", "http", "log", "exec", "notify")) {
            String flag = prefix + "-" + kind;
            String text = text(flag);
            if (text == null) {
                continue;
            }
            if (probe != null) {
                throw new UsageError(given + " and " + flag + " exclude each other: one probe is enough");
            }
            given = flag;
            try {
                probe = switch (kind) {
                    case "tcp" -> tcp(text);
                    case "http" -> http(text);
                    case "log" -> Probes.log(text);
                    case "exec" -> Probes.exec(text);
                    default -> new Probe.Notify();
                };
            } catch (InvalidInput e) {
                throw new UsageError("invalid " + flag + ": " + text(e));
            }
        }
        String time = timeout == null ? interval : timeout;
        if (probe == null && time != null && has(time)) {
            throw new UsageError(time + " needs one of " + prefix + "-tcp, -http, -log, -exec and -notify");
        }
        return probe == null
                ? null
                : new Condition(
                        probe, timeout == null ? null : period(timeout), interval == null ? null : period(interval));
    }

    /** The server's own port is known when it is chosen: 0 until then. */
    private Probe.Tcp tcp(String text) throws InvalidInput {
        boolean own = text("--port") != null && text.endsWith(Condition.PORT);
        Probe.Tcp probe = Probes.tcp(own ? text.replace(Condition.PORT, "1") : text);
        return own ? new Probe.Tcp(probe.host(), 0) : probe;
    }

    private Probe.Http http(String text) throws InvalidInput {
        boolean own = text("--port") != null && text.contains(Condition.PORT);
        Probe.Http probe = Probes.http(own ? text.replace(Condition.PORT, "1") : text);
        return own ? new Probe.Http(text) : probe;
    }

    private @Nullable RestartPolicy restart() throws UsageError {
        String text = text("--restart");
        RestartPolicy policy = text == null ? null : RestartPolicy.of(text);
        if (text != null && policy == null) {
            throw new UsageError("invalid --restart " + Quote.of(text) + ": never, on-failure or always is expected");
        }
        return policy;
    }

    private @Nullable Port port() throws UsageError {
        String text = text("--port");
        if (text == null) {
            return null;
        }
        if (text.equals("auto")) {
            return new Port.Auto();
        }
        int number = Probes.port(text);
        if (number == 0) {
            throw new UsageError("invalid --port " + Quote.of(text) + ": a port from 1 to 65535 or auto is expected");
        }
        return new Port.Fixed(number);
    }

    private OnMismatch onMismatch() throws UsageError {
        String text = text("--on-mismatch");
        if (text == null) {
            return OnMismatch.WARN;
        }
        return switch (text) {
            case "warn" -> OnMismatch.WARN;
            case "fail" -> OnMismatch.FAIL;
            case "ignore" -> OnMismatch.IGNORE;
            default ->
                throw new UsageError("invalid --on-mismatch " + Quote.of(text) + ": warn, fail or ignore is expected");
        };
    }
}
