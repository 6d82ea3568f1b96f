package dev.sharedserver.client;

import java.io.IOException;

/** What {@code sharedserver} could not do, in its own words. Nothing was attached. */
public final class SharedServerException extends IOException {

    private static final long serialVersionUID = 1;

    private final int exitCode;

    SharedServerException(String message, int exitCode) {
        super(message);
        this.exitCode = exitCode;
    }

    /**
     * Returns the command's exit code: 1 for most failures, 126 and 127 for a server's command that cannot be executed or was
     * not found, 64 for a specification that is not understood; -1 if the command itself could not be run.
     */
    public int exitCode() {
        return exitCode;
    }
}
