package dev.sharedserver.bench;

import dev.sharedserver.lsp.mux.Memory;
import dev.sharedserver.lsp.mux.Multiplexer;
import dev.sharedserver.lsp.mux.Outbox;
import dev.sharedserver.lsp.mux.Settings;
import dev.sharedserver.lsp.protocol.Deframer;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.IntFunction;

/**
 * Measures the multiplexer of language servers alone: what a server says comes in pieces as a pipe gives them, is cut into
 * messages, understood as far as need be, and handed to those it is for, who do nothing with it.
 */
public final class PassThrough {

    private static final int PIECE = 64 << 10;

    private PassThrough() {}

    /** Counts what comes out. */
    private static final class Counted implements Outbox {
        private long bytes;

        @Override
        public void toServer(byte[] body) {
            bytes += body.length;
        }

        @Override
        public void toClient(int client, byte[] body) {
            bytes += body.length;
        }

        @Override
        public void end(int client, int exitCode) {
            throw new IllegalStateException("nobody ends");
        }
    }

    /** A server with editors that are ready. */
    private static final class Scene {
        private final Counted out = new Counted();
        private long ids;
        private final Multiplexer mux =
                new Multiplexer(new Settings("bench", "0", 30_000), () -> ++ids, Memory.EMPTY, out);

        Scene(int clients) throws MalformedMessage {
            for (int client = 1; client <= clients; client++) {
                mux.connected(client);
                said(
                        client,
                        "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"capabilities\":{}}}");
                if (client == 1) {
                    mux.fromServer(bytes("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"capabilities\":{}}}"), 0);
                }
                said(client, "{\"jsonrpc\":\"2.0\",\"method\":\"initialized\",\"params\":{}}");
            }
        }

        void said(int client, String body) {
            mux.fromClient(client, bytes(body), 0);
        }
    }

    /** Measures and prints. */
    public static void main(String[] args) throws MalformedMessage {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (int length : new int[] {1 << 20, 16 << 10, 1 << 10}) {
            String text = symbols(length);
            print(
                    out,
                    "answers of " + length + " bytes, id first",
                    1,
                    1,
                    asked(),
                    id -> "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":" + text + "}");
            print(
                    out,
                    "answers of " + length + " bytes, id last",
                    1,
                    1,
                    asked(),
                    id -> "{\"jsonrpc\":\"2.0\",\"result\":" + text + ",\"id\":" + id + "}");
        }
        String text = symbols(1 << 10);
        print(
                out,
                "answers of 1024 bytes to 20 editors in turn",
                20,
                1,
                asked(),
                id -> "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":" + text + "}");
        print(
                out,
                "notifications of 1024 bytes to 20 editors",
                20,
                20,
                (scene, i) -> {},
                id -> "{\"jsonrpc\":\"2.0\"," + "\"method\":\"x/told\",\"params\":" + text + "}");
    }

    private interface Before {
        void message(Scene scene, int number);
    }

    /** Each answer has its request, of one editor after the other. */
    private static Before asked() {
        return (scene, number) -> scene.said(
                1 + number % scene.mux.clients(),
                "{\"jsonrpc\":\"2.0\",\"id\":" + number + ",\"method\":\"x/asked\",\"params\":{}}");
    }

    private static void print(
            PrintStream out, String what, int clients, int copies, Before before, IntFunction<String> message)
            throws MalformedMessage {
        Scene scene = new Scene(clients);
        double best = 0;
        long each = 0;
        for (int round = 0; round < 100; round++) {
            // the stream is made beforehand
            long length = 0;
            int count = 0;
            ByteArrayOutputStream stream = new ByteArrayOutputStream(5 << 20);
            while (length < 4 << 20) {
                before.message(scene, count);
                byte[] body = bytes(message.apply((int) scene.ids));
                stream.writeBytes(bytes("Content-Length: " + body.length + "\r\n\r\n"));
                stream.writeBytes(body);
                length += body.length;
                count++;
            }
            byte[] all = stream.toByteArray();
            long out0 = scene.out.bytes;
            long begun = System.nanoTime();
            pass(scene, all);
            long took = System.nanoTime() - begun;
            if (Math.abs(scene.out.bytes - out0 - copies * length) > 32L * count) {
                throw new IllegalStateException(
                        what + ": " + (scene.out.bytes - out0) + " bytes have come of " + length);
            }
            if (length * 1e3 / took > best) {
                best = length * 1e3 / took;
                each = took / count;
            }
        }
        out.println(Table.format("%-48s %7.0f MB/s %9d ns a message", what, best, each));
    }

    private static void pass(Scene scene, byte[] stream) throws MalformedMessage {
        Deframer deframer = new Deframer(64 << 20);
        for (int at = 0; at < stream.length; at += PIECE) {
            deframer.feed(ByteBuffer.wrap(stream, at, Math.min(PIECE, stream.length - at)), body -> {
                try {
                    scene.mux.fromServer(body, 0);
                } catch (MalformedMessage e) {
                    throw new IllegalStateException(e);
                }
            });
        }
    }

    /** What servers answer most bytes with. */
    private static String symbols(int length) {
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; text.length() < length - 160; i++) {
            text.append(i == 0 ? "" : ",")
                    .append("{\"name\":\"operator \\\"\\\"_x")
                    .append(i)
                    .append(
                            "\",\"kind\":12,\"location\":{\"uri\":\"file:///home/me/src/engine/a.cpp\",\"range\":{\"start\":")
                    .append("{\"line\":10,\"character\":0},\"end\":{\"line\":12,\"character\":1}}}}");
        }
        return text.append("]").toString();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
