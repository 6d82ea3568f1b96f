package dev.sharedserver.cli;

import org.jspecify.annotations.Nullable;

/**
 * An option of a verb.
 *
 * @param flag with its dashes
 * @param value name of its value in help texts, null for a switch
 * @param help one sentence
 */
record Option(String flag, @Nullable String value, String help) {

    static final Option PID = new Option(
            "--pid", "PID", "the client's process (default: the parent process, or the nearest lasting ancestor)");
    static final Option JSON = new Option("--json", null, "print JSON");
    static final Option GRACE_PERIOD = new Option(
            "--grace-period", "DURATION", "how long the server stays when nobody holds it (default: 5m; 0s = none)");
    static final Option METADATA = new Option("--metadata", "TEXT", "a note on the client, shown by list and info");
    static final Option CONFIG = new Option(
            "--config", "FILE", "the config file (default: the nearest .sharedserver.json, or the user's own)");
    static final Option HELD = new Option("--hold", "KEY", "a hold, as use --hold and info name it: hold-…");

    static final Option EVEN_IF_USED = new Option("--even-if-used", null, "even while others hold it");
    static final Option TIMEOUT = new Option("--timeout", "DURATION", "how long to wait");
}
