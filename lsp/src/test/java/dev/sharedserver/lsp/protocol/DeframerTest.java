package dev.sharedserver.lsp.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeframerTest {

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> read(Deframer deframer, byte[] stream) throws MalformedMessage {
        List<String> bodies = new ArrayList<>();
        deframer.feed(ByteBuffer.wrap(stream), body -> bodies.add(new String(body, StandardCharsets.UTF_8)));
        return bodies;
    }

    @Test
    void aStreamIsCutHoweverItComes() throws Exception {
        Random random = new Random(7);
        for (int round = 0; round < 500; round++) {
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            List<byte[]> sent = new ArrayList<>();
            for (int i = random.nextInt(5); i >= 0; i--) {
                byte[] body = new byte[random.nextInt(3) == 0 ? random.nextInt(200_000) : random.nextInt(40)];
                random.nextBytes(body);
                sent.add(body);
                String more = random.nextBoolean() ? "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n" : "";
                stream.writeBytes(bytes(more + "content-LENGTH:  " + body.length + "\r\n\r\n"));
                stream.writeBytes(body);
            }
            byte[] all = stream.toByteArray();
            List<byte[]> got = new ArrayList<>();
            Deframer deframer = new Deframer(1 << 20);
            for (int at = 0; at < all.length; ) {
                int n = Math.min(all.length - at, 1 + random.nextInt(random.nextBoolean() ? 3 : 70_000));
                deframer.feed(ByteBuffer.wrap(all, at, n), got::add);
                at += n;
            }
            assertEquals(sent.size(), got.size());
            for (int i = 0; i < sent.size(); i++) {
                assertArrayEquals(sent.get(i), got.get(i));
            }
            assertEquals(0, deframer.remaining());
            assertEquals(0, deframer.partialHeader().length);
        }
    }

    /** What a hub that was killed leaves to the next one: how much of a body is still to come, or the header so far. */
    @Test
    void anotherOneGoesOnWhereItStopped() throws Exception {
        byte[] all =
                bytes("Content-Length: 5\r\n\r\nfirstContent-Length: 6\r\n\r\nsecondContent-Length: 5\r\n\r\nthird");
        for (int cut = 0; cut <= all.length; cut++) {
            Deframer one = new Deframer(100);
            List<String> bodies = new ArrayList<>();
            one.feed(ByteBuffer.wrap(all, 0, cut), body -> bodies.add(new String(body, StandardCharsets.UTF_8)));
            boolean lost = one.remaining() > 0;
            Deframer next = new Deframer(100);
            next.skip(one.remaining());
            next.feed(ByteBuffer.wrap(one.partialHeader()), body -> bodies.add("never"));
            next.feed(
                    ByteBuffer.wrap(all, cut, all.length - cut),
                    body -> bodies.add(new String(body, StandardCharsets.UTF_8)));
            List<String> expected = new ArrayList<>(List.of("first", "second", "third"));
            if (lost) {
                expected.remove(cut < 26 ? 0 : cut < 55 ? 1 : 2);
            }
            assertEquals(expected, bodies, "cut at " + cut);
        }
    }

    @Test
    void aLengthThatOnlyClaimsToBeLongTakesNoMemory() throws Exception {
        Deframer deframer = new Deframer(Integer.MAX_VALUE);
        long before = Runtime.getRuntime().totalMemory();
        assertEquals(List.of(), read(deframer, bytes("Content-Length: 2147483647\r\n\r\nabc")));
        assertEquals(2147483644L, deframer.remaining());
        assertEquals(true, Runtime.getRuntime().totalMemory() - before < 1 << 30);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: x\r\n\r\n",
                "Content-Length: -1\r\n\r\n",
                "Content-Length: \r\n\r\n",
                "Content-Length: 101\r\n\r\n",
                "Content-Length: 99999999999999999999999999\r\n\r\n",
                "Content-Type: x\r\n\r\n",
                "\r\n\r\n"
            })
    void aHeaderThatSaysNoLengthIsRefused(String header) {
        assertThrows(MalformedMessage.class, () -> read(new Deframer(100), bytes(header)));
    }

    @Test
    void aHeaderMayBeLongButNotEndless() throws Exception {
        String padding = "X: " + "y".repeat(Deframer.MAX_HEADER - 40) + "\r\n";
        assertEquals(List.of("a"), read(new Deframer(100), bytes(padding + "Content-Length: 1\r\n\r\na")));
        assertThrows(MalformedMessage.class, () -> read(new Deframer(100), bytes("y".repeat(Deframer.MAX_HEADER + 1))));
    }
}
