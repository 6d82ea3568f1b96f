package dev.sharedserver.core;

/** A state file does not say what a state file says: it is cut off, no JSON, or has a field of the wrong kind. */
final class StateFileException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    StateFileException(String reason) {
        super(reason);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
