package dev.sharedserver.lsp.interpose;

/** The target is not attached to, or not given back, and is as it was before. The message says what was found, and what to do. */
public final class Refusal extends Exception {

    private static final long serialVersionUID = 1L;

    private final Reason reason;

    Refusal(Reason reason, String found) {
        this(reason, found, reason.remedy());
    }

    Refusal(Reason reason, String found, String remedy) {
        super(found + ": " + remedy);
        this.reason = reason;
    }

    /** Returns why. */
    public Reason reason() {
        return reason;
    }

    /** Returns the exit code of the command line. */
    public int exitCode() {
        return reason.exitCode();
    }
}
