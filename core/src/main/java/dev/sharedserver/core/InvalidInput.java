package dev.sharedserver.core;

/** What a person or program gave cannot be used; the message says what, with which value, and what to do. */
public final class InvalidInput extends Exception {
    private static final long serialVersionUID = 1L;

    /** Makes one with a message for the user. */
    public InvalidInput(String message) {
        super(message);
    }
}
