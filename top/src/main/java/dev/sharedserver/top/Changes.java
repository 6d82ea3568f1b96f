package dev.sharedserver.top;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;

/**
 * Waits, in the kernel (inotify), until a state file changes. The agent writes them with every change and is neither asked
 * nor woken by this. It writes them beside their place and renames them: what is written <em>into</em> files is not looked
 * at, for servers' logs may lie in the same directory and grow all the time.
 */
final class Changes implements AutoCloseable {

    /** How often a directory is looked for that was removed; the guard makes it again within a second. */
    private static final long RETURN_MS = 200;

    private final Path directory;
    private final WatchService watcher;

    Changes(Path directory) throws IOException {
        this.directory = directory;
        this.watcher = directory.getFileSystem().newWatchService();
        register();
    }

    private void register() throws IOException {
        directory.register(watcher, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_DELETE);
    }

    /** Returns when something may have changed since the last call. */
    void await() throws IOException, InterruptedException {
        while (true) {
            WatchKey key = watcher.take();
            boolean changed = false;
            for (WatchEvent<?> event : key.pollEvents()) {
                changed |= event.kind() == StandardWatchEventKinds.OVERFLOW || isState(String.valueOf(event.context()));
            }
            if (!key.reset()) {
                awaitDirectory();
                changed = true;
            }
            if (changed) {
                return;
            }
        }
    }

    private static boolean isState(String file) {
        return file.endsWith(".server.json") || file.endsWith(".clients.json");
    }

    private void awaitDirectory() throws IOException, InterruptedException {
        while (true) {
            try {
                register();
                return;
            } catch (NoSuchFileException | NotDirectoryException e) {
                Thread.sleep(RETURN_MS); // it is made again with the next server at the latest
            }
        }
    }

    @Override
    public void close() throws IOException {
        watcher.close();
    }
}
