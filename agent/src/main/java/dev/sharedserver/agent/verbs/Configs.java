package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.wire.Request;
import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.ConfigFile;
import dev.sharedserver.core.config.ConfigPlaces;
import dev.sharedserver.core.config.Problem;
import dev.sharedserver.core.config.ServerSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Looks a server up in the caller's config file. */
final class Configs {

    /** A config file beyond this is none; in bytes. */
    private static final long LARGEST = 1 << 20;

    private Configs() {}

    /**
     * A server as a config names it.
     *
     * @param options the caller's options, completed by those of the config
     * @param warnings what is odd in the config
     */
    record Configured(List<String> command, UseOptions options, List<String> warnings) {}

    /** Returns the server, null if no config names it. */
    static @Nullable Configured find(ServerName name, UseOptions options, Request request) throws Failure {
        Map<String, String> environment = new HashMap<>();
        for (String entry : request.environment()) {
            int equals = entry.indexOf('=');
            if (equals > 0) {
                environment.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        ConfigPlaces.Place place = place(options.config(), environment, request.cwd());
        if (place == null) {
            return null;
        }
        ConfigFile config = ConfigFile.parse(place.path(), read(place.path()), environment::get);
        List<Problem> errors = config.errorsOf(name.value());
        if (!errors.isEmpty()) {
            throw new Failure(ExitCodes.FAILED, errors.get(0).toString());
        }
        ServerSpec spec = config.servers().get(name.value());
        if (spec == null) {
            return null;
        }
        List<String> warnings = new ArrayList<>();
        config.warnings().forEach(warning -> warnings.add(warning.toString()));
        return new Configured(
                spec.withoutPort().command(), complete(options, spec.withoutPort(), place), List.copyOf(warnings));
    }

    private static ConfigPlaces.@Nullable Place place(
            @Nullable String option, Map<String, String> environment, String cwd) {
        String named = option != null ? option : environment.getOrDefault("SHAREDSERVER_CONFIG", "");
        if (!named.isEmpty()) {
            return new ConfigPlaces.Place(named.startsWith("/") ? named : cwd + "/" + named, "");
        }
        List<ConfigPlaces.Place> places = ConfigPlaces.of(
                cwd, environment.getOrDefault("HOME", ""), environment.getOrDefault("XDG_CONFIG_HOME", ""));
        for (ConfigPlaces.Place place : places) {
            if (isThere(place.path())) {
                return place;
            }
        }
        return null;
    }

    private static boolean isThere(String path) {
        try {
            return Files.exists(Path.of(path));
        } catch (InvalidPathException e) {
            return false; // a directory whose name is no text: Java cannot look into it
        }
    }

    private static String read(String path) throws Failure {
        try {
            Path file = Path.of(path);
            if (Files.size(file) > LARGEST) {
                throw new Failure(ExitCodes.FAILED, "cannot read the config " + Quote.of(path) + ": it is too large");
            }
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException | InvalidPathException e) {
            throw new Failure(ExitCodes.FAILED, "cannot read the config " + Quote.of(path) + ": " + e.getMessage());
        }
    }

    /** What the command line says goes before what the config says. */
    private static UseOptions complete(UseOptions options, ServerSpec spec, ConfigPlaces.Place place) {
        List<String> env = new ArrayList<>(spec.env());
        env.addAll(options.env());
        return new UseOptions(
                first(options.gracePeriod(), spec.gracePeriod()),
                options.pid(),
                options.hold(),
                first(options.metadata(), spec.metadata()),
                options.onMismatch(),
                options.stdin(),
                options.stdout(),
                List.copyOf(env),
                first(options.logFile(), within(place.project(), spec.logFile())),
                first(options.workingDir(), directory(place.project(), spec.workingDir())),
                first(options.stopSignal(), spec.stopSignal()),
                first(options.stopTimeout(), spec.stopTimeout()),
                options.config(),
                options.json(),
                options.shell());
    }

    /** A project's server runs in the project's directory, wherever its first client happens to be. */
    private static @Nullable String directory(String project, @Nullable String workingDir) {
        return workingDir == null && !project.isEmpty() ? project : within(project, workingDir);
    }

    private static @Nullable String within(String project, @Nullable String path) {
        return path == null || path.startsWith("/") || project.isEmpty() ? path : project + "/" + path;
    }

    private static <T> @Nullable T first(@Nullable T one, @Nullable T other) {
        return one == null ? other : one;
    }
}
