package dev.sharedserver.lsp.mux;

import java.nio.charset.StandardCharsets;

/**
 * What different spellings of a URI have in common. Editors do not agree on which characters of a path they escape, nor on how: the
 * same file is {@code file:///c++/%c3%a9} to one and {@code file:///c%2B%2B/%C3%A9} to another (RFC 3986, section 6.2.2).
 */
final class Uris {

    private static final String FILE = "file://";
    private static final String LOCAL = "file://localhost/";

    private Uris() {}

    /** Returns the same for all spellings of a file's URI; any other URI as it is. */
    static String key(String uri) {
        if (!uri.startsWith(FILE)) {
            return uri;
        }
        String path = uri.substring(uri.startsWith(LOCAL) ? LOCAL.length() - 1 : FILE.length());
        if (path.chars().allMatch(c -> c == '/' || isUnreserved(c))) {
            return FILE + path;
        }
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        StringBuilder key = new StringBuilder(FILE);
        for (int i = 0; i < bytes.length; i++) {
            int escaped = bytes[i] == '%' ? escaped(bytes, i) : -1;
            if (escaped >= 0) {
                i += 2;
            }
            int one = escaped >= 0 ? escaped : bytes[i] & 0xff;
            if (isUnreserved(one) || escaped < 0 && (one == '/' || one == '?' || one == '#')) {
                key.append((char) one);
            } else {
                key.append('%').append(digit(one >> 4)).append(digit(one & 15));
            }
        }
        return key.toString();
    }

    /** Returns the same for all spellings of a directory's URI, also with a slash at the end. */
    static String folderKey(String uri) {
        String key = key(uri);
        return key.startsWith(FILE) && key.length() > FILE.length() + 1 && key.endsWith("/")
                ? key.substring(0, key.length() - 1)
                : key;
    }

    /** Tells whether two URIs mean the same. */
    static boolean same(String one, String other) {
        return one.equals(other) || key(one).equals(key(other));
    }

    private static char digit(int value) {
        return Character.toUpperCase(Character.forDigit(value, 16));
    }

    /** Returns what is escaped at a percent sign; less than 0 if nothing is. */
    private static int escaped(byte[] bytes, int at) {
        if (at + 2 >= bytes.length) {
            return -1;
        }
        int high = Character.digit(bytes[at + 1], 16);
        int low = Character.digit(bytes[at + 2], 16);
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }

    private static boolean isUnreserved(int c) {
        return c >= 'a' && c <= 'z'
                || c >= 'A' && c <= 'Z'
                || c >= '0' && c <= '9'
                || c == '-'
                || c == '.'
                || c == '_'
                || c == '~';
    }
}
