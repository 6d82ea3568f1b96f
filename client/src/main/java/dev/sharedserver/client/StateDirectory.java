package dev.sharedserver.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which state directory a command works on: a server of the same name in another one is another server. */
final class StateDirectory {

    private StateDirectory() {}

    /**
     * Returns the same for the same directory, whether it was chosen, is said by the environment (in the command's order, see
     * docs/state.md), or is reached by a link, and before and after it is made.
     */
    static String identity(@Nullable Path chosen, Map<String, String> environment) {
        String named = environment.getOrDefault("SHAREDSERVER_LOCKDIR", "");
        String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        if (chosen != null) {
            return real(chosen);
        }
        if (!named.isEmpty()) {
            return real(Path.of(named));
        }
        return runtime.isEmpty() ? "" : real(Path.of(runtime, "sharedserver"));
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
