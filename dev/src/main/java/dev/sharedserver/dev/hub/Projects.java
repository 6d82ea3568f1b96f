package dev.sharedserver.dev.hub;

import dev.sharedserver.core.Quote;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.DevServerMode;
import dev.sharedserver.dev.DevServerState;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Who uses which project. One stays up while somebody uses it, or was started to stay, and ends when the last one leaves. Safe for
 * any number of threads.
 */
public final class Projects {

    private static final int LONGEST_STEM = 100;
    private static final int HASH_BYTES = 3;

    /** The uses of one project; guarded by itself. */
    private static final class Uses {
        private final Set<Object> users = new HashSet<>();
        private boolean stays;
    }

    private final DevServerManager manager;
    private final Memory memory;
    private final Map<String, Uses> uses = new ConcurrentHashMap<>();

    Projects(DevServerManager manager, Memory memory) {
        this.manager = manager;
        this.memory = memory;
    }

    /**
     * What somebody wants to be up.
     *
     * @param id what it is to be called, null for what its directory is called
     * @param directory a real path
     * @param environment of its processes, if it is not up
     * @param user who uses it, null if it is to stay
     */
    public record Wish(
            @Nullable String id,
            Path directory,
            Map<String, String> environment,
            Reload reload,
            @Nullable Object user) {}

    /**
     * What has become of a wish.
     *
     * @param joined whether it was up already
     */
    public record Up(DevServerState state, boolean joined) {}

    /** Returns the id that a directory's project has, or would get. */
    public String idFor(Path directory, @Nullable String wanted) throws DevServerException {
        for (DevServerState state : manager.listDevServerStates()) {
            if (state.mode() == DevServerMode.MANAGED && state.devPath().equals(directory.toString())) {
                if (wanted != null && !wanted.equals(state.pluginID())) {
                    throw DevServerException.invalid(
                            "The project in " + Quote.of(directory.toString()) + " is up as "
                                    + Quote.of(state.pluginID()) + ".",
                            "Leave out --id, or end it: sharedserver dev down " + state.pluginID());
                }
                return state.pluginID();
            }
        }
        if (wanted != null) {
            return wanted;
        }
        String name =
                directory.getFileName() == null ? "" : directory.getFileName().toString();
        String stem = stem(name);
        DevServerState there = manager.getDevServerState(stem);
        boolean free = there.mode() == DevServerMode.IDLE && memory.mayName(stem, directory);
        return stem.equals(name) && free ? stem : stem + "-" + hash(directory.toString());
    }

    /** Makes of a directory's name what can be an id: letters, digits and {@code . _ -}, no sign at its beginning. */
    static String stem(String name) {
        StringBuilder stem = new StringBuilder();
        for (int i = 0; i < name.length() && stem.length() < LONGEST_STEM; i++) {
            char c = name.charAt(i);
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (letter || !stem.isEmpty() && (c == '.' || c == '_' || c == '-')) {
                stem.append(c);
            } else if (!stem.isEmpty() && stem.charAt(stem.length() - 1) != '-') {
                stem.append('-');
            }
        }
        return stem.isEmpty() ? "project" : stem.toString();
    }

    private static String hash(String directory) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(directory.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Starts a project, or joins those who use it. */
    public Up up(Wish wish) throws DevServerException {
        String id = idFor(wish.directory, wish.id);
        Uses mine = uses.computeIfAbsent(id, key -> new Uses());
        synchronized (mine) {
            DevServerState before = manager.getDevServerState(id);
            if (before.mode() == DevServerMode.EXTERNAL) {
                throw DevServerException.invalid(
                        "The project " + Quote.of(id) + " is run by its developer, not by this hub.",
                        "End it there, or give another --id.");
            }
            boolean joined = before.mode() == DevServerMode.MANAGED;
            if (joined && !before.devPath().equals(wish.directory.toString())) {
                throw DevServerException.invalid(
                        "Another project is up as " + Quote.of(id) + ": the one in " + Quote.of(before.devPath()) + ".",
                        "Give another --id.");
            }
            if (!joined) {
                mine.users.clear();
                mine.stays = false;
                memory.remember(id, wish.directory, wish.environment, wish.reload);
            } else if (mine.users.isEmpty()) {
                mine.stays = true; // who started it by another way said nothing of leaving
            }
            DevServerState state = manager.startDevServerForPath(id, wish.directory.toString(), wish.environment);
            if (wish.user == null) {
                mine.stays = true;
            } else {
                mine.users.add(wish.user);
            }
            return new Up(state, joined);
        }
    }

    /** Ends a use. Returns how many others use the project, -1 if it stays without any; 0: it has ended. */
    public int leave(String id, Object user) throws InterruptedException {
        Uses mine = uses.computeIfAbsent(id, key -> new Uses());
        synchronized (mine) {
            if (!mine.users.remove(user)) {
                return 0;
            }
            if (!mine.users.isEmpty() || mine.stays) {
                return mine.users.isEmpty() ? -1 : mine.users.size();
            }
            try {
                manager.stopDevServer(id);
            } catch (DevServerException e) {
                // somebody else has ended it
            }
            return 0;
        }
    }

    /** Ends a project, whoever uses it. */
    public void down(String id) throws DevServerException, InterruptedException {
        manager.stopDevServer(id);
    }

    /** Returns how many use a project now. */
    public int users(String id) {
        Uses mine = uses.get(id);
        if (mine == null) {
            return 0;
        }
        synchronized (mine) {
            return mine.users.size();
        }
    }
}
