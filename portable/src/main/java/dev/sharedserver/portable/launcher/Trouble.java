package dev.sharedserver.portable.launcher;

/** What ends a launcher, with the words for its user; empty if they were said already. */
final class Trouble extends Exception {
    private static final long serialVersionUID = 1;

    private final int exit;

    Trouble(String message) {
        this(message, 1);
    }

    Trouble(String message, int exit) {
        super(message);
        this.exit = exit;
    }

    int exit() {
        return exit;
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
