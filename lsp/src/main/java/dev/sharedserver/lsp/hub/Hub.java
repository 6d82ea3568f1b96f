package dev.sharedserver.lsp.hub;

import dev.sharedserver.core.wire.HubSocket;
import dev.sharedserver.lsp.mux.Settings;
import java.io.IOException;
import java.nio.file.Path;

/** The hub's ear: each launcher is served by a thread of its own. */
public final class Hub {

    private static final String SOCKET = ".lsp.sock";

    /** How long an editor may take to answer what no person has to, in ms. */
    private static final long ANSWER_WITHIN = 30_000;

    private final Instances instances;

    /**
     * Makes a hub, whose process has the state directory as its working directory.
     *
     * @param command the product's
     * @param version what it says of itself to servers
     */
    public Hub(Path command, Path directory, String version) {
        this.instances = new Instances(
                directory.resolve(".lsp"),
                new Product(command, directory),
                new Settings("sharedserver", version, ANSWER_WITHIN));
    }

    /** Serves until the process is ended. */
    public void run() throws IOException, InterruptedException {
        instances.recover();
        try (HubSocket socket =
                HubSocket.open(SOCKET, (request, launcher) -> new Verbs(instances, request, launcher).serve())) {
            System.out.println("ready");
            socket.serve();
        }
    }
}
