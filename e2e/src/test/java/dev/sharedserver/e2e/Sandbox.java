package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A state directory of its own, commands run against it, and the live client processes that a test needs.
 *
 * <p>At the end of the test {@link #stopEverything} kills what the test started. What the product itself runs has to
 * go by itself: {@link #awaitNothingLeft} says whether it did.
 */
final class Sandbox {
    /** The product promises 10 s after the last server; a machine that runs tests on all its cores is slower. */
    private static final Duration GONE_WITHIN = Duration.ofSeconds(30);

    private final Path root;
    private final Path lockdir;
    private final Path work;
    private final Path home;
    private final Map<String, String> env = new LinkedHashMap<>();
    private final List<Process> clients = new CopyOnWriteArrayList<>();
    private final List<Invocation.Running> background = new CopyOnWriteArrayList<>();
    private final List<Runnable> atEnd = new CopyOnWriteArrayList<>();
    private long stoppedAt;

    Sandbox(Path root) {
        this(root, "locks");
    }

    Sandbox(Path root, String lockdirName) {
        this.root = root;
        this.lockdir = root.resolve(lockdirName);
        this.work = root.resolve("work");
        this.home = root.resolve("home");
        create(work);
        create(home);
        env.put("PATH", System.getenv().getOrDefault("PATH", "/usr/bin:/bin"));
        env.put("HOME", home.toString());
        env.put("LANG", "C.UTF-8");
        env.put("SHAREDSERVER_LOCKDIR", lockdir.toString());
        env.put("SS", Product.bin().toString());
        env.put("ASAN_OPTIONS", "detect_leaks=0:log_path=" + root.resolve("sanitizer"));
        env.put("UBSAN_OPTIONS", "log_path=" + root.resolve("sanitizer") + ":print_stacktrace=1");
    }

    private static void create(Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path root() {
        return root;
    }

    Path lockdir() {
        return lockdir;
    }

    /** The directory commands are run in. */
    Path work() {
        return work;
    }

    Path home() {
        return home;
    }

    Map<String, String> env() {
        return env;
    }

    // ---- commands

    /** Prepares {@code sharedserver ARGS}. */
    Invocation command(String... args) {
        List<String> argv = new ArrayList<>(args.length + 1);
        argv.add(Product.bin().toString());
        argv.addAll(List.of(args));
        return new Invocation(argv, env, work);
    }

    Result run(String... args) {
        return command(args).run();
    }

    /** Prepares a script of {@code sh}; the product is {@code "$SS"} in it. */
    Invocation sh(String script, String... args) {
        List<String> argv = new ArrayList<>(List.of("sh", "-c", script, "sh"));
        argv.addAll(List.of(args));
        return new Invocation(argv, env, work);
    }

    /** Starts a command that is ended with the test. */
    Invocation.Running inBackground(Invocation invocation) {
        Invocation.Running running = invocation.start();
        background.add(running);
        return running;
    }

    /** Runs at the end of the test, before the directory is deleted, last registered first. */
    void atEnd(Runnable action) {
        atEnd.add(action);
    }

    // ---- clients

    /** Starts a live process that can hold references. */
    Stamped client() {
        return start("sleep", "1000");
    }

    List<Stamped> clients(int count) {
        return Stream.generate(this::client).limit(count).toList();
    }

    /** Starts a process of the test's own, that knows nothing of the state directory. */
    Stamped start(String... argv) {
        ProcessBuilder builder = new ProcessBuilder(argv)
                .directory(new java.io.File("/"))
                .redirectInput(new java.io.File("/dev/null"))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().put("PATH", env.getOrDefault("PATH", ""));
        try {
            Process process = builder.start();
            clients.add(process);
            return Stamped.of(process.pid());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- shortcuts of the command line

    /** {@code use NAME --pid CLIENT -- COMMAND}, which has to succeed. */
    Result use(String name, Stamped client, String... command) {
        List<String> args = new ArrayList<>(List.of("use", name, "--pid", Long.toString(client.pid())));
        if (command.length > 0) {
            args.add("--");
            args.addAll(List.of(command));
        }
        return run(args.toArray(String[]::new)).ok();
    }

    Result unuse(String name, Stamped client) {
        return run("unuse", name, "--pid", Long.toString(client.pid())).ok();
    }

    /** Starts a server under a client and returns the server's process. */
    Stamped serve(String name, Stamped client, String... options) {
        List<String> args = new ArrayList<>(List.of("use", name, "--pid", Long.toString(client.pid())));
        args.addAll(List.of(options));
        args.addAll(List.of("--", "sleep", "1000"));
        run(args.toArray(String[]::new)).ok();
        return serverProcess(name);
    }

    JsonObject info(String name) {
        return run("info", name, "--json").ok().json();
    }

    int refcount(String name) {
        JsonObject info = info(name);
        return info.has("refcount") ? info.get("refcount").getAsInt() : 0;
    }

    int check(String name) {
        return run("check", name).exit();
    }

    // ---- what stands on disk

    Path serverFile(String name) {
        return lockdir.resolve(name + ".server.json");
    }

    Path clientsFile(String name) {
        return lockdir.resolve(name + ".clients.json");
    }

    Path logFile(String name) {
        return lockdir.resolve(name + ".log");
    }

    /** Reads {@code server.json}, or null where there is none. A half-written file fails the test. */
    @Nullable
    JsonObject serverOnDisk(String name) {
        return readJson(serverFile(name));
    }

    @Nullable
    JsonObject clientsOnDisk(String name) {
        return readJson(clientsFile(name));
    }

    /** Returns the count on disk; 0 where there is no {@code clients.json}. The count has to equal the entries. */
    int refcountOnDisk(String name) {
        JsonObject clients = clientsOnDisk(name);
        if (clients == null) {
            return 0;
        }
        int count = clients.get("refcount").getAsInt();
        assertEquals(
                clients.getAsJsonObject("clients").size(),
                count,
                () -> "refcount is not the number of clients: " + clients);
        return count;
    }

    JsonObject requireServerOnDisk(String name) {
        return required(serverOnDisk(name), serverFile(name));
    }

    JsonObject requireClientsOnDisk(String name) {
        return required(clientsOnDisk(name), clientsFile(name));
    }

    private static <T> T required(@Nullable T found, Path file) {
        if (found == null) {
            throw new AssertionError(file + " is not there");
        }
        return found;
    }

    private static @Nullable JsonObject readJson(Path file) {
        String text = read(file);
        return text == null ? null : JsonParser.parseString(text).getAsJsonObject();
    }

    /** Reads a file, or null where there is none. */
    static @Nullable String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException absent) {
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads a file that has to be there. */
    static String text(Path file) {
        return required(read(file), file);
    }

    /** Reads a file of the working directory as lines; none where it is absent. */
    List<String> lines(String file) {
        String text = read(work.resolve(file));
        return text == null ? List.of() : text.lines().toList();
    }

    /** Returns the server's process as the state file names it, checked against its stamp. */
    Stamped serverProcess(String name) {
        JsonObject server = requireServerOnDisk(name);
        return new Stamped(
                server.get("pid").getAsLong(), server.get("start_time").getAsLong());
    }

    List<String> filesInLockdir() {
        return namesIn(lockdir);
    }

    static List<String> namesIn(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (NoSuchFileException | NotDirectoryException absent) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- our own processes

    /** Returns the guard: the process that holds the lock and whose parent does not. */
    @Nullable
    Stamped guard() {
        return Overseers.of(lockdir).guard();
    }

    /** Returns the agent: the guard's child that holds the lock too; null while there is none. */
    @Nullable
    Stamped agent() {
        return Overseers.of(lockdir).agent();
    }

    Stamped requireGuard() {
        Stamped found = guard();
        if (found == null) {
            throw new AssertionError("no guard holds " + lockdir + "/.agent.lock");
        }
        return found;
    }

    Stamped requireAgent() {
        Stamped found = agent();
        if (found == null) {
            throw new AssertionError("no agent holds " + lockdir + "/.agent.lock");
        }
        return found;
    }

    // ---- the end

    /** Kills what the test started and every server it had started, so that guard and agent have nothing left to do. */
    void stopEverything() {
        for (Invocation.Running running : background) {
            running.kill();
        }
        // first those who hold the servers: one with a restart policy would be started again for them
        for (Process client : clients) {
            client.destroyForcibly();
        }
        killServers();
        for (Runnable action : atEnd.reversed()) {
            action.run();
        }
        stoppedAt = System.nanoTime();
    }

    /** Kills whatever carries this sandbox in its environment and is not guard or agent. */
    private void killServers() {
        Set<Stamped> ours = Overseers.holders(lockdir);
        for (long pid : ProcessFacts.naming(root.toString())) {
            if (!ours.contains(Stamped.find(pid))) {
                killServer(pid);
            }
        }
    }

    private void killServer(long pid) {
        Stamped process = Stamped.find(pid);
        if (process != null && isOfThisSandbox(pid)) {
            process.kill();
        }
    }

    /** Tells whether it is a guard or agent, also one on its way out that holds no lock any more. */
    private static boolean isOfTheProduct(long pid) {
        String program = ProcessFacts.link(pid, "exe");
        return program == null || program.contains("/bin/sharedserver") || program.contains("/lib/runtime/bin/java");
    }

    private boolean isOfThisSandbox(long pid) {
        String environment = ProcessFacts.read(pid, "environ");
        return environment != null && environment.contains(root.toString());
    }

    /** Kills whatever is left, guard and agent too, and deletes the directory; the agent's log goes to standard error. */
    void removeAll(String test) {
        Until.holds(
                () -> {
                    List<Long> left = ProcessFacts.naming(root.toString());
                    left.forEach(this::killServer);
                    return left.isEmpty();
                },
                "everything is dead");
        String log = Files.isDirectory(lockdir) ? read(lockdir.resolve(".agent.log")) : null;
        System.err.println(test + " failed; the end of its .agent.log:\n" + tail(log));
        Trees.delete(root);
    }

    /** Waits until nothing of the product is left and deletes the directory; returns what is wrong, or null. */
    @Nullable
    String awaitNothingLeft() throws InterruptedException {
        long deadline = stoppedAt + GONE_WITHIN.toNanos();
        List<Long> left = ProcessFacts.naming(root.toString());
        // a process on its way out names nothing any more, but may still hold its socket
        while ((!left.isEmpty() || !socketsNaming(root.toString()).isEmpty()) && System.nanoTime() < deadline) {
            Thread.sleep(200);
            left = ProcessFacts.naming(root.toString());
            // a server that was just being executed had no environment to be known by
            left.stream().filter(pid -> !isOfTheProduct(pid)).forEach(this::killServer);
        }
        StringBuilder problem = new StringBuilder();
        for (long pid : left) {
            problem.append("process left: ").append(ProcessFacts.describe(pid)).append('\n');
        }
        for (String file : filesInLockdir()) {
            if (file.equals(".agent.sock") || file.startsWith(".tmp") || file.endsWith(".server.json")) {
                problem.append("file left: ").append(file).append('\n');
            }
        }
        for (String socket : socketsNaming(root.toString())) {
            problem.append("socket left: ").append(socket).append('\n');
        }
        for (String file : namesIn(root)) {
            if (file.startsWith("sanitizer")) {
                problem.append("sanitizer report:\n").append(read(root.resolve(file)));
            }
        }
        // the guard's own reports and the agent's uncaught exceptions
        String log = Files.isDirectory(lockdir) ? read(lockdir.resolve(".agent.log")) : null;
        if (log != null && (log.contains("Sanitizer") || log.contains("runtime error:") || log.contains("\n\tat "))) {
            problem.append("a report in .agent.log\n");
        }
        if (problem.isEmpty()) {
            Trees.delete(root);
            return null;
        }
        problem.append("--- end of .agent.log\n").append(tail(log));
        for (long pid : left) {
            Stamped process = Stamped.find(pid);
            if (process != null) {
                process.kill();
            }
        }
        Trees.delete(root);
        return problem.toString();
    }

    private static String tail(@Nullable String log) {
        return log == null ? "" : log.substring(Math.max(0, log.length() - 3000));
    }

    static List<String> socketsNaming(String text) {
        String table = read(Path.of("/proc/net/unix"));
        return table == null
                ? List.of()
                : table.lines().filter(line -> line.contains(text)).toList();
    }
}
