package dev.sharedserver.lsp.hub;

import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.core.wire.WireException;
import dev.sharedserver.lsp.mux.Settings;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.UserPrincipal;
import jdk.net.ExtendedSocketOptions;

/** The hub's ear: each launcher is served by a virtual thread of its own. */
public final class Hub {

    /** The names are short, and the working directory is the state directory: an address is at most 107 bytes long. */
    private static final Path SOCKET = Path.of(".lsp.sock");

    private static final Path NEW_SOCKET = Path.of(".lsp.sock.new");

    /** How long an editor may take to answer what no person has to, in ms. */
    private static final long ANSWER_WITHIN = 30_000;

    private final Path directory;
    private final Instances instances;

    /**
     * Makes a hub, whose process has the state directory as its working directory.
     *
     * @param command the product's
     * @param version what it says of itself to servers
     */
    public Hub(Path command, Path directory, String version) {
        this.directory = directory;
        this.instances = new Instances(
                directory.resolve(".lsp"),
                new Product(command, directory),
                new Settings("sharedserver", version, ANSWER_WITHIN));
    }

    /** Serves until the process is ended. */
    public void run() throws IOException, InterruptedException {
        UserPrincipal owner = Files.getOwner(directory);
        instances.recover();
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            Files.deleteIfExists(NEW_SOCKET);
            listener.bind(UnixDomainSocketAddress.of(NEW_SOCKET), 128);
            Files.move(NEW_SOCKET, SOCKET, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            System.out.println("ready");
            while (true) {
                SocketChannel channel = listener.accept();
                Thread.ofVirtual().start(() -> serve(channel, owner));
            }
        }
    }

    private void serve(SocketChannel channel, UserPrincipal owner) {
        try (LauncherConnection launcher = new LauncherConnection(channel)) {
            if (!channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().equals(owner)) {
                return;
            }
            Request request = launcher.request();
            if (request != null) {
                new Verbs(instances, request, launcher).serve();
            }
        } catch (WireException e) {
            System.out.println("a launcher sent what is no request: " + e.getMessage());
        } catch (IOException e) {
            // the launcher is gone, and nobody is left to tell
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
