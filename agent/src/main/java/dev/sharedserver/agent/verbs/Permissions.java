package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.OsText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Which configs of projects the user's shells may use by themselves: a file for each, in {@code allowed} below the
 * directory of the user's state, named by the hash of the config's path. It holds {@code allow}, the hash of what the
 * config held then, and the path; or {@code deny} and the path.
 *
 * <p>A directory that somebody has unpacked or cloned must not start programs because a shell has entered it.
 */
final class Permissions {

    private static final String ALLOW = "allow ";
    private static final String DENY = "deny";
    private static final int LONGEST = 16 << 10;

    private final Path directory;
    private final int uid;

    private Permissions(Path directory, int uid) {
        this.directory = directory;
        this.uid = uid;
    }

    /** What the user has said of a config. */
    enum Answer {
        ALLOWED,
        /** It was allowed, and is another since then. */
        CHANGED,
        DENIED,
        /** Nothing. */
        NONE
    }

    /** Returns those of a caller's environment. */
    static Permissions of(Request request, int uid) throws Failure {
        String state = request.variable("XDG_STATE_HOME");
        if (!state.startsWith("/")) {
            String home = request.variable("HOME");
            if (!home.startsWith("/")) {
                throw new Failure(
                        ExitCodes.FAILED, "neither HOME nor XDG_STATE_HOME says where it is kept what is allowed");
            }
            state = home + "/.local/state";
        }
        return new Permissions(Path.of(state, "sharedserver", "allowed"), uid);
    }

    /** Returns what the user has said of a config that holds those bytes. */
    Answer answer(Path config, byte[] bytes) throws Failure {
        Path file = file(config);
        try {
            // what another user has put there is nobody's answer
            if (!Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS).equals(uid)
                    || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    || Files.size(file) > LONGEST) {
                return Answer.NONE;
            }
            String said = OsText.decode(Files.readAllBytes(file));
            if (said.equals(DENY + "\n" + config + "\n")) {
                return Answer.DENIED;
            }
            if (said.equals(allowance(config, bytes))) {
                return Answer.ALLOWED;
            }
            return said.startsWith(ALLOW) && said.endsWith("\n" + config + "\n") ? Answer.CHANGED : Answer.NONE;
        } catch (NoSuchFileException e) {
            return Answer.NONE;
        } catch (IOException e) {
            throw new Failure(ExitCodes.FAILED, "cannot read " + Quote.of(file.toString()) + ": " + e.getMessage());
        }
    }

    void allow(Path config, byte[] bytes) throws Failure {
        write(config, allowance(config, bytes));
    }

    void deny(Path config) throws Failure {
        write(config, DENY + "\n" + config + "\n");
    }

    private void write(Path config, String text) throws Failure {
        Path file = file(config);
        try {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            // made with mode 600, and taken for the old one at once: a reader sees either
            Path made = Files.createTempFile(directory, ".new", "");
            Files.write(made, OsText.encode(text));
            Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new Failure(ExitCodes.FAILED, "cannot write " + Quote.of(file.toString()) + ": " + e);
        }
    }

    private static String allowance(Path config, byte[] bytes) {
        return ALLOW + hash(bytes) + "\n" + config + "\n";
    }

    private Path file(Path config) {
        return directory.resolve(hash(OsText.encode(config.toString())));
    }

    private static String hash(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
