package dev.sharedserver.dev.project;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Expansion;
import dev.sharedserver.core.config.Findings;
import dev.sharedserver.core.config.Node;
import dev.sharedserver.core.config.Port;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.core.config.Probes;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.build.Compiler;
import dev.sharedserver.dev.build.ErrorParser;
import dev.sharedserver.dev.build.LinePattern;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads what {@link Projects#FILE} says. Each key is read, whatever is wrong with the others. */
final class ProjectFile {

    /** The keys of the file. */
    static final List<String> KEYS = List.of("$schema", "name", "profile", "processes", "builders");

    static final List<String> PROCESS_KEYS = List.of("command", "dir", "env", "port", "ready", "install");

    static final List<String> READY_KEYS = List.of("log", "tcp", "http", "timeout", "interval");

    static final List<String> BUILDER_KEYS = List.of(
            "watch", "ignore", "command", "dir", "env", "parser", "deploy", "reload", "restart", "timeout", "install");

    static final List<String> INSTALL_KEYS = List.of("command", "missing");

    static final List<String> DEPLOY_KEYS = List.of("from", "to");

    static final List<String> PARSER_KEYS = List.of("regex");

    private static final int RULES = 3;
    private static final int MOST_PARTS = 32;
    private static final int LONGEST_TEXT = 128 << 10;
    private static final String COMMAND_EXPECTED =
            "an array of program and arguments, or a string for /bin/sh -c, is expected, not ";

    /** What the file holds; what is null it does not say. */
    record Content(
            @Nullable String name,
            @Nullable Profile profile,
            Map<String, ProcessSpec> processes,
            Map<String, BuilderSpec> builders) {}

    private final Path directory;
    private final Function<String, @Nullable String> variables;
    private final Findings findings;
    private final Expansion.Budget budget = new Expansion.Budget();
    private Expansion expansion;

    ProjectFile(Path directory, Function<String, @Nullable String> variables, Findings findings) {
        this.directory = directory;
        this.variables = variables;
        this.findings = findings;
        this.expansion = new Expansion(variables, budget);
    }

    /** Reads it; of use only if there are no findings. */
    Content read(Node node) throws DevServerException {
        Map<String, ProcessSpec> processes = new LinkedHashMap<>();
        Map<String, BuilderSpec> builders = new LinkedHashMap<>();
        if (!(node instanceof Node.Dict root)) {
            wrong(node, "", "the file must hold an object, {\"processes\": {…}}, not " + Findings.kind(node));
            return new Content(null, null, processes, builders);
        }
        keys(root, "", KEYS);
        Node schema = root.get("$schema");
        if (schema != null && !(schema instanceof Node.Text)) {
            wrong(schema, "$schema", "a string is expected, not " + Findings.kind(schema));
        }
        Profile profile = profile(root.get("profile"));
        Node.Dict ofProcesses = dict(root.get("processes"), "processes", "{\"NAME\": {\"command\": …}}");
        Node.Dict ofBuilders = dict(root.get("builders"), "builders", "{\"NAME\": {\"watch\": […], \"command\": …}}");
        List<String> names = new ArrayList<>();
        if (profile != null && profile != Profile.CUSTOM) {
            Profiles.of(profile, directory).processes().forEach(process -> names.add(process.name()));
        }
        if (ofProcesses != null) {
            ofProcesses.members().forEach(member -> names.add(member.key()));
        }
        parts(ofProcesses, ofBuilders, names);
        if (ofProcesses != null) {
            for (Node.Member member : ofProcesses.members()) {
                processes.put(member.key(), process(member, Node.path("processes", member.key())));
            }
        }
        if (ofBuilders != null) {
            for (Node.Member member : ofBuilders.members()) {
                builders.put(member.key(), builder(member, Node.path("builders", member.key())));
            }
        }
        boolean some = ofProcesses != null || ofBuilders != null;
        if (profile == Profile.VITE_GO && some) {
            wrong(
                    root,
                    "profile",
                    "the profile vite+go has its own processes and builders: take these out, or the profile");
        } else if (isNone(root.get("processes"))
                && isNone(root.get("builders"))
                && (profile == null && root.get("profile") == null || profile == Profile.CUSTOM)) {
            wrong(
                    root,
                    "",
                    "there is neither a process nor a builder: give \"processes\" or \"builders\", or a \"profile\"");
        }
        return new Content(name(root.get("name")), profile, processes, builders);
    }

    private static boolean isNone(@Nullable Node value) {
        return value == null
                || value instanceof Node.Dict dict && dict.members().isEmpty();
    }

    /** Checks names: each is the source of lines, and one key of the state. */
    private void parts(Node.@Nullable Dict processes, Node.@Nullable Dict builders, List<String> known) {
        Map<String, Node.Member> seen = new LinkedHashMap<>();
        names(processes, "processes", seen);
        names(builders, "builders", seen);
        if (builders == null) {
            return;
        }
        for (Node.Member member : builders.members()) {
            if (member.value() instanceof Node.Dict one && one.get("restart") instanceof Node.Items names) {
                for (int i = 0; i < names.items().size(); i++) {
                    if (names.items().get(i) instanceof Node.Text name && !known.contains(name.value())) {
                        wrong(
                                name,
                                Node.path("builders", member.key()) + ".restart[" + i + "]",
                                "there is no process " + Quote.of(name.value())
                                        + findings.meant(name.value(), known, ""));
                    }
                }
            }
        }
    }

    private void names(Node.@Nullable Dict dict, String in, Map<String, Node.Member> seen) {
        if (dict == null) {
            return;
        }
        if (dict.members().size() > MOST_PARTS) {
            wrong(dict, in, "more than " + MOST_PARTS + " are too many for one project");
        }
        for (Node.Member member : dict.members()) {
            String where = Node.path(in, member.key());
            if (!Projects.isId(member.key()) || member.key().equals("manager")) {
                findings.error(
                        member,
                        where,
                        null,
                        Quote.of(member.key()) + " cannot be the name of a process or builder: a name has letters,"
                                + " digits, '.', '_' and '-', begins with a letter or digit, and is not manager");
            }
            Node.Member first = seen.putIfAbsent(member.key(), member);
            if (first != null) {
                findings.error(
                        member,
                        where,
                        null,
                        "the name " + Quote.of(member.key()) + " stands here a second time, the first is in line "
                                + first.line() + ": each process and builder needs its own");
            }
        }
    }

    private void wrong(Node at, String where, String what) {
        findings.error(at, where, null, what);
    }

    /** Unlike in servers.json a key that nobody knows is an error: what would be ignored would be started wrong. */
    private void keys(Node.Dict dict, String path, List<String> known) {
        findings.duplicates(dict, path, null);
        for (Node.Member member : dict.members()) {
            if (!known.contains(member.key())) {
                String hint = member.key().equals("args")
                        ? ": arguments stand in the array of \"command\""
                        : findings.meant(member.key(), known, ": known are " + String.join(", ", known));
                findings.error(
                        member, Node.path(path, member.key()), null, "unknown key " + Quote.of(member.key()) + hint);
            }
        }
    }

    private Node.@Nullable Dict dict(@Nullable Node value, String where, String example) {
        if (value == null) {
            return null;
        }
        if (value instanceof Node.Dict dict) {
            return dict;
        }
        wrong(value, where, "an object is expected, " + example + ", not " + Findings.kind(value));
        return null;
    }

    private @Nullable String name(@Nullable Node value) {
        String text = text(value, "name");
        if (value != null && text != null && !Projects.isId(text)) {
            wrong(
                    value,
                    "name",
                    Quote.of(text) + " cannot be a name: it has letters, digits, '.', '_' and '-', begins with a letter"
                            + " or digit, and has 128 characters at most");
        }
        return text;
    }

    private @Nullable Profile profile(@Nullable Node value) {
        String text = text(value, "profile");
        if (value == null || text == null) {
            return null;
        }
        Profile profile = Profile.of(text);
        if (profile == null) {
            wrong(
                    value,
                    "profile",
                    "unknown profile " + Quote.of(text)
                            + findings.meant(
                                    text, Profile.texts(), ": known are " + String.join(", ", Profile.texts())));
        }
        return profile;
    }

    private ProcessSpec process(Node.Member member, String path) {
        Node.Dict dict = part(member, path, "{\"command\": …}", PROCESS_KEYS);
        Port port = port(dict.get("port"), path + ".port");
        if (port != null) {
            String value = port instanceof Port.Fixed fixed ? Integer.toString(fixed.number()) : ProcessSpec.PORT_MARK;
            expansion = new Expansion(variable -> variable.equals("PORT") ? value : variables.apply(variable), budget);
        }
        Path in = path(dict.get("dir"), path + ".dir", directory);
        ProcessSpec spec = new ProcessSpec(
                member.key(),
                command(dict, path),
                in,
                env(dict.get("env"), path + ".env"),
                port,
                ready(dict.get("ready"), path + ".ready"),
                install(dict.get("install"), path + ".install", in));
        expansion = new Expansion(variables, budget);
        return spec;
    }

    private BuilderSpec builder(Node.Member member, String path) {
        Node.Dict dict = part(member, path, "{\"watch\": […], \"command\": …}", BUILDER_KEYS);
        List<String> watch = globs(dict.get("watch"), path + ".watch");
        if (dict.get("watch") == null) {
            wrong(dict, path, "\"watch\" is missing: globs of files that are built anew, like [\"src/**\"]");
        } else if (watch.isEmpty()) {
            wrong(dict, path + ".watch", "there is no glob: give one, like [\"src/**\"]");
        }
        Path in = path(dict.get("dir"), path + ".dir", directory);
        Period timeout = period(dict, "timeout", path);
        return new BuilderSpec(
                member.key(),
                watch,
                globs(dict.get("ignore"), path + ".ignore"),
                command(dict, path),
                in,
                env(dict.get("env"), path + ".env"),
                parser(dict.get("parser"), path + ".parser"),
                deploy(dict.get("deploy"), path + ".deploy"),
                bool(dict.get("reload"), path + ".reload", true),
                texts(dict.get("restart"), path + ".restart", "an array of names of processes"),
                timeout == null ? BuilderSpec.TIMEOUT : timeout,
                install(dict.get("install"), path + ".install", in));
    }

    /** Returns the object of a process or builder, an empty one where that is none. */
    private Node.Dict part(Node.Member member, String path, String example, List<String> known) {
        if (member.value() instanceof Node.Dict dict) {
            keys(dict, path, known);
            return dict;
        }
        wrong(member.value(), path, "an object is expected, " + example + ", not " + Findings.kind(member.value()));
        return new Node.Dict(member.line(), member.column(), List.of());
    }

    // Values of one type

    private @Nullable String text(@Nullable Node value, String where) {
        if (value == null) {
            return null;
        }
        if (!(value instanceof Node.Text text)) {
            wrong(value, where, "a string is expected, not " + Findings.kind(value));
            return null;
        }
        if (text.value().indexOf('\0') >= 0) {
            wrong(value, where, "a NUL character (\\u0000) cannot stand in arguments, paths and variables");
            return null;
        }
        Expansion.Expanded expanded = expansion.expand(text.value());
        if (expanded.tooLong() || expanded.text().length() > LONGEST_TEXT) {
            wrong(value, where, "a string of this length cannot be passed on");
            return null;
        }
        for (String variable : expanded.unset()) {
            wrong(
                    value,
                    where,
                    variable.equals("PORT")
                            ? "${PORT} needs a port: \"port\": \"auto\", or a number"
                            : "variable " + Quote.escape(variable) + " is not set: set it, or give a default by ${"
                                    + Quote.escape(variable) + ":-DEFAULT}");
        }
        for (String malformed : expanded.malformed()) {
            wrong(
                    value,
                    where,
                    Quote.of(malformed) + " is no variable: ${NAME} or ${NAME:-DEFAULT} is one, and a dollar sign is"
                            + " written $$");
        }
        return expanded.unset().isEmpty() && expanded.malformed().isEmpty() ? expanded.text() : null;
    }

    private List<String> texts(@Nullable Node value, String where, String expected) {
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof Node.Items items)) {
            wrong(value, where, expected + " is expected, not " + Findings.kind(value));
            return List.of();
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < items.items().size(); i++) {
            String text = text(items.items().get(i), where + "[" + i + "]");
            if (text != null) {
                texts.add(text);
            }
        }
        return texts;
    }

    private boolean bool(@Nullable Node value, String where, boolean otherwise) {
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Node.Bool bool) {
            return bool.value();
        }
        wrong(value, where, "true or false is expected, not " + Findings.kind(value));
        return otherwise;
    }

    private @Nullable Period period(Node.Dict dict, String key, String in) {
        Node value = dict.get(key);
        if (value instanceof Node.Numeral n) {
            wrong(
                    value,
                    in + "." + key,
                    "a duration is expected, not the number " + Quote.escape(n.text()) + ": write one like \"30s\"");
            return null;
        }
        String text = text(value, in + "." + key);
        if (value == null || text == null) {
            return null;
        }
        try {
            Period period = Period.parse(text);
            if (period.nanos() > 0) {
                return period;
            }
            wrong(value, in + "." + key, "a duration above 0 is expected, not " + Quote.of(text));
        } catch (InvalidInput e) {
            wrong(value, in + "." + key, message(e));
        }
        return null;
    }

    private Path path(@Nullable Node value, String where, Path base) {
        String text = text(value, where);
        if (value == null || text == null) {
            return base;
        }
        try {
            if (!text.isEmpty()) {
                return base.resolve(text).normalize();
            }
        } catch (InvalidPathException e) {
            // said below
        }
        wrong(value, where, "a path is expected, not " + Quote.of(text));
        return base;
    }

    private List<String> command(Node.Dict dict, String path) {
        Node value = dict.get("command");
        String where = path + ".command";
        if (value == null) {
            wrong(dict, path, "\"command\" is missing: " + COMMAND_EXPECTED.replace(", is expected, not ", ""));
            return List.of();
        }
        if (value instanceof Node.Text) {
            String line = text(value, where);
            if (line != null && line.isBlank()) {
                wrong(value, where, "a command is expected, not " + Quote.of(line));
            }
            return line == null ? List.of() : List.of("/bin/sh", "-c", line);
        }
        if (!(value instanceof Node.Items items)) {
            wrong(value, where, COMMAND_EXPECTED + Findings.kind(value));
            return List.of();
        }
        List<String> argv = texts(items, where, "");
        if (items.items().isEmpty() || !argv.isEmpty() && argv.getFirst().isEmpty()) {
            wrong(value, where, COMMAND_EXPECTED + "an array without a program");
        }
        return argv;
    }

    private Map<String, String> env(@Nullable Node value, String where) {
        Map<String, String> env = new LinkedHashMap<>();
        Node.Dict dict = dict(value, where, "{\"NAME\": \"value\"}");
        if (dict == null) {
            return env;
        }
        findings.duplicates(dict, where, null);
        for (Node.Member entry : dict.members()) {
            String at = Node.path(where, entry.key());
            if (entry.key().isEmpty()
                    || entry.key().indexOf('=') >= 0
                    || entry.key().indexOf('\0') >= 0) {
                findings.error(entry, at, null, "invalid name of a variable: " + Quote.of(entry.key()));
            }
            String text = text(entry.value(), at);
            if (text != null) {
                env.put(entry.key(), text);
            }
        }
        return env;
    }

    private @Nullable Port port(@Nullable Node value, String where) {
        if (value == null) {
            return null;
        }
        String text = value instanceof Node.Numeral n
                ? n.text()
                : value instanceof Node.Text ? text(value, where) : Findings.kind(value);
        if ("auto".equals(text)) {
            return new Port.Auto();
        }
        int number = text == null ? 0 : Probes.port(text);
        if (number == 0 && text != null) {
            wrong(
                    value,
                    where,
                    "a port from 1 to 65535 or \"auto\" is expected, not "
                            + (value instanceof Node.Text ? Quote.of(text) : Findings.kind(value)));
        }
        return number == 0 ? null : new Port.Fixed(number);
    }

    private @Nullable Install install(@Nullable Node value, String where, Path in) {
        Node.Dict dict = dict(value, where, "{\"command\": [\"npm\", \"install\"], \"missing\": \"node_modules\"}");
        if (dict == null) {
            return null;
        }
        keys(dict, where, INSTALL_KEYS);
        if (dict.get("missing") == null) {
            wrong(dict, where, "\"missing\" is missing: the file or directory that the command makes");
        }
        return new Install(command(dict, where), path(dict.get("missing"), where + ".missing", in));
    }

    private BuilderSpec.@Nullable Deploy deploy(@Nullable Node value, String where) {
        Node.Dict dict = dict(value, where, "{\"from\": \"build/program\", \"to\": \"bin\"}");
        if (dict == null) {
            return null;
        }
        keys(dict, where, DEPLOY_KEYS);
        for (String key : DEPLOY_KEYS) {
            if (dict.get(key) == null) {
                wrong(dict, where, "\"" + key + "\" is missing: a file that is built and a directory are expected");
            }
        }
        return new BuilderSpec.Deploy(
                path(dict.get("from"), where + ".from", directory), path(dict.get("to"), where + ".to", directory));
    }

    private List<String> globs(@Nullable Node value, String where) {
        List<String> globs = texts(value, where, "an array of globs, like [\"src/**\"],");
        if (value instanceof Node.Items items && items.items().size() == globs.size()) {
            for (int i = 0; i < globs.size(); i++) {
                try {
                    var unused = Glob.of(globs.get(i));
                } catch (InvalidInput e) {
                    wrong(items.items().get(i), where + "[" + i + "]", message(e));
                }
            }
        }
        return globs;
    }

    private @Nullable ErrorParser parser(@Nullable Node value, String where) {
        if (value instanceof Node.Dict dict) {
            keys(dict, where, PARSER_KEYS);
            Node regex = dict.get("regex");
            // a regular expression has dollar signs and braces of its own
            if (!(regex instanceof Node.Text text)) {
                wrong(regex == null ? dict : regex, where, "{\"regex\": \"…\"} is expected");
                return null;
            }
            try {
                return LinePattern.of(text.value());
            } catch (InvalidInput e) {
                wrong(regex, where + ".regex", message(e));
                return null;
            }
        }
        String text = text(value, where);
        if (value == null || text == null) {
            return null;
        }
        for (Compiler compiler : Compiler.values()) {
            if (compiler.text().equals(text)) {
                return compiler;
            }
        }
        List<String> known = Stream.of(Compiler.values()).map(Compiler::text).toList();
        wrong(
                value,
                where,
                "unknown parser " + Quote.of(text)
                        + findings.meant(
                                text,
                                known,
                                ": known are " + String.join(", ", known) + ", and {\"regex\": \"…\"} is one of your"
                                        + " own"));
        return null;
    }

    // Readiness

    private @Nullable Condition ready(@Nullable Node value, String where) {
        if (value instanceof Node.Text text && text.value().equals("none")) {
            return null;
        }
        Node.Dict dict = dict(value, where, "like {\"log\": \"listening\"}, or \"none\"");
        if (dict == null) {
            return null;
        }
        keys(dict, where, READY_KEYS);
        Period timeout = period(dict, "timeout", where);
        Period interval = period(dict, "interval", where);
        List<String> kinds = READY_KEYS.subList(0, RULES).stream()
                .filter(kind -> dict.get(kind) != null)
                .toList();
        if (kinds.size() != 1) {
            wrong(
                    dict,
                    where,
                    "one of log, tcp, http is expected, "
                            + (kinds.isEmpty() ? "there is none" : "not " + String.join(" and ", kinds)));
            return null;
        }
        String kind = kinds.getFirst();
        Node given = Objects.requireNonNull(dict.get(kind), "it is a key of the object");
        Probe probe = probe(kind, given, where + "." + kind);
        return probe == null ? null : new Condition(probe, timeout, interval);
    }

    private @Nullable Probe probe(String kind, Node value, String where) {
        String text = kind.equals("tcp") && value instanceof Node.Numeral n ? n.text() : text(value, where);
        if (text == null) {
            return null;
        }
        String sample = text.replace(ProcessSpec.PORT_MARK, "1");
        try {
            return switch (kind) {
                case "tcp" -> {
                    Probe.Tcp tcp = Probes.tcp(sample);
                    yield text.endsWith(ProcessSpec.PORT_MARK) ? new Probe.Tcp(tcp.host(), 0) : tcp;
                }
                case "http" -> {
                    Probes.http(sample);
                    yield new Probe.Http(text);
                }
                default -> {
                    Pattern.compile(sample);
                    yield new Probe.LogPattern(text);
                }
            };
        } catch (InvalidInput e) {
            wrong(value, where, message(e));
        } catch (PatternSyntaxException e) {
            wrong(
                    value,
                    where,
                    "invalid regular expression " + Quote.of(text) + ": " + e.getDescription()
                            + " (RE2 syntax: no look-around and no back references)");
        }
        return null;
    }

    private static String message(Exception e) {
        return Objects.requireNonNullElse(e.getMessage(), e.toString());
    }
}
