package dev.sharedserver.lsp.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server reads. */
class FifoTest {

    private Path directory;
    private Path path;

    @BeforeEach
    void make(@TempDir Path fresh) throws Exception {
        directory = fresh;
        path = directory.resolve("in");
        Process process =
                new ProcessBuilder("mkfifo", path.toString()).inheritIO().start();
        assertEquals(0, process.waitFor());
    }

    @Test
    void onlyAnEmptyOneTakesAtOnce() throws Exception {
        try (Fifo fifo = Fifo.open(path);
                FileInputStream server = new FileInputStream(path.toFile())) {
            assertTrue(fifo.free() >= 4096, "free: " + fifo.free());
            assertEquals(3, fifo.write(ByteBuffer.wrap(new byte[] {1, 2, 3})));
            assertEquals(0, fifo.free());
            assertEquals(2, server.read(new byte[2]));
            assertEquals(0, fifo.free(), "one byte is left");
            assertEquals(3, server.read());
            int free = fifo.free();
            assertTrue(free >= 4096, "free: " + free);
            // what was promised is taken without anybody who reads
            assertEquals(free, fifo.write(ByteBuffer.allocate(free)));
        }
    }

    @Test
    void messagesOfAnyLengthArriveWholeAtAServerThatReadsInAnyPieces() throws Exception {
        long seed = Long.getLong("lsp.seed", System.nanoTime());
        Random random = new Random(seed);
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        try (Fifo fifo = Fifo.open(path);
                FileInputStream server = new FileInputStream(path.toFile());
                Journal journal = Journal.open(directory)) {
            CompletableFuture<byte[]> got = new CompletableFuture<>();
            int[] lengths = random.ints(60, 0, 1 << (6 + random.nextInt(14))).toArray();
            long total = Arrays.stream(lengths).asLongStream().sum() + 2L * lengths.length;
            Random pieces = new Random(seed);
            Thread reader = Thread.ofPlatform().daemon().start(() -> {
                try {
                    ByteArrayOutputStream all = new ByteArrayOutputStream();
                    while (all.size() < total) {
                        byte[] piece = new byte[1 + pieces.nextInt(100_000)];
                        all.write(piece, 0, server.read(piece));
                    }
                    got.complete(all.toByteArray());
                } catch (Exception e) {
                    got.completeExceptionally(e);
                }
            });
            for (int length : lengths) {
                byte[] body = new byte[length];
                random.nextBytes(body);
                byte[] header = {1, 2};
                sent.writeBytes(header);
                sent.writeBytes(body);
                journal.write(fifo, header, body);
            }
            assertArrayEquals(sent.toByteArray(), got.get(30, TimeUnit.SECONDS), "-Dlsp.seed=" + seed);
            reader.join();
        }
    }
}
