package dev.sharedserver.agent;

import dev.sharedserver.core.OsText;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.guard.GuardLink;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import org.jspecify.annotations.Nullable;

/** What the guard hands over to the process that it starts: descriptors 0 and 3 to 6, see {@code docs/protocol.md}. */
final class Inherited implements Habitat {

    private static final int FROM_GUARD = 3;
    private static final int TO_GUARD = 4;
    private static final int SNAPSHOT = 6;

    @Override
    public GuardLink guard() throws IOException {
        return new GuardLink(
                new FileInputStream(Proc.own(FROM_GUARD)),
                new FileOutputStream(Proc.own(TO_GUARD)),
                OsText::decode,
                OsText::encode);
    }

    @Override
    public ServerSocketChannel listener() throws IOException {
        Channel listener = System.inheritedChannel();
        if (!(listener instanceof ServerSocketChannel socket)) {
            throw new IOException("descriptor 0 is no listening socket: " + listener);
        }
        return socket;
    }

    @Override
    public String memory() {
        return Proc.own(SNAPSHOT);
    }

    @Override
    public boolean wakes() {
        return true;
    }

    @Override
    public @Nullable ServerSocketChannel listenerMadeAgain() {
        return null;
    }
}
