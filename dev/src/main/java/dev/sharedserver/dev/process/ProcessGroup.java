package dev.sharedserver.dev.process;

import dev.sharedserver.os.ProcStat;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * A command that runs in a session and group of its own, so that it can be ended with all that it has started.
 *
 * <p>The JDK cannot make sessions; setsid(1) of util-linux can, which every Debian has, and since a child of the JDK leads no group it executes the
 * rest in place: same pid. That rest is a shell that waits for a line before it becomes the command. The line is written
 * when the ledger has the group; a hub that dies before it leaves a shell that reads the end of its input and exits.
 */
public final class ProcessGroup {

    /** The variable that says whose process this is. */
    public static final String TOKEN = "SHAREDSERVER_DEV_GROUP";

    /** The variable that says in which state directory its hub is. */
    public static final String HUB = "SHAREDSERVER_DEV_HUB";

    static final String GATE = "IFS= read -r go && exec \"$@\" </dev/null";
    private static final int READ_BYTES = 64 << 10;

    /** How long the output of a command that has ended is waited for: processes that it left may hold it open. */
    private static final Duration OUTPUT_PATIENCE = Duration.ofMillis(500);

    /** The same once those are gone: what is still to be read is in the pipe, and on a busy machine somebody has to get round to it. */
    private static final Duration LAST_OUTPUT_PATIENCE = Duration.ofSeconds(3);

    /** How long the end of a group that is gone is waited for. */
    private static final Duration END_PATIENCE = Duration.ofSeconds(5);

    private static final Duration REST_PATIENCE = Duration.ofSeconds(1);

    /**
     * What is run.
     *
     * @param environment all that it has, but for {@link #TOKEN} and {@link #HUB}
     */
    public record Command(List<String> argv, Path directory, Map<String, String> environment) {
        /** Returns the same command with more variables, or other values of them. */
        public Command with(Map<String, String> more) {
            Map<String, String> all = new HashMap<>(environment);
            all.putAll(more);
            return new Command(argv, directory, all);
        }
    }

    private final Process process;
    private final RecordedGroup group;
    private final GroupLedger ledger;
    private final List<Thread> pumps = new ArrayList<>();
    private final CompletableFuture<Integer> ended = new CompletableFuture<>();

    private ProcessGroup(Process process, RecordedGroup group, GroupLedger ledger) {
        this.process = process;
        this.group = group;
        this.ledger = ledger;
    }

    /**
     * Starts a command.
     *
     * @param port the port that it is given, 0 for none
     * @param out called with each line of its standard output, by one thread
     * @param err called with each line of its standard error, by another
     */
    public static ProcessGroup start(
            Command command, int port, GroupLedger ledger, Consumer<String> out, Consumer<String> err)
            throws IOException {
        String token = UUID.randomUUID().toString();
        List<String> argv = new ArrayList<>(List.of("setsid", "sh", "-c", GATE, "sh"));
        argv.addAll(command.argv());
        ProcessBuilder builder = new ProcessBuilder(argv);
        builder.directory(command.directory().toFile());
        builder.environment().clear();
        builder.environment().putAll(command.environment());
        builder.environment().put(TOKEN, token);
        builder.environment().put(HUB, ledger.directory().toString());
        Process process = builder.start();
        try {
            long stamp = awaitGroup(process, ledger);
            RecordedGroup recorded = new RecordedGroup(port, process.pid(), stamp, token);
            ledger.add(recorded);
            ProcessGroup group = new ProcessGroup(process, recorded, ledger);
            group.pump(process.getInputStream(), out, "stdout");
            group.pump(process.getErrorStream(), err, "stderr");
            group.letGo();
            Thread.ofPlatform().daemon().name("end of " + process.pid()).start(group::awaitEnd);
            return group;
        } catch (IOException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    /** Waits until setsid has made the group, and returns the stamp of its first process. */
    private static long awaitGroup(Process process, GroupLedger ledger) throws IOException {
        long pid = process.pid();
        while (true) {
            ProcStat stat = ledger.proc().stat(pid);
            if (stat == null || !stat.alive()) {
                throw new IOException("setsid has ended before it had executed anything");
            }
            if (stat.session() == pid) {
                return stat.startTime();
            }
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }

    private void letGo() throws IOException {
        try (OutputStream in = process.getOutputStream()) {
            in.write('\n');
        }
    }

    private void pump(InputStream from, Consumer<String> lines, String name) {
        LineSplitter splitter = new LineSplitter(lines);
        pumps.add(Thread.ofPlatform()
                .daemon()
                .name(name + " of " + process.pid())
                .start(() -> {
                    byte[] buffer = new byte[READ_BYTES];
                    try (from) {
                        int read;
                        while ((read = from.read(buffer)) >= 0) {
                            splitter.feed(buffer, read);
                        }
                    } catch (IOException e) {
                        // closed: as good as its end
                    }
                    splitter.end();
                }));
    }

    private void awaitEnd() {
        try {
            int code = process.waitFor();
            awaitOutput(OUTPUT_PATIENCE);
            // what it has left running is of no use without it
            if (ledger.signals().end(group, REST_PATIENCE, REST_PATIENCE)) {
                ledger.remove(group.pgid());
            }
            awaitOutput(LAST_OUTPUT_PATIENCE);
            ended.complete(code);
        } catch (InterruptedException | IOException | RuntimeException e) {
            ended.completeExceptionally(e);
        }
    }

    private void awaitOutput(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        for (Thread pump : pumps) {
            pump.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
        }
    }

    /** Returns the group's id. */
    public long pgid() {
        return group.pgid();
    }

    /**
     * Completes when the command has ended, its lines were given away and nothing of its group is left: with its exit code, 128 and
     * the signal's number if one ended it.
     */
    public CompletableFuture<Integer> ended() {
        return ended;
    }

    /** Ends all of it: TERM, KILL for what is left after {@code patience}, and {@code lastPatience} for that. Returns whether it is gone. */
    public boolean stop(Duration patience, Duration lastPatience) throws InterruptedException {
        boolean gone = ledger.signals().end(group, patience, lastPatience);
        if (gone) {
            try {
                // its last lines are given away and the ledger forgets it
                var unused = ended.get(END_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException | ExecutionException e) {
                // what is left of it is the ledger's entry of a group that is gone, which harms nobody
            }
        }
        return gone;
    }
}
