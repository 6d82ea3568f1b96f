package dev.sharedserver.dev;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Port;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.dev.build.Compiler;
import dev.sharedserver.dev.build.Deployment;
import dev.sharedserver.dev.build.GoSources;
import dev.sharedserver.dev.project.BuilderSpec;
import dev.sharedserver.dev.project.GlobSources;
import dev.sharedserver.dev.project.Install;
import dev.sharedserver.dev.project.ProcessSpec;
import dev.sharedserver.dev.project.Project;
import dev.sharedserver.dev.tool.PackageManager;
import dev.sharedserver.dev.tool.Tools;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes of what a project consists of what can be started: commands are looked for, ports are given. */
final class Plans {

    private static final String FRONT_END = "ui";
    private static final String BACK_END = "pkg";
    private static final String OUTPUT = "build/bin/plugin";
    private static final String READY_WORD = "Local:";
    private static final Set<String> PACKAGE_MANAGERS = Set.of("pnpm", "npm", "yarn", "bun");

    private final String pluginID;
    private final Tools tools;
    private final PortAllocator ports;
    private final PluginReloader reloader;

    Plans(String pluginID, Tools tools, PortAllocator ports, PluginReloader reloader) {
        this.pluginID = pluginID;
        this.tools = tools;
        this.ports = ports;
        this.reloader = reloader;
    }

    /**
     * A plugin: Vite in {@code ui}, Go in {@code pkg}.
     *
     * @param target the directory that the built program is put into
     */
    DevServerInstance.Layout ofPlugin(Path directory, Path target, Duration readyPatience) throws DevServerException {
        for (String part : List.of(FRONT_END, BACK_END)) {
            if (!Files.isDirectory(directory.resolve(part))) {
                throw DevServerException.buildFailed(
                        "There is no directory " + directory.resolve(part) + ".",
                        "A plugin has its front end in " + FRONT_END + " and its back end in " + BACK_END + ".");
            }
        }
        Path ui = directory.resolve(FRONT_END);
        PackageManager manager = PackageManager.of(ui);
        BuildOpts opts = new BuildOpts(
                tools.find("go", SettingsProvider.GO_PATH),
                tools.find(manager.command(), SettingsProvider.PNPM_PATH),
                manager == PackageManager.BUN ? null : tools.find("node", SettingsProvider.NODE_PATH));
        Path go = Objects.requireNonNull(opts.goPath(), "it was found");
        Path packageManager = Objects.requireNonNull(opts.packageManagerPath(), "it was found");
        int port = ports.allocate(pluginID);
        return new DevServerInstance.Layout(
                directory.toString(),
                null,
                List.of(vite(ui, manager, packageManager, opts.nodePath(), port, readyPatience)),
                List.of(new DevServerInstance.BuilderPlan(goBuild(directory, go, target), List.of())));
    }

    private ServerProcess.Plan vite(
            Path ui,
            PackageManager manager,
            Path packageManager,
            @Nullable Path node,
            int port,
            Duration readyPatience) {
        return new ServerProcess.Plan(
                LogEntry.VITE,
                "the front end",
                packageManager.toString(),
                manager.run(
                        packageManager,
                        "dev",
                        List.of("--port", Integer.toString(port), "--strictPort", "--host", "127.0.0.1")),
                ui,
                Map.of(
                        "PATH",
                        tools.path(Stream.of(packageManager, node)
                                .filter(Objects::nonNull)
                                .toList())),
                port,
                false,
                new Installation(
                        manager.install(packageManager),
                        ui,
                        ui.resolve("node_modules"),
                        manager.command() + " install"),
                new Readiness.Line(line -> line.contains(READY_WORD) && line.contains(":" + port), false),
                readyPatience,
                LogEntry.Level.ERROR,
                false);
    }

    private Builder.Plan goBuild(Path directory, Path go, Path target) {
        Path output = directory.resolve(OUTPUT);
        return new Builder.Plan(
                LogEntry.GO_BUILD,
                LogEntry.GO_WATCH,
                "go build",
                List.of(go.toString(), "build", "-o", OUTPUT, "./" + BACK_END),
                directory,
                Map.of("PATH", tools.path(List.of(go))),
                Compiler.GO,
                directory,
                () -> new GoSources(directory),
                false,
                () -> Files.createDirectories(output.getParent()),
                null,
                () -> Deployment.deploy(output, target),
                () -> reloader.beginReload(pluginID),
                Builder.BUILD_PATIENCE);
    }

    /** Any other project. */
    DevServerInstance.Layout of(Project project) throws DevServerException {
        List<ServerProcess.Plan> processes = new ArrayList<>();
        for (ProcessSpec process : project.processes()) {
            int port = switch (process.port()) {
                case Port.Fixed fixed -> fixed.number();
                case Port.Auto auto ->
                    processes.isEmpty() ? ports.allocate(pluginID) : ports.allocate(pluginID, process.name());
                case null -> 0;
            };
            boolean restarted = project.builders().stream()
                    .anyMatch(builder -> builder.restart().contains(process.name()));
            processes.add(plan(process, port, restarted));
        }
        List<DevServerInstance.BuilderPlan> builders = new ArrayList<>();
        for (BuilderSpec builder : project.builders()) {
            builders.add(new DevServerInstance.BuilderPlan(plan(project, builder), builder.restart()));
        }
        return new DevServerInstance.Layout(
                project.directory().toString(), project.profile().text(), processes, builders);
    }

    private ServerProcess.Plan plan(ProcessSpec process, int port, boolean restarted) throws DevServerException {
        checkDirectory(process.name(), process.directory());
        List<Path> found = new ArrayList<>();
        List<String> argv = argv(filled(process.command(), port), found);
        Installation install = installation(process.install(), process.directory(), found);
        Map<String, String> environment = environment(process.environment(), port, found);
        Condition ready = process.ready();
        Period timeout = ready == null ? null : ready.timeout();
        return new ServerProcess.Plan(
                process.name(),
                process.name(),
                argv.getFirst(),
                argv,
                process.directory(),
                environment,
                port,
                process.port() instanceof Port.Fixed,
                install,
                readiness(ready, port),
                timeout == null ? ServerProcess.READY_PATIENCE : Duration.ofNanos(timeout.nanos()),
                LogEntry.Level.WARN,
                restarted || ready == null);
    }

    private static void checkDirectory(String name, Path directory) throws DevServerException {
        if (!Files.isDirectory(directory)) {
            throw DevServerException.invalid(
                    "There is no directory " + directory + " for " + name + " to run in.",
                    "Make it, or correct \"dir\".");
        }
    }

    private Builder.Plan plan(Project project, BuilderSpec builder) throws DevServerException {
        checkDirectory(builder.name(), builder.directory());
        List<Path> found = new ArrayList<>();
        List<String> argv = argv(builder.command(), found);
        Installation install = installation(builder.install(), builder.directory(), found);
        BuilderSpec.Deploy deploy = builder.deploy();
        return new Builder.Plan(
                builder.name(),
                builder.name(),
                builder.name(),
                argv,
                builder.directory(),
                environment(builder.environment(), 0, found),
                builder.parser(),
                project.directory(),
                () -> new GlobSources(project.directory(), builder),
                true,
                () -> {},
                install,
                () -> {
                    if (deploy != null) {
                        Deployment.deploy(deploy.from(), deploy.to());
                    }
                },
                builder.reload() ? () -> reloader.beginReload(pluginID) : null,
                Duration.ofNanos(builder.timeout().nanos()));
    }

    /** Returns a command whose program is where it was found; the tools that it needs are added to {@code found}. */
    private List<String> argv(List<String> command, List<Path> found) throws DevServerException {
        String program = command.getFirst();
        List<String> argv = new ArrayList<>(command);
        if (program.indexOf('/') < 0) {
            Path path = find(program);
            argv.set(0, path.toString());
            found.add(path);
        }
        boolean onNode =
                PACKAGE_MANAGERS.contains(program) && !program.equals("bun") || program.contains("node_modules/.bin/");
        if (onNode) {
            found.add(find("node"));
        }
        return argv;
    }

    private Path find(String program) throws DevServerException {
        if (PACKAGE_MANAGERS.contains(program)) {
            return tools.find(program, SettingsProvider.PNPM_PATH);
        }
        return switch (program) {
            case "go" -> tools.find(program, SettingsProvider.GO_PATH);
            case "node" -> tools.find(program, SettingsProvider.NODE_PATH);
            default -> tools.find(program);
        };
    }

    private @Nullable Installation installation(@Nullable Install install, Path directory, List<Path> found)
            throws DevServerException {
        if (install == null) {
            return null;
        }
        return new Installation(
                argv(install.command(), found), directory, install.missing(), String.join(" ", install.command()));
    }

    private Map<String, String> environment(Map<String, String> given, int port, List<Path> found) {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("PATH", tools.path(found));
        if (port > 0) {
            environment.put("PORT", Integer.toString(port));
        }
        given.forEach((name, value) -> environment.put(name, filled(value, port)));
        return environment;
    }

    private static List<String> filled(List<String> texts, int port) {
        return texts.stream().map(text -> filled(text, port)).toList();
    }

    private static String filled(String text, int port) {
        return text.replace(ProcessSpec.PORT_MARK, Integer.toString(port));
    }

    private static Readiness readiness(@Nullable Condition ready, int port) {
        if (ready == null) {
            return new Readiness.Unknown();
        }
        Duration interval = ready.interval() == null
                ? Readiness.INTERVAL
                : Duration.ofNanos(ready.interval().nanos());
        return switch (ready.probe()) {
            case Probe.LogPattern log -> Readiness.line(filled(log.regex(), port));
            case Probe.Tcp tcp -> {
                int itsPort = tcp.port() == 0 ? port : tcp.port();
                yield new Readiness.Look(() -> Readiness.listens(tcp.host(), itsPort, Readiness.PATIENCE), interval);
            }
            case Probe.Http http -> {
                String url = filled(http.url(), port);
                yield new Readiness.Look(() -> Readiness.answers(url, Readiness.PATIENCE), interval);
            }
            case Probe.Exec exec -> throw new IllegalArgumentException("no rule of a project: " + exec);
            case Probe.Notify notify -> throw new IllegalArgumentException("no rule of a project: " + notify);
        };
    }
}
