package dev.sharedserver.dev.cli;

import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.DevServerMode;
import dev.sharedserver.dev.DevServerState;
import dev.sharedserver.dev.hub.HubFile;
import dev.sharedserver.dev.hub.Projects;
import dev.sharedserver.dev.project.Project;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Carries out what launchers ask for. */
public final class Answers {

    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 64;

    private final DevServerManager manager;
    private final Projects projects;
    private final HubFile hub;
    private final Path directory;

    /**
     * Answers by way of a manager.
     *
     * @param directory the state directory
     */
    public Answers(DevServerManager manager, Projects projects, HubFile hub, Path directory) {
        this.directory = directory;
        this.manager = manager;
        this.projects = projects;
        this.hub = hub;
    }

    /** Answers one launcher. */
    public void to(Request request, LauncherConnection launcher) throws IOException, InterruptedException {
        Options options = Options.parse(request.argv());
        try {
            switch (options.what()) {
                case "up" -> new Up(manager, projects, hub, request, launcher, options).run();
                case "down" -> {
                    String id = existing(request, options);
                    projects.down(id);
                    tell(launcher, options, id, "Stopped");
                }
                case "restart" -> {
                    String id = existing(request, options);
                    manager.restartDevServer(id);
                    tell(launcher, options, id, "Restarted");
                }
                case "rebuild" -> {
                    String id = existing(request, options);
                    manager.rebuildPlugin(id);
                    tell(launcher, options, id, "Building");
                }
                case "status" -> status(request, launcher, options);
                case "logs" -> logs(request, launcher, options);
                case "doctor" -> {
                    Doctor doctor = new Doctor(environment(request), directory, hub);
                    boolean well = doctor.look();
                    launcher.stdout(options.json() ? doctor.json() : doctor.text());
                    launcher.exit(well ? OK : FAILED);
                }
                case "init" -> init(request, launcher, options);
                default -> {
                    launcher.stderr("sharedserver: this hub does not know dev " + Quote.of(options.what()) + "\n");
                    launcher.exit(USAGE);
                }
            }
        } catch (DevServerException problem) {
            refuse(launcher, options, problem);
        }
    }

    /** Says what is wrong, and what can be done about it. */
    static void refuse(LauncherConnection launcher, Options options, DevServerException problem) throws IOException {
        if (options.json()) {
            launcher.stdout(JsonText.of(JsonText.Form.LINE, json -> problem.writeTo(json, "")));
        } else {
            launcher.stderr("sharedserver: " + Quote.escape(String.valueOf(problem.getMessage())) + "\n");
            for (String suggestion : problem.suggestions()) {
                launcher.stderr("  " + Quote.escape(suggestion) + "\n");
            }
        }
        launcher.exit(FAILED);
    }

    private void tell(LauncherConnection launcher, Options options, String id, String what) throws IOException {
        launcher.stdout(
                options.json()
                        ? JsonText.of(JsonText.Form.LINE, manager.getDevServerState(id)::writeTo)
                        : "✓ " + what + " " + id + "\n");
        launcher.exit(OK);
    }

    /** Returns the directory that was named, or the caller's. */
    static Path directory(Request request, @Nullable String target) throws DevServerException {
        String here = request.cwd();
        if (here.isEmpty() && (target == null || !target.startsWith("/"))) {
            throw DevServerException.invalid("The working directory does not exist any more.", "Name a directory.");
        }
        try {
            Path path = target == null
                    ? Path.of(here)
                    : here.isEmpty() ? Path.of(target) : Path.of(here).resolve(target);
            if (!Files.isDirectory(path)) {
                throw DevServerException.invalid("There is no directory " + Quote.of(path.toString()) + ".");
            }
            return path.toRealPath();
        } catch (InvalidPathException e) {
            throw DevServerException.invalid("The directory's name is no UTF-8.", "Rename it, or use a link to it.");
        } catch (IOException e) {
            throw DevServerException.invalid("The directory cannot be looked at: " + e.getMessage());
        }
    }

    /** Returns the id of a project that is up or was: the target is one, or it is of the directory that is named, or the one there is. */
    private String existing(Request request, Options options) throws DevServerException {
        String target = options.target();
        if (target != null && target.indexOf('/') < 0 && known(target)) {
            return target;
        }
        List<DevServerState> all = manager.listDevServerStates();
        if (target == null && all.size() == 1 && !isAbove(request.cwd(), all)) {
            return all.getFirst().pluginID();
        }
        return projects.idFor(directory(request, target), null);
    }

    private static boolean isAbove(String directory, List<DevServerState> all) {
        return all.stream().anyMatch(state -> state.devPath().equals(directory));
    }

    private boolean known(String id) {
        return manager.getDevServerState(id).mode() != DevServerMode.IDLE || manager.hasLogs(id);
    }

    private void status(Request request, LauncherConnection launcher, Options options)
            throws IOException, DevServerException {
        List<DevServerState> states = options.target() == null
                ? manager.listDevServerStates()
                : List.of(manager.getDevServerState(existing(request, options)));
        Listing listing = new Listing(hub, states, projects);
        launcher.stdout(options.json() ? listing.json() : listing.table());
        launcher.exit(OK);
    }

    private void logs(Request request, LauncherConnection launcher, Options options)
            throws IOException, InterruptedException, DevServerException {
        String id = existing(request, options);
        if (!known(id)) {
            throw DevServerException.invalid(
                    "No project " + Quote.of(id) + " was up since this hub was started.",
                    "See sharedserver dev status, or start it: sharedserver dev up");
        }
        new LogLines(manager, request, launcher, options).show(id);
    }

    private static void init(Request request, LauncherConnection launcher, Options options)
            throws IOException, DevServerException {
        Path here = directory(request, options.target());
        Path file = here.resolve(dev.sharedserver.dev.project.Projects.FILE);
        Project project = dev.sharedserver.dev.project.Projects.of(here, environment(request)::get);
        if (project.fromFile()) {
            throw DevServerException.invalid(
                    "There is a " + file.getFileName() + " already.", "Change it, or remove it first.");
        }
        String text = dev.sharedserver.dev.project.Projects.toJson(project);
        try {
            Files.writeString(file, text, StandardOpenOption.CREATE_NEW);
        } catch (IOException e) {
            throw DevServerException.failed(
                    "Not written", "Cannot write " + Quote.of(file.toString()) + ": " + e.getMessage());
        }
        launcher.stdout(
                options.json()
                        ? text
                        : dev.sharedserver.dev.project.Projects.describe(project) + "✓ Wrote "
                                + Quote.escape(file.toString()) + "\n");
        launcher.exit(OK);
    }

    /** Returns the caller's environment. */
    static Map<String, String> environment(Request request) {
        Map<String, String> environment = new HashMap<>();
        for (String entry : request.environment()) {
            int equals = entry.indexOf('=');
            if (equals > 0) {
                environment.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        return Map.copyOf(environment);
    }
}
