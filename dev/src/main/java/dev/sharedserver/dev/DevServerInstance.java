package dev.sharedserver.dev;

import dev.sharedserver.core.Timestamps;
import dev.sharedserver.dev.process.GroupLedger;
import dev.sharedserver.dev.process.ProcessGroup;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The dev server of one plugin or project: its processes, its build loops, and one state of all. */
public final class DevServerInstance {

    /** Where its news go. Each kind comes in its order, never by two threads at once. */
    interface Listener {
        void status(DevServerState state);

        void errors(String pluginID, List<BuildError> errors);
    }

    /**
     * What it consists of.
     *
     * @param profile null for a plugin as the host's types know it
     * @param processes the front end first
     */
    record Layout(
            String devPath, @Nullable String profile, List<ServerProcess.Plan> processes, List<BuilderPlan> builders) {}

    /**
     * A builder and what depends on it.
     *
     * @param restart the sources of the processes that are started anew after each good build, and not before the first
     */
    record BuilderPlan(Builder.Plan plan, List<String> restart) {}

    private final String pluginID;
    private final Map<String, String> environment;
    private final Layout layout;
    private final Logs logs;
    private final Listener listener;
    private final ServerProcess.Starter starter;
    private final Builder.Turns turns = new Builder.Turns(new ReentrantLock(), new ReentrantLock());
    private final List<ProcessPart> processes = new ArrayList<>();
    private final List<BuilderPart> builders = new ArrayList<>();
    private final Object order = new Object();

    private volatile DevServerState state;
    private boolean connected;
    private long builds;
    private long lastBuildDuration;
    private String lastBuildTime = DevServerState.NEVER;

    /**
     * Makes one that is not started yet.
     *
     * @param environment of its processes, but for what their plans add
     */
    DevServerInstance(
            String pluginID,
            Layout layout,
            Map<String, String> environment,
            GroupLedger ledger,
            Logs logs,
            Listener listener) {
        this.pluginID = pluginID;
        this.environment = environment;
        this.layout = layout;
        this.logs = logs;
        this.listener = listener;
        this.starter = (command, port, out, err) -> ProcessGroup.start(
                new ProcessGroup.Command(command.argv(), command.directory(), environment).with(command.environment()),
                port,
                ledger,
                out,
                err);
        for (ServerProcess.Plan plan : layout.processes()) {
            boolean built = layout.builders().stream()
                    .anyMatch(builder -> builder.restart().contains(plan.source()));
            processes.add(new ProcessPart(plan, built));
        }
        for (BuilderPlan plan : layout.builders()) {
            builders.add(new BuilderPart(plan));
        }
        this.state = compute();
    }

    /** Starts all of it; returns at once. */
    void start() throws IOException {
        for (BuilderPart builder : builders) {
            builder.builder.start();
        }
        for (ProcessPart process : processes) {
            process.begin();
        }
    }

    /** Returns what its processes have as environment, but for what their plans add. */
    Map<String, String> environment() {
        return environment;
    }

    /** Returns the state of this moment. */
    public DevServerState state() {
        return state;
    }

    /** Returns the newest {@code count} lines at most, the oldest of them first; all for a count of 0 or less. */
    public List<LogEntry> getLogs(int count) {
        return logs.last(count);
    }

    /** Builds, though nothing has changed; false if there is nothing to build. */
    public boolean triggerRebuild() {
        builders.forEach(builder -> builder.builder.rebuild());
        return !builders.isEmpty();
    }

    /** Returns the process group of the front end, 0 if it does not run. */
    public long vitePGID() {
        return processes.isEmpty() ? 0 : processes.getFirst().pgid();
    }

    /** Ends all of it; when this returns no process of it is left. */
    void stop() throws InterruptedException {
        // side by side: each may take its time
        List<Thread> stopping = new ArrayList<>();
        builders.forEach(builder -> stopping.add(stopping(builder.builder::stop)));
        processes.forEach(process -> stopping.add(stopping(process::stop)));
        for (Thread thread : stopping) {
            thread.join();
        }
        change(() -> {
            processes.forEach(process -> process.status = DevProcessStatus.STOPPED);
            builders.forEach(builder -> builder.status = DevProcessStatus.STOPPED);
        });
        logs.flush();
    }

    private interface Stop {
        void stop() throws InterruptedException;
    }

    private static Thread stopping(Stop stop) {
        return Thread.ofPlatform().start(() -> {
            try {
                stop.stop();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private void log(String source, LogEntry.Level level, String message) {
        logs.add(LogEntry.now(pluginID, source, level, message));
    }

    /** Changes parts and tells of the state, if it is another one. */
    private void change(Runnable step) {
        synchronized (order) {
            step.run();
            DevServerState next = compute();
            if (!next.equals(state)) {
                state = next;
                listener.status(next);
            }
        }
    }

    private DevServerState compute() {
        ProcessPart first = processes.isEmpty() ? null : processes.getFirst();
        return new DevServerState(
                pluginID,
                DevServerMode.MANAGED,
                layout.devPath(),
                first == null ? 0 : first.plan.port(),
                first != null && first.status == DevProcessStatus.READY ? first.url() : "",
                first == null ? DevProcessStatus.IDLE : first.status,
                ofBuilders(),
                lastBuildDuration,
                lastBuildTime,
                error(),
                connected,
                extra(first));
    }

    /** One status for all builders: what goes on, else what is wrong, else what they have. */
    private DevProcessStatus ofBuilders() {
        for (DevProcessStatus status : List.of(DevProcessStatus.BUILDING, DevProcessStatus.ERROR)) {
            if (builders.stream().anyMatch(builder -> builder.status == status)) {
                return status;
            }
        }
        return builders.isEmpty() ? DevProcessStatus.IDLE : builders.getFirst().status;
    }

    /** The front end cannot be cured by a build, so the errors of processes go first. */
    private String error() {
        for (ProcessPart process : processes) {
            if (!process.error.isEmpty()) {
                return process.error;
            }
        }
        for (BuilderPart builder : builders) {
            if (!builder.error.isEmpty()) {
                return builder.error;
            }
        }
        return "";
    }

    private DevServerState.@Nullable Extra extra(@Nullable ProcessPart first) {
        Integer exitCode = first == null ? null : first.exitCode;
        String profile = layout.profile();
        if (profile == null) {
            return exitCode == null && builds == 0 ? null : new DevServerState.Extra(exitCode, builds);
        }
        return new DevServerState.Extra(
                exitCode,
                builds,
                new ProjectState(
                        profile,
                        processes.stream().map(ProcessPart::state).toList(),
                        builders.stream().map(BuilderPart::state).toList()));
    }

    /** A process; another one each time it is started anew. */
    private final class ProcessPart implements ServerProcess.Reports {
        private final ServerProcess.Plan plan;
        private final boolean built;
        private final ReentrantLock anew = new ReentrantLock();
        private @Nullable ServerProcess current;
        private boolean stopping;

        // what the state has of it: written while `order` is held
        private DevProcessStatus status = DevProcessStatus.IDLE;
        private String error = "";
        private @Nullable Integer exitCode;
        private long pid;

        ProcessPart(ServerProcess.Plan plan, boolean built) {
            this.plan = plan;
            this.built = built;
        }

        void begin() {
            if (!built) {
                next();
            }
        }

        private synchronized void next() {
            if (!stopping) {
                ServerProcess process = new ServerProcess(plan, starter, turns.installing(), this);
                current = process;
                process.start();
            }
        }

        private synchronized @Nullable ServerProcess current() {
            return current;
        }

        /** Ends the one that runs and starts the next. */
        void startAnew() throws InterruptedException {
            anew.lockInterruptibly();
            try {
                ServerProcess process = current();
                if (process != null) {
                    log(LogEntry.MANAGER, LogEntry.Level.INFO, "starting " + plan.source() + " anew");
                    process.stop();
                }
                next();
            } finally {
                anew.unlock();
            }
        }

        void stop() throws InterruptedException {
            ServerProcess process;
            synchronized (this) {
                stopping = true;
                process = current;
            }
            if (process != null) {
                process.stop();
            }
        }

        long pgid() {
            ServerProcess process = current();
            return process == null ? 0 : process.pgid();
        }

        String url() {
            return "http://127.0.0.1:" + plan.port();
        }

        ProjectState.OfProcess state() {
            boolean up = status == DevProcessStatus.READY || status == DevProcessStatus.RUNNING;
            return new ProjectState.OfProcess(
                    plan.source(), status, pid, plan.port(), up && plan.port() > 0 ? url() : "", exitCode, error);
        }

        @Override
        public void status(DevProcessStatus now, String why, @Nullable Integer code) {
            change(() -> {
                status = now;
                error = why;
                exitCode = code == null ? exitCode : code;
                pid = code == null && now != DevProcessStatus.STOPPED ? pid : 0;
            });
        }

        @Override
        public void started(long pgid) {
            change(() -> pid = pgid);
        }

        @Override
        public void log(String source, LogEntry.Level level, String message) {
            DevServerInstance.this.log(source, level, message);
        }
    }

    /** A builder. */
    private final class BuilderPart implements Builder.Reports {
        private final String name;
        private final String parser;
        private final Builder builder;

        // what the state has of it: written while `order` is held
        private DevProcessStatus status = DevProcessStatus.IDLE;
        private String error = "";
        private long duration;
        private String time = DevServerState.NEVER;
        private long buildId;
        private List<BuildError> errors = List.of();

        BuilderPart(BuilderPlan described) {
            Builder.Plan plan = described.plan();
            this.name = plan.source();
            this.parser = plan.parser() == null ? "" : plan.parser().text();
            this.builder = new Builder(plan.withDeploy(() -> deploy(described)), pluginID, starter, turns, this);
        }

        private void deploy(BuilderPlan described) throws IOException, InterruptedException {
            described.plan().deploy().run();
            for (ProcessPart process : processes) {
                if (described.restart().contains(process.plan.source())) {
                    process.startAnew();
                }
            }
        }

        ProjectState.OfBuilder state() {
            return new ProjectState.OfBuilder(name, status, parser, duration, time, buildId, errors.size(), error);
        }

        @Override
        public void building() {
            change(() -> status = DevProcessStatus.BUILDING);
        }

        @Override
        public void ended(Builder.Result result) {
            change(() -> {
                status = result.built() ? DevProcessStatus.READY : DevProcessStatus.ERROR;
                error = result.error();
                duration = result.durationNanos();
                time = Timestamps.format(Instant.now());
                buildId++;
                builds++;
                lastBuildDuration = duration;
                lastBuildTime = time;
                if (result.reloaded() != null) {
                    connected = result.reloaded();
                }
            });
        }

        @Override
        public void reloaded(String why) {
            change(() -> {
                connected = why.isEmpty();
                // the next build may have begun, or failed: that is more to the point
                error = status == DevProcessStatus.READY ? why : error;
            });
        }

        @Override
        public void errors(List<BuildError> found) {
            synchronized (order) {
                errors = found;
                List<BuildError> all = new ArrayList<>();
                builders.forEach(one -> all.addAll(one.errors));
                listener.errors(pluginID, all);
            }
        }

        @Override
        public void log(String source, LogEntry.Level level, String message) {
            DevServerInstance.this.log(source, level, message);
        }
    }
}
