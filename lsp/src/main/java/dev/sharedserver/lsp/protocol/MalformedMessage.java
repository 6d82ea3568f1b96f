package dev.sharedserver.lsp.protocol;

import java.io.IOException;

/** Bytes that are no message: neither side can be talked to any more after a bad header, the next one after a bad body. */
public final class MalformedMessage extends IOException {
    private static final long serialVersionUID = 1;

    public MalformedMessage(String message) {
        super(message);
    }
}
