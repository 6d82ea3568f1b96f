package dev.sharedserver.dev;

import dev.sharedserver.dev.process.Ledgers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A plugin with tools of paper: {@code npm} and {@code go} are scripts that do what {@code npm.sh} and {@code go.sh} of the
 * project say, and write their pids to {@code npm.pids} and {@code go.pids}.
 */
public final class Project {

    /** Serves: says that it is ready, and goes on. */
    public static final String SERVES = "echo \"  Local:   http://127.0.0.1:$port/\"; exec sleep 1000";

    /** Builds: counts, and makes a program. */
    static final String BUILDS = "echo x >>builds; echo program >build/bin/plugin; chmod 750 build/bin/plugin";

    final Path root;
    /** The sources of the plugin k8s. */
    public final Path plugin;

    /** The state directory. */
    public final Path state;

    final List<String> reloads = new CopyOnWriteArrayList<>();
    private @Nullable String reloadFails;

    private Project(Path root, Path plugin, Path state) {
        this.root = root;
        this.plugin = plugin;
        this.state = state;
    }

    /** Returns the one that was made there. */
    public static Project at(Path root) {
        return new Project(root, root.resolve("k8s"), root.resolve("state"));
    }

    /** Makes one. */
    public Project(Path directory) throws IOException {
        this(
                directory.toRealPath(),
                Files.createDirectories(directory.toRealPath().resolve("k8s")),
                Files.createDirectories(directory.toRealPath().resolve("state")));
        Files.createDirectories(plugin.resolve("ui/node_modules"));
        Files.createDirectories(plugin.resolve("pkg"));
        tool("npm", "case $1 in run) port=$5; . ./npm.sh ;; install) . ./install.sh ;; esac");
        tool("go", ". ./go.sh");
        tool("node", "exit 1");
        npm(SERVES);
        go(BUILDS);
    }

    private void tool(String name, String script) throws IOException {
        Path file = Files.createDirectories(root.resolve("bin")).resolve(name);
        Files.writeString(file, "#!/bin/sh\necho $$ >>" + plugin + "/" + name + ".pids\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Says what the package manager does. */
    public void npm(String script) throws IOException {
        put(plugin.resolve("ui/npm.sh"), script);
    }

    void install(String script) throws IOException {
        put(plugin.resolve("ui/install.sh"), script);
    }

    /** Puts a file there in one step: whoever watches sees one change, whoever reads the whole of it. */
    private void put(Path file, String text) throws IOException {
        Path whole = Files.writeString(root.resolve("whole"), text);
        Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Says what the compiler does. */
    public void go(String script) throws IOException {
        put(plugin.resolve("go.sh"), script);
    }

    void save(String file) throws IOException {
        put(plugin.resolve(file), Long.toString(System.nanoTime()));
    }

    void reloadFails(String why) {
        reloadFails = why;
    }

    /** Returns how often it was built. */
    int builds() throws IOException {
        Path file = plugin.resolve("builds");
        return Files.exists(file) ? Files.readAllLines(file).size() : 0;
    }

    /** Returns the pids that a tool had. */
    List<Long> pids(String tool) throws IOException {
        Path file = plugin.resolve(tool + ".pids");
        return Files.exists(file)
                ? Files.readAllLines(file).stream().map(Long::parseLong).toList()
                : List.of();
    }

    /** Tells whether a process of a tool lives. */
    boolean runs(String tool) throws IOException {
        return pids(tool).stream().anyMatch(Ledgers::alive);
    }

    /** Makes a manager that knows it. */
    public DevServerManager manager(Duration readyPatience) throws IOException {
        PluginRef plugins = id -> switch (id) {
            case "k8s" -> new PluginRef.DevPlugin(true, plugin.toString());
            case "released" -> new PluginRef.DevPlugin(false, "");
            case "lost" -> new PluginRef.DevPlugin(true, "");
            default -> throw DevServerException.notFound(id);
        };
        PluginReloader reloader = id -> {
            String why = reloadFails;
            if (why != null) {
                throw new IOException(why);
            }
            reloads.add(id);
        };
        return new DevServerManager(
                new DevServerManager.Setup(state, root.resolve("bin") + ":/usr/bin:/bin", readyPatience),
                Ledgers.PROC,
                plugins,
                reloader,
                key -> "");
    }
}
