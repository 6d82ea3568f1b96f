package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever comes in on the socket, the next caller is served. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
@Tag("sanitized")
class HostileSocketIT {

    static Stream<byte[]> garbageFrames() {
        return Stream.of(
                bytes(0, 0, 0, 0),
                bytes(0xff, 0xff, 0xff, 0xff, 'R'),
                bytes(0, 0x40, 0, 1, 'R'),
                bytes(0x7f, 0xff, 0xff, 0xff),
                bytes(0, 0, 0, 1, 'R'),
                bytes(0, 0, 0, 1, '?'),
                bytes(0, 0, 0, 5, 'F', 0, 0, 0, 2),
                // a request whose lists claim more than the frame holds
                bytes(0, 0, 0, 11, 'R', 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
                "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
                new byte[100_000]);
    }

    @ParameterizedTest
    @MethodSource("garbageFrames")
    void aGarbageFrameClosesItsConnectionAndNothingElse(byte[] garbage, Sandbox box) throws Exception {
        Stamped server = box.serve("web", box.client());
        Stamped agent = box.requireAgent();
        try (SocketChannel socket = connect(box)) {
            sendAsFarAsTaken(socket, garbage);
            socket.shutdownOutput();
            readToEnd(socket, Duration.ofSeconds(5));
        }
        assertEquals(0, box.check("web"));
        assertTrue(server.alive());
        assertEquals(agent, box.agent());
    }

    @Test
    void randomFramesAreSurvived(Sandbox box) throws Exception {
        box.serve("web", box.client());
        Stamped agent = box.requireAgent();
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            byte[] body = new byte[1 + random.nextInt(300)];
            random.nextBytes(body);
            body[0] = (byte) (random.nextInt(4) == 0 ? random.nextInt(256) : 'R');
            if (body.length > 3) {
                body[1] = 0;
                body[2] = 1;
            }
            ByteBuffer frame =
                    ByteBuffer.allocate(4 + body.length).putInt(body.length).put(body);
            try (SocketChannel socket = connect(box)) {
                sendAsFarAsTaken(socket, frame.array());
            }
        }
        assertEquals(0, box.check("web"), "seed " + seed);
        assertEquals(agent, box.agent(), "seed " + seed);
        assertEquals(1, box.refcountOnDisk("web"), "seed " + seed);
    }

    /** How many damaged requests are sent: -De2e.requests=… */
    private static final int REQUESTS = Integer.getInteger("e2e.requests", 2_000);

    @Test
    void damagedRequestsCostNeitherTheAgentNorADescriptorNorAThread(Sandbox box) throws Exception {
        box.serve("web", box.client());
        Overseers before = Overseers.of(box.lockdir());
        Stamped guard = box.requireGuard();
        Stamped agent = box.requireAgent();
        long seed = System.nanoTime();
        Random random = new Random(seed);
        SortedMap<String, Integer> descriptors = new TreeMap<>();
        int threads = 0;
        for (int i = 0; i <= REQUESTS; i++) {
            if (i % 100 == 0) {
                assertEquals(0, box.check("web"), "seed " + seed + ", request " + i);
                assertEquals(before, Overseers.of(box.lockdir()), "seed " + seed + ", request " + i);
            }
            if (i == 100) {
                // by now it has all that it keeps: threads that carry connections, the selector, logs
                descriptors = atRest(() -> descriptors(guard, agent));
                threads = atRest(() -> threads(agent));
            }
            try (SocketChannel socket = connect(box)) {
                sendAsFarAsTaken(socket, damaged(request(), random));
                if (random.nextBoolean()) {
                    socket.shutdownOutput();
                    readToEnd(socket, Duration.ofSeconds(20));
                }
            }
        }
        assertEquals(descriptors, atRest(() -> descriptors(guard, agent)), "seed " + seed);
        int running = atRest(() -> threads(agent));
        assertTrue(running <= threads + 4, running + " threads, were " + threads + ", seed " + seed);
        assertEquals(1, box.refcountOnDisk("web"), "seed " + seed);
    }

    /** The same answer twenty times in a row: connections that were closed take the agent a moment. */
    private static <T> T atRest(Supplier<T> look) {
        List<T> same = new ArrayList<>();
        Until.holds(
                () -> {
                    T now = look.get();
                    if (!same.isEmpty() && !same.getFirst().equals(now)) {
                        same.clear();
                    }
                    same.add(now);
                    return same.size() > 20;
                },
                "what stays");
        return same.getFirst();
    }

    /** How many descriptors there are of each kind, but for jars, which the JVM opens when it needs the first class that is not in its cache. */
    private static SortedMap<String, Integer> descriptors(Stamped guard, Stamped agent) {
        SortedMap<String, Integer> kinds = new TreeMap<>();
        for (Stamped process : List.of(guard, agent)) {
            for (String descriptor : ProcessFacts.descriptors(process.pid())) {
                String target = descriptor.substring(descriptor.indexOf(' ') + 1);
                if (!target.endsWith(".jar")) {
                    String kind = target.replaceFirst(":\\[\\d+\\]$", "");
                    kinds.merge((process.equals(guard) ? "guard " : "agent ") + kind, 1, Integer::sum);
                }
            }
        }
        return kinds;
    }

    private static int threads(Stamped agent) {
        String threads = ProcessFacts.status(agent.pid(), "Threads");
        assertNotNull(threads);
        return Integer.parseInt(threads);
    }

    /** {@code check web} as a launcher of this machine would ask it, of another version: understood, and refused. */
    private static byte[] request() {
        ByteBuffer body = ByteBuffer.allocate(4096);
        body.put((byte) 'R')
                .putShort((short) 1)
                .put(new byte[16])
                .putShort((short) 0)
                .putShort((short) 80);
        body.putInt(1).putLong(1).putInt(1).putInt(18).putInt(0).put((byte) 2);
        body.putLong(-1).putLong(-1).putLong(1024).putLong(-1);
        for (String text : List.of("fuzz", "/tmp", "")) {
            put(body, text);
        }
        for (List<String> list : List.of(List.of("check", "web"), List.of("PATH=/bin", "HOME=/", "EMPTY="))) {
            body.putInt(list.size());
            list.forEach(text -> put(body, text));
        }
        byte[] frame = new byte[4 + body.position()];
        ByteBuffer.wrap(frame).putInt(body.position()).put(body.flip());
        return frame;
    }

    private static void put(ByteBuffer body, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        body.putInt(bytes.length).put(bytes);
    }

    private static byte[] damaged(byte[] frame, Random random) {
        byte[] bytes = Arrays.copyOf(frame, frame.length + random.nextInt(2) * random.nextInt(40));
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(5)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes[at] += (byte) (random.nextInt(9) - 4);
                case 3 -> ByteBuffer.wrap(bytes).putInt(Math.min(at, bytes.length - 4), random.nextInt() | 1 << 31);
                default -> bytes = Arrays.copyOf(bytes, Math.max(4, at));
            }
        }
        if (random.nextBoolean()) {
            // the frame is whole: what stands in it is wrong
            ByteBuffer.wrap(bytes).putInt(0, bytes.length - 4);
        }
        return bytes;
    }

    @Test
    void aHundredConnectionsThatSayNothingDisturbNobodyAndAreClosed(Sandbox box) throws Exception {
        box.serve("web", box.client());
        List<SocketChannel> silent = new ArrayList<>();
        try {
            for (int i = 0; i < 100; i++) {
                SocketChannel socket = connect(box);
                silent.add(socket);
                if (i % 2 == 1) {
                    // half a header, then nothing
                    socket.write(ByteBuffer.wrap(bytes(0, 0)));
                }
            }
            Result check = box.run("check", "web").exits(0);
            assertTrue(check.took().toMillis() < 9_000, check::toString);
            box.use("web", box.client()).says("refcount: 2");
            for (SocketChannel socket : silent) {
                readToEnd(socket, Duration.ofSeconds(20));
            }
        } finally {
            for (SocketChannel socket : silent) {
                socket.close();
            }
        }
        box.use("web", box.client()).says("refcount: 3");
    }

    @Test
    void callersThatGoAwayInTheMiddleDoNotLeaveAReference(Sandbox box) {
        Stamped holder = box.client();
        box.serve("web", holder);
        box.sh("for i in 1 2 3 4 5 6 7 8 9 10; do timeout -s KILL 0.00$i \"$SS\" use web --pid $$; done; exit 0")
                .run()
                .ok();
        Until.holds(() -> box.refcountOnDisk("web") == 1, "the shell was the client and has ended");
        assertEquals(0, box.check("web"));
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void anotherUserIsNotServedEvenIfTheModesLetHimIn(Sandbox box) throws IOException {
        box.serve("web", box.client());
        for (Path path : List.of(box.root(), box.lockdir())) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        Files.setPosixFilePermissions(
                box.lockdir().resolve(".agent.sock"), PosixFilePermissions.fromString("rwxrwxrwx"));
        String connect = "my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die; print length(<$s> // \"\");";
        Result result = new Invocation(
                        List.of(
                                "perl",
                                "-MIO::Socket::UNIX",
                                "-e",
                                connect,
                                box.lockdir().resolve(".agent.sock").toString()),
                        box.env(),
                        Path.of("/"))
                .under(Root.asNobody())
                .run()
                .ok();
        assertEquals("0", result.out(), "closed without an answer");
        assertEquals(0, box.check("web"));
    }

    @Test
    void aSocketOfADeadAgentIsReplaced(Sandbox box) throws IOException {
        Files.createDirectory(
                box.lockdir(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        new Invocation(
                        List.of(
                                "python3",
                                "-c",
                                "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])",
                                box.lockdir().resolve(".agent.sock").toString()),
                        box.env(),
                        Path.of("/"))
                .run()
                .ok();
        box.serve("web", box.client());
    }

    @Test
    void aFileInPlaceOfTheSocketIsReplaced(Sandbox box) throws IOException {
        Files.createDirectory(
                box.lockdir(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.writeString(box.lockdir().resolve(".agent.sock"), "no socket\n");
        box.serve("web", box.client());
        assertNotNull(box.agent());
    }

    private static SocketChannel connect(Sandbox box) throws IOException {
        SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        socket.connect(UnixDomainSocketAddress.of(box.lockdir().resolve(".agent.sock")));
        return socket;
    }

    /** The other side may hang up before it has taken everything. */
    private static void sendAsFarAsTaken(SocketChannel socket, byte[] bytes) {
        try {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                socket.write(buffer);
            }
        } catch (IOException hungUp) {
            return;
        }
    }

    private static void readToEnd(SocketChannel socket, Duration limit) throws Exception {
        FutureTask<Boolean> end = new FutureTask<>(() -> {
            ByteBuffer buffer = ByteBuffer.allocate(4096);
            try {
                while (socket.read(buffer) >= 0) {
                    buffer.clear();
                }
            } catch (IOException reset) {
                return true;
            }
            return true;
        });
        Thread.ofVirtual().start(end);
        assertTrue(end.get(limit.toMillis(), TimeUnit.MILLISECONDS));
    }

    private static byte[] bytes(int... values) {
        byte[] result = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = (byte) values[i];
        }
        return result;
    }
}
