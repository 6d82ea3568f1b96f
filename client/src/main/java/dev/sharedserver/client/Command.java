package dev.sharedserver.client;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The product's command. Immutable. */
record Command(Path binary, @Nullable Path stateDirectory) {

    private static final String NAME = "sharedserver";
    private static final int LONGEST = 16 << 20;
    private static final long PATIENCE_SECONDS = 10;

    /** What it said. */
    record Answer(int exit, String out, String err) {

        /** Returns the same if all went well. */
        Answer orThrow() throws SharedServerException {
            if (exit == 0) {
                return this;
            }
            String said = (err.isBlank() ? out : err).strip();
            throw new SharedServerException(said.isEmpty() ? NAME + " exited with " + exit : unmarked(said), exit);
        }

        private static String unmarked(String said) {
            return said.startsWith("✗ ") ? said.substring(2) : said;
        }
    }

    /** Looks for the command in all its places. */
    static Command find(@Nullable Path explicit, @Nullable Path stateDirectory)
            throws IOException, InterruptedException {
        List<String> tried = new ArrayList<>();
        for (Path candidate : explicit == null ? places() : Set.of(explicit)) {
            if (!Files.isExecutable(candidate) || Files.isDirectory(candidate)) {
                tried.add(candidate + " (no program)");
                continue;
            }
            Command command = new Command(candidate, stateDirectory);
            // an older tool has the same name; it knows no `up`
            if (command.run(List.of("up", "--help")).exit() == 0) {
                return command;
            }
            String version = command.run(List.of("--version")).out().strip();
            tried.add(candidate + " (another tool, or too old: " + version + ")");
        }
        throw new SharedServerException(
                "the command " + NAME
                        + " was not found. Install it, or name it by the system property sharedserver.bin or"
                        + " the variable SHAREDSERVER_BIN. Looked at: "
                        + (tried.isEmpty() ? "PATH" : String.join(", ", tried)),
                -1);
    }

    private static Set<Path> places() {
        Set<Path> places = new LinkedHashSet<>();
        String property = System.getProperty("sharedserver.bin", "");
        String variable = variable("SHAREDSERVER_BIN");
        if (!property.isEmpty() || !variable.isEmpty()) {
            return Set.of(Path.of(property.isEmpty() ? variable : property));
        }
        String home = System.getProperty("user.home", "/");
        List<String> directories = new ArrayList<>(List.of(variable("PATH").split(File.pathSeparator)));
        directories.addAll(List.of(home + "/.cargo/bin", home + "/.local/bin", "/usr/local/bin", "/opt/homebrew/bin"));
        for (String directory : directories) {
            Path place = Path.of(directory.isEmpty() ? "." : directory, NAME);
            if (Files.isExecutable(place)) {
                places.add(place.toAbsolutePath());
            }
        }
        return places;
    }

    private static String variable(String name) {
        String value = System.getenv(name);
        return value == null ? "" : value;
    }

    /**
     * Runs it to its end. If this thread is interrupted meanwhile, the command is told to take back what it has begun, and
     * has done so when this returns.
     */
    Answer run(List<String> words) throws IOException, InterruptedException {
        Process process = start(words);
        CompletableFuture<String> err = read(process.getErrorStream());
        CompletableFuture<String> out = read(process.getInputStream());
        try {
            return new Answer(process.waitFor(), out.join(), err.join());
        } catch (InterruptedException e) {
            process.destroy();
            awaitQuietly(process);
            throw e;
        }
    }

    /** Starts it; its standard input is empty. */
    Process start(List<String> words) throws IOException {
        List<String> argv = new ArrayList<>(List.of(binary.toString()));
        argv.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(argv).redirectInput(new File("/dev/null"));
        if (stateDirectory != null) {
            builder.environment().put("SHAREDSERVER_LOCKDIR", stateDirectory.toString());
        }
        try {
            return builder.start();
        } catch (IOException e) {
            throw new SharedServerException("cannot run " + binary + ": " + e.getMessage(), -1);
        }
    }

    private static void awaitQuietly(Process process) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (process.isAlive() && System.nanoTime() < deadline) {
            try {
                process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (process.isAlive()) {
            process.destroyForcibly();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static CompletableFuture<String> read(InputStream from) {
        CompletableFuture<String> text = new CompletableFuture<>();
        Thread reader = new Thread(
                () -> {
                    String said = "";
                    try (from) {
                        said = new String(from.readNBytes(LONGEST), StandardCharsets.UTF_8);
                    } catch (IOException e) {
                        // it was ended: what it said does not matter any more
                    } finally {
                        text.complete(said);
                    }
                },
                NAME);
        reader.setDaemon(true);
        reader.start();
        return text;
    }
}
