package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.LogFiles;
import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.RestartPolicy;
import dev.sharedserver.core.lifecycle.Health;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.lifecycle.StopMode;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes of a command line and its caller what is to be run, and tells whether what runs is the same. */
final class Launches {

    private static final Period GRACE_PERIOD = new Period(300_000_000_000L);
    private static final Period STOP_TIMEOUT = new Period(5_000_000_000L);

    private final LogFiles logs;

    private final PortChoice ports;

    Launches(LogFiles logs, PortChoice ports) {
        this.logs = logs;
        this.ports = ports;
    }

    PortChoice ports() {
        return ports;
    }

    Launch launch(ServerName name, UseOptions options, List<String> command, Request request) throws Failure {
        String workingDir = options.workingDir() == null ? cwd(request) : path(options.workingDir(), request);
        String logFile = options.logFile() == null ? null : path(options.logFile(), request);
        return new Launch(
                List.copyOf(command),
                workingDir,
                options.gracePeriod() == null ? GRACE_PERIOD : options.gracePeriod(),
                options.stopSignal() == null ? StopMode.SIGTERM : options.stopSignal(),
                options.stopTimeout() == null ? STOP_TIMEOUT : options.stopTimeout(),
                logFile == null ? logs.of(name).toString() : logFile,
                logFile == null,
                options.stdin() == null ? null : path(options.stdin(), request),
                options.stdout() == null ? null : path(options.stdout(), request),
                health(options),
                options.portNumber(),
                surroundings(options, request));
    }

    /** What a process that becomes a server by itself will be: it keeps all that it has, its output too. */
    Launch exec(UseOptions options, List<String> command, Request request) throws Failure {
        return new Launch(
                List.copyOf(command),
                options.workingDir() == null ? cwd(request) : path(options.workingDir(), request),
                options.gracePeriod() == null ? GRACE_PERIOD : options.gracePeriod(),
                options.stopSignal() == null ? StopMode.SIGTERM : options.stopSignal(),
                options.stopTimeout() == null ? STOP_TIMEOUT : options.stopTimeout(),
                null,
                false,
                null,
                null,
                health(options),
                options.portNumber(),
                surroundings(options, request));
    }

    /** Returns what the config has a server run, null if it leaves that to others. */
    @Nullable
    Launch configured(ServerName name, CallersConfig.Configured found, Request request) throws Failure {
        return found.command().isEmpty() ? null : launch(name, found.options(), found.command(), request);
    }

    private static Health health(UseOptions options) {
        RestartPolicy restart = options.restart();
        return new Health(options.ready(), options.check(), restart == null ? RestartPolicy.NEVER : restart);
    }

    private static Launch.Surroundings surroundings(UseOptions options, Request request) {
        return new Launch.Surroundings(
                merged(request.environment(), options.env()), request.umask(), request.nice(), request.rlimits());
    }

    private static String path(String path, Request request) throws Failure {
        return path.startsWith("/") ? path : cwd(request) + "/" + path;
    }

    private static String cwd(Request request) throws Failure {
        if (request.cwd().isEmpty()) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "the working directory does not exist any more: give absolute paths, and a --working-dir");
        }
        return request.cwd();
    }

    /** What is added replaces an entry of the same key. */
    static List<String> merged(List<String> environment, List<String> added) {
        if (added.isEmpty()) {
            return environment;
        }
        Map<String, String> last = LinkedHashMap.newLinkedHashMap(added.size());
        for (String entry : added) {
            last.put(key(entry), entry);
        }
        List<String> merged = new ArrayList<>(environment.size() + last.size());
        for (String entry : environment) {
            if (!last.containsKey(key(entry))) {
                merged.add(entry);
            }
        }
        merged.addAll(last.values());
        return List.copyOf(merged);
    }

    static String key(String entry) {
        int equals = entry.indexOf('=');
        return equals < 0 ? entry : entry.substring(0, equals);
    }

    /** Returns what of a wish the running server does not fulfil; null if it is the same server. */
    static @Nullable String difference(Launch running, Launch wanted, UseOptions options) {
        List<String> differences = new ArrayList<>();
        if (!running.command().equals(wanted.command())) {
            differences.add("command " + Quote.of(String.join(" ", running.command())));
        }
        if (!isSameDirectory(running.workingDir(), wanted.workingDir())) {
            differences.add("directory " + Quote.of(running.workingDir()));
        }
        Launch.Surroundings surroundings = running.surroundings();
        for (String entry : options.env()) {
            if (surroundings != null && !surroundings.environment().contains(entry)) {
                differences.add("another value of " + Quote.escape(entry.substring(0, entry.indexOf('='))));
            }
        }
        return differences.isEmpty() ? null : String.join(", ", differences);
    }

    /** A directory has many names: {@code .} in it, a link to it. */
    private static boolean isSameDirectory(String one, String other) {
        try {
            return one.equals(other) || Files.isSameFile(Path.of(one), Path.of(other));
        } catch (IOException | InvalidPathException e) {
            return false; // one of them is gone, or not to be seen
        }
    }
}
