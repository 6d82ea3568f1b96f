package dev.sharedserver.cli;

/** The states of a server, with the exit codes of {@code check}. */
public enum State {
    ACTIVE("active", 0),
    GRACE("grace", 1),
    STOPPED("stopped", 2),
    DEFUNCT("defunct", 3);

    private final String word;
    private final int exitCode;

    State(String word, int exitCode) {
        this.word = word;
        this.exitCode = exitCode;
    }

    /** Returns the word of texts and JSON. */
    public String word() {
        return word;
    }

    /** Returns what {@code check} exits with. */
    public int exitCode() {
        return exitCode;
    }
}
