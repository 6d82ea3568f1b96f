package dev.sharedserver.fuzz;

import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A connection that gives given bytes, in pieces of random length, and takes all that is written. */
final class ScriptedChannel extends SocketChannel {

    private final byte[] bytes;
    private final Random random;
    private final boolean inPieces;
    private int at;

    ScriptedChannel(byte[] bytes, Random random) {
        super(null);
        this.bytes = bytes;
        this.random = random;
        this.inPieces = random.nextBoolean();
    }

    @Override
    public int read(ByteBuffer to) {
        if (at == bytes.length) {
            return -1;
        }
        int n = Math.min(to.remaining(), bytes.length - at);
        if (n > 1 && inPieces) {
            n = 1 + random.nextInt(n);
        }
        to.put(bytes, at, n);
        at += n;
        return n;
    }

    @Override
    public int write(ByteBuffer from) {
        int n = from.remaining();
        from.position(from.limit());
        return n;
    }

    @Override
    public long read(ByteBuffer[] to, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public SocketChannel bind(@Nullable SocketAddress local) {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> SocketChannel setOption(SocketOption<T> name, T value) {
        return this;
    }

    @Override
    public <T> T getOption(SocketOption<T> name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return Set.of();
    }

    @Override
    public SocketChannel shutdownInput() {
        return this;
    }

    @Override
    public SocketChannel shutdownOutput() {
        return this;
    }

    @Override
    public Socket socket() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean isConnected() {
        return true;
    }

    @Override
    public boolean isConnectionPending() {
        return false;
    }

    @Override
    public boolean connect(SocketAddress remote) {
        return true;
    }

    @Override
    public boolean finishConnect() {
        return true;
    }

    @Override
    public @Nullable SocketAddress getRemoteAddress() {
        return null;
    }

    @Override
    public @Nullable SocketAddress getLocalAddress() {
        return null;
    }

    @Override
    protected void implCloseSelectableChannel() {}

    @Override
    protected void implConfigureBlocking(boolean block) {}
}
