package dev.sharedserver.portable.guard;

import dev.sharedserver.core.OsText;
import dev.sharedserver.os.guard.Frame;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The guard's side of the two pipes. Reading is for one thread, writing for one at a time. */
final class Frames {

    private final DataInputStream in;
    private final OutputStream out;

    Frames(InputStream in, OutputStream out) {
        this.in = new DataInputStream(in);
        this.out = out;
    }

    /** Reads a frame, type and body; null at the end. Our own agent's: its lengths are taken as they are. */
    @Nullable
    ByteBuffer next() throws IOException {
        try {
            byte[] frame = new byte[in.readInt()];
            in.readFully(frame);
            return ByteBuffer.wrap(frame);
        } catch (EOFException e) {
            return null;
        }
    }

    void send(char type, Frame.Body content) throws IOException {
        out.write(Frame.of(type, content));
        out.flush();
    }

    static void string(DataOutputStream body, String text) throws IOException {
        Frame.string(body, OsText.encode(text));
    }

    static long pid(ByteBuffer body) {
        return body.getInt() & 0xffffffffL;
    }

    static String string(ByteBuffer body) {
        byte[] bytes = new byte[body.getInt()];
        body.get(bytes);
        return OsText.decode(bytes);
    }

    static List<String> list(ByteBuffer body) {
        int count = body.getInt();
        List<String> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            list.add(string(body));
        }
        return list;
    }
}
