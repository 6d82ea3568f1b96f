package dev.sharedserver.dev;

import dev.sharedserver.dev.process.ProcessGroup;
import dev.sharedserver.dev.tool.PackageManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The dev server of a plugin's front end: installs what it needs where that is missing, runs it, and says how it is. It is
 * ready when one line of its output has {@code Local:} and the port.
 */
final class FrontEnd {

    static final Duration READY_PATIENCE = Duration.ofSeconds(30);
    static final Duration TERM_PATIENCE = Duration.ofSeconds(5);
    static final Duration KILL_PATIENCE = Duration.ofSeconds(3);

    private static final String READY_WORD = "Local:";

    /** What it tells of itself; by any thread. */
    interface Reports {
        void status(DevProcessStatus status, String error, @Nullable Integer exitCode);

        void log(String source, LogEntry.Level level, String message);
    }

    private final Path directory;
    private final int port;
    private final Path packageManager;
    private final String path;
    private final PackageManager manager;
    private final ProcessStarter starter;
    private final Duration readyPatience;
    private final Reports reports;
    private final Thread thread;

    private @Nullable ProcessGroup current;
    private boolean stopping;
    private boolean ready;
    private boolean serving;

    /** Starts groups. */
    interface ProcessStarter {
        ProcessGroup start(ProcessGroup.Command command, int port, Consumer<String> out, Consumer<String> err)
                throws IOException;
    }

    /**
     * Makes one that is not started yet.
     *
     * @param path what its processes have as PATH
     */
    FrontEnd(
            Path directory,
            int port,
            Path packageManager,
            String path,
            ProcessStarter starter,
            Duration readyPatience,
            Reports reports) {
        this.directory = directory;
        this.port = port;
        this.packageManager = packageManager;
        this.path = path;
        this.manager = PackageManager.of(directory);
        this.starter = starter;
        this.readyPatience = readyPatience;
        this.reports = reports;
        this.thread = Thread.ofPlatform().daemon().name("vite " + port).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            reports.status(DevProcessStatus.STARTING, "", null);
            if (!Files.isDirectory(directory.resolve("node_modules")) && !install()) {
                return;
            }
            serve();
        } catch (IOException e) {
            failed("cannot start " + packageManager + ": " + e.getMessage(), null);
        } catch (InterruptedException | ExecutionException e) {
            failed("the front end is not watched any more: " + e.getMessage(), null);
        }
    }

    private boolean install() throws IOException, InterruptedException, ExecutionException {
        List<String> argv = manager.install(packageManager);
        reports.log(LogEntry.MANAGER, LogEntry.Level.INFO, "no node_modules: " + manager.command() + " install");
        ProcessGroup group = begin(argv, 0);
        if (group == null) {
            return false;
        }
        int code = group.ended().get();
        if (code == 0 || isStopping()) {
            return !isStopping();
        }
        failed(manager.command() + " install failed with exit code " + code, code);
        return false;
    }

    private void serve() throws IOException, InterruptedException, ExecutionException {
        synchronized (this) {
            serving = true;
        }
        List<String> argv = manager.run(
                packageManager,
                "dev",
                List.of("--port", Integer.toString(port), "--strictPort", "--host", "127.0.0.1"));
        ProcessGroup group = begin(argv, port);
        if (group == null) {
            return;
        }
        int code;
        try {
            code = group.ended().get(readyPatience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            late();
            code = group.ended().get();
        }
        boolean was;
        synchronized (this) {
            if (stopping) {
                return;
            }
            was = ready;
        }
        failed("the front end ended with exit code " + code + (was ? "" : " before it was ready"), code);
    }

    private synchronized void late() {
        if (!ready && !stopping) {
            String message = "the front end was not ready in " + readyPatience.toSeconds() + " s";
            reports.log(LogEntry.MANAGER, LogEntry.Level.WARN, message);
            reports.status(DevProcessStatus.ERROR, message, null);
        }
    }

    /** Starts a command unless all of it is being stopped. */
    private synchronized @Nullable ProcessGroup begin(List<String> argv, int itsPort) throws IOException {
        if (stopping) {
            return null;
        }
        current = starter.start(
                new ProcessGroup.Command(argv, directory, Map.of("PATH", path)), itsPort, this::out, this::err);
        return current;
    }

    private void out(String line) {
        reports.log(LogEntry.VITE, LogEntry.Level.INFO, line);
        if (line.contains(READY_WORD) && line.contains(":" + port)) {
            synchronized (this) {
                if (serving && !ready && !stopping) {
                    ready = true;
                    reports.status(DevProcessStatus.READY, "", null);
                }
            }
        }
    }

    private void err(String line) {
        // what a package manager says of its script that we ended is no error
        reports.log(LogEntry.VITE, isStopping() ? LogEntry.Level.DEBUG : LogEntry.Level.ERROR, line);
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
