package dev.sharedserver.dev;

/** The host's settings. */
@FunctionalInterface
public interface SettingsProvider {

    /** The go command. */
    String GO_PATH = "developer.gopath";

    /** The package manager of front ends, whichever their lock file asks for. */
    String PNPM_PATH = "developer.pnpmpath";

    /** The node command. */
    String NODE_PATH = "developer.nodepath";

    /** Returns a setting, the empty string if it is not set. */
    String getString(String key);
}
