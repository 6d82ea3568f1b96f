package dev.sharedserver.lsp.infer;

import dev.sharedserver.lsp.mux.Memory;
import dev.sharedserver.lsp.mux.Multiplexer;
import dev.sharedserver.lsp.mux.Outbox;
import dev.sharedserver.lsp.mux.Settings;
import dev.sharedserver.lsp.protocol.Deframer;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A server of the same command line and environment as one that runs, started for a moment: it is initialized with an empty
 * workspace, and its answer is what the other one must have answered. The other one is not to be asked: some servers break
 * when they are initialized twice.
 */
public final class Twin {

    private static final int BODY_LIMIT = 64 << 20;
    private static final Duration FAREWELL = Duration.ofSeconds(1);

    private Twin() {}

    /**
     * Returns what a server answers to {@code initialize}, as JSON in its own words.
     *
     * @param argv its command line
     * @param environment its environment, all of it
     * @param directory its working directory, which relative words of the command line are meant from
     * @param timeout how long it may take
     * @throws IOException it could not be started, did not answer in time, or refused
     */
    public static String initializeResult(
            List<String> argv, Map<String, String> environment, Path directory, Duration timeout)
            throws IOException, InterruptedException {
        Path workspace = Files.createTempDirectory("sharedserver-lsp");
        try {
            return answer(argv, environment, directory, workspace, timeout);
        } finally {
            Files.deleteIfExists(workspace);
        }
    }

    private static String answer(
            List<String> argv, Map<String, String> environment, Path directory, Path workspace, Duration timeout)
            throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(argv).directory(directory.toFile()).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        AtomicBoolean late = new AtomicBoolean();
        Thread clock = Thread.ofVirtual().start(() -> {
            try {
                Thread.sleep(timeout);
                late.set(true);
                end(process); // who reads from it meets the end
            } catch (InterruptedException e) {
                // it has answered
            }
        });
        try (OutputStream out = process.getOutputStream();
                InputStream in = process.getInputStream()) {
            return talk(out, in, workspace);
        } catch (IOException | UncheckedIOException e) {
            throw new IOException(
                    late.get()
                            ? String.join(" ", argv) + " did not answer initialize within " + timeout.toMillis() + " ms"
                            : String.join(" ", argv) + " did not answer initialize: " + e.getMessage(),
                    e);
        } finally {
            clock.interrupt();
            // its input is closed by now, which most take for the end
            if (!process.waitFor(FAREWELL.toMillis(), TimeUnit.MILLISECONDS)) {
                end(process);
            }
        }
    }

    /** Ends it with all that it has started. */
    private static void end(Process process) {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
    }

    private static String talk(OutputStream out, InputStream in, Path workspace) throws IOException {
        AtomicLong ids = new AtomicLong();
        Multiplexer mux = new Multiplexer(
                new Settings("sharedserver", "", 0), ids::incrementAndGet, Memory.EMPTY, new ToServer(out));
        mux.warmUp(workspace.toUri().toString());
        Deframer deframer = new Deframer(BODY_LIMIT);
        byte[] piece = new byte[1 << 16];
        while (true) {
            int length = in.read(piece);
            if (length < 0) {
                throw new IOException("it ended");
            }
            deframer.feed(ByteBuffer.wrap(piece, 0, length), body -> take(mux, body));
            String result = mux.memory().initializeResult();
            if (result != null) {
                return result;
            }
        }
    }

    private static void take(Multiplexer mux, byte[] body) {
        try {
            mux.fromServer(body, 0);
        } catch (MalformedMessage e) {
            throw new UncheckedIOException(new IOException(e.getMessage()));
        }
    }

    /** Where the multiplexer's words go; there is no client. */
    private record ToServer(OutputStream out) implements Outbox {

        @Override
        public void toServer(byte[] body) {
            try {
                out.write(("Content-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
                out.write(body);
                out.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void toClient(int client, byte[] body) {
            throw new IllegalStateException("nobody is connected");
        }

        @Override
        public void end(int client, int exitCode) {
            throw new IllegalStateException("nobody is connected");
        }
    }
}
