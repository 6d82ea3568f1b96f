package dev.sharedserver.agent;

import dev.sharedserver.os.guard.GuardLink;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import org.jspecify.annotations.Nullable;

/** What an agent finds where it is started: its guard, the ear that the guard has made for it, and a memory that outlives it. */
public interface Habitat {

    /** Returns the link to the guard; asked once. */
    GuardLink guard() throws IOException;

    /** Returns the socket that launchers connect to, listening; asked once, after the guard has introduced itself. */
    ServerSocketChannel listener() throws IOException;

    /** Returns the path of a file that keeps what one agent leaves to the next. */
    String memory();

    /** Tells whether the guard starts an agent again that went to sleep; if not, the agent stays as long as there is a server. */
    boolean wakes();

    /**
     * Returns the socket in the state directory that was removed and made again; null if only the next agent can be given
     * it, so that this one has to make room.
     */
    @Nullable
    ServerSocketChannel listenerMadeAgain() throws IOException;
}
