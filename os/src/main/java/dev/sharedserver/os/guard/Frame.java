package dev.sharedserver.os.guard;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Function;

/** How a frame of {@code docs/protocol.md} is written: its length, its type, its body. */
public final class Frame {

    private Frame() {}

    /** What goes into a frame behind its type. */
    public interface Body {
        /** Writes it. */
        void writeTo(DataOutputStream body) throws IOException;
    }

    /** Returns a whole frame. */
    public static byte[] of(char type, Body content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        DataOutputStream body = new DataOutputStream(bytes);
        body.writeInt(0);
        body.writeByte(type);
        content.writeTo(body);
        byte[] frame = bytes.toByteArray();
        ByteBuffer.wrap(frame).putInt(0, frame.length - Integer.BYTES);
        return frame;
    }

    /** Writes a string of a body. */
    public static void string(DataOutputStream body, byte[] text) throws IOException {
        body.writeInt(text.length);
        body.write(text);
    }

    /** Writes a list of strings of a body. */
    public static void list(DataOutputStream body, List<String> texts, Function<String, byte[]> encoder)
            throws IOException {
        body.writeInt(texts.size());
        for (String text : texts) {
            string(body, encoder.apply(text));
        }
    }
}
