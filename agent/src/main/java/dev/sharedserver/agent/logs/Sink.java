package dev.sharedserver.agent.logs;

import java.io.IOException;

/** Where output goes. */
interface Sink {
    /** Takes bytes, which may be changed afterwards. */
    void take(byte[] bytes, int from, int length) throws IOException;

    /** Nothing more follows, or for now it does not: what was held back is let go. */
    default void finish() throws IOException {}
}
