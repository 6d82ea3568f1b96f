package dev.sharedserver.portable.launcher;

import dev.sharedserver.core.OsText;
import dev.sharedserver.os.guard.Frame;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Frames of {@code docs/protocol.md} over a socket. */
final class Channel implements AutoCloseable {

    static final int MAX_FRAME = 4 << 20;

    private final SocketChannel socket;
    private ByteBuffer in = ByteBuffer.allocate(64 << 10).limit(0);

    Channel(SocketChannel socket) {
        this.socket = socket;
    }

    /** What the peer sent is no frame. */
    static final class Malformed extends IOException {
        private static final long serialVersionUID = 1;

        Malformed() {
            super("the agent sent what is no frame");
        }
    }

    void send(byte[] frame) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        while (bytes.hasRemaining()) {
            socket.write(bytes);
        }
    }

    /** Reads a frame, type and body, good until the next one; null if the peer has hung up. */
    @Nullable
    ByteBuffer next() throws IOException {
        if (!fill(4)) {
            return null;
        }
        int length = in.getInt(in.position());
        if (length < 1 || length > MAX_FRAME) {
            throw new Malformed();
        }
        if (!fill(4 + length)) {
            return null;
        }
        ByteBuffer frame = in.slice(in.position() + 4, length);
        in.position(in.position() + 4 + length);
        return frame;
    }

    private boolean fill(int need) throws IOException {
        while (in.remaining() < need) {
            if (in.position() + need > in.capacity()) {
                in = ByteBuffer.allocate(Math.max(64 << 10, need)).put(in).flip();
            }
            ByteBuffer room = in.duplicate().position(in.limit()).limit(in.capacity());
            int read = socket.read(room);
            if (read < 0) {
                return false;
            }
            in.limit(in.limit() + read);
        }
        return true;
    }

    static void put(DataOutputStream body, String text) throws IOException {
        Frame.string(body, OsText.encode(text));
    }

    static void put(DataOutputStream body, List<String> list) throws IOException {
        Frame.list(body, list, OsText::encode);
    }

    static String string(ByteBuffer body) {
        int length = body.getInt();
        if (length < 0 || length > body.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        body.get(bytes);
        return OsText.decode(bytes);
    }

    static List<String> list(ByteBuffer body) {
        int count = body.getInt();
        if (count < 0 || count > body.remaining() / Integer.BYTES) {
            throw new BufferUnderflowException();
        }
        List<String> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            list.add(string(body));
        }
        return list;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
