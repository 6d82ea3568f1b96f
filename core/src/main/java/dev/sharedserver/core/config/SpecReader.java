package dev.sharedserver.core.config;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.Signals;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Makes a server of what a config file says under its name. Each key is read, whatever is wrong with the others. */
final class SpecReader {

    /** The keys of a server. */
    static final List<String> KEYS = List.of(
            "command",
            "args",
            "env",
            "gracePeriod",
            "logFile",
            "metadata",
            "lazy",
            "skipIfEnv",
            "workingDir",
            "envFile",
            "dependsOn",
            "port",
            "scope",
            "ready",
            "check",
            "restart",
            "stopSignal",
            "stopTimeout");

    /** The keys of {@code ready} and {@code check}: the kinds of probes first. */
    static final List<String> CONDITION_KEYS = List.of("tcp", "http", "log", "exec", "notify", "timeout", "interval");

    private static final int KINDS = 5;

    /** Linux passes no longer argument or variable (MAX_ARG_STRLEN), in bytes. */
    private static final int LONGEST_TEXT = 128 << 10;

    private final String name;
    private final Node node;
    private final Node.Member member;
    private final String path;
    private final Findings findings;
    private final Function<String, @Nullable String> variables;
    private final @Nullable Port forced;
    private final List<Node.Text> dependencies = new ArrayList<>();
    private final Expansion.Budget budget;
    private Expansion expansion;

    SpecReader(
            Node.Member member,
            Function<String, @Nullable String> variables,
            @Nullable Port forced,
            Expansion.Budget budget,
            Findings findings) {
        this.member = member;
        this.name = member.key();
        this.node = member.value();
        this.path = Node.path("servers", name);
        this.variables = variables;
        this.forced = forced;
        this.expansion = new Expansion(variables, budget);
        this.budget = budget;
        this.findings = findings;
    }

    /** Returns the names behind {@code dependsOn}, after {@link #read}. */
    List<Node.Text> dependencies() {
        return dependencies;
    }

    /** Returns the server, null if nothing could be made of it; errors are among the findings. */
    @Nullable
    ServerSpec read() {
        ServerName serverName = name();
        if (!(node instanceof Node.Dict dict)) {
            wrong(node, path, "an object is expected, {\"command\": …}, not " + Findings.kind(node));
            return null;
        }
        findings.keys(dict, path, name, KEYS);
        Port named = port(dict.get("port"));
        Port port = forced == null ? named : forced;
        if (port != null) {
            String value = port instanceof Port.Fixed fixed ? Integer.toString(fixed.number()) : ServerSpec.PORT_MARK;
            expansion = new Expansion(variable -> variable.equals("PORT") ? value : variables.apply(variable), budget);
        }
        boolean lazy = bool(dict.get("lazy"), path + ".lazy");
        List<String> command = command(dict, lazy);
        List<String> env = env(dict.get("env"));
        Period gracePeriod = period(dict, "gracePeriod", path);
        String logFile = filePath(dict, "logFile");
        String metadata = text(dict.get("metadata"), path + ".metadata");
        String skipIfEnv = skipIfEnv(dict.get("skipIfEnv"));
        String workingDir = filePath(dict, "workingDir");
        String envFile = filePath(dict, "envFile");
        List<String> dependsOn = dependsOn(dict.get("dependsOn"));
        boolean project = project(dict.get("scope"), serverName);
        Condition ready = condition(dict.get("ready"), path + ".ready");
        Condition check = condition(dict.get("check"), path + ".check");
        RestartPolicy restart = restart(dict.get("restart"));
        Integer stopSignal = stopSignal(dict.get("stopSignal"));
        Period stopTimeout = period(dict, "stopTimeout", path);
        if (serverName == null) {
            return null;
        }
        return new ServerSpec(
                serverName,
                command,
                env,
                gracePeriod,
                logFile,
                metadata,
                lazy,
                skipIfEnv,
                workingDir,
                envFile,
                dependsOn,
                port,
                project,
                ready,
                check,
                restart,
                stopSignal,
                stopTimeout);
    }

    private void wrong(Node at, String where, String what) {
        findings.error(at, where, name, what);
    }

    private @Nullable ServerName name() {
        try {
            return ServerName.of(name);
        } catch (InvalidInput e) {
            findings.error(member, path, name, message(e));
            return null;
        }
    }

    private static String message(Exception e) {
        return Objects.requireNonNullElse(e.getMessage(), e.toString());
    }

    // Values of one type

    /** Returns the expanded text, null (and an error) if there is none. */
    private @Nullable String text(@Nullable Node value, String where) {
        String written = literal(value, where);
        if (written == null || value == null) {
            return null;
        }
        Expansion.Expanded expanded = expansion.expand(written);
        if (expanded.tooLong()) {
            wrong(value, where, "with its variables the file becomes longer than Linux can pass on");
            return null;
        }
        for (String variable : expanded.unset()) {
            findings.unset(value, where, name, variable);
        }
        for (String malformed : expanded.malformed()) {
            findings.warning(
                    value,
                    where,
                    name,
                    Quote.of(malformed) + " is no variable and stays as it is: ${NAME} or ${NAME:-DEFAULT} is one, and"
                            + " a dollar sign is written $$");
        }
        return expanded.text();
    }

    /** Returns the text as it is written. */
    private @Nullable String literal(@Nullable Node value, String where) {
        if (value == null) {
            return null;
        }
        if (!(value instanceof Node.Text text)) {
            String hint = value instanceof Node.Numeral n
                    ? ": write it in quotes, \"" + Quote.escape(n.text()) + "\""
                    : value instanceof Node.Bool b ? ": write it in quotes, \"" + b.value() + "\"" : "";
            wrong(value, where, "a string is expected, not " + Findings.kind(value) + hint);
            return null;
        }
        if (text.value().indexOf('\0') >= 0) {
            wrong(value, where, "a NUL character (\\u0000) cannot stand in arguments, paths and variables");
            return null;
        }
        if (text.value().length() > LONGEST_TEXT) {
            wrong(
                    value,
                    where,
                    "a string of " + text.value().length() + " characters is longer than Linux can pass on");
            return null;
        }
        return text.value();
    }

    private boolean bool(@Nullable Node value, String where) {
        if (value == null) {
            return false;
        }
        if (value instanceof Node.Bool bool) {
            return bool.value();
        }
        wrong(value, where, "true or false is expected, not " + Findings.kind(value));
        return false;
    }

    private List<String> texts(Node.Items items, String where) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < items.items().size(); i++) {
            String text = text(items.items().get(i), where + "[" + i + "]");
            if (text != null) {
                texts.add(text);
            }
        }
        return texts;
    }

    private @Nullable Period period(Node.Dict dict, String key, String in) {
        Node value = dict.get(key);
        if (value instanceof Node.Numeral n) {
            wrong(
                    value,
                    in + "." + key,
                    "a duration is expected, not the number " + n.text() + ": write one like \"30s\"");
            return null;
        }
        String text = text(value, in + "." + key);
        try {
            return text == null ? null : Period.parse(text);
        } catch (InvalidInput e) {
            wrong(Objects.requireNonNull(value, "it has a text"), in + "." + key, message(e));
            return null;
        }
    }

    private @Nullable String filePath(Node.Dict dict, String key) {
        Node value = dict.get(key);
        String text = text(value, path + "." + key);
        if (value != null && text != null && text.isEmpty()) {
            wrong(value, path + "." + key, "a path is expected, not ''");
        }
        return text;
    }

    // Keys

    private List<String> command(Node.Dict dict, boolean lazy) {
        Node value = dict.get("command");
        if (value == null && lazy && dict.get("args") == null) {
            return List.of();
        }
        if (value == null) {
            wrong(dict, path, "\"command\" is missing: the program to run, its arguments go into \"args\"");
        } else if (value instanceof Node.Items) {
            wrong(
                    value,
                    path + ".command",
                    "a string is expected, not an array: the program here, the rest in \"args\"");
        }
        String program = value instanceof Node.Items ? null : text(value, path + ".command");
        if (value != null && program != null && program.isEmpty()) {
            wrong(value, path + ".command", "a program is expected, not ''");
        }
        List<String> command = new ArrayList<>();
        command.add(program == null ? "" : program);
        Node args = dict.get("args");
        if (args instanceof Node.Items items) {
            command.addAll(texts(items, path + ".args"));
        } else if (args != null) {
            wrong(args, path + ".args", "an array of strings is expected, not " + Findings.kind(args));
        } else if (value != null && program != null && program.indexOf(' ') > 0 && program.indexOf('/') < 0) {
            findings.warning(
                    value,
                    path + ".command",
                    name,
                    Quote.of(program) + " is taken as the name of one program: arguments go into \"args\"");
        }
        return List.copyOf(command);
    }

    private List<String> env(@Nullable Node value) {
        List<String> env = new ArrayList<>();
        if (value instanceof Node.Dict dict) {
            findings.duplicates(dict, path + ".env", name);
            for (Node.Member entry : dict.members()) {
                String where = Node.path(path + ".env", entry.key());
                if (!isVariable(entry.key())) {
                    findings.error(entry, where, name, "invalid name of a variable: " + Quote.of(entry.key()));
                }
                String text = text(entry.value(), where);
                if (text != null) {
                    env.add(entry.key() + "=" + text);
                }
            }
        } else if (value != null) {
            wrong(value, path + ".env", "an object is expected, {\"NAME\": \"value\"}, not " + Findings.kind(value));
        }
        return List.copyOf(env);
    }

    private static boolean isVariable(String text) {
        return !text.isEmpty() && text.indexOf('=') < 0 && text.indexOf('\0') < 0;
    }

    private @Nullable String skipIfEnv(@Nullable Node value) {
        String text = literal(value, path + ".skipIfEnv");
        if (value != null && text != null && !isVariable(text)) {
            wrong(value, path + ".skipIfEnv", "invalid name of a variable: " + Quote.of(text));
            return null;
        }
        return text;
    }

    private List<String> dependsOn(@Nullable Node value) {
        String where = path + ".dependsOn";
        Set<String> names = new LinkedHashSet<>();
        if (value instanceof Node.Items items) {
            for (int i = 0; i < items.items().size(); i++) {
                Node item = items.items().get(i);
                String text = literal(item, where + "[" + i + "]");
                if (text == null || !(item instanceof Node.Text one)) {
                    continue;
                }
                if (names.add(text)) {
                    dependencies.add(one);
                } else {
                    wrong(item, where + "[" + i + "]", Quote.of(text) + " stands here a second time: remove it");
                }
            }
        } else if (value != null) {
            wrong(value, where, "an array of server names is expected, not " + Findings.kind(value));
        }
        return List.copyOf(names);
    }

    private @Nullable Port port(@Nullable Node value) {
        String where = path + ".port";
        if (value == null) {
            return null;
        }
        String text =
                value instanceof Node.Numeral n ? n.text() : value instanceof Node.Text ? text(value, where) : null;
        if ("auto".equals(text)) {
            return new Port.Auto();
        }
        int number = text == null ? 0 : Probes.port(text);
        if (number > 0) {
            return new Port.Fixed(number);
        }
        if (text != null || !(value instanceof Node.Text)) {
            wrong(
                    value,
                    where,
                    "a port from 1 to " + Probes.MAX_PORT + " or \"auto\" is expected, not "
                            + (text == null ? Findings.kind(value) : Quote.of(text)));
        }
        return null;
    }

    private boolean project(@Nullable Node value, @Nullable ServerName serverName) {
        String text = literal(value, path + ".scope");
        if (value == null || text == null) {
            return false;
        }
        if (!text.equals("project")) {
            wrong(value, path + ".scope", "\"project\" is expected (or no scope at all), not " + Quote.of(text));
            return false;
        }
        if (serverName != null && !ProjectName.fits(serverName)) {
            wrong(
                    value,
                    path + ".scope",
                    "the name is too long for a project's: at most " + ProjectName.MAX_BYTES + " bytes are allowed");
        }
        return true;
    }

    private RestartPolicy restart(@Nullable Node value) {
        String text = literal(value, path + ".restart");
        if (value == null || text == null) {
            return RestartPolicy.NEVER;
        }
        RestartPolicy policy = RestartPolicy.of(text);
        if (policy == null) {
            wrong(value, path + ".restart", "never, on-failure or always is expected, not " + Quote.of(text));
            return RestartPolicy.NEVER;
        }
        return policy;
    }

    private @Nullable Integer stopSignal(@Nullable Node value) {
        String where = path + ".stopSignal";
        String text = value instanceof Node.Numeral n ? n.text() : text(value, where);
        try {
            return text == null ? null : Signals.parse(text);
        } catch (InvalidInput e) {
            wrong(Objects.requireNonNull(value, "it has a text"), where, message(e));
            return null;
        }
    }

    // Probes

    private @Nullable Condition condition(@Nullable Node value, String where) {
        if (value == null) {
            return null;
        }
        if (!(value instanceof Node.Dict dict)) {
            wrong(
                    value,
                    where,
                    "an object is expected, like {\"tcp\": 6379, \"timeout\": \"30s\"}, not " + Findings.kind(value));
            return null;
        }
        findings.keys(dict, where, name, CONDITION_KEYS);
        Period timeout = period(dict, "timeout", where);
        Period interval = period(dict, "interval", where);
        List<String> kinds = new ArrayList<>();
        for (Node.Member one : dict.members()) {
            if (CONDITION_KEYS.indexOf(one.key()) >= 0
                    && CONDITION_KEYS.indexOf(one.key()) < KINDS
                    && !kinds.contains(one.key())) {
                kinds.add(one.key());
            }
        }
        if (kinds.size() != 1) {
            wrong(
                    dict,
                    where,
                    "one of tcp, http, log, exec, notify is expected, "
                            + (kinds.isEmpty() ? "there is none" : "not " + String.join(" and ", kinds)));
            return null;
        }
        String kind = kinds.get(0);
        Node given = Objects.requireNonNull(dict.get(kind), "it is a key of the object");
        Probe probe = probe(kind, given, where + "." + kind);
        return probe == null ? null : new Condition(probe, timeout, interval);
    }

    private @Nullable Probe probe(String kind, Node value, String where) {
        return switch (kind) {
            case "tcp" -> tcp(value, where);
            case "http" -> http(value, where);
            case "log" -> log(value, where);
            case "exec" -> exec(value, where);
            default -> notifying(value, where);
        };
    }

    private @Nullable Probe tcp(Node value, String where) {
        String text =
                value instanceof Node.Numeral n ? n.text() : value instanceof Node.Text ? text(value, where) : null;
        if (text == null) {
            if (!(value instanceof Node.Text)) {
                wrong(value, where, "a port or \"HOST:PORT\" is expected, not " + Findings.kind(value));
            }
            return null;
        }
        try {
            Probe.Tcp tcp = Probes.tcp(text.replace(ServerSpec.PORT_MARK, "1"));
            boolean own = text.endsWith(ServerSpec.PORT_MARK);
            return own ? new Probe.Tcp(tcp.host(), 0) : tcp;
        } catch (InvalidInput e) {
            wrong(value, where, message(e));
            return null;
        }
    }

    private @Nullable Probe http(Node value, String where) {
        String text = text(value, where);
        if (text == null) {
            return null;
        }
        try {
            Probes.http(text.replace(ServerSpec.PORT_MARK, "1"));
            return new Probe.Http(text);
        } catch (InvalidInput e) {
            wrong(value, where, message(e));
            return null;
        }
    }

    private @Nullable Probe log(Node value, String where) {
        String text = text(value, where);
        if (text == null) {
            return null;
        }
        try {
            Probes.log(text.replace(ServerSpec.PORT_MARK, "1"));
            return new Probe.LogPattern(text);
        } catch (InvalidInput e) {
            wrong(value, where, message(e));
            return null;
        }
    }

    private @Nullable Probe exec(Node value, String where) {
        if (value instanceof Node.Text) {
            String line = text(value, where);
            try {
                return line == null ? null : Probes.exec(line);
            } catch (InvalidInput e) {
                wrong(value, where, message(e));
                return null;
            }
        }
        if (value instanceof Node.Items items) {
            List<String> command = texts(items, where);
            if (!command.isEmpty() && !command.get(0).isEmpty()) {
                return new Probe.Exec(List.copyOf(command));
            }
        }
        wrong(
                value,
                where,
                "a command is expected, a string for /bin/sh or an array of strings, not "
                        + (value instanceof Node.Items ? "an array without a program" : Findings.kind(value)));
        return null;
    }

    private @Nullable Probe notifying(Node value, String where) {
        if (value instanceof Node.Bool bool && bool.value()) {
            return new Probe.Notify();
        }
        wrong(value, where, "true is expected, not " + Findings.kind(value));
        return null;
    }
}
