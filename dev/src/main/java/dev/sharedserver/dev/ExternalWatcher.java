package dev.sharedserver.dev;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.dev.process.Posix;
import dev.sharedserver.dev.watch.FileWatch;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Follows plugins that developers run by hand: {@code PLUGINS/ID/.devinfo} tells of each. A file is read when it has been
 * quiet for a moment, so that one that is written in pieces or renamed into place is one change; one that cannot be read is
 * as good as none, but does not end a connection.
 *
 * <p>Every 5 s each is looked at again. One whose process is dead is disconnected and its file removed. One whose process
 * lives, but whose address twice refused a connection, is disconnected until it accepts one.
 */
public final class ExternalWatcher implements Closeable {

    /** The name of the file. */
    public static final String FILE = ".devinfo";

    private static final Duration CHECK_INTERVAL = Duration.ofSeconds(5);
    private static final Duration QUIET = Duration.ofMillis(100);
    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(2);

    /** A plugin that tells its address before it listens there is looked at again soon. */
    private static final Duration FIRST_RETRY = Duration.ofMillis(250);

    private static final int FIRST_RETRIES = 12;
    private static final int MOST_REFUSALS = 2;
    private static final long LARGEST = 64 << 10;
    private static final String UNIX = "unix:";

    /** What it looks at; other worlds are for tests. */
    interface World {
        /** Tells whether a process lives, anybody's. */
        boolean alive(long pid);

        /** Tells whether an address accepts a connection. */
        boolean accepts(String address);
    }

    private static final class Followed {
        private @Nullable DevInfoFile info;
        private boolean connected;
        private int refusals;
        private int retries;
        private Instant lastChecked = Instant.EPOCH;
        private @Nullable ScheduledFuture<?> look;
    }

    private final Path plugins;
    private final BiConsumer<String, DevInfoFile> onConnect;
    private final Consumer<String> onDisconnect;
    private final Consumer<String> notes;
    private final World world;
    private final Duration interval;

    /** The one thread that changes {@link #followed} and calls back; the map's monitor guards it for readers. */
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("devinfo").factory());

    private final Map<String, Followed> followed = new HashMap<>();
    private @Nullable FileWatch watch;

    /**
     * Makes a watcher of the machine.
     *
     * @param notes told of files that are of no use, one line each
     */
    public ExternalWatcher(
            Path plugins,
            Proc proc,
            BiConsumer<String, DevInfoFile> onConnect,
            Consumer<String> onDisconnect,
            Consumer<String> notes) {
        this(plugins, onConnect, onDisconnect, notes, machine(proc), CHECK_INTERVAL);
    }

    ExternalWatcher(
            Path plugins,
            BiConsumer<String, DevInfoFile> onConnect,
            Consumer<String> onDisconnect,
            Consumer<String> notes,
            World world,
            Duration interval) {
        this.plugins = plugins.toAbsolutePath().normalize();
        this.onConnect = onConnect;
        this.onDisconnect = onDisconnect;
        this.notes = notes;
        this.world = world;
        this.interval = interval;
    }

    private static World machine(Proc proc) {
        return new World() {
            @Override
            public boolean alive(long pid) {
                ProcStat stat = proc.stat(pid);
                // where /proc hides processes of others, kill(2) still knows them
                return stat == null ? Posix.exists(pid) : stat.alive();
            }

            @Override
            public boolean accepts(String address) {
                return connects(address);
            }
        };
    }

    /** Begins: when this returns, what changes from now on is seen. */
    public void start() throws IOException {
        Files.createDirectories(plugins);
        watch = new FileWatch(
                List.of(plugins), directory -> plugins.equals(directory.getParent()), new FileWatch.Listener() {
                    @Override
                    public void changed(Path path) {
                        Path directory = path.endsWith(FILE) ? path.getParent() : path;
                        if (directory != null && plugins.equals(directory.getParent())) {
                            lookSoon(directory.getFileName().toString());
                        }
                    }

                    @Override
                    public void rescanned(String reason) {
                        run(ExternalWatcher.this::lookAtAll);
                    }
                });
        run(this::lookAtAll);
        var unused = thread.scheduleWithFixedDelay(
                this::check, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Ends, and disconnects all; when this returns nobody is called back any more. */
    public void stop() {
        try {
            if (watch != null) {
                watch.close();
            }
        } catch (IOException e) {
            notes.accept("closing the watch of " + plugins + ": " + e.getMessage());
        }
        run(() -> List.copyOf(followed.keySet()).forEach(this::forget));
        thread.shutdown();
        try {
            if (!thread.awaitTermination(CONNECT_PATIENCE.toSeconds() * 2, TimeUnit.SECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stop();
    }

    /** Returns what a connected plugin says of itself, null if it is not connected. */
    public @Nullable DevInfoFile getExternalInfo(String pluginID) {
        ExternalConnection connection = connections().get(pluginID);
        return connection == null || !connection.connected() ? null : connection.devInfo();
    }

    /** Tells whether a plugin is connected. */
    public boolean isExternallyManaged(String pluginID) {
        return getExternalInfo(pluginID) != null;
    }

    /** Returns all plugins with a file that can be used, by id. */
    public Map<String, ExternalConnection> connections() {
        Map<String, ExternalConnection> result = new HashMap<>();
        synchronized (followed) {
            followed.forEach((id, one) -> {
                if (one.info != null) {
                    result.put(id, new ExternalConnection(one.info, one.connected, one.lastChecked));
                }
            });
        }
        return result;
    }

    private void run(Runnable task) {
        try {
            thread.execute(task);
        } catch (RejectedExecutionException e) {
            // stopped
        }
    }

    private void lookAtAll() {
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(plugins)) {
            for (Path directory : directories) {
                look(directory.getFileName().toString());
            }
        } catch (IOException e) {
            notes.accept("cannot read " + plugins + ": " + e.getMessage());
        }
        List.copyOf(followed.keySet()).forEach(this::look);
    }

    private void lookSoon(String id) {
        run(() -> {
            Followed one = followed.get(id);
            if (one != null && one.look != null) {
                one.look.cancel(false);
            }
            lookIn(QUIET, id);
        });
    }

    private void lookIn(Duration delay, String id) {
        ScheduledFuture<?> look = thread.schedule(() -> look(id), delay.toMillis(), TimeUnit.MILLISECONDS);
        synchronized (followed) {
            followed.computeIfAbsent(id, key -> new Followed()).look = look;
        }
    }

    private void look(String id) {
        Path file = plugins.resolve(id).resolve(FILE);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            forget(id);
            return;
        }
        DevInfoFile info;
        try {
            if (Files.size(file) > LARGEST) {
                throw new InvalidInput("longer than " + LARGEST + " bytes");
            }
            info = DevInfoFile.parse(Files.readString(file), id);
        } catch (InvalidInput | IOException e) {
            notes.accept(id + "/" + FILE + " is of no use: " + e.getMessage());
            return;
        }
        Followed one = followed.get(id);
        if (one == null) {
            one = new Followed();
        }
        if (one.connected && !info.equals(one.info)) {
            // another run of it, or another address
            disconnect(id, one);
        }
        synchronized (followed) {
            followed.put(id, one);
            one.info = info;
            one.retries = 0;
        }
        examine(id, one);
    }

    private void check() {
        Map<String, Followed> all = new HashMap<>(followed);
        all.forEach((id, one) -> {
            if (one.info != null) {
                examine(id, one);
            }
        });
    }

    private void examine(String id, Followed one) {
        DevInfoFile info = one.info;
        if (info == null) {
            return;
        }
        if (!world.alive(info.pid())) {
            remove(id, info);
            forget(id);
            return;
        }
        boolean accepts = world.accepts(info.addr());
        boolean connect = accepts && !one.connected;
        synchronized (followed) {
            one.lastChecked = Instant.now();
            one.refusals = accepts ? 0 : one.refusals + 1;
            one.connected |= connect;
        }
        if (connect) {
            onConnect.accept(id, info);
        } else if (!accepts && one.connected && one.refusals >= MOST_REFUSALS) {
            disconnect(id, one);
        } else if (!accepts && !one.connected && one.retries < FIRST_RETRIES) {
            one.retries++;
            var unused = thread.schedule(
                    () -> {
                        if (followed.get(id) == one && !one.connected) {
                            examine(id, one);
                        }
                    },
                    FIRST_RETRY.toMillis(),
                    TimeUnit.MILLISECONDS);
        }
    }

    /** Removes the file of a dead process, unless another one's is in its place. */
    private void remove(String id, DevInfoFile info) {
        Path file = plugins.resolve(id).resolve(FILE);
        try {
            if (info.equals(DevInfoFile.parse(Files.readString(file), id))) {
                Files.deleteIfExists(file);
                notes.accept(id + "/" + FILE + " was removed: its process " + info.pid() + " has ended");
            } else {
                lookSoon(id);
            }
        } catch (InvalidInput | IOException e) {
            // somebody writes it: that is seen
        }
    }

    private void forget(String id) {
        Followed one = followed.get(id);
        if (one == null) {
            return;
        }
        disconnect(id, one);
        synchronized (followed) {
            followed.remove(id);
        }
    }

    private void disconnect(String id, Followed one) {
        boolean was;
        synchronized (followed) {
            was = one.connected;
            one.connected = false;
            one.refusals = 0;
        }
        if (was) {
            onDisconnect.accept(id);
        }
    }

    /** Connects to {@code HOST:PORT}, {@code unix:PATH} or an absolute path. */
    private static boolean connects(String address) {
        try {
            SocketAddress target;
            if (address.startsWith(UNIX) || address.startsWith("/")) {
                target = UnixDomainSocketAddress.of(
                        address.startsWith(UNIX) ? address.substring(UNIX.length()) : address);
                try (SocketChannel channel = SocketChannel.open(target)) {
                    return channel.isConnected();
                }
            }
            int colon = address.lastIndexOf(':');
            if (colon < 0) {
                return false;
            }
            String host = address.substring(0, colon).replace("[", "").replace("]", "");
            int port = Integer.parseInt(address, colon + 1, address.length(), 10);
            target = new InetSocketAddress(host.isEmpty() ? "127.0.0.1" : host, port);
            try (SocketChannel channel = SocketChannel.open()) {
                channel.socket().connect(target, (int) CONNECT_PATIENCE.toMillis());
                return true;
            }
        } catch (IOException | RuntimeException e) {
            return false; // no address, or nobody there
        }
    }
}
