package dev.sharedserver.dev.hub;

import dev.sharedserver.core.Quote;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What follows a good build: whoever runs the program loads it again. Both if both are given, the command first; a failure of either is the
 * developer's to see.
 *
 * @param command a line of /bin/sh, null for none; it runs in the project's directory, and has its id as SHAREDSERVER_DEV_ID
 * @param webhook who is told, null for nobody
 */
public record Reload(@Nullable String command, @Nullable Webhook webhook) {

    /** Nothing follows. */
    public static final Reload NONE = new Reload(null, null);

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int SAID = 4096;

    /** Runs the command to its end, and posts to the webhook; what is returned tells what that has answered. */
    CompletableFuture<Void> carryOut(String id, Path directory, Map<String, String> environment)
            throws IOException, InterruptedException {
        if (command != null) {
            run(command, id, directory, environment);
        }
        return webhook == null ? CompletableFuture.completedFuture(null) : webhook.post(id, directory);
    }

    private static void run(String line, String id, Path directory, Map<String, String> environment)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", line)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.environment().put("SHAREDSERVER_DEV_ID", id);
        Process process = builder.start();
        // what it leaves running may hold its output open, and is not waited for
        byte[][] said = {new byte[0]};
        Thread reader = Thread.ofVirtual().start(() -> {
            try (var out = process.getInputStream()) {
                said[0] = out.readNBytes(SAID);
                out.skip(Long.MAX_VALUE);
            } catch (IOException e) {
                // what was read is what it said
            }
        });
        try {
            if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException("the reload command takes longer than " + PATIENCE.toSeconds() + " s");
            }
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        if (process.exitValue() != 0) {
            reader.join(Duration.ofSeconds(1));
            String text = new String(said[0], StandardCharsets.UTF_8).strip();
            throw new IOException("the reload command failed with exit code " + process.exitValue()
                    + (text.isEmpty() ? "" : ": " + Quote.escape(text)));
        }
    }
}
