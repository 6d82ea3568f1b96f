package dev.sharedserver.core.wire;

import java.io.Closeable;
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

/**
 * A hub's ear, in the state directory: each launcher that is sent there is served by a thread of its own. A hub's working directory is
 * the state directory: the names are short, and an address is at most 107 bytes long.
 */
public final class HubSocket implements Closeable {

    /** What a hub does for a launcher; one that is gone is no failure. */
    public interface Host {
        /** Answers a request. */
        void serve(Request request, LauncherConnection launcher) throws IOException, InterruptedException;
    }

    private final ServerSocketChannel listener;
    private final UserPrincipal owner;
    private final Host host;

    private HubSocket(ServerSocketChannel listener, UserPrincipal owner, Host host) {
        this.listener = listener;
        this.owner = owner;
        this.host = host;
    }

    /**
     * Listens from now on, in place of whoever did before.
     *
     * @param name of the socket in the working directory, which is the state directory
     */
    public static HubSocket open(String name, Host host) throws IOException {
        Path socket = Path.of(name);
        Path fresh = Path.of(name + ".new");
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        Files.deleteIfExists(fresh);
        listener.bind(UnixDomainSocketAddress.of(fresh), 128);
        Files.move(fresh, socket, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return new HubSocket(listener, Files.getOwner(Path.of("")), host);
    }

    /** Serves until the process is ended. */
    public void serve() throws IOException {
        while (true) {
            SocketChannel channel = listener.accept();
            // to let a virtual thread go on takes two other threads; every word of an editor would wait for them
            Thread.ofPlatform().daemon().name("launcher").start(() -> serve(channel));
        }
    }

    private void serve(SocketChannel channel) {
        try (LauncherConnection launcher = new LauncherConnection(channel)) {
            if (!channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().equals(owner)) {
                return;
            }
            Request request = launcher.request();
            if (request != null) {
                host.serve(request, launcher);
            }
        } catch (WireException e) {
            System.out.println("a launcher sent what is no request: " + e.getMessage());
        } catch (IOException e) {
            // the launcher is gone, and nobody is left to tell
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
