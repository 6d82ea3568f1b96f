package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.Quote;
import dev.sharedserver.core.config.ConfigFile;
import dev.sharedserver.core.config.ConfigPlaces;
import dev.sharedserver.core.config.EnvFile;
import dev.sharedserver.core.config.Port;
import dev.sharedserver.core.config.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads config files and files of variables: regular ones of a sane size, whatever stands in their place. */
final class ConfigReading {

    private ConfigReading() {}

    /** A file cannot be read; the message says why. */
    private static final class Unreadable extends Exception {
        private static final long serialVersionUID = 1L;

        private final String why;

        Unreadable(String why) {
            super(why);
            this.why = why;
        }
    }

    static boolean exists(String path) {
        try {
            return Files.exists(Path.of(path));
        } catch (InvalidPathException e) {
            return false; // a directory whose name is no text: Java cannot look into it
        }
    }

    static ConfigFile config(String path, Function<String, @Nullable String> variables, Map<String, Port> ports) {
        try {
            return ConfigFile.parse(path, bytes(path, ConfigFile.MAX_BYTES), variables, ports);
        } catch (Unreadable e) {
            return ConfigFile.unreadable(path, e.why);
        }
    }

    /** Returns the bytes of a config file; fails if it cannot be read. */
    static byte[] config(String path) throws Failure {
        try {
            return bytes(path, ConfigFile.MAX_BYTES);
        } catch (Unreadable e) {
            throw new Failure(ExitCodes.FAILED, Quote.escape(path) + ": " + e.why);
        }
    }

    static EnvFile variables(String path, String server) {
        try {
            return EnvFile.parse(path, server, bytes(path, EnvFile.MAX_BYTES));
        } catch (Unreadable e) {
            return new EnvFile(List.of(), List.of(new Problem(path, 0, 0, "", server, e.why)));
        }
    }

    /**
     * Says whose a project's config is if it is neither this user's nor root's, else null: whoever may put a file into a
     * directory above ours must not choose what we run.
     */
    static @Nullable String stranger(ConfigPlaces.Place place, int uid) {
        try {
            Path path = Path.of(place.path());
            Path parent = path.getParent();
            int owner = owner(path, uid);
            if (owner == uid && parent != null && !parent.toString().equals(place.directory())) {
                owner = owner(parent, uid);
            }
            return owner == uid
                    ? null
                    : "the config " + Quote.of(place.path()) + " belongs to another user (uid " + owner
                            + ") and is not used; name it by --config if you trust it";
        } catch (IOException e) {
            return "the config " + Quote.of(place.path()) + " is not used: " + e.getMessage();
        }
    }

    /** Returns {@code uid} if a file and the link that may stand for it are this user's or root's, else the stranger. */
    private static int owner(Path path, int uid) throws IOException {
        int link = (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (link != uid && link != 0) {
            return link;
        }
        int target = (Integer) Files.getAttribute(path, "unix:uid");
        return target == 0 ? uid : target;
    }

    private static byte[] bytes(String path, int most) throws Unreadable {
        try {
            Path file = Path.of(path);
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (attributes.isDirectory()) {
                throw new Unreadable("this is a directory, a file is expected");
            }
            if (!attributes.isRegularFile()) {
                throw new Unreadable("this is no regular file, and is not read");
            }
            if (attributes.size() > most) {
                throw tooLarge(attributes.size(), most);
            }
            try (InputStream in = Files.newInputStream(file)) {
                byte[] bytes = in.readNBytes(most + 1);
                if (bytes.length > most) {
                    throw tooLarge(bytes.length, most);
                }
                return bytes;
            }
        } catch (NoSuchFileException e) {
            throw new Unreadable("there is no such file");
        } catch (AccessDeniedException e) {
            throw new Unreadable("permission denied: make it readable for this user");
        } catch (IOException | InvalidPathException e) {
            throw new Unreadable("it cannot be read: " + e.getMessage());
        }
    }

    private static Unreadable tooLarge(long size, int most) {
        return new Unreadable("it is " + size + " bytes long, at most " + most + " are read");
    }
}
