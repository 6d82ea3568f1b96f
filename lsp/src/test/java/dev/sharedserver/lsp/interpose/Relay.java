package dev.sharedserver.lsp.interpose;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.FileInputStream;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The least that a hub can be: the old client and one of our own at the same server. */
final class Relay implements AutoCloseable {

    private final Interposed interposed;
    private final OutputStream toServer;
    private final FileInputStream fromServer;
    private final Client client;
    private final Thread down;
    private final Thread up;
    private final ReentrantLock turn = new ReentrantLock();
    private final ReentrantLock writing = new ReentrantLock();
    private volatile long forwarded;
    private volatile boolean restored;
    private volatile @Nullable Throwable failure;

    /** Makes two FIFOs below a directory. */
    static List<Path> fifos(Path directory) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(directory, "fifos");
        List<Path> both = List.of(folder.resolve("stdin"), folder.resolve("stdout"));
        Process made = new ProcessBuilder(
                        "mkfifo", both.get(0).toString(), both.get(1).toString())
                .inheritIO()
                .start();
        if (made.waitFor() != 0) {
            throw new IOException("mkfifo");
        }
        return both;
    }

    static Relay attach(Interposer interposer, long pid, Path directory) throws Exception {
        List<Path> both = fifos(directory);
        return new Relay(interposer.interpose(pid, 0, both.get(0), both.get(1), Duration.ofSeconds(60)), both);
    }

    Relay(Interposed interposed, List<Path> fifos) throws IOException {
        this.interposed = interposed;
        OutputStream out = Channels.newOutputStream(FileChannel.open(fifos.get(0), StandardOpenOption.WRITE));
        toServer = new FilterOutputStream(out) {
            @Override
            public void write(byte[] message) throws IOException {
                writing.lock();
                try {
                    out.write(message);
                } finally {
                    writing.unlock();
                }
            }
        };
        fromServer = new FileInputStream(fifos.get(1).toFile());
        client = new Client("new", toServer);
        down = Thread.ofPlatform().start(() -> run(this::fromOldClient));
        up = Thread.ofPlatform().start(() -> run(this::fromServer));
    }

    Client client() {
        return client;
    }

    Interposed interposed() {
        return interposed;
    }

    private interface Pump {
        void run() throws IOException, InterruptedException;
    }

    private void run(Pump pump) {
        try {
            pump.run();
        } catch (ClosedChannelException e) {
            // detached
        } catch (IOException | InterruptedException | RuntimeException e) {
            failure = e;
        }
    }

    private void fromOldClient() throws IOException {
        CountingInput in = new CountingInput(Channels.newInputStream(interposed.fromOldClient()));
        byte[] message;
        while ((message = Frames.read(in)) != null) {
            Frames.write(toServer, message);
            forwarded = in.count;
        }
    }

    private void fromServer() throws IOException, InterruptedException {
        while (true) {
            // read only with the turn, and only what is there: so who has the turn knows that all that was read was
            // passed on
            turn.lock();
            try {
                if (fromServer.available() > 0) {
                    pass();
                    continue;
                }
            } finally {
                turn.unlock();
            }
            if (restored && fromServer.available() == 0) {
                return;
            }
            Thread.sleep(1);
        }
    }

    private void pass() throws IOException {
        byte[] message = Frames.read(fromServer);
        if (message == null) {
            return;
        }
        JsonObject json = Frames.json(message);
        JsonElement id = json.get("id");
        if (!json.has("method")
                && id != null
                && id.isJsonPrimitive()
                && id.getAsString().startsWith("new-")) {
            client.accept(message);
        } else {
            ByteBuffer bytes = ByteBuffer.wrap(Frames.framed(message));
            while (bytes.hasRemaining()) {
                interposed.toOldClient().write(bytes);
            }
        }
    }

    /** Detaches; the server goes on with the old client alone. */
    Pause detach() throws Exception {
        Pause pause = interposed.restore(() -> {
            // each lock on the way of the bytes is free, so no message is half-way; who has one may wait for the target
            if (!writing.tryLock()) {
                return false;
            }
            try {
                if (!turn.tryLock()) {
                    return false;
                }
                turn.unlock();
                return forwarded == interposed.takenFromOldClient();
            } finally {
                writing.unlock();
            }
        });
        end();
        return pause;
    }

    /** Leaves the server on the FIFOs; {@code close} is for later. */
    void end() throws Exception {
        restored = true;
        up.join();
        interposed.park();
        down.join();
        toServer.close();
        fromServer.close();
        check();
    }

    void check() {
        Throwable failed = failure;
        if (failed != null) {
            throw new AssertionError("a pump failed", failed);
        }
    }

    /** Counts what was really taken by the one who reads. */
    private static final class CountingInput extends FilterInputStream {
        private long count;

        CountingInput(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int one = super.read();
            count += one < 0 ? 0 : 1;
            return one;
        }

        @Override
        public int read(byte[] to, int at, int length) throws IOException {
            int got = super.read(to, at, length);
            count += Math.max(got, 0);
            return got;
        }
    }

    @Override
    public void close() throws IOException {
        restored = true;
        interposed.park();
        toServer.close();
        fromServer.close();
    }
}
