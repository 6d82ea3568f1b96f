package dev.sharedserver.dev;

import dev.sharedserver.core.Timestamps;
import dev.sharedserver.dev.process.GroupLedger;
import dev.sharedserver.dev.process.ProcessGroup;
import dev.sharedserver.dev.tool.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The dev server of one plugin: its front end, its build loop, and one state of both. */
public final class DevServerInstance {

    private static final String FRONT_END = "ui";
    private static final String BACK_END = "pkg";

    /** Where its news go. Each kind comes in its order, never by two threads at once. */
    interface Listener {
        void status(DevServerState state);

        void errors(String pluginID, List<BuildError> errors);
    }

    /**
     * What it works with.
     *
     * @param target the directory that the built program is put into
     * @param readyPatience how long the front end may take to be ready
     */
    record Means(
            BuildOpts tools,
            Tools finder,
            GroupLedger ledger,
            Path target,
            PluginReloader reloader,
            Duration readyPatience) {}

    private final String pluginID;
    private final Logs logs;
    private final Listener listener;
    private final FrontEnd frontEnd;
    private final BackEnd backEnd;
    private final Object order = new Object();

    private volatile DevServerState state;
    private String frontEndError = "";
    private String backEndError = "";

    DevServerInstance(String pluginID, Path devPath, int vitePort, Means means, Logs logs, Listener listener) {
        this.pluginID = pluginID;
        this.logs = logs;
        this.listener = listener;
        this.state = new DevServerState(
                pluginID,
                DevServerMode.MANAGED,
                devPath.toString(),
                vitePort,
                "",
                DevProcessStatus.IDLE,
                DevProcessStatus.IDLE,
                0,
                DevServerState.NEVER,
                "",
                false,
                null);
        BuildOpts tools = means.tools();
        Path go = Objects.requireNonNull(tools.goPath(), "the profile vite+go has go");
        Path packageManager = Objects.requireNonNull(tools.packageManagerPath(), "it has a package manager");
        FrontEnd.ProcessStarter starter =
                (command, port, out, err) -> ProcessGroup.start(command, port, means.ledger(), out, err);
        this.frontEnd = new FrontEnd(
                devPath.resolve(FRONT_END),
                vitePort,
                packageManager,
                means.finder()
                        .path(Stream.of(packageManager, tools.nodePath())
                                .filter(Objects::nonNull)
                                .toList()),
                starter,
                means.readyPatience(),
                new FrontEndReports());
        this.backEnd = new BackEnd(
                pluginID,
                devPath,
                go,
                means.finder().path(List.of(go)),
                means.target(),
                starter,
                means.reloader(),
                new BackEndReports());
    }

    /** Refuses a directory that is no plugin of this kind. */
    static void check(Path devPath) throws DevServerException {
        for (String part : List.of(FRONT_END, BACK_END)) {
            if (!Files.isDirectory(devPath.resolve(part))) {
                throw DevServerException.buildFailed(
                        "There is no directory " + devPath.resolve(part) + ".",
                        "A plugin has its front end in " + FRONT_END + " and its back end in " + BACK_END + ".");
            }
        }
    }

    /** Starts both; returns at once. */
    void start() throws IOException {
        backEnd.start();
        frontEnd.start();
    }

    /** Returns the state of this moment. */
    public DevServerState state() {
        return state;
    }

    /** Returns the newest {@code count} lines at most, the oldest of them first; all for a count of 0 or less. */
    public List<LogEntry> getLogs(int count) {
        return logs.last(count);
    }

    /** Builds, though nothing has changed. */
    public void triggerRebuild() {
        backEnd.rebuild();
    }

    /** Returns the process group of the front end, 0 if it does not run. */
    public long vitePGID() {
        return frontEnd.pgid();
    }

    /** Ends both; when this returns no process of it is left. */
    void stop() throws InterruptedException {
        // side by side: each may take its time
        Thread other = Thread.ofPlatform().start(() -> {
            try {
                backEnd.stop();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        frontEnd.stop();
        other.join();
        change(was -> withStatuses(was, "", DevProcessStatus.STOPPED, DevProcessStatus.STOPPED));
        logs.flush();
    }

    private void log(String source, LogEntry.Level level, String message) {
        logs.add(LogEntry.now(pluginID, source, level, message));
    }

    /** Changes the state and tells of it, if it is another one. */
    private void change(UnaryOperator<DevServerState> step) {
        synchronized (order) {
            DevServerState next = step.apply(state);
            if (!next.equals(state)) {
                state = next;
                listener.status(next);
            }
        }
    }

    private static DevServerState withStatuses(
            DevServerState was, String url, DevProcessStatus frontEnd, DevProcessStatus backEnd) {
        return new DevServerState(
                was.pluginID(),
                was.mode(),
                was.devPath(),
                was.vitePort(),
                url,
                frontEnd,
                backEnd,
                was.lastBuildDuration(),
                was.lastBuildTime(),
                was.lastError(),
                was.grpcConnected(),
                was.extra());
    }

    /** The front end cannot be cured by a build, so its error goes first. */
    private String error() {
        return frontEndError.isEmpty() ? backEndError : frontEndError;
    }

    private static long buildId(DevServerState state) {
        DevServerState.Extra extra = state.extra();
        return extra == null ? 0 : extra.buildId();
    }

    private final class FrontEndReports implements FrontEnd.Reports {
        @Override
        public void status(DevProcessStatus status, String error, @Nullable Integer exitCode) {
            change(was -> {
                frontEndError = error;
                DevServerState next = withStatuses(
                        was,
                        status == DevProcessStatus.READY ? "http://127.0.0.1:" + was.vitePort() : "",
                        status,
                        was.goStatus());
                return new DevServerState(
                        next.pluginID(),
                        next.mode(),
                        next.devPath(),
                        next.vitePort(),
                        next.viteURL(),
                        next.viteStatus(),
                        next.goStatus(),
                        next.lastBuildDuration(),
                        next.lastBuildTime(),
                        error(),
                        next.grpcConnected(),
                        exitCode == null ? was.extra() : new DevServerState.Extra(exitCode, buildId(was)));
            });
        }

        @Override
        public void log(String source, LogEntry.Level level, String message) {
            DevServerInstance.this.log(source, level, message);
        }
    }

    private final class BackEndReports implements BackEnd.Reports {
        @Override
        public void building() {
            change(was -> withStatuses(was, was.viteURL(), was.viteStatus(), DevProcessStatus.BUILDING));
        }

        @Override
        public void ended(BackEnd.Result result) {
            change(was -> {
                backEndError = result.error();
                DevServerState.Extra extra = was.extra();
                return new DevServerState(
                        was.pluginID(),
                        was.mode(),
                        was.devPath(),
                        was.vitePort(),
                        was.viteURL(),
                        was.viteStatus(),
                        result.built() ? DevProcessStatus.READY : DevProcessStatus.ERROR,
                        result.durationNanos(),
                        Timestamps.format(Instant.now()),
                        error(),
                        result.built() ? result.reloaded() : was.grpcConnected(),
                        new DevServerState.Extra(extra == null ? null : extra.exitCode(), buildId(was) + 1));
            });
        }

        @Override
        public void errors(List<BuildError> errors) {
            synchronized (order) {
                listener.errors(pluginID, errors);
            }
        }

        @Override
        public void log(String source, LogEntry.Level level, String message) {
            DevServerInstance.this.log(source, level, message);
        }
    }
}
