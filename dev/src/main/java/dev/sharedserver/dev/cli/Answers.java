package dev.sharedserver.dev.cli;

import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.OsText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.DevServerMode;
import dev.sharedserver.dev.DevServerState;
import dev.sharedserver.dev.http.CoreServers;
import dev.sharedserver.dev.hub.HubFile;
import dev.sharedserver.dev.hub.Projects;
import dev.sharedserver.dev.project.Project;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
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
    private final CoreServers shared;

    /**
     * Answers by way of a manager.
     *
     * @param directory the state directory
     * @param shared the servers of that
     */
    public Answers(DevServerManager manager, Projects projects, HubFile hub, Path directory, CoreServers shared) {
        this.shared = shared;
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
                    Doctor doctor = new Doctor(
                            environment(request),
                            directory,
                            hub,
                            new LeftOvers(manager.ledger(), shared, options.has("--all")));
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
            Path real = path.toRealPath();
            if (!real.equals(Path.of(real.toString()))) {
                // a link to one whose name is none
                throw notUtf8(bytesOf(real));
            }
            return real;
        } catch (InvalidPathException e) {
            throw notUtf8(target == null ? here : target.startsWith("/") ? target : here + "/" + target);
        } catch (IOException e) {
            throw DevServerException.invalid("The directory cannot be looked at: " + e.getMessage());
        }
    }

    private static DevServerException notUtf8(String directory) {
        return DevServerException.invalid(
                "The name of the directory " + Quote.of(directory)
                        + " is not UTF-8: the hub and its clients speak of directories in JSON, which has no other"
                        + " text.",
                "Rename what is shown as \\x.. there; a link to it does not help, for tools see where that leads.");
    }

    /** Returns a path with what is not UTF-8 as {@link OsText} has it: as text, the JDK has lost that; as a URI, it has not. */
    private static String bytesOf(Path path) {
        String escaped = path.toUri().getRawPath().replace("+", "%2B");
        String text = URLDecoder.decode(escaped, StandardCharsets.ISO_8859_1);
        return OsText.decode((text.endsWith("/") ? text.substring(0, text.length() - 1) : text)
                .getBytes(StandardCharsets.ISO_8859_1));
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
