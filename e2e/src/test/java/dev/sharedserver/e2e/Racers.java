package dev.sharedserver.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Shells that run one command line at the same moment, each a process of its own that lives on afterwards as a client.
 *
 * <p>All of them read from one FIFO: they are released together when the test closes it.
 */
final class Racers {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /** What one of them did; output is on one line. */
    record Racer(long pid, int exit, String output) {}

    private static final String RACER = """
        set -f
        exec 3<gate
        echo $$ >>ready
        read _ <&3
        exec 3<&-
        out=$(eval "$RACE" 2>&1)
        code=$?
        printf '%s %s %s\\n' "$$" "$code" "$(echo $out)" >>results
        exec sleep 1000
        """;

    /** Where each launcher is a JVM. */
    private static final int JVMS_TOGETHER = 12;

    private static final int JVM_ROUNDS = 3;

    private Racers() {}

    /** Returns how many racers a test can have that wants that many: fewer where the product is the portable one. */
    static int together(int wanted) {
        return Product.isPortable() ? Math.min(JVMS_TOGETHER, wanted) : wanted;
    }

    /** Returns how often a test repeats what it wants to repeat that often: less where a command takes a JVM to start. */
    static int rounds(int wanted) {
        return Product.isPortable() ? Math.min(JVM_ROUNDS, wanted) : wanted;
    }

    /** Runs the line in {@code count} shells at once and waits for all results. {@code $$} is the shell's pid. */
    static List<Racer> run(Sandbox box, int count, String line) {
        return run(box, count, line, Map.of());
    }

    static List<Racer> run(Sandbox box, int count, String line, Map<String, String> env) {
        return run(box, count, line, env, () -> {});
    }

    /** {@code atRelease} runs when all of them are ready, just before they are let go. */
    @SuppressWarnings("try") // the gate is only there to be closed
    static List<Racer> run(Sandbox box, int count, String line, Map<String, String> env, Runnable atRelease) {
        Path work = box.work();
        try {
            for (String old : List.of("ready", "results", "gate")) {
                Files.deleteIfExists(work.resolve(old));
            }
            Files.writeString(work.resolve("racer.sh"), RACER);
            box.sh("mkfifo gate").run().ok();
            try (FileChannel gate =
                    FileChannel.open(work.resolve("gate"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                Invocation spawn = box.sh(
                                "i=0; while [ $i -lt $1 ]; do sh racer.sh & i=$((i+1)); done; wait", "" + count)
                        .env("RACE", line);
                env.forEach(spawn::env);
                box.inBackground(spawn);
                Until.holds(PATIENCE, () -> box.lines("ready").size() == count, count + " racers are ready");
                atRelease.run();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Until.holds(PATIENCE, () -> box.lines("results").size() == count, count + " racers have finished");
        return box.lines("results").stream().map(Racers::parse).toList();
    }

    private static Racer parse(String line) {
        String[] parts = line.split(" ", 3);
        return new Racer(Long.parseLong(parts[0]), Integer.parseInt(parts[1]), parts.length > 2 ? parts[2] : "");
    }
}
