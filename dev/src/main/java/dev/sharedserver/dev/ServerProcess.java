package dev.sharedserver.dev;

import dev.sharedserver.dev.process.ProcessGroup;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A process of a project, as a front end's dev server: installs what it needs where that is missing, runs it, and says how it is. */
final class ServerProcess {

    static final Duration READY_PATIENCE = Duration.ofSeconds(30);
    static final Duration TERM_PATIENCE = Duration.ofSeconds(5);
    static final Duration KILL_PATIENCE = Duration.ofSeconds(3);

    /** What it tells of itself; by any thread. */
    interface Reports {
        void status(DevProcessStatus status, String error, @Nullable Integer exitCode);

        /** It runs in that process group. */
        void started(long pgid);

        void log(String source, LogEntry.Level level, String message);
    }

    /** Starts groups. */
    interface Starter {
        ProcessGroup start(ProcessGroup.Command command, int port, Consumer<String> out, Consumer<String> err)
                throws IOException;
    }

    /**
     * What it is.
     *
     * @param source what its lines have as source
     * @param subject what it is called in messages
     * @param program what of it cannot be started if it cannot
     * @param port which it is given, 0 for none
     * @param portIsFixed whether somebody else may have that port
     * @param install null for nothing
     * @param errors the level of what it writes to standard error
     * @param mayEnd whether an exit code of 0 is no failure
     */
    record Plan(
            String source,
            String subject,
            String program,
            List<String> argv,
            Path directory,
            Map<String, String> environment,
            int port,
            boolean portIsFixed,
            @Nullable Installation install,
            Readiness readiness,
            Duration patience,
            LogEntry.Level errors,
            boolean mayEnd) {}

    private final Plan plan;
    private final Starter starter;
    private final ReentrantLock installing;
    private final Reports reports;
    private final Thread thread;

    private @Nullable ProcessGroup current;
    private boolean stopping;
    private boolean ready;
    private boolean serving;
    private boolean over;

    /**
     * Makes one that is not started yet.
     *
     * @param installing held by who installs: two that need the same would be in each other's way
     */
    ServerProcess(Plan plan, Starter starter, ReentrantLock installing, Reports reports) {
        this.plan = plan;
        this.starter = starter;
        this.installing = installing;
        this.reports = reports;
        this.thread = Thread.ofPlatform()
                .daemon()
                .name(plan.source() + " " + plan.port())
                .unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            reports.status(DevProcessStatus.STARTING, "", null);
            Installation install = plan.install();
            if (install == null || install(install)) {
                serve();
            }
        } catch (IOException e) {
            failed("cannot start " + plan.program() + ": " + e.getMessage(), null);
        } catch (InterruptedException | ExecutionException e) {
            failed(plan.subject() + " is not watched any more: " + e.getMessage(), null);
        }
    }

    private boolean install(Installation install) throws IOException, InterruptedException, ExecutionException {
        installing.lockInterruptibly();
        try {
            if (!install.isNeeded()) {
                return true;
            }
            reports.log(LogEntry.MANAGER, LogEntry.Level.INFO, install.note());
            ProcessGroup group = begin(install.argv(), install.directory(), 0);
            if (group == null) {
                return false;
            }
            int code = group.ended().get();
            if (code == 0 || isStopping()) {
                return !isStopping();
            }
            failed(install.name() + " failed with exit code " + code, code);
            return false;
        } finally {
            installing.unlock();
        }
    }

    private void serve() throws IOException, InterruptedException, ExecutionException {
        if (plan.portIsFixed() && !PortAllocator.isFree(plan.port())) {
            failed(plan.subject() + " needs port " + plan.port() + ", which somebody else listens at", null);
            return;
        }
        synchronized (this) {
            serving = true;
        }
        ProcessGroup group = begin(plan.argv(), plan.directory(), plan.port());
        if (group == null) {
            return;
        }
        reports.started(group.pgid());
        switch (plan.readiness()) {
            case Readiness.Unknown unknown -> up();
            case Readiness.Look look ->
                Thread.ofVirtual().name("readiness of " + plan.source()).start(() -> look(look));
            case Readiness.Line line -> {}
        }
        int code;
        try {
            code = group.ended().get(plan.patience().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            late();
            code = group.ended().get();
        }
        boolean was;
        synchronized (this) {
            over = true;
            if (stopping) {
                return;
            }
            was = ready;
        }
        if (code == 0 && plan.mayEnd()) {
            reports.log(LogEntry.MANAGER, LogEntry.Level.INFO, plan.subject() + " has ended with exit code 0");
            reports.status(DevProcessStatus.STOPPED, "", code);
        } else {
            failed(plan.subject() + " ended with exit code " + code + (was ? "" : " before it was ready"), code);
        }
    }

    private synchronized void up() {
        if (!stopping) {
            ready = true;
            reports.status(DevProcessStatus.RUNNING, "", null);
        }
    }

    private void look(Readiness.Look look) {
        try {
            while (isAwaited()) {
                if (isReady(look.look())) {
                    ready();
                    return;
                }
                Thread.sleep(look.interval());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isReady(Readiness.Check check) {
        try {
            return check.isReady();
        } catch (IOException | IllegalArgumentException e) {
            return false; // not yet
        }
    }

    private synchronized boolean isAwaited() {
        return !ready && !stopping && !over;
    }

    private synchronized void ready() {
        if (serving && isAwaited()) {
            ready = true;
            reports.status(DevProcessStatus.READY, "", null);
        }
    }

    private synchronized void late() {
        if (!ready && !stopping) {
            String message = plan.subject() + " was not ready in "
                    + (plan.patience().toMillis() % 1000 == 0
                            ? plan.patience().toSeconds() + " s"
                            : plan.patience().toMillis() + " ms");
            reports.log(LogEntry.MANAGER, LogEntry.Level.WARN, message);
            reports.status(DevProcessStatus.ERROR, message, null);
        }
    }

    /** Starts a command unless all of it is being stopped. */
    private synchronized @Nullable ProcessGroup begin(List<String> argv, Path directory, int itsPort)
            throws IOException {
        if (stopping) {
            return null;
        }
        current = starter.start(
                new ProcessGroup.Command(argv, directory, plan.environment()), itsPort, this::out, this::err);
        return current;
    }

    private void out(String line) {
        reports.log(plan.source(), LogEntry.Level.INFO, line);
        if (plan.readiness() instanceof Readiness.Line rule && rule.says().test(line)) {
            ready();
        }
    }

    private void err(String line) {
        // what a package manager says of its script that we ended is no error
        reports.log(plan.source(), isStopping() ? LogEntry.Level.DEBUG : plan.errors(), line);
        if (plan.readiness() instanceof Readiness.Line rule
                && rule.errors()
                && rule.says().test(line)) {
            ready();
        }
    }

    private synchronized void failed(String message, @Nullable Integer code) {
        if (!stopping) {
            reports.log(LogEntry.MANAGER, LogEntry.Level.ERROR, message);
            reports.status(DevProcessStatus.ERROR, message, code);
        }
    }

    private synchronized boolean isStopping() {
        return stopping;
    }

    synchronized long pgid() {
        return current == null || current.ended().isDone() ? 0 : current.pgid();
    }

    /** Ends it, whatever it is at; when this returns nothing of it is left, but for what the kernel cannot end. */
    void stop() throws InterruptedException {
        ProcessGroup group;
        synchronized (this) {
            stopping = true;
            group = current;
        }
        if (group != null && !group.stop(TERM_PATIENCE, KILL_PATIENCE)) {
            reports.log(LogEntry.MANAGER, LogEntry.Level.ERROR, "process group " + group.pgid() + " does not end");
        }
        reports.status(DevProcessStatus.STOPPED, "", null);
    }
}
