package dev.sharedserver.core;

import java.nio.charset.StandardCharsets;

/**
 * The name under which clients share a server; also the stem of its files.
 *
 * @param value 1 to 128 bytes of UTF-8
 */
public record ServerName(String value) {

    /** The longest name, in bytes of UTF-8: with the longest ending it still fits a file name of 255 bytes. */
    public static final int MAX_BYTES = 128;

    /** The hub for language servers: a server of the product's own, whose name nobody can give to another. */
    public static final ServerName LSP = new ServerName("@lsp");

    /** The hub for dev servers. */
    public static final ServerName DEV = new ServerName("@dev");

    private static final String[] RESERVED_ENDINGS = {".server", ".clients", ".invocations", ".log"};

    /** Checks a name that somebody gave to something that exists: one of the product's own servers has one, too. */
    public static ServerName existing(String value) throws InvalidInput {
        return value.equals(LSP.value) ? LSP : value.equals(DEV.value) ? DEV : of(value);
    }

    /** Checks a name that somebody gave. */
    public static ServerName of(String value) throws InvalidInput {
        if (value.isEmpty()) {
            throw invalid(value, "it is empty");
        }
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '/') {
                throw invalid(value, "it contains '/'");
            }
            if (Character.isISOControl(c)) {
                throw invalid(value, "it contains a control character");
            }
            if (Character.isSurrogate(c)) {
                if (Character.isHighSurrogate(c)
                        && i + 1 < value.length()
                        && Character.isLowSurrogate(value.charAt(i + 1))) {
                    i++;
                } else {
                    throw invalid(value, "it is not valid UTF-8");
                }
            }
        }
        int bytes = value.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_BYTES) {
            throw invalid(value, "it is " + bytes + " bytes long, at most " + MAX_BYTES + " are allowed");
        }
        char first = value.charAt(0);
        if (first == '.' || first == '-' || first == '@') {
            throw invalid(value, "it starts with '" + first + "'");
        }
        for (String ending : RESERVED_ENDINGS) {
            if (value.endsWith(ending)) {
                throw invalid(value, "it ends in '" + ending + "', which is kept for state files");
            }
        }
        return new ServerName(value);
    }

    private static InvalidInput invalid(String value, String why) {
        return new InvalidInput("invalid server name " + Quote.of(value) + ": " + why);
    }

    @Override
    public String toString() {
        return value;
    }
}
