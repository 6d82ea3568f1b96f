package dev.sharedserver.lsp.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.lsp.protocol.Deframer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The journal of an editor that was there before us: readers that end after any piece, and others that go on. */
class JournalTest {

    private static byte[] framed(String body) {
        return ("Content-Length: " + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII);
    }

    /** Gives pieces as large as chance wills. */
    private record InPieces(ByteBuffer all, Random random) implements ReadableByteChannel {

        @Override
        public int read(ByteBuffer to) {
            if (!all.hasRemaining()) {
                return -1;
            }
            int length = Math.min(all.remaining(), 1 + random.nextInt(60));
            to.put(all.slice(all.position(), length));
            all.position(all.position() + length);
            return length;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            // nothing is open
        }
    }

    /** A page of a file that is a hole is a fault when the disk is full, and not of whoever made it so long. */
    @Test
    void allOfItHasItsRoomOnTheDisk(@TempDir Path directory) throws Exception {
        try (Journal journal = Journal.open(directory)) {
            byte[] body = "x".repeat(200_000).getBytes(StandardCharsets.US_ASCII);
            journal.write(
                    new WritableByteChannel() {
                        @Override
                        public int write(ByteBuffer from) {
                            int length = from.remaining();
                            from.position(from.limit());
                            return length;
                        }

                        @Override
                        public boolean isOpen() {
                            return true;
                        }

                        @Override
                        public void close() {
                            // nothing is open
                        }
                    },
                    new byte[0],
                    body);
            for (String name : List.of("journal", "sending")) {
                Process du =
                        new ProcessBuilder("du", "-B1", directory.resolve(name).toString()).start();
                long room = Long.parseLong(
                        new String(du.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).split("\t", 2)[0]);
                long size = Files.size(directory.resolve(name));
                assertTrue(room >= size, name + " has " + size + " bytes and the room of " + room);
            }
        }
    }

    @Test
    void whatWasWorkedOffIsNotReadAgainAndNoMessageIsCut(@TempDir Path directory) throws Exception {
        long seed = Long.getLong("lsp.seed", System.nanoTime());
        Random random = new Random(seed);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            String body = "message " + i + " " + "x".repeat(random.nextInt(100));
            sent.add(body);
            all.writeBytes(framed(body));
        }
        ReadableByteChannel channel = new InPieces(ByteBuffer.wrap(all.toByteArray()), random);
        List<String> got = new ArrayList<>();
        int lost = 0;
        boolean more = true;
        while (more) {
            // a hub that is killed after a few pieces, each of which it has worked off
            try (Journal journal = Journal.open(directory)) {
                Deframer deframer = new Deframer(1 << 20);
                deframer.skip(journal.skip());
                lost += journal.skip() > 0 ? 1 : 0;
                ByteBuffer piece = journal.left();
                for (int i = random.nextInt(30); i >= 0 && piece != null; i--) {
                    deframer.feed(piece, body -> got.add(new String(body, StandardCharsets.US_ASCII)));
                    journal.done(deframer.remaining(), deframer.partialHeader());
                    if (i > 0) {
                        piece = journal.read(channel, deframer.remaining(), deframer.partialHeader());
                    }
                }
                more = piece != null;
            }
        }
        List<String> rest = new ArrayList<>(sent);
        rest.retainAll(got);
        assertEquals(rest, got, "each whole, once and in order; -Dlsp.seed=" + seed);
        // lost is only what a hub had read the beginning of when it was killed; two of them may have met the same
        // message
        assertTrue(got.size() >= sent.size() - lost, got.size() + " of " + sent.size() + "; -Dlsp.seed=" + seed);
        assertTrue(lost > 0, "the test has met a message that was under way; -Dlsp.seed=" + seed);
    }

    @Test
    void numbersBeginWhereTheyAreTold(@TempDir Path directory) throws Exception {
        try (Journal journal = Journal.open(directory)) {
            journal.idsFrom(1000);
            assertEquals(1000, journal.nextId());
            assertEquals(1001, journal.nextId());
        }
        try (Journal journal = Journal.open(directory)) {
            journal.idsFrom(1000);
            assertEquals(1002, journal.nextId());
        }
    }
}
