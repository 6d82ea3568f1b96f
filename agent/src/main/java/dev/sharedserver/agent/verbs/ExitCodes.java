package dev.sharedserver.agent.verbs;

/** What commands exit with, beside the states that {@code check} answers. */
final class ExitCodes {

    static final int OK = 0;
    static final int FAILED = 1;
    static final int INTERNAL = 70;
    static final int TIMED_OUT = 124;
    static final int CANNOT_EXECUTE = 126;
    static final int NOT_FOUND = 127;
    static final int INTERRUPTED = 130;

    private ExitCodes() {}
}
