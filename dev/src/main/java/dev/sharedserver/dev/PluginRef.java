package dev.sharedserver.dev;

/** What the host knows of its plugins. */
public interface PluginRef {

    /**
     * What a plugin is to the host.
     *
     * @param devMode whether it is developed here
     * @param devPath where its sources are, empty if not known
     */
    record DevPlugin(boolean devMode, String devPath) {}

    /** Returns what the host knows of a plugin; throws {@link DevServerException#notFound} for one it does not know. */
    DevPlugin getDevPluginInfo(String pluginID) throws DevServerException;
}
