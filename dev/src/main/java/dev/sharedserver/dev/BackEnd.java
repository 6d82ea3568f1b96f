package dev.sharedserver.dev;

import dev.sharedserver.dev.build.BuildLoop;
import dev.sharedserver.dev.build.Compiler;
import dev.sharedserver.dev.build.Deployment;
import dev.sharedserver.dev.build.ErrorParser;
import dev.sharedserver.dev.build.GoSources;
import dev.sharedserver.dev.process.ProcessGroup;
import dev.sharedserver.dev.watch.FileWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The build loop of a plugin's back end: watches its sources, builds, puts the program where the host runs it, and has it loaded again. */
final class BackEnd {

    static final Duration BUILD_PATIENCE = Duration.ofMinutes(10);
    private static final Duration TERM_PATIENCE = Duration.ofSeconds(2);
    private static final Duration KILL_PATIENCE = Duration.ofSeconds(3);
    private static final String OUTPUT = "build/bin/plugin";
    private static final int TAIL_LINES = 20;

    /** How a build ended; a failed one has no reload. */
    record Result(String error, boolean built, boolean reloaded, long durationNanos) {}

    /** What it tells of itself; by any thread. */
    interface Reports {
        void building();

        void ended(Result result);

        void errors(List<BuildError> errors);

        void log(String source, LogEntry.Level level, String message);
    }

    private final String pluginID;
    private final Path directory;
    private final Path go;
    private final String path;
    private final Path target;
    private final FrontEnd.ProcessStarter starter;
    private final PluginReloader reloader;
    private final Reports reports;
    private final BuildLoop loop;

    private GoSources sources;
    private @Nullable FileWatch watch;
    private @Nullable ProcessGroup compiler;
    private boolean stopping;

    /**
     * Makes one that is not started yet.
     *
     * @param path what its processes have as PATH
     * @param target the directory that the program is put into
     */
    BackEnd(
            String pluginID,
            Path directory,
            Path go,
            String path,
            Path target,
            FrontEnd.ProcessStarter starter,
            PluginReloader reloader,
            Reports reports) {
        this.pluginID = pluginID;
        this.directory = directory;
        this.go = go;
        this.path = path;
        this.target = target;
        this.starter = starter;
        this.reloader = reloader;
        this.reports = reports;
        this.sources = new GoSources(directory);
        this.loop = new BuildLoop(pluginID, this::build);
    }

    /** Watches, and builds for the first time. */
    void start() throws IOException {
        openWatch();
        loop.start();
        loop.now();
    }

    /** Builds, though nothing has changed. */
    void rebuild() {
        loop.now();
    }

    private synchronized void openWatch() throws IOException {
        if (stopping) {
            return;
        }
        GoSources now = sources;
        watch = new FileWatch(now.roots(), now::entered, new FileWatch.Listener() {
            @Override
            public void changed(Path file) {
                sourceChanged(file);
            }

            @Override
            public void rescanned(String reason) {
                reports.log(
                        LogEntry.GO_WATCH,
                        LogEntry.Level.WARN,
                        "changes may have been missed (" + reason + "): building");
                loop.changed();
            }
        });
    }

    private void sourceChanged(Path file) {
        GoSources now;
        synchronized (this) {
            now = sources;
        }
        if (now.relevant(file)) {
            reports.log(LogEntry.GO_WATCH, LogEntry.Level.DEBUG, "changed: " + shown(file));
            loop.changed();
        }
    }

    private String shown(Path file) {
        return (file.startsWith(directory) ? directory.relativize(file) : file).toString();
    }

    /** Follows a go.work or embedded files that changed: what is watched is what the next build reads. */
    private void lookAgain() {
        GoSources now = new GoSources(directory);
        synchronized (this) {
            boolean same = now.sameWatch(sources);
            sources = now;
            if (same || watch == null || stopping) {
                return;
            }
            try {
                watch.close();
                openWatch();
            } catch (IOException e) {
                reports.log(LogEntry.GO_WATCH, LogEntry.Level.ERROR, "cannot watch the sources: " + e.getMessage());
            }
        }
    }

    /** One build, in the loop's thread. */
    private void build() {
        lookAgain();
        reports.building();
        long start = System.nanoTime();
        ErrorParser.Reader complaints = Compiler.GO.reader(directory);
        Deque<String> tail = new ArrayDeque<>();
        try {
            Files.createDirectories(directory.resolve(OUTPUT).getParent());
            Integer code = compile(complaints, tail);
            long duration = System.nanoTime() - start;
            if (code == null) {
                failed("the build took longer than " + BUILD_PATIENCE.toMinutes() + " minutes", duration, List.of());
            } else if (code != 0) {
                List<BuildError> errors;
                synchronized (complaints) {
                    errors = complaints.errors();
                }
                failed("go build failed with exit code " + code + last(tail), duration, errors);
            } else {
                Deployment.deploy(directory.resolve(OUTPUT), target);
                reports.log(LogEntry.GO_BUILD, LogEntry.Level.INFO, "built in " + duration / 1_000_000 + " ms");
                reports.errors(List.of());
                reload(duration);
            }
        } catch (IOException | ExecutionException e) {
            failed("the build failed: " + e.getMessage(), System.nanoTime() - start, List.of());
        } catch (InterruptedException e) {
            // stopped; the loop sees it
            Thread.currentThread().interrupt();
        }
    }

    private static String last(Deque<String> tail) {
        synchronized (tail) {
            return tail.isEmpty() ? "" : ": " + tail.getLast();
        }
    }

    /** Returns the compiler's exit code, null if it had to be ended. */
    private @Nullable Integer compile(ErrorParser.Reader complaints, Deque<String> tail)
            throws IOException, InterruptedException, ExecutionException {
        ProcessGroup group;
        synchronized (this) {
            if (stopping) {
                throw new InterruptedException();
            }
            group = starter.start(
                    new ProcessGroup.Command(
                            List.of(go.toString(), "build", "-o", OUTPUT, "./pkg"), directory, Map.of("PATH", path)),
                    0,
                    line -> reports.log(LogEntry.GO_BUILD, LogEntry.Level.INFO, line),
                    line -> complaint(line, complaints, tail));
            compiler = group;
        }
        try {
            return group.ended().get(BUILD_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            group.stop(TERM_PATIENCE, KILL_PATIENCE);
            return null;
        }
    }

    private void complaint(String line, ErrorParser.Reader complaints, Deque<String> tail) {
        boolean error;
        synchronized (complaints) {
            error = complaints.line(line);
        }
        synchronized (tail) {
            tail.add(line);
            if (tail.size() > TAIL_LINES) {
                tail.remove();
            }
        }
        LogEntry.Level level = error
                ? LogEntry.Level.ERROR
                // "# the/package", "go: downloading …": what it does, not what is wrong
                : line.startsWith("# ") || line.startsWith("go: downloading ")
                        ? LogEntry.Level.INFO
                        : LogEntry.Level.WARN;
        reports.log(LogEntry.GO_BUILD, level, line);
    }

    private void failed(String error, long duration, List<BuildError> errors) {
        synchronized (this) {
            if (stopping) {
                return;
            }
        }
        reports.log(LogEntry.MANAGER, LogEntry.Level.ERROR, error);
        // an empty list would mean that all is well
        reports.errors(errors.isEmpty() ? List.of(new BuildError("", 0, 0, error, null)) : errors);
        reports.ended(new Result(error, false, false, duration));
    }

    private void reload(long duration) throws InterruptedException {
        try {
            reloader.reloadPlugin(pluginID);
            reports.ended(new Result("", true, true, duration));
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            String error = "the plugin was built, but not loaded again: " + e.getMessage();
            reports.log(LogEntry.MANAGER, LogEntry.Level.ERROR, error);
            reports.ended(new Result(error, true, false, duration));
        }
    }

    /** Ends it; when this returns no build runs and none will. */
    void stop() throws InterruptedException {
        ProcessGroup group;
        synchronized (this) {
            stopping = true;
            group = compiler;
            try {
                if (watch != null) {
                    watch.close();
                }
            } catch (IOException e) {
                reports.log(LogEntry.GO_WATCH, LogEntry.Level.WARN, "closing the watch: " + e.getMessage());
            }
        }
        if (group != null) {
            group.stop(TERM_PATIENCE, KILL_PATIENCE);
        }
        loop.close();
    }
}
