package dev.sharedserver.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which state directory a command works on: a server of the same name in another one is another server. */
final class StateDirectory {

    private static final String NAME = "sharedserver";

    /** The places that the command goes to where nothing is said. */
    private static final Path SESSIONS = Path.of("/run/user");

    private static final Path TEMPORARY = Path.of("/tmp");

    private StateDirectory() {}

    /**
     * Returns the same for the same directory, whether it was chosen, is said by the environment (in the command's order, see
     * docs/state.md), is the one that is taken where nothing is said, or is reached by a link, and before and after it is made.
     */
    static String identity(@Nullable Path chosen, Map<String, String> environment) {
        return identity(chosen, environment, SESSIONS, TEMPORARY);
    }

    static String identity(@Nullable Path chosen, Map<String, String> environment, Path sessions, Path temporary) {
        String named = environment.getOrDefault("SHAREDSERVER_LOCKDIR", "");
        String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        if (chosen != null) {
            return real(chosen);
        }
        if (!named.isEmpty()) {
            return real(Path.of(named));
        }
        return real(runtime.isEmpty() ? otherwise(sessions, temporary) : Path.of(runtime, NAME));
    }

    /** Returns where the command goes by itself: the user's session, else the folder for everybody's temporary files. */
    private static Path otherwise(Path sessions, Path temporary) {
        long uid = uid();
        Path session = sessions.resolve(Long.toString(uid));
        if (Files.isDirectory(session) && isOf(uid, session)) {
            return session.resolve(NAME);
        }
        Path shared = temporary.resolve(NAME);
        boolean free = !Files.exists(shared, LinkOption.NOFOLLOW_LINKS);
        boolean ours = Files.isDirectory(shared, LinkOption.NOFOLLOW_LINKS) && isOf(uid, shared);
        return free || ours ? shared : temporary.resolve(NAME + "-" + uid);
    }

    /** Returns this process's user, as the owner of what only it can have made; -1 where that cannot be told. */
    private static long uid() {
        long uid = owner(Path.of("/proc/self"));
        return uid >= 0 ? uid : owner(Path.of(System.getProperty("user.home", "/")));
    }

    private static boolean isOf(long uid, Path path) {
        return uid >= 0 && owner(path) == uid;
    }

    private static long owner(Path path) {
        try {
            return ((Integer) Files.getAttribute(path, "unix:uid")).longValue();
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return -1;
        }
    }

    private static String real(Path directory) {
        Path whole = directory.toAbsolutePath().normalize();
        for (Path at = whole; at != null; at = at.getParent()) {
            try {
                return at.toRealPath().resolve(at.relativize(whole)).normalize().toString();
            } catch (IOException e) {
                // it is not there yet: the part above it is
            }
        }
        return whole.toString();
    }
}
