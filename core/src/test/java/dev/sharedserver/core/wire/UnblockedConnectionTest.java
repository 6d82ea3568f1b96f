package dev.sharedserver.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A connection on which a hub writes without waiting. */
class UnblockedConnectionTest {

    private SocketChannel launcher;
    private LauncherConnection connection;

    @BeforeEach
    void connect(@TempDir Path directory) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("s"));
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(address);
            launcher = SocketChannel.open(address);
            connection = new LauncherConnection(listener.accept());
        }
        connection.unblock();
    }

    @AfterEach
    void disconnect() throws IOException {
        connection.close();
        launcher.close();
    }

    private static FutureTask<ByteBuffer> start(Callable<ByteBuffer> what) {
        FutureTask<ByteBuffer> task = new FutureTask<>(what);
        Thread.ofPlatform().daemon().start(task);
        return task;
    }

    @Test
    void aWriteEndsWhereThereIsNoRoomAndGoesOnFromThere() throws Exception {
        byte[] body = new byte[3 << 20];
        for (int i = 0; i < body.length; i++) {
            body[i] = (byte) (i % 251);
        }
        ByteBuffer[] frame = LauncherConnection.forStdout(ByteBuffer.wrap(body));
        assertFalse(connection.write(frame));
        int begun = frame[1].position();
        assertTrue(begun < body.length, "begun: " + begun);
        assertFalse(connection.write(frame), "nobody has read");
        assertEquals(begun, frame[1].position());
        FutureTask<ByteBuffer> rest = start(() -> {
            connection.writeAll(frame);
            return frame[1];
        });
        ByteBuffer got = ByteBuffer.allocate(5 + body.length);
        while (got.hasRemaining()) {
            assertTrue(launcher.read(got) > 0);
        }
        assertFalse(rest.get(15, TimeUnit.SECONDS).hasRemaining());
        got.flip();
        assertEquals(1 + body.length, got.getInt());
        assertEquals('O', got.get());
        assertEquals(ByteBuffer.wrap(body), got);
    }

    @Test
    void aPieceIsWaitedFor() throws Exception {
        FutureTask<ByteBuffer> piece = start(() -> Objects.requireNonNull(connection.piece()));
        for (byte b : new byte[] {0, 0, 0, 3, 'D', 'x', 'y'}) {
            launcher.write(ByteBuffer.wrap(new byte[] {b}));
        }
        assertEquals(ByteBuffer.wrap(new byte[] {'x', 'y'}), piece.get(15, TimeUnit.SECONDS));
    }

    @Test
    void whoWaitsLearnsThatItIsClosed() throws Exception {
        FutureTask<ByteBuffer> reader = start(() -> Objects.requireNonNull(connection.piece()));
        FutureTask<ByteBuffer> writer = start(() -> {
            connection.writeAll(LauncherConnection.forStdout(ByteBuffer.allocate(3 << 20)));
            return ByteBuffer.allocate(0);
        });
        // it has begun to write, and waits, or will
        assertTrue(launcher.read(ByteBuffer.allocate(5)) > 0);
        connection.close();
        for (FutureTask<ByteBuffer> one : List.of(reader, writer)) {
            ExecutionException e = assertThrows(ExecutionException.class, () -> one.get(15, TimeUnit.SECONDS));
            assertInstanceOf(IOException.class, e.getCause());
        }
    }
}
