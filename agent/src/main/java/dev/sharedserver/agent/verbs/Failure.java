package dev.sharedserver.agent.verbs;

/** A command fails: the message is for the user, the exit code is fixed here. */
final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    private final int exitCode;
    private final String text;

    Failure(int exitCode, String text) {
        super(text);
        this.exitCode = exitCode;
        this.text = text;
    }

    int exitCode() {
        return exitCode;
    }

    String text() {
        return text;
    }
}
