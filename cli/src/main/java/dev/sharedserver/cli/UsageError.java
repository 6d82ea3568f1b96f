package dev.sharedserver.cli;

/** The command line does not say what it would have to; the message says what is wrong and what is near. */
public final class UsageError extends Exception {
    private static final long serialVersionUID = 1L;

    /** EX_USAGE of sysexits.h. */
    public static final int EXIT_CODE = 64;

    private final String text;

    UsageError(String text) {
        super(text);
        this.text = text;
    }

    /** Returns the message, one line. */
    public String text() {
        return text;
    }
}
