package dev.sharedserver.core.wire;

import java.io.IOException;

/** The peer sent bytes that are no frame of the protocol. */
public sealed class WireException extends IOException permits OtherProtocol {
    private static final long serialVersionUID = 1L;

    WireException(String message) {
        super(message);
    }
}
