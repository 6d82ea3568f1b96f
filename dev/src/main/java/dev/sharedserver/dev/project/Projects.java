package dev.sharedserver.dev.project;

import com.google.gson.stream.JsonWriter;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Findings;
import dev.sharedserver.core.config.Port;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.core.config.Probes;
import dev.sharedserver.core.config.Problem;
import dev.sharedserver.core.config.Syntax;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.build.Compiler;
import dev.sharedserver.dev.build.ErrorParser;
import dev.sharedserver.dev.build.LinePattern;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds out what a directory's project consists of, and writes it. */
public final class Projects {

    /** The file in a project's directory that says what it consists of. */
    public static final String FILE = "sharedserver-dev.json";

    private static final int LONGEST_NAME = 128;

    private Projects() {}

    /** Returns the project of a directory, with the variables of this process in its file. */
    public static Project of(Path directory) throws DevServerException {
        return of(directory, System::getenv);
    }

    /**
     * Returns the project of a directory: what {@link #FILE} says, else the profile that its files are the sign of.
     *
     * @param variables what <code>${VAR}</code> in the file stands for, null for what is not set
     */
    public static Project of(Path directory, Function<String, @Nullable String> variables) throws DevServerException {
        Path absolute = directory.toAbsolutePath().normalize();
        if (Files.exists(absolute.resolve(FILE))) {
            return read(absolute, variables);
        }
        Profile profile = Profiles.find(absolute);
        if (profile == null) {
            throw DevServerException.buildFailed(
                    "There is neither " + FILE + " in " + absolute
                            + " nor anything that says what kind of project this is.",
                    "Write a " + FILE + ", or start another directory. These are known: "
                            + Arrays.stream(Profile.values())
                                    .filter(one -> one != Profile.CUSTOM)
                                    .map(one -> one.text() + " (" + one.sign() + ")")
                                    .collect(Collectors.joining(", "))
                            + ".");
        }
        Profiles.Parts parts = Profiles.of(profile, absolute);
        return new Project(absolute, id(absolute), profile, false, parts.processes(), parts.builders());
    }

    private static Project read(Path directory, Function<String, @Nullable String> variables)
            throws DevServerException {
        Findings findings = new Findings(FILE);
        ProjectFile.Content content;
        try {
            content = new ProjectFile(directory, variables, findings)
                    .read(Syntax.parse(Manifest.bytes(directory.resolve(FILE), FILE)));
        } catch (Syntax.Wrong e) {
            throw DevServerException.invalid(e.in(FILE).toString());
        }
        if (!findings.errors().isEmpty()) {
            throw DevServerException.invalid(
                    findings.errors().stream().map(Problem::toString).collect(Collectors.joining("\n")),
                    "Correct " + FILE + " and start it again.");
        }
        Profile profile = content.profile() == null ? Profile.CUSTOM : content.profile();
        Profiles.Parts parts = Profiles.of(profile, directory);
        // what the file describes stands for what the profile has under that name
        Map<String, ProcessSpec> processes = new LinkedHashMap<>();
        parts.processes().forEach(process -> processes.put(process.name(), process));
        processes.putAll(content.processes());
        Map<String, BuilderSpec> builders = new LinkedHashMap<>();
        parts.builders().forEach(builder -> builders.put(builder.name(), builder));
        builders.putAll(content.builders());
        return new Project(
                directory,
                content.name() == null ? id(directory) : content.name(),
                profile,
                true,
                List.copyOf(processes.values()),
                List.copyOf(builders.values()));
    }

    /** Returns a valid id that is like the directory's name. */
    static String id(Path directory) {
        Path last = directory.getFileName();
        StringBuilder id = new StringBuilder();
        for (char c : (last == null ? "" : last.toString()).toCharArray()) {
            boolean plain = isAlphanumeric(c);
            if (plain || !id.isEmpty()) {
                id.append(plain || "._-".indexOf(c) >= 0 ? c : '-');
            }
        }
        id.setLength(Math.min(id.length(), LONGEST_NAME));
        return id.isEmpty() ? "project" : id.toString();
    }

    /** Tells whether that can be the name of a project or of its parts. */
    static boolean isId(String text) {
        if (text.isEmpty() || text.length() > LONGEST_NAME || !isAlphanumeric(text.charAt(0))) {
            return false;
        }
        return text.chars().allMatch(c -> isAlphanumeric((char) c) || "._-".indexOf(c) >= 0);
    }

    private static boolean isAlphanumeric(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
    }

    /** Tells whether a path leads below a directory. */
    static boolean isBelow(Path directory, String path) {
        try {
            Path below = directory.resolve(path).normalize();
            return below.startsWith(directory) && !below.equals(directory);
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** Returns a description for people, with a line for each process and builder. */
    public static String describe(Project project) {
        List<String> lines = new ArrayList<>();
        lines.add("project " + project.name() + ": profile "
                + project.profile().text()
                + (project.fromFile()
                        ? " (" + FILE + ")"
                        : " (" + project.profile().sign() + ")"));
        for (ProcessSpec process : project.processes()) {
            lines.add("  process " + process.name() + in(project, process.directory()) + ": "
                    + command(process.command()) + ", " + rule(process.ready()));
        }
        for (BuilderSpec builder : project.builders()) {
            lines.add("  builder " + builder.name() + in(project, builder.directory()) + ": "
                    + command(builder.command()) + ", watches " + String.join(" ", builder.watch()));
        }
        return String.join("\n", lines) + "\n";
    }

    private static String in(Project project, Path directory) {
        return directory.equals(project.directory()) ? "" : " in " + relative(project, directory);
    }

    private static String command(List<String> argv) {
        return shown(String.join(" ", argv));
    }

    private static String rule(@Nullable Condition ready) {
        if (ready == null) {
            return "running as soon as it is started";
        }
        return "ready when "
                + switch (ready.probe()) {
                    case Probe.LogPattern log -> "a line has " + shown(log.regex());
                    case Probe.Tcp tcp -> tcp(tcp) + " listens";
                    case Probe.Http http -> shown(http.url()) + " answers";
                    case Probe.Exec exec -> command(exec.command()) + " exits with 0";
                    case Probe.Notify notify -> "it says so";
                };
    }

    private static String tcp(Probe.Tcp tcp) {
        return tcp.port() > 0
                ? Probes.address(tcp)
                : tcp.host().equals("127.0.0.1")
                        ? "${PORT}"
                        : Probes.address(new Probe.Tcp(tcp.host(), 1)).replaceFirst(":1$", ":\\${PORT}");
    }

    private static String shown(String text) {
        return text.replace(ProcessSpec.PORT_MARK, "${PORT}");
    }

    /** Returns what {@link #FILE} would have to hold for this project. */
    public static String toJson(Project project) {
        return JsonText.of(JsonText.Form.PRETTY, json -> {
            json.beginObject();
            json.name("name").value(project.name());
            json.name("profile").value(project.profile().text());
            // a plugin is run as its host expects it
            if (project.profile() != Profile.VITE_GO) {
                json.name("processes").beginObject();
                for (ProcessSpec process : project.processes()) {
                    write(json, project, process);
                }
                json.endObject();
                json.name("builders").beginObject();
                for (BuilderSpec builder : project.builders()) {
                    write(json, project, builder);
                }
                json.endObject();
            }
            json.endObject();
        });
    }

    private static void write(JsonWriter json, Project project, ProcessSpec process) throws IOException {
        json.name(process.name()).beginObject();
        common(json, project, process.command(), process.directory(), process.environment());
        if (process.port() instanceof Port.Fixed fixed) {
            json.name("port").value(fixed.number());
        } else if (process.port() != null) {
            json.name("port").value("auto");
        }
        Condition ready = process.ready();
        if (ready == null) {
            json.name("ready").value("none");
        } else {
            json.name("ready").beginObject();
            json.name(Probes.kind(ready.probe()));
            switch (ready.probe()) {
                case Probe.LogPattern log -> json.value(text(log.regex()));
                case Probe.Http http -> json.value(text(http.url()));
                case Probe.Tcp tcp -> json.value(tcp(tcp));
                case Probe.Exec exec -> strings(json, exec.command());
                case Probe.Notify notify -> json.value(true);
            }
            if (ready.timeout() != null) {
                json.name("timeout").value(ready.timeout().toString());
            }
            if (ready.interval() != null) {
                json.name("interval").value(ready.interval().toString());
            }
            json.endObject();
        }
        install(json, process.install(), process.directory());
        json.endObject();
    }

    private static void write(JsonWriter json, Project project, BuilderSpec builder) throws IOException {
        json.name(builder.name()).beginObject();
        json.name("watch");
        strings(json, builder.watch());
        if (!builder.ignore().isEmpty()) {
            json.name("ignore");
            strings(json, builder.ignore());
        }
        common(json, project, builder.command(), builder.directory(), builder.environment());
        ErrorParser parser = builder.parser();
        switch (parser) {
            case Compiler compiler -> json.name("parser").value(compiler.text());
            case LinePattern own ->
                json.name("parser")
                        .beginObject()
                        .name("regex")
                        .value(own.regex())
                        .endObject();
            case null -> {}
        }
        BuilderSpec.Deploy deploy = builder.deploy();
        if (deploy != null) {
            json.name("deploy").beginObject();
            json.name("from").value(text(relative(project, deploy.from())));
            json.name("to").value(text(relative(project, deploy.to())));
            json.endObject();
        }
        json.name("reload").value(builder.reload());
        if (!builder.restart().isEmpty()) {
            json.name("restart");
            strings(json, builder.restart());
        }
        json.name("timeout").value(builder.timeout().toString());
        install(json, builder.install(), builder.directory());
        json.endObject();
    }

    private static void common(
            JsonWriter json, Project project, List<String> command, Path directory, Map<String, String> environment)
            throws IOException {
        json.name("command");
        strings(json, command);
        if (!directory.equals(project.directory())) {
            json.name("dir").value(text(relative(project, directory)));
        }
        if (!environment.isEmpty()) {
            json.name("env").beginObject();
            for (Map.Entry<String, String> entry : environment.entrySet()) {
                json.name(entry.getKey()).value(text(entry.getValue()));
            }
            json.endObject();
        }
    }

    private static void install(JsonWriter json, @Nullable Install install, Path directory) throws IOException {
        if (install != null) {
            json.name("install").beginObject().name("command");
            strings(json, install.command());
            json.name("missing")
                    .value(text(directory.relativize(install.missing()).toString()));
            json.endObject();
        }
    }

    private static void strings(JsonWriter json, List<String> strings) throws IOException {
        json.beginArray();
        for (String string : strings) {
            json.value(text(string));
        }
        json.endArray();
    }

    private static String relative(Project project, Path path) {
        String relative = path.startsWith(project.directory())
                ? project.directory().relativize(path).toString()
                : path.toString();
        return relative.isEmpty() ? "." : relative;
    }

    /** Returns a text that means itself where variables are expanded. */
    private static String text(String plain) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < plain.length(); i++) {
            char next = i + 1 < plain.length() ? plain.charAt(i + 1) : ' ';
            out.append(plain.charAt(i));
            if (plain.charAt(i) == '$' && (next == '$' || next == '{')) {
                out.append('$');
            }
        }
        return out.toString().replace(ProcessSpec.PORT_MARK, "${PORT}");
    }
}
