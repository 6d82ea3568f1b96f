package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.UseOptions;
import dev.sharedserver.core.OsText;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.Port;
import dev.sharedserver.core.lifecycle.Launch;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.os.Listeners;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Chooses ports for servers that are to have a free one ({@code auto}). Thread-safe.
 *
 * <p>A server of one name and directory gets the same port every time, unless somebody else has it just then. What was
 * chosen is kept for that server for as long as this agent remembers, so that two that begin at the same moment, and
 * listen later, never get the same one.
 */
final class PortChoice {

    /** The ports to choose from end where those begin that Linux gives to outgoing connections (ip_local_port_range). */
    static final int FIRST = 20_000;

    static final int COUNT = 12_768;

    /** From one candidate to the next: no divisor of {@link #COUNT}, so that all are tried. */
    private static final int STEP = 101;

    /** So many choices are remembered; a server that runs has its port whether or not its choice is. */
    private static final int MOST_CHOSEN = 4096;

    private final Supervisor supervisor;
    private final Listeners listeners;
    private final LinkedHashMap<Integer, String> chosen = new LinkedHashMap<>();

    PortChoice(Supervisor supervisor, Listeners listeners) {
        this.supervisor = supervisor;
        this.listeners = listeners;
    }

    /** Returns the options of a command line with the port, if one is wanted, as a number and as {@code $PORT}. */
    UseOptions settled(ServerName name, UseOptions options, Request request) throws Failure {
        return switch (options.port()) {
            case null -> options;
            case Port.Fixed fixed -> options.withPort(fixed.number());
            case Port.Auto auto -> options.withPort(choose(name, directory(options.workingDir(), request.cwd())));
        };
    }

    private static String directory(@Nullable String named, String cwd) {
        String path = named == null ? cwd : named.startsWith("/") ? named : cwd + "/" + named;
        try {
            return Path.of(path).toRealPath().toString();
        } catch (IOException | InvalidPathException e) {
            return path; // the start will say what is wrong with it
        }
    }

    /**
     * Returns the port of a server: the one that it has if it runs, or is about to, or is on its way out.
     *
     * @param directory real path of the directory that it belongs to
     */
    int choose(ServerName name, String directory) throws Failure {
        // before the look at the servers: one that begins to listen in between is known to run then
        BitSet taken = listeners.ports();
        Launch known = supervisor.server(name).state().launch();
        if (known != null && known.port() != null) {
            return known.port();
        }
        supervisor.portsOfOthers(name).forEach(taken::set);
        String key = name.value() + '\0' + directory;
        synchronized (chosen) {
            Integer port = choose(key, taken, chosen);
            if (port == null) {
                throw new Failure(
                        ExitCodes.FAILED,
                        "no port from " + FIRST + " to " + (FIRST + COUNT - 1) + " is free: choose one by --port, or by"
                                + " \"port\" in the config");
            }
            chosen.remove(port);
            chosen.put(port, key);
            if (chosen.size() > MOST_CHOSEN) {
                chosen.pollFirstEntry();
            }
            return port;
        }
    }

    /** Returns the first candidate of {@code key} that is neither taken nor another's; null if there is none. */
    static @Nullable Integer choose(String key, BitSet taken, Map<Integer, String> chosen) {
        int at = Integer.remainderUnsigned(hash(key), COUNT);
        for (int i = 0; i < COUNT; i++) {
            int port = FIRST + at;
            String other = chosen.get(port);
            if (!taken.get(port) && (other == null || other.equals(key))) {
                return port;
            }
            at = (at + STEP) % COUNT;
        }
        return null;
    }

    /** FNV-1a: the same in every version, since the port is to be. */
    private static int hash(String key) {
        int hash = 0x811c9dc5;
        for (byte b : OsText.encode(key)) {
            hash = (hash ^ (b & 0xff)) * 0x01000193;
        }
        // the low bits of short texts that are alike are alike: mix them (the finalizer of MurmurHash3)
        hash ^= hash >>> 16;
        hash *= 0x85ebca6b;
        return hash ^ hash >>> 13;
    }
}
