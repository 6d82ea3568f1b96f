package dev.sharedserver.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OsTextTest {

    @Test
    void anyBytesComeBackUnchanged() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            random.nextBytes(bytes);
            assertArrayEquals(bytes, OsText.encode(OsText.decode(bytes)), "seed " + seed);
        }
    }

    @Test
    void brokenBytesBesideWholeCharactersComeBackUnchanged() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String[] parts = {"a", "ä", "€", "🚀", "\u0000", "\u007f"};
        for (int i = 0; i < 20_000; i++) {
            java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
            for (int j = random.nextInt(6); j > 0; j--) {
                byte[] part = parts[random.nextInt(parts.length)].getBytes(StandardCharsets.UTF_8);
                bytes.write(part, 0, random.nextBoolean() ? part.length : random.nextInt(part.length + 1));
            }
            assertArrayEquals(bytes.toByteArray(), OsText.encode(OsText.decode(bytes.toByteArray())), "seed " + seed);
        }
    }

    @Test
    void utf8IsText() {
        assertEquals("päth/🚀", OsText.decode("päth/🚀".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aByteThatIsNoUtf8IsALoneSurrogate() {
        assertEquals("a\udcff", OsText.decode(new byte[] {'a', (byte) 0xff}));
    }

    @Test
    void surrogatesAndOverlongFormsInBytesAreNoCharacters() {
        assertEquals("\udced\udca0\udc80", OsText.decode(new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80}));
        assertEquals("\udcc0\udc80", OsText.decode(new byte[] {(byte) 0xc0, (byte) 0x80}));
        assertEquals(
                4,
                OsText.decode(new byte[] {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80})
                        .length());
    }
}
