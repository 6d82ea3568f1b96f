package dev.sharedserver.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The servers of this user that are shared with other programs, editors and shells. Each call runs the command {@code
 * sharedserver}; what is held is held by this JVM, however it ends. Thread-safe.
 *
 * {@snippet file="Examples.java" region="use"}
 */
public final class SharedServers implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger("dev.sharedserver");

    private final Command command;
    private final long self = ProcessHandle.current().pid();
    private final Set<Lease> leases = ConcurrentHashMap.newKeySet();

    private SharedServers(Command command) {
        this.command = command;
    }

    /** Looks for the command: system property {@code sharedserver.bin}, {@code SHAREDSERVER_BIN}, {@code PATH}, the usual folders. */
    public static SharedServers connect() throws IOException, InterruptedException {
        return connect(null, null);
    }

    /**
     * The same with another command, or other servers.
     *
     * @param binary the command, null to look for it
     * @param stateDirectory where the servers' state is kept, null for the user's own; what {@code SHAREDSERVER_LOCKDIR} says
     */
    public static SharedServers connect(@Nullable Path binary, @Nullable Path stateDirectory)
            throws IOException, InterruptedException {
        return new SharedServers(Command.find(binary, stateDirectory));
    }

    /**
     * Attaches to a server, after it was started if it did not run, and waits until it is ready. An interrupt takes all
     * of that back.
     *
     * @throws SharedServerException if it cannot be had, in the command's words; with the end of its log if it did not get ready
     */
    public Lease use(ServerSpec spec) throws IOException, InterruptedException {
        String wanted = spec.name();
        while (true) {
            Leases.Count count = Leases.of(directory(), wanted);
            count.lock().lockInterruptibly();
            try {
                Fields answer = attach(spec, wanted, count);
                if (answer.text("action", "").equals("skipped")) {
                    throw new SharedServerException(
                            "server " + wanted + " is not wanted here: its config says skipIfEnv "
                                    + answer.text("skip_if_env", ""),
                            0);
                }
                String name = answer.text("name", wanted);
                if (name.equals(wanted)) {
                    count.increase();
                    Lease lease = new Lease(this, answer, count);
                    leases.add(lease);
                    return lease;
                }
                // a project's own server: once more, so that nobody gives it back in between
                wanted = name;
            } finally {
                count.lock().unlock();
            }
        }
    }

    private Fields attach(ServerSpec spec, String name, Leases.Count count) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of("use"));
        words.addAll(spec.words(self));
        try {
            Command.Answer answer = command.run(words).orThrow();
            answer.err().lines().forEach(line -> LOG.log(System.Logger.Level.WARNING, line));
            return parse(answer.out());
        } catch (InterruptedException e) {
            // it may have been attached just then
            if (count.isEmpty()) {
                giveBack(name);
            }
            throw e;
        }
    }

    /** Returns all servers that run. */
    public List<ServerInfo> list() throws IOException, InterruptedException {
        String out = command.run(List.of("list", "--json")).orThrow().out();
        try {
            return Fields.listOf(Json.parse(out)).stream().map(ServerInfo::of).toList();
        } catch (IllegalArgumentException e) {
            throw notUnderstood(e);
        }
    }

    /** Returns what is known of a server that runs, empty if it does not. */
    public Optional<ServerInfo> info(String name) throws IOException, InterruptedException {
        ServerInfo info = ServerInfo.of(
                parse(command.run(List.of("info", name, "--json")).orThrow().out()));
        return info.pid().isPresent() ? Optional.of(info) : Optional.empty();
    }

    /**
     * Returns what happens to all servers from now on. The stream blocks until there is something, and never ends by itself:
     * close it, from any thread, when it is not needed any more.
     *
     * {@snippet file="Examples.java" region="events"}
     */
    public Stream<ServerEvent> events() throws IOException {
        EventReader reader = new EventReader(command.start(List.of("events", "-f", "-n", "0", "--json")));
        return StreamSupport.stream(reader, false).onClose(reader::close);
    }

    /** Closes all leases that were got here. */
    @Override
    public void close() {
        leases.forEach(Lease::close);
    }

    void forget(Lease lease) {
        leases.remove(lease);
    }

    /** Detaches this JVM from a server. Never throws, and an interrupt waits: what is left undone ends with this JVM. */
    void giveBack(String name) {
        boolean interrupted = Thread.interrupted();
        try {
            Command.Answer answer = command.run(List.of("unuse", name, "--pid", Long.toString(self)));
            // 1: it has ended meanwhile, and nothing is held any more
            if (answer.exit() > 1) {
                LOG.log(System.Logger.Level.WARNING, answer.err().strip());
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot detach from " + name, e);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    CompletableFuture<ServerEnd> awaitEnd(String name, long pid) {
        CompletableFuture<ServerEnd> end = new CompletableFuture<>();
        Thread waiter = new Thread(
                () -> {
                    try {
                        end.complete(endOf(name, pid));
                    } catch (IOException | InterruptedException | RuntimeException e) {
                        end.completeExceptionally(e);
                    }
                },
                "sharedserver " + name);
        waiter.setDaemon(true);
        waiter.start();
        return end;
    }

    private ServerEnd endOf(String name, long pid) throws IOException, InterruptedException {
        // a restart in between has made another process of it, whose end is not the one that is waited for
        while (info(name).filter(info -> info.pid().getAsLong() == pid).isPresent()) {
            // nor is that of one that has taken its place since
            Command.Answer waited = command.run(List.of(
                    "wait", name, "--for", "ended", "--process", Long.toString(pid), "--pid", Long.toString(self)));
            if (waited.exit() != 0
                    && info(name).filter(info -> info.pid().getAsLong() == pid).isPresent()) {
                waited.orThrow();
            }
        }
        return ServerEnd.of(parse(command.run(List.of("why", name, "--json")).out()), pid);
    }

    private String directory() {
        return StateDirectory.identity(command.stateDirectory(), System.getenv());
    }

    private static Fields parse(String json) throws SharedServerException {
        try {
            return Fields.of(Json.parse(json));
        } catch (IllegalArgumentException e) {
            throw notUnderstood(e);
        }
    }

    private static SharedServerException notUnderstood(IllegalArgumentException e) {
        return new SharedServerException("the command's answer is not understood: " + e.getMessage(), -1);
    }
}
