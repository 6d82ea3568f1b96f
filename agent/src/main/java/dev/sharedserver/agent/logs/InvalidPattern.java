package dev.sharedserver.agent.logs;

/** An expression that is none; the message says why. */
public final class InvalidPattern extends Exception {

    private static final long serialVersionUID = 1L;

    InvalidPattern(String message) {
        super(message);
    }

    /** Returns why. */
    public String reason() {
        String message = getMessage();
        return message == null ? toString() : message;
    }
}
