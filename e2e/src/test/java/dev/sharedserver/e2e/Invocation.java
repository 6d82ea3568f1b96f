package dev.sharedserver.e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A command about to be run, in an environment that holds only what the test gives it.
 *
 * <p>stdout and stderr are pipes read to their end: a command that leaves a process holding them does not return here.
 */
final class Invocation {
    private final List<String> argv;
    private final Map<String, String> env;
    private Path cwd;
    private byte[] stdin = {};
    private Duration timeout = Duration.ofSeconds(40);

    Invocation(List<String> argv, Map<String, String> env, Path cwd) {
        this.argv = List.copyOf(argv);
        this.env = new LinkedHashMap<>(env);
        this.cwd = cwd;
    }

    Invocation env(String key, String value) {
        env.put(key, value);
        return this;
    }

    Invocation withoutEnv(String key) {
        env.remove(key);
        return this;
    }

    Invocation cwd(Path directory) {
        this.cwd = directory;
        return this;
    }

    Invocation stdin(String text) {
        this.stdin = text.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    Invocation timeout(Duration limit) {
        this.timeout = limit;
        return this;
    }

    /** Takes another copy of the product: the first word of the command is replaced. */
    Invocation withProduct(Path bin) {
        List<String> replaced = new ArrayList<>(argv);
        replaced.set(0, bin.toString());
        return with(replaced);
    }

    /** Puts a command (with its options) before this one: {@code setpriv …}, {@code nsenter …}. */
    Invocation under(String... wrapper) {
        List<String> wrapped = new ArrayList<>(List.of(wrapper));
        wrapped.addAll(argv);
        return with(wrapped);
    }

    private Invocation with(List<String> other) {
        Invocation result = new Invocation(other, env, cwd);
        result.stdin = stdin;
        result.timeout = timeout;
        return result;
    }

    Result run() {
        return start().await();
    }

    /** Starts it in the background. */
    Running start() {
        ProcessBuilder builder = new ProcessBuilder(argv).directory(cwd.toFile());
        builder.environment().clear();
        builder.environment().putAll(env);
        try {
            return new Running(argv, builder.start(), stdin, timeout);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A command that runs. */
    static final class Running {
        private final List<String> argv;
        private final Process process;
        private final Duration timeout;
        private final long startedAt = System.nanoTime();
        private final Sink out;
        private final Sink err;

        private Running(List<String> argv, Process process, byte[] stdin, Duration timeout) {
            this.argv = argv;
            this.process = process;
            this.timeout = timeout;
            this.out = new Sink(process.getInputStream());
            this.err = new Sink(process.getErrorStream());
            Thread.ofVirtual().start(() -> feed(stdin));
        }

        private void feed(byte[] stdin) {
            try (OutputStream to = process.getOutputStream()) {
                to.write(stdin);
            } catch (IOException notReadByIt) {
                return;
            }
        }

        long pid() {
            return process.pid();
        }

        boolean running() {
            return process.isAlive();
        }

        String outSoFar() {
            return out.text();
        }

        String errSoFar() {
            return err.text();
        }

        Stamped stamped() {
            return Stamped.of(process.pid());
        }

        /** Waits for its end and the end of its output. */
        Result await() {
            try {
                boolean ended = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
                boolean closed = ended && out.ended(timeout) && err.ended(timeout);
                if (!closed) {
                    process.destroyForcibly();
                    throw new AssertionError((ended ? "ended, but its output is still held open: " : "timed out: ")
                            + argv + " after " + timeout + "\n--- stdout\n" + out.text() + "\n--- stderr\n"
                            + err.text());
                }
                return new Result(
                        argv,
                        process.exitValue(),
                        out.text(),
                        err.text(),
                        Duration.ofNanos(System.nanoTime() - startedAt));
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while waiting for " + argv, e);
            }
        }

        void kill() {
            process.destroyForcibly();
        }
    }

    /** Reads a stream to its end on a thread of its own. */
    private static final class Sink {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final Thread reader;

        private Sink(InputStream from) {
            reader = Thread.ofVirtual().start(() -> {
                try (from) {
                    from.transferTo(bytes);
                } catch (IOException closedByKill) {
                    return;
                }
            });
        }

        boolean ended(Duration limit) throws InterruptedException {
            return reader.join(limit);
        }

        String text() {
            return bytes.toString(StandardCharsets.UTF_8);
        }
    }
}
