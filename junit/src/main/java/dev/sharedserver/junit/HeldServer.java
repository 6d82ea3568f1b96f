package dev.sharedserver.junit;

import dev.sharedserver.client.Lease;
import dev.sharedserver.client.ServerSpec;
import dev.sharedserver.client.SharedServers;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;

/**
 * A server that this test run holds once one of its tests has asked for it, and until it ends. One that could not be had is not tried again:
 * a hundred classes that need it fail at once with the same reason, instead of waiting for it one after another.
 */
// CloseableResource: before JUnit 5.13 a store closes nothing else
@SuppressWarnings("deprecation")
final class HeldServer implements CloseableResource, AutoCloseable {

    private final String name;
    private final @Nullable Path binary;
    private final @Nullable Path stateDirectory;
    private @Nullable SharedServers servers;
    private @Nullable Lease lease;
    private @Nullable IOException failure;

    HeldServer(String name, @Nullable Path binary, @Nullable Path stateDirectory) {
        this.name = name;
        this.binary = binary;
        this.stateDirectory = stateDirectory;
    }

    /** Returns the lease; the first who asks waits until the server is ready, and so do all who ask meanwhile. */
    synchronized Lease lease(ServerSpec spec, String needed) throws IOException, InterruptedException {
        Lease held = lease;
        if (held == null) {
            if (failure == null) {
                try {
                    held = attach(spec);
                    lease = held;
                    return held;
                } catch (IOException e) {
                    failure = e;
                }
            }
            throw new IOException(needed + " needs the shared server " + name + ": " + failure.getMessage(), failure);
        }
        return held;
    }

    private Lease attach(ServerSpec spec) throws IOException, InterruptedException {
        SharedServers connected = SharedServers.connect(binary, stateDirectory);
        servers = connected;
        Lease first = connected.use(spec);
        // Tests get this one, and may close it; the other one stays. The warning of a mismatch was given with the
        // first.
        connected.use(spec.onMismatch(ServerSpec.OnMismatch.IGNORE));
        return first;
    }

    @Override
    public synchronized void close() {
        if (servers != null) {
            servers.close();
        }
    }
}
