package dev.sharedserver.dev;

import dev.sharedserver.dev.build.BuildLoop;
import dev.sharedserver.dev.build.Compiler;
import dev.sharedserver.dev.build.ErrorParser;
import dev.sharedserver.dev.build.Sources;
import dev.sharedserver.dev.process.ProcessGroup;
import dev.sharedserver.dev.watch.FileWatch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A build loop: watches sources, builds, puts what was built where it is run, and has it loaded again. */
final class Builder {

    static final Duration BUILD_PATIENCE = Duration.ofMinutes(10);
    private static final Duration TERM_PATIENCE = Duration.ofSeconds(2);
    private static final Duration KILL_PATIENCE = Duration.ofSeconds(3);
    private static final int TAIL_LINES = 20;

    /** So many builds in a row during which their sources changed are said to be their own doing. */
    private static final int SUSPICIOUS = 3;

    /**
     * How a build ended; a failed one has no reload.
     *
     * @param reloaded whether it was loaded again; null if that was not asked for
     */
    record Result(String error, boolean built, @Nullable Boolean reloaded, long durationNanos) {}

    /** What it tells of itself; by any thread. */
    interface Reports {
        void building();

        void ended(Result result);

        /** What a reload has come to that a build has not waited for; no text: it was loaded. */
        void reloaded(String error);

        void errors(List<BuildError> errors);

        void log(String source, LogEntry.Level level, String message);
    }

    /** A step around a build. */
    interface Step {
        void run() throws IOException, InterruptedException;
    }

    /** Has what was built loaded again: what is returned need not be waited for. */
    interface Reload {
        CompletableFuture<Void> begin() throws Exception;
    }

    /**
     * What it is.
     *
     * @param source what the compiler's lines have as source
     * @param watchSource what lines about changes have as source
     * @param subject what a build is called in messages
     * @param parser null if the output is not looked at
     * @param root which the files that changed are shown relative to
     * @param sources looks which files it is made of
     * @param globs whether a person has said which
     * @param before what a build needs
     * @param install null for nothing
     * @param deploy what is done with what was built
     * @param reload null for nothing
     * @param patience how long a build may take
     */
    record Plan(
            String source,
            String watchSource,
            String subject,
            List<String> argv,
            Path directory,
            Map<String, String> environment,
            @Nullable ErrorParser parser,
            Path root,
            Supplier<Sources> sources,
            boolean globs,
            Step before,
            @Nullable Installation install,
            Step deploy,
            @Nullable Reload reload,
            Duration patience) {
        /** Returns the same with another step after a build. */
        Plan withDeploy(Step another) {
            return new Plan(
                    source,
                    watchSource,
                    subject,
                    argv,
                    directory,
                    environment,
                    parser,
                    root,
                    sources,
                    globs,
                    before,
                    install,
                    another,
                    reload,
                    patience);
        }
    }

    /**
     * What the builders and processes of one project share.
     *
     * @param building held by who builds: one build at a time a project
     * @param installing held by who installs
     */
    record Turns(ReentrantLock building, ReentrantLock installing) {}

    private final Plan plan;
    private final ServerProcess.Starter starter;
    private final Turns turns;
    private final Reports reports;
    private final BuildLoop loop;

    private Sources sources;
    private @Nullable FileWatch watch;
    private @Nullable ProcessGroup compiler;
    private @Nullable CompletableFuture<Void> reloading;
    private boolean stopping;
    private boolean building;
    private @Nullable Path changedWhileBuilding;
    private int disturbed;

    /** Makes one that is not started yet. */
    Builder(Plan plan, String pluginID, ServerProcess.Starter starter, Turns turns, Reports reports) {
        this.plan = plan;
        this.starter = starter;
        this.turns = turns;
        this.reports = reports;
        this.sources = plan.sources().get();
        this.loop = new BuildLoop(pluginID + " " + plan.source(), this::build);
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
        Sources now = sources;
        watch = new FileWatch(now.roots(), now::entered, new FileWatch.Listener() {
            @Override
            public void changed(Path file) {
                sourceChanged(file);
            }

            @Override
            public void rescanned(String reason) {
                reports.log(
                        plan.watchSource(),
                        LogEntry.Level.WARN,
                        "changes may have been missed (" + reason + "): building");
                loop.changed();
            }
        });
    }

    private void sourceChanged(Path file) {
        Sources now;
        synchronized (this) {
            now = sources;
        }
        if (now.relevant(file)) {
            synchronized (this) {
                changedWhileBuilding = building ? file : changedWhileBuilding;
            }
            reports.log(plan.watchSource(), LogEntry.Level.DEBUG, "changed: " + shown(file));
            loop.changed();
        }
    }

    private String shown(Path file) {
        return (file.startsWith(plan.root()) ? plan.root().relativize(file) : file).toString();
    }

    /** Follows a change of which files are sources: what is watched is what the next build reads. */
    private void lookAgain() {
        Sources now = plan.sources().get();
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
                reports.log(plan.watchSource(), LogEntry.Level.ERROR, "cannot watch the sources: " + e.getMessage());
            }
        }
    }

    /** One build, in the loop's thread. */
    private void build() {
        try {
            turns.building().lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        try {
            synchronized (this) {
                building = true;
                changedWhileBuilding = null;
            }
            once();
        } finally {
            turns.building().unlock();
            disturbed();
        }
    }

    /** A build that changes its own sources goes on for ever: its author is told. */
    private synchronized void disturbed() {
        building = false;
        disturbed = changedWhileBuilding == null ? 0 : disturbed + 1;
        if (plan.globs() && changedWhileBuilding != null && disturbed == SUSPICIOUS) {
            reports.log(
                    LogEntry.MANAGER,
                    LogEntry.Level.WARN,
                    shown(changedWhileBuilding) + " changed while it was built " + SUSPICIOUS + " times in a row: if "
                            + plan.subject() + " writes it, put it into \"ignore\"");
        }
    }

    private void once() {
        lookAgain();
        reports.building();
        long start = System.nanoTime();
        Output output = new Output();
        try {
            plan.before().run();
            if (!install()) {
                return;
            }
            Integer code = compile(output);
            long duration = System.nanoTime() - start;
            if (code == null) {
                failed("the build took longer than " + patience(), duration, List.of());
            } else if (code != 0) {
                failed(plan.subject() + " failed with exit code " + code + output.last(), duration, output.errors());
            } else {
                plan.deploy().run();
                reports.log(plan.source(), LogEntry.Level.INFO, "built in " + duration / 1_000_000 + " ms");
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

    private String patience() {
        Duration time = plan.patience();
        if (time.equals(Duration.ofMinutes(time.toMinutes()))) {
            return time.toMinutes() + " minutes";
        }
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }

    private boolean install() throws IOException, InterruptedException, ExecutionException {
        Installation install = plan.install();
        if (install == null) {
            return true;
        }
        turns.installing().lockInterruptibly();
        try {
            if (!install.isNeeded()) {
                return true;
            }
            reports.log(LogEntry.MANAGER, LogEntry.Level.INFO, install.note());
            Output output = new Output();
            Integer code = run(install.argv(), install.directory(), output);
            if (code != null && code == 0) {
                return true;
            }
            failed(
                    install.name()
                            + (code == null ? " took too long" : " failed with exit code " + code)
                            + output.last(),
                    0,
                    List.of());
            return false;
        } finally {
            turns.installing().unlock();
        }
    }

    private @Nullable Integer compile(Output output) throws IOException, InterruptedException, ExecutionException {
        return run(plan.argv(), plan.directory(), output);
    }

    /** Returns the command's exit code, null if it had to be ended. */
    private @Nullable Integer run(List<String> argv, Path directory, Output output)
            throws IOException, InterruptedException, ExecutionException {
        ProcessGroup group;
        synchronized (this) {
            if (stopping) {
                throw new InterruptedException();
            }
            group = starter.start(
                    new ProcessGroup.Command(argv, directory, plan.environment()), 0, output::out, output::err);
            compiler = group;
        }
        try {
            return group.ended().get(plan.patience().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            group.stop(TERM_PATIENCE, KILL_PATIENCE);
            return null;
        }
    }

    /** What a command writes: each stream is read by itself, so that what belongs together is not torn. */
    private final class Output {
        private final ErrorParser.@Nullable Reader ofOut = reader();
        private final ErrorParser.@Nullable Reader ofErr = reader();
        private final Deque<String> tail = new ArrayDeque<>();

        private ErrorParser.@Nullable Reader reader() {
            ErrorParser parser = plan.parser();
            return parser == null ? null : parser.reader(plan.directory());
        }

        void out(String line) {
            take(line, ofOut, LogEntry.Level.INFO, plan.globs());
        }

        void err(String line) {
            take(line, ofErr, LogEntry.Level.WARN, true);
        }

        private synchronized void take(
                String line, ErrorParser.@Nullable Reader reader, LogEntry.Level otherwise, boolean tells) {
            boolean error = reader != null && reader.line(line);
            if (tells) {
                tail.add(line);
                if (tail.size() > TAIL_LINES) {
                    tail.remove();
                }
            }
            reports.log(plan.source(), error ? LogEntry.Level.ERROR : level(line, otherwise), line);
        }

        private LogEntry.Level level(String line, LogEntry.Level otherwise) {
            if (plan.parser() == Compiler.GO) {
                // "# the/package", "go: downloading …": what it does, not what is wrong
                return line.startsWith("# ") || line.startsWith("go: downloading ") ? LogEntry.Level.INFO : otherwise;
            }
            // most tools say on standard error what they are about
            String start = line.substring(0, Math.min(line.length(), 512)).toLowerCase(Locale.ROOT);
            return start.startsWith("[error]") || start.startsWith("error")
                    ? LogEntry.Level.ERROR
                    : start.contains("warning") ? LogEntry.Level.WARN : LogEntry.Level.INFO;
        }

        /** Maven says each error twice. */
        synchronized List<BuildError> errors() {
            Set<BuildError> all = new LinkedHashSet<>();
            if (ofOut != null) {
                all.addAll(ofOut.errors());
            }
            if (ofErr != null) {
                all.addAll(ofErr.errors());
            }
            return List.copyOf(all);
        }

        /** Returns what goes behind the message of a failure: of a tool that a person has chosen its first error. */
        synchronized String last() {
            List<BuildError> errors = errors();
            if (plan.globs() && !errors.isEmpty()) {
                BuildError first = errors.getFirst();
                return (first.file().isEmpty() ? "" : ": " + first.file())
                        + (first.line() > 0 ? ":" + first.line() : "")
                        + (first.column() > 0 ? ":" + first.column() : "") + ": " + first.message();
            }
            return tail.isEmpty() ? "" : ": " + tail.getLast();
        }
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
        Reload reload = plan.reload();
        if (reload == null) {
            reports.ended(new Result("", true, null, duration));
            return;
        }
        // what an earlier build has begun is about a program that is not there any more
        follow(null);
        try {
            CompletableFuture<Void> answer = reload.begin();
            if (answer.isDone() && !answer.isCompletedExceptionally()) {
                reports.ended(new Result("", true, true, duration));
                return;
            }
            reports.ended(new Result("", true, null, duration));
            follow(answer);
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            String error = notLoaded(e);
            reports.log(LogEntry.MANAGER, LogEntry.Level.ERROR, error);
            reports.ended(new Result(error, true, false, duration));
        }
    }

    private static String notLoaded(Throwable why) {
        return "the plugin was built, but not loaded again: " + why.getMessage();
    }

    /** Tells what a reload comes to, and of an earlier one nothing any more. */
    private void follow(@Nullable CompletableFuture<Void> answer) {
        CompletableFuture<Void> unwanted;
        synchronized (this) {
            unwanted = stopping && answer != null ? answer : reloading;
            reloading = stopping ? null : answer;
        }
        if (unwanted != null) {
            unwanted.cancel(true);
        }
        if (answer != null) {
            var unused = answer.whenComplete((nothing, failure) -> {
                synchronized (this) {
                    if (reloading != answer) {
                        return;
                    }
                    reloading = null;
                }
                String error = failure == null ? "" : notLoaded(failure);
                if (failure != null) {
                    reports.log(LogEntry.MANAGER, LogEntry.Level.ERROR, error);
                }
                reports.reloaded(error);
            });
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
                reports.log(plan.watchSource(), LogEntry.Level.WARN, "closing the watch: " + e.getMessage());
            }
        }
        follow(null);
        if (group != null) {
            group.stop(TERM_PATIENCE, KILL_PATIENCE);
        }
        loop.close();
    }
}
