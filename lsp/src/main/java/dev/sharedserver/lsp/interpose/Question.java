package dev.sharedserver.lsp.interpose;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Finds out where in its stream of messages an old client is. No look at a server tells whether it has the first half of a
 * message in its memory, and what anybody else sent then would become the second half. So the old client is asked something that
 * every client must answer, if only with an error: its answer is a message of its own, and what comes before it ends the one
 * that was under way.
 */
final class Question {

    private static final int SPACE = 1 << 16;

    /** A request whose method begins like this is refused with an error by whoever does not know it (LSP, "$ notifications and requests"). */
    private static final String METHOD = "$/sharedserver/attached";

    private final String id;
    private final OldClient.Input from;
    private final WritableByteChannel server;
    private byte[] unsent = {};

    private Question(OldClient.Input from, WritableByteChannel server) {
        id = "sharedserver-" + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime());
        this.from = from;
        this.server = server;
    }

    /**
     * Asks and waits for the answer. What the old client sends before it is handed on to the server, what was read
     * behind it is read again by the next reader.
     *
     * @param deadline when to give up, by {@link System#nanoTime}
     * @param cancelled whether to give up now
     * @return whether the answer came: the server then is between two messages
     */
    static boolean answered(
            OldClient.Input from,
            OldClient.Output to,
            WritableByteChannel server,
            long deadline,
            AtomicBoolean cancelled)
            throws IOException {
        Question question = new Question(from, server);
        byte[] body = ("{\"jsonrpc\":\"2.0\",\"id\":\"" + question.id + "\",\"method\":\"" + METHOD
                        + "\",\"params\":{}}")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] header = ("Content-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        to.write(ByteBuffer.wrap(header));
        to.write(ByteBuffer.wrap(body));
        return question.await(deadline, cancelled);
    }

    private boolean await(long deadline, AtomicBoolean cancelled) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        ByteBuffer some = ByteBuffer.allocate(SPACE);
        while (System.nanoTime() < deadline && !cancelled.get()) {
            int length = from.readNow(some.clear());
            if (length < 0) {
                break;
            }
            if (length == 0) {
                continue;
            }
            read.write(some.array(), 0, length);
            if (settled(read.toByteArray())) {
                from.pushBack(unsent);
                return true;
            }
            read.reset();
            read.write(unsent);
        }
        send(unsent, unsent.length);
        return false;
    }

    /** Looks through what was read and hands on what is complete; the rest is left in {@link #unsent}. */
    private boolean settled(byte[] bytes) throws IOException {
        int at = 0;
        while (true) {
            int header = header(bytes, at);
            if (header < 0) {
                break;
            }
            // before the first header: the rest of a message that was under way
            send(Arrays.copyOfRange(bytes, at, header), header - at);
            at = header;
            int body = bodyOf(bytes, header);
            long end = (long) body + length(bytes, header);
            if (body < 0 || end > bytes.length) {
                break;
            }
            byte[] message = Arrays.copyOfRange(bytes, at, (int) end);
            at = (int) end;
            if (new String(message, StandardCharsets.ISO_8859_1).contains(id)) {
                unsent = Arrays.copyOfRange(bytes, at, bytes.length);
                return true;
            }
            send(message, message.length);
        }
        unsent = Arrays.copyOfRange(bytes, at, bytes.length);
        return false;
    }

    /** Finds the next header; JSON has no line ends of that kind inside, but in escapes. -1: there is none yet. */
    private static int header(byte[] bytes, int from) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        for (int at = text.indexOf("Content-", from); at >= 0; at = text.indexOf("Content-", at + 1)) {
            int end = text.indexOf("\r\n", at);
            if (end < 0) {
                return -1;
            }
            String line = text.substring(at, end);
            if (line.matches("Content-(Length: *[0-9]{1,9}|Type:[^{}\"]*)")) {
                return at;
            }
        }
        return -1;
    }

    private static int bodyOf(byte[] bytes, int header) {
        int end = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("\r\n\r\n", header);
        return end < 0 ? -1 : end + 4;
    }

    private static int length(byte[] bytes, int header) {
        String text = new String(bytes, header, bytes.length - header, StandardCharsets.ISO_8859_1);
        int at = text.indexOf("Content-Length:");
        int end = at < 0 ? -1 : text.indexOf("\r\n", at);
        return end < 0 ? 0 : Integer.parseInt(text.substring(at + 15, end).trim());
    }

    private void send(byte[] bytes, int length) throws IOException {
        ByteBuffer all = ByteBuffer.wrap(bytes, 0, length);
        while (all.hasRemaining()) {
            server.write(all);
        }
    }
}
