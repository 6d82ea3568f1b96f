package dev.sharedserver.lsp.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Cuts a stream into bodies. Memory follows what has come, not what a header promises.
 *
 * <p>One that begins in the middle of a body (a predecessor has read the first part) skips what is left of it.
 */
public final class Deframer {

    /** The longest header, in bytes. */
    public static final int MAX_HEADER = 8 << 10;

    /** How much is set aside for a body of which nothing has come yet. */
    private static final int FIRST = 1 << 20;

    private static final byte[] LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);

    private final int bodyLimit;
    private byte[] header = new byte[128];
    private int headerLength;
    private byte[] body = new byte[0];
    private int bodyLength;
    private int wanted = -1;
    private long skip;

    /** Makes one for the beginning of a stream; {@code bodyLimit} is in bytes. */
    public Deframer(int bodyLimit) {
        this.bodyLimit = bodyLimit;
    }

    /** Takes what has come and hands on each body that is whole with it. */
    public void feed(ByteBuffer in, Consumer<byte[]> bodies) throws MalformedMessage {
        while (in.hasRemaining()) {
            if (skip > 0) {
                int n = (int) Math.min(skip, in.remaining());
                in.position(in.position() + n);
                skip -= n;
            } else if (wanted < 0) {
                readHeader(in);
            } else {
                readBody(in);
            }
            if (wanted >= 0 && bodyLength == wanted) {
                byte[] whole = body;
                wanted = -1;
                bodyLength = 0;
                body = new byte[0];
                bodies.accept(whole);
            }
        }
    }

    /** Returns how many bytes of the body that has begun are still to come; 0 between bodies. */
    public long remaining() {
        return skip > 0 ? skip : wanted < 0 ? 0 : wanted - bodyLength;
    }

    /** Tells whether nothing has come of the next message. */
    public boolean isBetween() {
        return remaining() == 0 && headerLength == 0;
    }

    /** Returns what has come of the next header. */
    public byte[] partialHeader() {
        return Arrays.copyOf(header, headerLength);
    }

    /** Leaves out the next {@code bytes} bytes, which are the rest of a body that somebody else began to read. */
    public void skip(long bytes) {
        skip = bytes;
    }

    private void readHeader(ByteBuffer in) throws MalformedMessage {
        while (in.hasRemaining()) {
            if (headerLength == MAX_HEADER) {
                throw new MalformedMessage("a header of more than " + MAX_HEADER + " bytes");
            }
            if (headerLength == header.length) {
                header = Arrays.copyOf(header, Math.min(MAX_HEADER, 2 * header.length));
            }
            byte b = in.get();
            header[headerLength++] = b;
            if (b == '\n' && headerEnds()) {
                wanted = contentLength();
                headerLength = 0;
                body = new byte[Math.min(wanted, FIRST)];
                return;
            }
        }
    }

    private boolean headerEnds() {
        return headerLength >= 4
                && header[headerLength - 2] == '\r'
                && header[headerLength - 3] == '\n'
                && header[headerLength - 4] == '\r';
    }

    private int contentLength() throws MalformedMessage {
        int length = -1;
        for (int at = 0; at < headerLength; ) {
            int end = at;
            while (header[end] != '\n') {
                end++;
            }
            if (startsWithLength(at)) {
                length = number(at + LENGTH.length, end);
            }
            at = end + 1;
        }
        if (length < 0) {
            throw new MalformedMessage("a header without Content-Length");
        }
        return length;
    }

    private boolean startsWithLength(int at) {
        if (headerLength - at < LENGTH.length) {
            return false;
        }
        for (int i = 0; i < LENGTH.length; i++) {
            byte b = header[at + i];
            if ((b >= 'A' && b <= 'Z' ? b + 32 : b) != LENGTH[i]) {
                return false;
            }
        }
        return true;
    }

    private int number(int from, int to) throws MalformedMessage {
        String text = new String(header, from, to - from, StandardCharsets.ISO_8859_1).strip();
        long value = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9' || value > bodyLimit) {
                value = -1;
                break;
            }
            value = 10 * value + (c - '0');
        }
        if (text.isEmpty() || value < 0 || value > bodyLimit) {
            throw new MalformedMessage(
                    "Content-Length " + text + ": a number of at most " + bodyLimit + " bytes is expected");
        }
        return (int) value;
    }

    private void readBody(ByteBuffer in) {
        int n = Math.min(wanted - bodyLength, in.remaining());
        if (bodyLength + n > body.length) {
            body = Arrays.copyOf(body, (int) Math.min(wanted, Math.max(2L * body.length, bodyLength + n)));
        }
        in.get(body, bodyLength, n);
        bodyLength += n;
    }
}
