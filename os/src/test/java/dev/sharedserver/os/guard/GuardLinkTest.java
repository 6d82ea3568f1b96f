package dev.sharedserver.os.guard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuardLinkTest {

    private static GuardLink link(byte[] in, ByteArrayOutputStream out) {
        return new GuardLink(
                new ByteArrayInputStream(in),
                out,
                bytes -> new String(bytes, StandardCharsets.UTF_8),
                text -> text.getBytes(StandardCharsets.UTF_8));
    }

    private static @Nullable GuardEvent parse(String hex) throws IOException {
        return link(HexFormat.of().parseHex(hex.replace(" ", "")), new ByteArrayOutputStream())
                .next();
    }

    @Test
    void framesBecomeEvents() throws IOException {
        assertEquals(
                new GuardEvent.Gone(0x1234, 7, true, new GuardEvent.Exit(2, 9)),
                parse("00000013 47 00001234 0000000000000007 01 02 00000009"));
        assertEquals(new GuardEvent.SpawnFailed(5, 10, 2), parse("0000000e 73 0000000000000005 0a 00000002"));
        assertEquals(
                new GuardEvent.Notified(0x1234, 7, 0x1230, 1000, "READY=1\n"),
                parse("00000021 4e 00001234 0000000000000007 00001230 000003e8 00000008 52454144593d310a"));
        assertEquals(new GuardEvent.LeaveAnswer(GuardEvent.Leave.STAY), parse("00000002 59 00"));
        assertEquals(new GuardEvent.LeaveAnswer(GuardEvent.Leave.GO), parse("00000002 59 01"));
        assertEquals(new GuardEvent.LeaveAnswer(GuardEvent.Leave.UNFIT), parse("00000002 59 02"));
    }

    @Test
    void aGuardWithoutANotifySocketHasNoAddress() throws IOException {
        String strings = " 00000000 00000000 00000000 00000000";
        String init = " 49 0001 00001234 0000000000000007 00" + strings + " 00000000 00000000";
        assertEquals("", address(parse("00000028" + init)));
        assertEquals("@a", address(parse("0000002e" + init + " 00000002 4061")));
    }

    private static String address(@Nullable GuardEvent event) {
        return ((GuardEvent.Init) Objects.requireNonNull(event)).notifyAddress();
    }

    @Test
    void theEndOfThePipeIsNull() throws IOException {
        assertNull(parse(""));
        assertNull(parse("0000000e 73 00"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00000000",
                "ffffffff",
                "00400001 54",
                "00000001 21",
                "00000002 54 00",
                "00000003 59 0101",
                "00000002 59 03",
                "00000002 59 ff",
                "00000001 59",
                "00000005 49 00020000",
                "00000019 4e 00001234 0000000000000007 00001230 000003e8 00000001"
            })
    void aFrameThatIsNoneIsAnError(String hex) {
        assertThrows(IOException.class, () -> parse(hex));
    }

    @Test
    void anyBytesAreAnEventAnErrorOrTheEnd() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        byte[] types = "ISsKkGDEgTNPMY".getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 50_000; i++) {
            byte[] bytes = new byte[5 + random.nextInt(60)];
            random.nextBytes(bytes);
            bytes[0] = 0;
            bytes[1] = 0;
            bytes[2] = 0;
            bytes[3] = (byte) random.nextInt(bytes.length);
            bytes[4] = types[random.nextInt(types.length)];
            try {
                link(bytes, new ByteArrayOutputStream()).next();
            } catch (IOException e) {
                // said what is wrong
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + HexFormat.of().formatHex(bytes), e);
            }
        }
    }

    @Test
    void whatIsSentIsAFrame() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        link(new byte[0], out).signal(3, 0x1234, 7, 15, GuardLink.Scope.GROUP);
        assertArrayEquals(
                HexFormat.of()
                        .parseHex("00000017" + "4b" + "0000000000000003" + "00001234" + "0000000000000007" + "0f01"),
                out.toByteArray());
    }
}
