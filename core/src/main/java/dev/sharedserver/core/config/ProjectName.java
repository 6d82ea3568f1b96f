package dev.sharedserver.core.config;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.OsText;
import dev.sharedserver.core.ServerName;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The name that a project's own server has on disk: {@code NAME@} and 8 hex digits that stand for the directory. */
public final class ProjectName {

    private static final int DIGITS = 8;
    private static final int ENDING = DIGITS + 1;

    /** The longest name that a project's server may have, in bytes of UTF-8. */
    static final int MAX_BYTES = ServerName.MAX_BYTES - ENDING;

    private ProjectName() {}

    /** Tells whether a name leaves room for the ending. */
    static boolean fits(ServerName name) {
        return name.value().getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES;
    }

    /**
     * Returns the name on disk.
     *
     * @param directory real path of the config's directory (no link in it)
     */
    public static ServerName of(ServerName name, String directory) throws InvalidInput {
        return ServerName.of(name.value() + "@" + digits(directory));
    }

    /** Tells whether {@code onDisk} is what some project calls {@code name}. */
    public static boolean isOf(ServerName onDisk, ServerName name) {
        String value = onDisk.value();
        return value.length() == name.value().length() + ENDING && value.startsWith(name.value()) && isOne(onDisk);
    }

    /** Tells whether a name looks like a project's. */
    public static boolean isOne(ServerName onDisk) {
        return isOne(onDisk.value());
    }

    /** Tells whether a name looks like a project's. */
    public static boolean isOne(String value) {
        int at = value.length() - ENDING;
        if (at < 1 || value.charAt(at) != '@') {
            return false;
        }
        for (int i = at + 1; i < value.length(); i++) {
            char c = value.charAt(i);
            if (!(c >= '0' && c <= '9' || c >= 'a' && c <= 'f')) {
                return false;
            }
        }
        return true;
    }

    private static String digits(String directory) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(OsText.encode(directory));
            StringBuilder out = new StringBuilder(DIGITS);
            for (int i = 0; i < DIGITS / 2; i++) {
                out.append(Character.forDigit(hash[i] >> 4 & 15, 16)).append(Character.forDigit(hash[i] & 15, 16));
            }
            return out.toString();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
