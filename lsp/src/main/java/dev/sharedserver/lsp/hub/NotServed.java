package dev.sharedserver.lsp.hub;

/** A request cannot be carried out; the message is for the user. */
final class NotServed extends Exception {
    private static final long serialVersionUID = 1;

    private final int exitCode;

    NotServed(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }

    String text() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
