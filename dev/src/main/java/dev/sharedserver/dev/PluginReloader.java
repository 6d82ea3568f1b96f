package dev.sharedserver.dev;

import java.util.concurrent.CompletableFuture;

/** Loads a plugin again after its back end was built. */
@FunctionalInterface
public interface PluginReloader {

    /** Loads it; what is thrown is told to the developer. */
    void reloadPlugin(String id) throws Exception;

    /**
     * Begins to load it. The next build need not wait for what is returned, which completes when the plugin is loaded, and fails with
     * what is told to the developer; it is cancelled when nobody wants to know any more.
     */
    default CompletableFuture<Void> beginReload(String id) throws Exception {
        reloadPlugin(id);
        return CompletableFuture.completedFuture(null);
    }
}
