package dev.sharedserver.dev.hub;

import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.PluginRef;
import dev.sharedserver.dev.PluginReloader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What the hub knows of projects that were up once: it can start them again, and knows what a good build is followed by. */
final class Memory implements PluginRef, PluginReloader {

    private record Known(Path directory, Map<String, String> environment, Reload reload) {}

    private final Map<String, Known> projects = new ConcurrentHashMap<>();

    void remember(String id, Path directory, Map<String, String> environment, Reload reload) {
        projects.put(id, new Known(directory, environment, reload));
    }

    /** Tells whether an id is nobody's, this directory's, or of one that is not there any more. */
    boolean mayName(String id, Path directory) {
        Known known = projects.get(id);
        return known == null || known.directory.equals(directory) || !Files.isDirectory(known.directory);
    }

    /** Returns the id of the project in a directory, null for a directory that was never up. */
    @Nullable
    String idOf(Path directory) {
        for (Map.Entry<String, Known> entry : projects.entrySet()) {
            if (entry.getValue().directory.equals(directory)) {
                return entry.getKey();
            }
        }
        return null;
    }

    @Override
    public DevPlugin getDevPluginInfo(String pluginID) throws DevServerException {
        Known known = projects.get(pluginID);
        if (known == null) {
            throw DevServerException.notFound(pluginID);
        }
        return new DevPlugin(true, known.directory.toString());
    }

    @Override
    public void reloadPlugin(String id) throws Exception {
        var unused = beginReload(id).get();
    }

    @Override
    public CompletableFuture<Void> beginReload(String id) throws Exception {
        Known known = projects.get(id);
        return known == null
                ? CompletableFuture.completedFuture(null)
                : known.reload.carryOut(id, known.directory, known.environment);
    }
}
