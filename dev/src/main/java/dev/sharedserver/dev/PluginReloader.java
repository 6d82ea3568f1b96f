package dev.sharedserver.dev;

/** Loads a plugin again after its back end was built. */
@FunctionalInterface
public interface PluginReloader {

    /** Loads it; what is thrown is told to the developer. */
    void reloadPlugin(String id) throws Exception;
}
