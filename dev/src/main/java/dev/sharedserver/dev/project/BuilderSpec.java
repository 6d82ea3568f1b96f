package dev.sharedserver.dev.project;

import dev.sharedserver.core.Period;
import dev.sharedserver.dev.build.ErrorParser;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A command that runs whenever certain files change.
 *
 * @param name which its lines have as source
 * @param watch globs of files, relative to the project's directory
 * @param ignore globs of files that are left out
 * @param command its argv; a program without a slash is looked for on PATH
 * @param directory absolute
 * @param environment what differs from the hub's own
 * @param parser null if its output is not looked at
 * @param deploy null for nothing
 * @param reload whether the host is asked to load the project again after a good build
 * @param restart the processes that are started anew after a good build, and not before the first
 * @param timeout how long a build may take
 * @param install null for nothing
 */
public record BuilderSpec(
        String name,
        List<String> watch,
        List<String> ignore,
        List<String> command,
        Path directory,
        Map<String, String> environment,
        @Nullable ErrorParser parser,
        @Nullable Deploy deploy,
        boolean reload,
        List<String> restart,
        Period timeout,
        @Nullable Install install) {

    /** How long a build may take if nothing else is said. */
    public static final Period TIMEOUT = new Period(600_000_000_000L);

    /**
     * A copy of what was built.
     *
     * @param from a file, absolute
     * @param to a directory, absolute
     */
    public record Deploy(Path from, Path to) {}

    /** Copies. */
    public BuilderSpec {
        watch = List.copyOf(watch);
        ignore = List.copyOf(ignore);
        command = List.copyOf(command);
        environment = Collections.unmodifiableMap(new TreeMap<>(environment));
        restart = List.copyOf(restart);
    }
}
