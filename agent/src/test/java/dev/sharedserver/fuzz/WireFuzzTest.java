package dev.sharedserver.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.core.OsText;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.core.wire.WireException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Launcher to agent: any bytes on the socket. */
class WireFuzzTest {

    /** A string of no bytes is four of a frame and two objects for the agent; the check below encodes broken UTF-8, too. */
    private static final long PER_BYTE = 1_000;

    private record Asked(
            long pid, long stamp, List<Long> limits, String cwd, String token, List<String> argv, List<String> env) {

        static Asked random(Random random) {
            List<Long> limits = new ArrayList<>();
            for (int n = 2 * random.nextInt(17); n > 0; n--) {
                limits.add(random.nextLong());
            }
            return new Asked(
                    Frames.pid(random),
                    random.nextLong(),
                    limits,
                    Frames.text(random),
                    Frames.text(random),
                    Frames.texts(random),
                    Frames.texts(random));
        }

        byte[] frame() {
            return Frames.frame('R', out -> {
                out.writeShort(Request.PROTOCOL);
                out.write("0123456789abcdef".getBytes(StandardCharsets.US_ASCII));
                out.writeShort(8);
                out.writeShort(80);
                out.writeInt((int) pid);
                out.writeLong(stamp);
                out.writeInt(1);
                out.writeInt(022);
                out.writeInt(-5);
                out.writeByte(limits.size() / 2);
                for (long limit : limits) {
                    out.writeLong(limit);
                }
                Frames.string(out, "0.1.0");
                Frames.string(out, cwd);
                Frames.string(out, token);
                Frames.list(out, argv);
                Frames.list(out, env);
            });
        }
    }

    private static List<byte[]> seeds() {
        Random random = new Random(1);
        List<byte[]> seeds = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            seeds.add(Asked.random(random).frame());
        }
        seeds.add(Frames.frame('F', out -> {
            out.writeByte(10);
            out.writeInt(2);
        }));
        return seeds;
    }

    @Test
    void anyBytesAreARequestOrAnError() {
        Random random = Fuzz.random();
        Fuzz.run("wire", seeds(), List.of(), PER_BYTE, input -> {
            LauncherConnection connection = new LauncherConnection(new ScriptedChannel(input, random));
            try {
                for (Request request = connection.request(); request != null; request = connection.request()) {
                    check(request);
                }
            } catch (WireException | EOFException e) {
                assertNotNull(e.getMessage());
            }
        });
    }

    private static void check(Request request) {
        List<String> environment = request.environment();
        assertEquals("", request.variable("no such variable"));
        for (List<String> list : List.of(request.argv(), environment, List.of(request.cwd(), request.token()))) {
            for (String text : list) {
                assertTrue(text.indexOf('\0') < 0);
                assertEquals(text, OsText.decode(OsText.encode(text)));
            }
        }
    }

    @Test
    void anyBytesAreAnErrnoOrAnError() {
        Random random = Fuzz.random();
        Fuzz.run("exec error", seeds(), List.of(), PER_BYTE, input -> {
            try {
                LauncherConnection.ExecError error =
                        new LauncherConnection(new ScriptedChannel(input, random)).execError();
                assertTrue(error != null || input.length == 0);
            } catch (WireException | EOFException e) {
                assertNotNull(e.getMessage());
            }
        });
    }

    @Test
    void whatIsAskedIsUnderstood() throws IOException {
        Random random = Fuzz.random();
        for (int i = 0; i < Fuzz.inputs(); i++) {
            Asked asked = Asked.random(random);
            byte[] frame = asked.frame();
            LauncherConnection connection = new LauncherConnection(new ScriptedChannel(frame, random));
            Request request = connection.request();
            assertNotNull(request, Fuzz.seed());
            assertEquals(
                    asked,
                    new Asked(
                            request.pid(),
                            request.stamp(),
                            request.rlimits(),
                            request.cwd(),
                            request.token(),
                            request.argv(),
                            request.environment()),
                    Fuzz.seed());
            assertNull(connection.request());
        }
    }

    @Test
    @Timeout(60)
    void theLargestFrameMayComeByteByByte() throws IOException {
        String large = "x".repeat(LauncherConnection.MAX_FRAME - 400);
        byte[] frame = new Asked(1, 2, List.of(), "/", "", List.of("use"), List.of("A=" + large)).frame();
        int[] reads = {0};
        Random oneByOne = new Random(0) {
            private static final long serialVersionUID = 1L;

            @Override
            public boolean nextBoolean() {
                return true;
            }

            @Override
            public int nextInt(int bound) {
                reads[0]++;
                return 0;
            }
        };
        long before = System.nanoTime();
        Request request = new LauncherConnection(new ScriptedChannel(frame, oneByOne)).request();
        assertNotNull(request);
        assertEquals("A=" + large, request.environment().get(0));
        assertTrue(reads[0] > 4_000_000);
        assertTrue(System.nanoTime() - before < 10_000_000_000L, "seconds for copies of what was read before");
    }
}
