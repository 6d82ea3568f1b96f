package dev.sharedserver.core;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Arguments, paths and environments are bytes; here they are text all the same. What is not UTF-8 becomes lone
 * surrogates U+DC80 to U+DCFF, one for a byte, and comes back unchanged (PEP 383 names the scheme "surrogateescape").
 */
public final class OsText {

    private static final int ESCAPE = 0xdc00;

    private OsText() {}

    /** Returns the text of those bytes. */
    public static String decode(byte[] bytes) {
        boolean ascii = true;
        for (byte b : bytes) {
            ascii &= b >= 0;
        }
        if (ascii) {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return decodeBroken(bytes);
        }
    }

    /** Returns the bytes of that text: the inverse of {@link #decode}. */
    public static byte[] encode(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (isEscape(text.charAt(i)) && !(i > 0 && Character.isHighSurrogate(text.charAt(i - 1)))) {
                return encodeBroken(text);
            }
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isEscape(char c) {
        return c >= ESCAPE + 0x80 && c <= ESCAPE + 0xff;
    }

    private static String decodeBroken(byte[] bytes) {
        StringBuilder out = new StringBuilder(bytes.length);
        int at = 0;
        while (at < bytes.length) {
            int length = sequence(bytes, at);
            if (length == 0) {
                out.append((char) (ESCAPE + (bytes[at] & 0xff)));
                at++;
            } else {
                out.append(new String(bytes, at, length, StandardCharsets.UTF_8));
                at += length;
            }
        }
        return out.toString();
    }

    /** Returns the length of the valid UTF-8 sequence (RFC 3629) at {@code at}, 0 if there is none. */
    private static int sequence(byte[] bytes, int at) {
        int first = bytes[at] & 0xff;
        int length = first < 0x80
                ? 1
                : first >= 0xc2 && first < 0xe0
                        ? 2
                        : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
        if (at + length > bytes.length) {
            return 0;
        }
        for (int i = 1; i < length; i++) {
            if ((bytes[at + i] & 0xc0) != 0x80) {
                return 0;
            }
        }
        if (length >= 3) {
            int second = bytes[at + 1] & 0xff;
            boolean overlong = first == 0xe0 && second < 0xa0 || first == 0xf0 && second < 0x90;
            boolean beyond = first == 0xed && second > 0x9f || first == 0xf4 && second > 0x8f;
            return overlong || beyond ? 0 : length;
        }
        return length;
    }

    private static byte[] encodeBroken(String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(text.length() + 16);
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (isEscape(c)) {
                out.write(c - ESCAPE);
                at++;
            } else {
                int next = at + Character.charCount(text.codePointAt(at));
                out.writeBytes(text.substring(at, next).getBytes(StandardCharsets.UTF_8));
                at = next;
            }
        }
        return out.toByteArray();
    }
}
