package dev.sharedserver.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes inputs: valid ones, damaged in a few places of the kind that breaks readers. Not thread-safe. */
final class Mutator {

    private static final int LARGEST = 1 << 16;

    private static final long[] ODD = {
        0,
        1,
        -1,
        2,
        4,
        127,
        128,
        255,
        256,
        65_535,
        1 << 16,
        (4 << 20) - 1,
        4 << 20,
        (4 << 20) + 1,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        Integer.MAX_VALUE / 4,
        0xffffffffL,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    /** Text that is trouble to some reader, whatever it reads. */
    private static final List<byte[]> TROUBLE = List.of(
            new byte[] {(byte) 0xff},
            new byte[] {(byte) 0xc3},
            new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
            new byte[] {(byte) 0xf0, (byte) 0x9f, (byte) 0x98, (byte) 0x80},
            new byte[] {(byte) 0xef, (byte) 0xbb, (byte) 0xbf},
            new byte[] {0},
            text("\\ud800"),
            text("\\udcff"),
            text("\\ud83d\\udc80"),
            text("\\u0000"),
            text("\\u001b[2J"),
            text("\u202e"),
            text("\n"),
            text("9223372036854775808"),
            text("-9223372036854775809"),
            text("1e999999999"),
            text("1e-999999999"),
            text("-0"),
            text("9".repeat(400)),
            text("NaN"),
            text("null"),
            text("true"),
            text("[]"),
            text("{}"),
            text("+999999999-12-31T23:59:59.999999999Z"),
            text("-999999999-01-01T00:00:00Z"),
            text("0000-01-01T00:00:00Z"),
            text("9999-12-31T23:59:59.999999999Z"),
            text("10000-01-01T00:00:00Z"));

    /** What is deep when there is much of it. */
    private static final List<byte[]> DEEP = List.of(
            text("["),
            text("{\"a\":"),
            text("[["),
            text("\\"),
            text("\""),
            text("/*"),
            text("//"),
            text("${"),
            text("${A:-"),
            text(","),
            text("}"),
            text("-"),
            new byte[] {0, 0, 0, 0});

    private final Random random;
    private final List<byte[]> seeds;
    private final List<byte[]> words;
    private final byte[] at = new byte[LARGEST];
    private int length;

    Mutator(Random random, List<byte[]> seeds, List<byte[]> words) {
        this.random = random;
        this.seeds = seeds;
        this.words = words;
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Returns the next input. */
    byte[] next() {
        length = 0;
        if (random.nextInt(20) > 0) {
            insert(0, any(seeds));
        }
        for (int n = random.nextInt(8) == 0 ? 40 : 1 + random.nextInt(4); n > 0; n--) {
            mutate();
        }
        return Arrays.copyOf(at, length);
    }

    private void mutate() {
        int place = length == 0 ? 0 : random.nextInt(length);
        int n = Math.min(length - place, 1 + random.nextInt(random.nextInt(4) == 0 ? 200 : 8));
        switch (random.nextInt(14)) {
            case 0 -> change(place, at[place] ^ 1 << random.nextInt(8));
            case 1 -> change(place, random.nextInt());
            case 2 -> change(place, at[place] + random.nextInt(9) - 4);
            case 3 -> length = place;
            case 4 -> number(place, 1 << random.nextInt(4), ODD[random.nextInt(ODD.length)]);
            case 5 -> cut(place, n);
            case 6, 7 -> insert(place, Arrays.copyOfRange(at, place, place + n));
            case 8 -> {
                byte[] other = any(seeds);
                int from = other.length == 0 ? 0 : random.nextInt(other.length);
                insert(place, Arrays.copyOfRange(other, from, from + random.nextInt(other.length - from + 1)));
            }
            case 9 -> insert(length, any(seeds));
            case 10 -> insert(place, any(TROUBLE));
            case 11 -> {
                cut(place, n);
                insert(place, any(TROUBLE));
            }
            case 12 -> insert(place, words.isEmpty() ? any(TROUBLE) : any(words));
            default -> {
                byte[] word = random.nextInt(3) == 0 ? any(DEEP) : new byte[] {(byte) random.nextInt(256)};
                int times = random.nextInt(50) == 0 ? 10_000 : random.nextInt(10) == 0 ? 100 : 1 + random.nextInt(3);
                for (; times > 0; times--) {
                    insert(place, word);
                }
            }
        }
    }

    private byte[] any(List<byte[]> list) {
        return list.get(random.nextInt(list.size()));
    }

    private void change(int place, int value) {
        if (place < length) {
            at[place] = (byte) value;
        }
    }

    private void number(int place, int size, long value) {
        for (int i = 0; i < size; i++) {
            change(place + i, (int) (value >> 8 * (size - 1 - i)));
        }
    }

    private void cut(int place, int n) {
        System.arraycopy(at, place + n, at, place, length - place - n);
        length -= n;
    }

    private void insert(int place, byte[] bytes) {
        if (length + bytes.length <= LARGEST) {
            System.arraycopy(at, place, at, place + bytes.length, length - place);
            System.arraycopy(bytes, 0, at, place, bytes.length);
            length += bytes.length;
        }
    }
}
