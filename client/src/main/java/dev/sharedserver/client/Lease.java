package dev.sharedserver.client;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A server that is held for as long as this is open, or this JVM lives. Several leases of one server are one reference outside; it
 * is given back with the last of them. Thread-safe.
 */
public final class Lease implements AutoCloseable {

    private final SharedServers servers;
    private final String name;
    private final long pid;
    private final boolean started;
    private final @Nullable Long port;
    private final @Nullable URI endpoint;
    private final @Nullable Path logFile;
    private final Leases.Count count;
    private boolean closed;
    private @Nullable CompletableFuture<ServerEnd> end;

    Lease(SharedServers servers, Fields answer, Leases.Count count) {
        this.servers = servers;
        this.count = count;
        name = answer.text("name", "");
        Long process = answer.number("pid");
        pid = process == null ? 0 : process;
        started = answer.text("action", "").equals("started");
        port = answer.number("port");
        String url = answer.text("url");
        endpoint = url == null ? null : URI.create(url);
        logFile = answer.path("log_file");
    }

    /** Returns the server's name; of a server that is private to a project, the whole one ({@code NAME@HASH}). */
    public String name() {
        return name;
    }

    /** Returns the process that the server ran as when it was attached to. */
    public long pid() {
        return pid;
    }

    /** Tells whether the server was started for this lease; else it ran already. */
    public boolean started() {
        return started;
    }

    /** Returns its port, if it was given or chosen, or if its readiness is that of a port. */
    public OptionalInt port() {
        return port == null ? OptionalInt.empty() : OptionalInt.of(port.intValue());
    }

    /** Returns where it can be reached, if that is known: {@code http://127.0.0.1:8000} or {@code tcp://127.0.0.1:6379}. */
    public Optional<URI> endpoint() {
        return Optional.ofNullable(endpoint);
    }

    /** Returns the file that its output goes to, if there is one. */
    public Optional<Path> logFile() {
        return Optional.ofNullable(logFile);
    }

    /** Asks whether the server runs and is ready, now: {@code use} waits until it is, but it may fail later, or be stopped. */
    public boolean isReady() throws IOException, InterruptedException {
        return servers.info(name).map(ServerInfo::ready).orElse(false);
    }

    /**
     * Returns what is done when the process {@link #pid} has ended, for whatever reason, a restart included. Closing this lease
     * does not end it: the server may run on for others.
     */
    public synchronized CompletableFuture<ServerEnd> onExit() {
        CompletableFuture<ServerEnd> known = end;
        if (known == null) {
            known = servers.awaitEnd(name, pid);
            end = known;
        }
        return known.copy();
    }

    /**
     * Gives the lease back; with the last one, this JVM's reference. The server then runs on for others, or for its grace
     * period. What goes wrong is told to the logger {@code dev.sharedserver}: the reference ends with this JVM anyway.
     */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        count.lock().lock();
        try {
            if (count.decrease()) {
                servers.giveBack(name);
            }
        } finally {
            count.lock().unlock();
            servers.forget(this);
        }
    }

    @Override
    public String toString() {
        return name + ", pid " + pid + (endpoint == null ? "" : ", " + endpoint);
    }
}
