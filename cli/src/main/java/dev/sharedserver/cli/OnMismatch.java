package dev.sharedserver.cli;

/** What to do when the running server is not the one that was asked for. */
public enum OnMismatch {
    WARN,
    FAIL,
    IGNORE
}
