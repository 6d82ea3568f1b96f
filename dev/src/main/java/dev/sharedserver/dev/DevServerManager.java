package dev.sharedserver.dev;

import com.google.gson.stream.JsonWriter;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.dev.event.EventBus;
import dev.sharedserver.dev.event.Subscription;
import dev.sharedserver.dev.process.GroupLedger;
import dev.sharedserver.dev.process.RecordedGroup;
import dev.sharedserver.dev.project.Profile;
import dev.sharedserver.dev.project.Project;
import dev.sharedserver.dev.project.Projects;
import dev.sharedserver.dev.tool.Tools;
import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Runs the dev servers of plugins under development, and follows those that developers run by hand. What happens is published
 * on its {@link #events event bus}. Safe for any number of threads; requests for one plugin are carried out one after
 * another.
 */
public final class DevServerManager {

    /** Published whenever any field of a state changes; the payload is the state. */
    public static final String EVENT_STATUS = "plugin/devserver/status";

    /** Published for batches of lines; the payload is an array of entries. */
    public static final String EVENT_LOG = "plugin/devserver/log";

    /** Published for the errors of each build, none after a good one; the payload is {@code [pluginID, errors]}. */
    public static final String EVENT_ERROR = "plugin/devserver/error";

    /** An id is the name of a directory. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    /**
     * Where it is and what it has.
     *
     * @param stateDirectory where its files are
     * @param pluginsDirectory where each plugin has a directory by its id, with what is deployed and who runs it by hand
     * @param environment of the processes of those who start without one of their own; tools are looked for in its PATH
     * @param readyPatience how long a front end may take to be ready
     */
    public record Setup(
            Path stateDirectory, Path pluginsDirectory, Map<String, String> environment, Duration readyPatience) {

        /** Makes one whose plugins are in {@code plugins} of the state directory, with our environment but for PATH. */
        public Setup(Path stateDirectory, String path, Duration readyPatience) {
            this(stateDirectory, stateDirectory.resolve("plugins"), ours(path), readyPatience);
        }

        /** Returns what is usual. */
        public static Setup of(Path stateDirectory, String path) {
            return new Setup(stateDirectory, path, ServerProcess.READY_PATIENCE);
        }

        /** Returns what is usual. */
        public static Setup of(Path stateDirectory, Path pluginsDirectory, Map<String, String> environment) {
            return new Setup(stateDirectory, pluginsDirectory, environment, ServerProcess.READY_PATIENCE);
        }

        private static Map<String, String> ours(String path) {
            Map<String, String> environment = new HashMap<>(System.getenv());
            environment.put("PATH", path);
            return Map.copyOf(environment);
        }
    }

    private final Setup setup;
    private final PluginRef plugins;
    private final PluginReloader reloader;
    private final SettingsProvider settings;
    private final Proc proc;
    private final GroupLedger ledger;
    private final PortAllocator ports;
    private final EventBus events = new EventBus();
    private final ExternalWatcher external;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("log batches").factory());
    private final Map<String, DevServerInstance> instances = new ConcurrentHashMap<>();
    private final Map<String, Logs> logs = new ConcurrentHashMap<>();
    private final Map<String, Object> turns = new ConcurrentHashMap<>();
    private final Map<String, List<BuildError>> errors = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** Takes the state directory, which one manager at a time can have. */
    public DevServerManager(
            Setup setup, Proc proc, PluginRef plugins, PluginReloader reloader, SettingsProvider settings)
            throws IOException {
        this.setup = setup;
        this.proc = proc;
        this.plugins = plugins;
        this.reloader = reloader;
        this.settings = settings;
        this.ledger = GroupLedger.open(setup.stateDirectory(), proc);
        this.ports = new PortAllocator(ledger);
        this.external = new ExternalWatcher(
                setup.pluginsDirectory(),
                proc,
                (id, info) -> publish(DevServerState.external(id, info)),
                id -> publish(getDevServerState(id)),
                note -> log("", LogEntry.Level.DEBUG, note));
    }

    /** Ends what a killed manager has left, and begins to follow plugins that are run by hand. */
    public void initialize() throws IOException, InterruptedException {
        GroupLedger.Stale stale = ports.cleanupStaleProcesses();
        for (RecordedGroup group : stale.ended()) {
            log("", LogEntry.Level.WARN, "ended process group " + group.pgid() + ", left by a hub that was killed");
        }
        external.start();
    }

    /** Ends all dev servers; when this returns no process of them is left. */
    public void shutdown() throws InterruptedException {
        closed = true;
        external.stop();
        List<Thread> stopping = new ArrayList<>();
        for (String id : instances.keySet()) {
            stopping.add(Thread.ofPlatform().start(() -> {
                try {
                    end(id);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }));
        }
        for (Thread thread : stopping) {
            thread.join();
        }
        timer.shutdown();
        try {
            ledger.close();
        } catch (IOException e) {
            log("", LogEntry.Level.WARN, "closing the ledger: " + e.getMessage());
        }
    }

    /** Returns what happens. */
    public EventBus events() {
        return events;
    }

    /** Starts the dev server of a plugin that the host knows to be developed here; does nothing if it runs. */
    public DevServerState startDevServer(String pluginID) throws DevServerException {
        checkId(pluginID);
        PluginRef.DevPlugin plugin = plugins.getDevPluginInfo(pluginID);
        if (!plugin.devMode()) {
            throw DevServerException.invalid(
                    "The plugin " + Quote.of(pluginID) + " is not in dev mode.", "Install it in dev mode.");
        }
        if (plugin.devPath().isEmpty()) {
            throw DevServerException.invalid(
                    "The plugin " + Quote.of(pluginID) + " has no dev path.", "Give the directory of its sources.");
        }
        return startDevServerForPath(pluginID, plugin.devPath());
    }

    /** Starts the dev server of a plugin that need not be loaded yet; does nothing if it runs. */
    public DevServerState startDevServerForPath(String pluginID, String devPath) throws DevServerException {
        return startDevServerForPath(pluginID, devPath, setup.environment());
    }

    /** Starts the dev server of a plugin whose processes get that environment; does nothing if it runs. */
    public DevServerState startDevServerForPath(String pluginID, String devPath, Map<String, String> environment)
            throws DevServerException {
        checkId(pluginID);
        synchronized (turn(pluginID)) {
            DevServerInstance running = instances.get(pluginID);
            if (running != null) {
                return running.state();
            }
            Path directory = directory(devPath);
            DevServerInstance instance = new DevServerInstance(
                    pluginID,
                    layout(pluginID, directory, environment),
                    environment,
                    ledger,
                    logsOf(pluginID),
                    new Publisher());
            instances.put(pluginID, instance);
            try {
                if (closed) {
                    throw new IOException("the hub is being stopped");
                }
                publish(instance.state());
                instance.start();
                return instance.state();
            } catch (IOException e) {
                abandon(pluginID);
                throw DevServerException.failed("Dev server failed to start", String.valueOf(e.getMessage()));
            }
        }
    }

    private DevServerInstance.Layout layout(String pluginID, Path directory, Map<String, String> environment)
            throws DevServerException {
        Tools tools = new Tools(settings, environment.getOrDefault("PATH", ""));
        Project project = Projects.of(directory, environment::get);
        Plans plans = new Plans(pluginID, tools, ports, reloader);
        try {
            return project.profile() == Profile.VITE_GO
                    ? plans.ofPlugin(
                            directory,
                            setup.pluginsDirectory().resolve(pluginID).resolve("bin"),
                            setup.readyPatience())
                    : plans.of(project);
        } catch (DevServerException e) {
            var unused = ports.releaseByPlugin(pluginID);
            throw e;
        }
    }

    private void abandon(String pluginID) {
        try {
            end(pluginID);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the dev server of a plugin; when this returns no process of it is left. */
    public void stopDevServer(String pluginID) throws DevServerException, InterruptedException {
        checkId(pluginID);
        if (!end(pluginID)) {
            throw nothingRuns(pluginID);
        }
    }

    /** Ends the dev server of a plugin and starts it with the same sources. */
    public DevServerState restartDevServer(String pluginID) throws DevServerException, InterruptedException {
        checkId(pluginID);
        synchronized (turn(pluginID)) {
            DevServerInstance running = instances.get(pluginID);
            if (running == null) {
                throw nothingRuns(pluginID);
            }
            String devPath = running.state().devPath();
            remove(pluginID, running);
            try {
                return startDevServerForPath(pluginID, devPath, running.environment());
            } catch (DevServerException e) {
                publish(getDevServerState(pluginID));
                throw e;
            }
        }
    }

    /** Builds a plugin and has it loaded again; its front end goes on. */
    public void rebuildPlugin(String pluginID) throws DevServerException {
        checkId(pluginID);
        DevServerInstance running = instances.get(pluginID);
        if (running == null) {
            throw nothingRuns(pluginID);
        }
        if (!running.triggerRebuild()) {
            throw DevServerException.invalid(
                    "The project " + Quote.of(pluginID) + " has nothing that builds.",
                    "Restart it, or give " + Projects.FILE + " a builder.");
        }
    }

    private DevServerException nothingRuns(String pluginID) {
        return DevServerException.invalid(
                external.isExternallyManaged(pluginID)
                        ? "The plugin " + Quote.of(pluginID) + " is run by its developer, not by this hub."
                        : "No dev server runs for the plugin " + Quote.of(pluginID) + ".");
    }

    private boolean end(String pluginID) throws InterruptedException {
        synchronized (turn(pluginID)) {
            DevServerInstance instance = instances.get(pluginID);
            if (instance == null) {
                return false;
            }
            remove(pluginID, instance);
            publish(getDevServerState(pluginID));
            return true;
        }
    }

    private void remove(String pluginID, DevServerInstance instance) throws InterruptedException {
        instance.stop();
        instances.remove(pluginID);
        errors.remove(pluginID);
        ports.releaseByPlugin(pluginID);
    }

    /** Returns the state of a plugin, an idle one for a plugin that nobody knows. */
    public DevServerState getDevServerState(String pluginID) {
        DevInfoFile info = external.getExternalInfo(pluginID);
        if (info != null) {
            return DevServerState.external(pluginID, info);
        }
        DevServerInstance instance = instances.get(pluginID);
        return instance == null ? DevServerState.idle(pluginID) : instance.state();
    }

    /** Returns the states of all plugins that are run, by this manager or by hand, by id. */
    public List<DevServerState> listDevServerStates() {
        Map<String, DevServerState> states = new TreeMap<>(Comparator.naturalOrder());
        instances.forEach((id, instance) -> states.put(id, instance.state()));
        external.connections().forEach((id, connection) -> {
            if (connection.connected()) {
                states.put(id, DevServerState.external(id, connection.devInfo()));
            }
        });
        return List.copyOf(states.values());
    }

    /** Returns the newest {@code count} lines of a plugin at most, the oldest of them first; all for a count of 0 or less. */
    public List<LogEntry> getDevServerLogs(String pluginID, int count) {
        Logs kept = logs.get(pluginID);
        return kept == null ? List.of() : kept.last(count);
    }

    /**
     * The lines of one plugin at one moment.
     *
     * @param event the id of the last event of that moment: its lines are among these, those of later events are not
     */
    public record LogMoment(String pluginID, String event, List<LogEntry> entries) {}

    /** Returns the newest {@code count} lines at most of all that ever had one, each with the event up to which they are. */
    public List<LogMoment> logMoments(int count) {
        List<LogMoment> moments = new ArrayList<>();
        logs.forEach((id, kept) ->
                kept.settle(count, entries -> moments.add(new LogMoment(id, events.last(), entries))));
        moments.sort(Comparator.comparing(LogMoment::pluginID));
        return moments;
    }

    /** Returns the errors of each plugin's last build, by id; none for one that was good. */
    public Map<String, List<BuildError>> buildErrors() {
        return new TreeMap<>(errors);
    }

    /**
     * The lines of a plugin.
     *
     * @param kept those that there are
     * @param news what happens next, each later line once
     */
    public record Followed(List<LogEntry> kept, Subscription news) implements AutoCloseable {
        @Override
        public void close() {
            news.close();
        }
    }

    /** Returns the lines of a plugin that are kept, and what happens from then on. */
    public Followed followLogs(String pluginID) {
        Followed[] followed = new Followed[1];
        logsOf(pluginID).settle(0, kept -> followed[0] = new Followed(kept, events.subscribe()));
        return followed[0];
    }

    /** Tells whether a plugin has, or had, lines. */
    public boolean hasLogs(String pluginID) {
        return logs.containsKey(pluginID);
    }

    /** Returns what says which process groups are this manager's. */
    public GroupLedger ledger() {
        return ledger;
    }

    /** Tells whether this manager runs anything. */
    public boolean runsAnything() {
        return !instances.isEmpty();
    }

    /** Returns what a plugin that its developer runs says of itself, null if there is no such. */
    public @Nullable DevInfoFile getExternalPluginInfo(String pluginID) {
        return external.getExternalInfo(pluginID);
    }

    /** Tells whether a plugin is run, by this manager or by hand. */
    public boolean isManaged(String pluginID) {
        return instances.containsKey(pluginID) || external.isExternallyManaged(pluginID);
    }

    /** Returns the process group of a plugin's front end, 0 if it does not run. */
    public long vitePGID(String pluginID) {
        DevServerInstance instance = instances.get(pluginID);
        return instance == null ? 0 : instance.vitePGID();
    }

    private static void checkId(String pluginID) throws DevServerException {
        if (!ID.matcher(pluginID).matches()) {
            throw DevServerException.invalid(
                    Quote.of(pluginID) + " is no plugin id.",
                    "An id has letters, digits, '.', '_' and '-', and begins with a letter or digit.");
        }
    }

    private static Path directory(String devPath) throws DevServerException {
        try {
            Path path = Path.of(devPath);
            if (!path.isAbsolute()) {
                throw DevServerException.invalid("The dev path " + Quote.of(devPath) + " is not absolute.");
            }
            if (!Files.isDirectory(path)) {
                throw DevServerException.invalid("The dev path " + Quote.of(devPath) + " is no directory.");
            }
            return path.toRealPath();
        } catch (InvalidPathException | IOException e) {
            throw DevServerException.invalid("The dev path " + Quote.of(devPath) + " cannot be used.");
        }
    }

    private Object turn(String pluginID) {
        return turns.computeIfAbsent(pluginID, id -> new Object());
    }

    private Logs logsOf(String pluginID) {
        return logs.computeIfAbsent(pluginID, id -> new Logs(timer, this::publishLogs));
    }

    private void log(String pluginID, LogEntry.Level level, String message) {
        logsOf(pluginID).add(LogEntry.now(pluginID, LogEntry.MANAGER, level, message));
    }

    private void publish(DevServerState state) {
        events.publish(EVENT_STATUS, line(state::writeTo));
    }

    private void publishLogs(List<LogEntry> batch) {
        events.publish(EVENT_LOG, line(json -> {
            json.beginArray();
            for (LogEntry entry : batch) {
                entry.writeTo(json);
            }
            json.endArray();
        }));
    }

    private static String line(JsonText.Content content) {
        return JsonText.of(JsonText.Form.LINE, content).stripTrailing();
    }

    private static void write(JsonWriter json, List<BuildError> errors) throws IOException {
        json.beginArray();
        for (BuildError error : errors) {
            error.writeTo(json);
        }
        json.endArray();
    }

    private final class Publisher implements DevServerInstance.Listener {
        @Override
        public void status(DevServerState state) {
            // who runs it by hand is who is asked about it
            if (!external.isExternallyManaged(state.pluginID())) {
                // what led to it comes before it
                logsOf(state.pluginID()).flush();
                publish(state);
            }
        }

        @Override
        public void errors(String pluginID, List<BuildError> errors) {
            DevServerManager.this.errors.put(pluginID, errors);
            events.publish(
                    EVENT_ERROR,
                    line(json -> {
                        json.beginArray().value(pluginID);
                        write(json, errors);
                        json.endArray();
                    }),
                    line(json -> {
                        json.beginObject().name("pluginID").value(pluginID).name("errors");
                        write(json, errors);
                        json.endObject();
                    }));
        }
    }
}
