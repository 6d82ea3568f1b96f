package dev.sharedserver.cli;

import java.util.List;
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
    static final Option JSON_STREAM =
            new Option("--json", null, "print one JSON document, a line of it for each server as soon as it is known");
    static final Option GRACE_PERIOD = new Option(
            "--grace-period", "DURATION", "how long the server stays when nobody holds it (default: 5m; 0s = none)");
    static final Option METADATA = new Option("--metadata", "TEXT", "a note on the client, shown by list and info");
    static final Option CONFIG = new Option(
            "--config", "FILE", "the config file (default: the nearest .sharedserver.json, or the user's own)");
    static final Option HELD = new Option("--hold", "KEY", "a hold, as use --hold and info name it: hold-…");

    static final Option EVEN_IF_USED = new Option("--even-if-used", null, "even while others hold it");
    static final Option ON_MISMATCH = new Option(
            "--on-mismatch",
            "warn|fail|ignore",
            "what to do when it runs with another command, directory or --env (default: warn)");

    /** Of every verb that may start a server. */
    static final List<Option> COMMON = List.of(
            METADATA,
            CONFIG,
            new Option("--env", "K=V", "add to the server's environment; may be repeated"),
            new Option("--working-dir", "DIR", "where the server runs (default: here)"),
            new Option(
                    "--port",
                    "PORT|auto",
                    "where it is to listen, for its $PORT; auto: a free port, the same one every time"));

    /** How the server is stopped, and whether a shell runs it. */
    static final List<Option> STOPPING = List.of(
            new Option("--stop-signal", "SIGNAL", "what asks it to end (default: TERM)"),
            new Option("--stop-timeout", "DURATION", "how long it may take before SIGKILL (default: 5s)"),
            new Option("--shell", null, "COMMAND is one string for /bin/sh -c"));

    /** When it is up, whether it still is, and what is done if not. */
    static final List<Option> HEALTH = List.of(
            new Option("--ready-tcp", "[HOST:]PORT", "it is ready when somebody listens there"),
            new Option("--ready-http", "URL", "it is ready when a GET is answered by a status from 200 to 399"),
            new Option("--ready-log", "REGEX", "it is ready when a line of its log matches"),
            new Option("--ready-exec", "COMMAND", "it is ready when this command line of /bin/sh exits with 0"),
            new Option("--ready-notify", null, "it is ready when it says so (sd_notify, READY=1)"),
            new Option("--ready-timeout", "DURATION", "how long it may take to be ready (default: 30s)"),
            new Option("--check-tcp", "[HOST:]PORT", "it is well while somebody listens there"),
            new Option("--check-http", "URL", "it is well while a GET is answered by a status from 200 to 399"),
            new Option("--check-log", "REGEX", "it is well while a new line of its log matches in each interval"),
            new Option("--check-exec", "COMMAND", "it is well while this command line of /bin/sh exits with 0"),
            new Option("--check-notify", null, "it is well while it says so in each interval (sd_notify, WATCHDOG=1)"),
            new Option("--check-interval", "DURATION", "how long to wait between two checks (default: 10s)"),
            new Option(
                    "--restart",
                    "never|on-failure|always",
                    "what to do when it fails while it is held (default: never)"));

    static final Option EXPORT = new Option("--export", null, "print its endpoint as KEY=VALUE lines, for eval");

    static final Option TIMEOUT = new Option("--timeout", "DURATION", "how long to wait");
}
