package dev.sharedserver.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Feeds a reader with inputs made from valid ones. A finding is anything that the reader throws, a hang, or memory out of
 * all proportion to the input; it is told with seed and input.
 */
final class Fuzz {

    private static final int INPUTS = Integer.getInteger("fuzz.inputs", 10_000);
    private static final long SEED = Long.getLong("fuzz.seed", System.nanoTime());
    private static final boolean LONG = System.getProperty("fuzz.inputs") != null;
    private static final long HANGS_AFTER = TimeUnit.SECONDS.toNanos(20);

    /** What any input may cost, in bytes. */
    private static final long FREE = 1 << 20;

    private static final ThreadMXBean MEMORY = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final String name;
    private final Mutator mutator;
    private final long perByte;
    private volatile long begun;
    private volatile byte @Nullable [] current;

    private Fuzz(String name, Mutator mutator, long perByte) {
        this.name = name;
        this.mutator = mutator;
        this.perByte = perByte;
    }

    /** Reads an input; returns for all that the reader may say of it, throws for what it must not do. */
    interface Target {
        void read(byte[] input) throws Exception;
    }

    /** How many inputs a test of its own should make. */
    static int inputs() {
        return INPUTS;
    }

    /** The source of a test's own inputs, and what to say when one of them fails. */
    static Random random() {
        return new Random(SEED);
    }

    static String seed() {
        return "-Dfuzz.seed=" + SEED;
    }

    /**
     * Runs a target.
     *
     * @param perByte how many bytes of memory an input may cost for each of its own, beside a lump sum
     */
    static void run(String name, List<byte[]> seeds, List<byte[]> words, long perByte, Target target) {
        new Fuzz(name, new Mutator(new Random(SEED), seeds, words), perByte).run(seeds, target);
    }

    private void run(List<byte[]> seeds, Target target) {
        long start = System.nanoTime();
        Thread watchdog = watch(Thread.currentThread());
        try {
            for (byte[] seed : seeds) {
                read(seed, target);
            }
            for (int i = 0; i < INPUTS; i++) {
                read(mutator.next(), target);
            }
        } finally {
            current = null;
            watchdog.interrupt();
        }
        if (LONG) {
            double seconds = (System.nanoTime() - start) / 1e9;
            System.out.println("fuzz " + name + ": " + INPUTS + " inputs, seed " + SEED + ", "
                    + Math.round(INPUTS / seconds) + " a second");
        }
    }

    private void read(byte[] input, Target target) {
        begun = System.nanoTime();
        current = input;
        long before = MEMORY.getCurrentThreadAllocatedBytes();
        try {
            target.read(input);
        } catch (Exception | StackOverflowError | OutOfMemoryError | AssertionError e) {
            throw new AssertionError(describe(input), e);
        }
        long cost = MEMORY.getCurrentThreadAllocatedBytes() - before;
        if (cost > FREE + perByte * input.length) {
            throw new AssertionError(cost + " bytes of memory for " + input.length + ": " + describe(input));
        }
    }

    private String describe(byte[] input) {
        return "fuzz " + name + ", " + seed() + ", input (base64) "
                + Base64.getEncoder().encodeToString(input);
    }

    /** A reader that hangs cannot be stopped: the JVM ends, having said where it was. */
    private Thread watch(Thread reader) {
        Thread watchdog = new Thread(() -> {
            try {
                while (true) {
                    TimeUnit.SECONDS.sleep(1);
                    byte[] input = current;
                    if (input != null && System.nanoTime() - begun > HANGS_AFTER) {
                        Throwable where = new Throwable("it hangs: " + describe(input));
                        where.setStackTrace(reader.getStackTrace());
                        where.printStackTrace();
                        Runtime.getRuntime().halt(1);
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        watchdog.setDaemon(true);
        watchdog.start();
        return watchdog;
    }
}
