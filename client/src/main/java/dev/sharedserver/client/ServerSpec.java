package dev.sharedserver.client;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What server is needed. Immutable: each method returns another one.
 *
 * {@snippet file="Examples.java" region="spec"}
 */
public final class ServerSpec {

    /** Stands for the port of {@link #port} in {@link #readyTcp(String)} and {@link #readyHttp}. */
    public static final String PORT = "${PORT}";

    private static final Set<String> FLAGS = Set.of("--shell", "--ready-notify");

    private final String name;
    private final Map<String, String> options;
    private final List<String> environment;
    private final List<String> command;

    private ServerSpec(String name, Map<String, String> options, List<String> environment, List<String> command) {
        this.name = name;
        this.options = options;
        this.environment = environment;
        this.command = command;
    }

    /**
     * A server of that name. Without a command it is the one that the config file names, or one that runs already.
     *
     * @param name at most 100 characters: letters, digits, {@code . _ - + @ :} and others that are no part of a path
     */
    public static ServerSpec named(String name) {
        return new ServerSpec(name, Map.of(), List.of(), List.of());
    }

    /** What to execute: a program, which is looked for in {@code PATH}, and its arguments, as they stand. */
    public ServerSpec command(String program, String... arguments) {
        List<String> argv = new ArrayList<>(List.of(program));
        argv.addAll(List.of(arguments));
        Map<String, String> others = new LinkedHashMap<>(options);
        others.remove("--shell");
        return new ServerSpec(name, others, environment, List.copyOf(argv));
    }

    /** What {@code /bin/sh} is to execute; {@code $PORT} is the server's port. Begin it with {@code exec}. */
    public ServerSpec shell(String line) {
        return new ServerSpec(name, with(options, "--shell", ""), environment, List.of(line));
    }

    /** Adds a variable to the server's environment, which is that of this JVM. */
    public ServerSpec env(String variable, String value) {
        List<String> all = new ArrayList<>(environment);
        all.add(variable + "=" + value);
        return new ServerSpec(name, options, List.copyOf(all), command);
    }

    /** Where it runs; this JVM's directory if nothing is said. */
    public ServerSpec workingDir(Path directory) {
        return option("--working-dir", directory.toString());
    }

    /** Where its output goes, appended; a log of its own if nothing is said. */
    public ServerSpec logFile(Path file) {
        return option("--log-file", file.toString());
    }

    /** How long it stays when nobody holds it; 5 minutes if nothing is said. */
    public ServerSpec gracePeriod(Duration time) {
        return option("--grace-period", millis(time));
    }

    /** The config file to look for the name in, instead of the nearest one. */
    public ServerSpec config(Path file) {
        return option("--config", file.toString());
    }

    /** What {@code list} and {@code info} show beside this JVM. */
    public ServerSpec metadata(String text) {
        return option("--metadata", text);
    }

    /** The port that it is to listen on, which it finds in {@code $PORT}; who holds that port is said before the start. */
    public ServerSpec port(int port) {
        return option("--port", Integer.toString(port));
    }

    /** A free port, the same one every time, which it finds in {@code $PORT}, and the {@link Lease} knows. */
    public ServerSpec autoPort() {
        return option("--port", "auto");
    }

    /** It is ready when somebody listens on its port. */
    public ServerSpec readyTcp() {
        return readyTcp(PORT);
    }

    /** It is ready when somebody listens there: {@code PORT} or {@code HOST:PORT}. */
    public ServerSpec readyTcp(String address) {
        return ready("--ready-tcp", address);
    }

    /** It is ready when a GET of this URL is answered by a status from 200 to 399. {@link #PORT} may stand in it. */
    public ServerSpec readyHttp(String url) {
        return ready("--ready-http", url);
    }

    /** It is ready when a GET of this URL is answered by a status from 200 to 399. */
    public ServerSpec readyHttp(URI url) {
        return readyHttp(url.toString());
    }

    /** It is ready when a line of its log matches a regular expression. */
    public ServerSpec readyLog(String regex) {
        return ready("--ready-log", regex);
    }

    /** It is ready when this line of {@code /bin/sh} exits with 0. */
    public ServerSpec readyExec(String line) {
        return ready("--ready-exec", line);
    }

    /** It is ready when it says so, as {@code sd_notify(3)} does. */
    public ServerSpec readyNotify() {
        return ready("--ready-notify", "");
    }

    /** How long it may take to be ready; 30 seconds if nothing is said. */
    public ServerSpec readyTimeout(Duration time) {
        return option("--ready-timeout", millis(time));
    }

    /** What to do when it fails while it is held: nothing, if nothing is said. */
    public ServerSpec restart(Restart policy) {
        return option("--restart", policy.word());
    }

    /** What to do when it runs with another command, directory or environment; a warning, if nothing is said. */
    public ServerSpec onMismatch(OnMismatch policy) {
        return option("--on-mismatch", policy.word());
    }

    /** What asks it to end, {@code TERM} if nothing is said. */
    public ServerSpec stopSignal(String signal) {
        return option("--stop-signal", signal);
    }

    /** How long it may take to end before it is killed; 5 seconds if nothing is said. */
    public ServerSpec stopTimeout(Duration time) {
        return option("--stop-timeout", millis(time));
    }

    /** When a server that failed is started again. */
    public enum Restart {
        /** Not before somebody uses it again. */
        NEVER,
        /** After a crash, an exit code other than 0, or a failed check. */
        ON_FAILURE,
        /** Whenever it ends while it is held. */
        ALWAYS;

        private String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** What to make of a server that runs in another way than is asked for. */
    public enum OnMismatch {
        /** Attach, and tell the logger {@code dev.sharedserver}. */
        WARN,
        /** Attach nobody: a {@link SharedServerException}. */
        FAIL,
        /** Attach. */
        IGNORE;

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Returns the name. */
    public String name() {
        return name;
    }

    /** Returns the words behind {@code use}. */
    List<String> words(long pid) {
        List<String> words = new ArrayList<>(List.of(name, "--pid", Long.toString(pid), "--json"));
        options.forEach((option, value) -> words.add(FLAGS.contains(option) ? option : option + "=" + value));
        environment.forEach(variable -> words.add("--env=" + variable));
        if (!command.isEmpty()) {
            words.add("--");
            words.addAll(command);
        }
        return words;
    }

    private ServerSpec ready(String option, String value) {
        Map<String, String> others = new LinkedHashMap<>(options);
        others.keySet().removeIf(other -> other.startsWith("--ready-") && !other.equals("--ready-timeout"));
        return new ServerSpec(name, with(others, option, value), environment, command);
    }

    private ServerSpec option(String option, String value) {
        return new ServerSpec(name, with(options, option, value), environment, command);
    }

    private static Map<String, String> with(Map<String, String> options, String option, String value) {
        Map<String, String> all = new LinkedHashMap<>(options);
        all.put(option, value);
        return all;
    }

    private static String millis(Duration time) {
        return time.toMillis() + "ms";
    }

    @Override
    public String toString() {
        return command.isEmpty() ? name : name + ": " + String.join(" ", command);
    }
}
