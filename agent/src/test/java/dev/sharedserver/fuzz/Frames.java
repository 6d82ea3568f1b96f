package dev.sharedserver.fuzz;

import dev.sharedserver.core.OsText;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Writes frames as {@code docs/protocol.md} has them, independent of the product's writers, and makes what goes into them. */
final class Frames {

    private Frames() {}

    interface Body {
        void writeTo(DataOutputStream out) throws IOException;
    }

    static byte[] frame(char type, Body body) {
        byte[] content = bytes(body);
        return bytes(out -> {
            out.writeInt(1 + content.length);
            out.writeByte(type);
            out.write(content);
        });
    }

    static byte[] bytes(Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            body.writeTo(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static void string(DataOutputStream out, String text) throws IOException {
        byte[] bytes = OsText.encode(text);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static void list(DataOutputStream out, List<String> list) throws IOException {
        out.writeInt(list.size());
        for (String text : list) {
            string(out, text);
        }
    }

    /** Returns text that may come from the system: of any bytes but NUL. */
    static String text(Random random) {
        byte[] bytes = new byte[random.nextInt(random.nextInt(10) == 0 ? 300 : 12)];
        boolean ascii = random.nextBoolean();
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (1 + random.nextInt(ascii ? 127 : 255));
        }
        return OsText.decode(bytes);
    }

    static List<String> texts(Random random) {
        List<String> list = new ArrayList<>();
        for (int n = random.nextInt(5); n > 0; n--) {
            list.add(text(random));
        }
        return list;
    }

    /** Returns a number in which all bits, the first or the last ones may be set. */
    static long number(Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> random.nextInt(100);
            case 1 -> Long.MAX_VALUE - random.nextInt(3);
            case 2 -> random.nextInt(4_194_304);
            default -> random.nextLong() >>> random.nextInt(64);
        };
    }

    static long pid(Random random) {
        return number(random) & 0xffffffffL;
    }
}
