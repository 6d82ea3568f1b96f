package dev.sharedserver.agent.verbs;

import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.ConfigFile;
import dev.sharedserver.core.config.ConfigPlaces;
import dev.sharedserver.core.config.ConfigPlaces.Origin;
import dev.sharedserver.core.config.EnvFile;
import dev.sharedserver.core.config.Port;
import dev.sharedserver.core.config.Problem;
import dev.sharedserver.core.config.ProjectName;
import dev.sharedserver.core.config.RestartPolicy;
import dev.sharedserver.core.config.ServerSpec;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The config file of one caller: read when it is first needed, and only then. */
final class CallersConfig {

    private final ConfigPlaces.@Nullable Place place;
    private final List<String> notes;
    private final Request request;
    private @Nullable Map<String, String> environment;
    private @Nullable ConfigFile file;
    private @Nullable String realDirectory;

    private CallersConfig(ConfigPlaces.@Nullable Place place, List<String> notes, Request request) {
        this.place = place;
        this.notes = notes;
        this.request = request;
    }

    /**
     * A server as the config describes it.
     *
     * @param options the caller's options, completed by those of the config
     * @param warnings what is odd about it
     * @param skippedBy the variable that makes it unwanted ({@code skipIfEnv}), null if it is wanted
     */
    record Configured(
            ServerSpec spec,
            List<String> command,
            UseOptions options,
            List<String> warnings,
            @Nullable String skippedBy) {}

    /**
     * Finds the caller's config.
     *
     * @param option what {@code --config} names
     * @param uid the user whose agent this is
     */
    static CallersConfig find(@Nullable String option, Request request, int uid) throws Failure {
        String variable = "";
        String home = "";
        String configHome = "";
        for (String entry : request.environment()) {
            if (entry.startsWith("SHAREDSERVER_CONFIG=")) {
                variable = entry.substring("SHAREDSERVER_CONFIG=".length());
            } else if (entry.startsWith("HOME=")) {
                home = entry.substring("HOME=".length());
            } else if (entry.startsWith("XDG_CONFIG_HOME=")) {
                configHome = entry.substring("XDG_CONFIG_HOME=".length());
            }
        }
        String named = option != null ? option : variable;
        if (!named.isEmpty()) {
            if (request.cwd().isEmpty() && !named.startsWith("/")) {
                throw new Failure(
                        ExitCodes.FAILED,
                        "the working directory does not exist any more: give the config " + Quote.of(named)
                                + " by its absolute path");
            }
            Origin origin = option != null ? Origin.OPTION : Origin.VARIABLE;
            return new CallersConfig(ConfigPlaces.named(named, request.cwd(), origin), List.of(), request);
        }
        return nearest(ConfigPlaces.of(request.cwd(), home, configHome), request, uid);
    }

    /** Finds the config of the project that the caller's directory is in, and no other. */
    static CallersConfig ofProject(Request request, int uid) {
        return nearest(ConfigPlaces.of(request.cwd(), "", ""), request, uid);
    }

    private static CallersConfig nearest(List<ConfigPlaces.Place> places, Request request, int uid) {
        List<String> notes = new ArrayList<>();
        ConfigPlaces.Place found = null;
        for (ConfigPlaces.Place place : places) {
            if (ConfigReading.exists(place.path())) {
                String stranger = place.origin() == Origin.PROJECT ? ConfigReading.stranger(place, uid) : null;
                if (stranger == null) {
                    found = place;
                    break;
                }
                notes.add(stranger);
            }
        }
        return new CallersConfig(found, List.copyOf(notes), request);
    }

    /** Takes what a caller gives on standard input for its config; the caller's directory is that of the config. */
    static CallersConfig given(byte[] bytes, Request request) throws Failure {
        if (request.cwd().isEmpty()) {
            throw new Failure(
                    ExitCodes.FAILED, "the working directory does not exist any more: its servers have no place");
        }
        String name = "standard input";
        CallersConfig config =
                new CallersConfig(new ConfigPlaces.Place(name, request.cwd(), Origin.INPUT), List.of(), request);
        config.file = ConfigFile.parse(name, bytes, config::variable);
        return config;
    }

    /** Reads what it holds from those bytes, which somebody has looked at, instead of the file, which may change. */
    void read(ConfigPlaces.Place from, byte[] bytes) {
        file = ConfigFile.parse(from.path(), bytes, this::variable);
    }

    private @Nullable String variable(String name) {
        Map<String, String> all = environment;
        if (all == null) {
            all = new HashMap<>();
            for (String entry : request.environment()) {
                int equals = entry.indexOf('=');
                if (equals > 0) {
                    all.putIfAbsent(entry.substring(0, equals), entry.substring(equals + 1));
                }
            }
            environment = all;
        }
        return all.get(name);
    }

    /** Returns where it is, null if there is none. */
    ConfigPlaces.@Nullable Place place() {
        return place;
    }

    /** Returns what the caller should know of files that were found and are not used. */
    List<String> notes() {
        return notes;
    }

    /** Returns what it holds; without a config, one without servers. */
    ConfigFile file() {
        ConfigFile read = file;
        if (read == null) {
            read = place == null
                    ? new ConfigFile("", Map.of(), List.of(), List.of(), List.of(), Set.of())
                    : ConfigReading.config(place.path(), this::variable, Map.of());
            file = read;
        }
        return read;
    }

    /** Returns what a server of that name would be called on disk if it belonged to the config's directory alone. */
    ServerName own(ServerName name) {
        if (place == null) {
            return name;
        }
        try {
            return ProjectName.of(name, realDirectory(place));
        } catch (InvalidInput e) {
            return name; // too long for a project's
        }
    }

    private String realDirectory(ConfigPlaces.Place place) {
        String directory = realDirectory;
        if (directory == null) {
            try {
                directory = Path.of(place.directory()).toRealPath().toString();
            } catch (IOException | InvalidPathException e) {
                directory = place.directory();
            }
            realDirectory = directory;
        }
        return directory;
    }

    /** Returns what that server is called on disk. */
    ServerName onDisk(ServerName name) {
        ServerSpec spec = place == null ? null : file().servers().get(name.value());
        return spec != null && spec.project() ? own(name) : name;
    }

    /** Returns what that server is called in the file. */
    private String inFile(ServerName onDisk) {
        String value = onDisk.value();
        if (ProjectName.isOne(onDisk)) {
            String stem = value.substring(0, value.lastIndexOf('@'));
            ServerSpec spec = file().servers().get(stem);
            if (spec != null && spec.project() && own(spec.name()).equals(onDisk)) {
                return stem;
            }
        }
        return value;
    }

    /** Returns the server as the file has it, null if it names none of that name, or a broken one. */
    @Nullable
    ServerSpec named(ServerName onDisk) {
        return place == null ? null : file().servers().get(inFile(onDisk));
    }

    /** Returns the server, null if the config does not name it. */
    @Nullable
    Configured configured(ServerName onDisk, UseOptions options, PortChoice ports) throws Failure {
        if (place == null) {
            return null;
        }
        String name = inFile(onDisk);
        Port named = options.port();
        ConfigFile file =
                named == null ? file() : ConfigReading.config(place.path(), this::variable, Map.of(name, named));
        refuse(file.errorsOf(name));
        ServerSpec found = file.servers().get(name);
        if (found == null) {
            return null;
        }
        List<String> warnings = new ArrayList<>();
        collect(file.warnings(), name, warnings);
        collect(file.unset(), name, warnings);
        String skip = skippedBy(found);
        if (skip != null) {
            ServerSpec spec = found.withoutPort();
            return new Configured(spec, spec.command(), options, List.copyOf(warnings), skip);
        }
        ServerSpec spec = found.port() instanceof Port.Auto
                ? found.withPort(ports.choose(onDisk, realDirectory(place)))
                : found.withoutPort();
        return new Configured(spec, spec.command(), complete(options, spec, place), List.copyOf(warnings), null);
    }

    /** Returns the variable that makes a server unwanted here, null if it is wanted. */
    @Nullable
    String skippedBy(ServerSpec spec) {
        String name = spec.skipIfEnv();
        String value = name == null ? null : variable(name);
        return value == null || value.isEmpty() ? null : name;
    }

    private static void collect(List<Problem> problems, String server, List<String> texts) {
        for (Problem problem : problems) {
            if (problem.server() == null || problem.server().equals(server)) {
                texts.add(problem.toString());
            }
        }
    }

    /** Fails if there are errors. */
    static void refuse(List<Problem> errors) throws Failure {
        if (!errors.isEmpty()) {
            String more =
                    errors.size() == 1 ? "" : " (and " + (errors.size() - 1) + " more: sharedserver config check)";
            throw new Failure(ExitCodes.FAILED, errors.get(0) + more);
        }
    }

    /** What the command line says goes before what the config says. */
    private static UseOptions complete(UseOptions options, ServerSpec spec, ConfigPlaces.Place place) throws Failure {
        EnvFile file = envFile(spec, place);
        refuse(file == null ? List.of() : file.errors());
        Map<String, String> env = new LinkedHashMap<>();
        variables(spec, file).forEach(entry -> put(env, entry));
        options.env().forEach(entry -> put(env, entry));
        return new UseOptions(
                first(options.gracePeriod(), spec.gracePeriod()),
                options.pid(),
                options.hold(),
                first(options.metadata(), spec.metadata()),
                options.onMismatch(),
                options.stdin(),
                options.stdout(),
                List.copyOf(env.values()),
                first(options.logFile(), within(place, spec.logFile())),
                first(options.workingDir(), workingDir(spec, place)),
                first(options.stopSignal(), spec.stopSignal()),
                first(options.stopTimeout(), spec.stopTimeout()),
                first(withPort(options.ready(), spec), spec.ready()),
                first(withPort(options.check(), spec), spec.check()),
                first(options.restart(), spec.restart() == RestartPolicy.NEVER ? null : spec.restart()),
                spec.port(),
                options.export(),
                options.config(),
                options.json(),
                options.shell());
    }

    private static @Nullable Condition withPort(@Nullable Condition condition, ServerSpec spec) {
        return condition != null && spec.port() instanceof Port.Fixed port
                ? condition.withPort(port.number())
                : condition;
    }

    /** Returns the variables that the config adds, {@code K=V} each; every key once. */
    static List<String> variables(ServerSpec spec, @Nullable EnvFile file) {
        Map<String, String> entries = new LinkedHashMap<>();
        if (spec.port() instanceof Port.Fixed port) {
            put(entries, "PORT=" + port.number());
        }
        if (file != null) {
            file.entries().forEach(entry -> put(entries, entry));
        }
        spec.env().forEach(entry -> put(entries, entry));
        return List.copyOf(entries.values());
    }

    private static void put(Map<String, String> entries, String entry) {
        entries.put(entry.substring(0, entry.indexOf('=')), entry);
    }

    /** Reads the server's file of variables, null if it names none. */
    static @Nullable EnvFile envFile(ServerSpec spec, ConfigPlaces.Place place) {
        String path = within(place, spec.envFile());
        return path == null ? null : ConfigReading.variables(path, spec.name().value());
    }

    /**
     * Returns where a server runs, null for where its first client is: a project's server runs in the project's directory,
     * wherever that is.
     */
    static @Nullable String workingDir(ServerSpec spec, ConfigPlaces.Place place) {
        return spec.workingDir() == null && place.origin() != Origin.USER
                ? place.directory()
                : within(place, spec.workingDir());
    }

    /** Returns a path of the config as an absolute one. */
    static @Nullable String within(ConfigPlaces.Place place, @Nullable String path) {
        if (path == null || path.startsWith("/")) {
            return path;
        }
        return (place.directory().equals("/") ? "" : place.directory()) + "/" + path;
    }

    private static <T> @Nullable T first(@Nullable T one, @Nullable T other) {
        return one == null ? other : one;
    }

    /** Returns the place of a config that is needed. */
    ConfigPlaces.Place needed() throws Failure {
        if (place == null) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "there is no config file: neither .sharedserver.json nor .sharedserver/servers.json here or above,"
                            + " nor servers.json in ${XDG_CONFIG_HOME:-~/.config}/sharedserver; name one by --config"
                            + (notes.isEmpty() ? "" : ". " + String.join(". ", notes)));
        }
        return place;
    }
}
