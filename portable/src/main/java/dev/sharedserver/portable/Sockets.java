package dev.sharedserver.portable;

import dev.sharedserver.core.Errno;
import dev.sharedserver.core.OsText;
import dev.sharedserver.portable.posix.WorkingDirectory;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/** The sockets of a state directory, whose path may be longer than an address has room for. */
public final class Sockets {

    /** sun_path of macOS has 104 bytes, that of Linux 108; a NUL at the end. */
    private static final int ROOM = 103;

    private static final String TEMPORARY = ".tmp-socket";

    private Sockets() {}

    private interface AtAddress<T> {
        T use(UnixDomainSocketAddress address) throws IOException;
    }

    /** By way of the working directory where the path is too long: addresses may be relative. */
    private static <T> T at(Path directory, String name, String cwd, AtAddress<T> action) throws IOException {
        if (OsText.encode(directory.toString()).length + 1 + name.length() <= ROOM) {
            return action.use(UnixDomainSocketAddress.of(directory.resolve(name)));
        }
        return WorkingDirectory.in(directory.toString(), cwd.isEmpty() ? "/" : cwd, errno -> {
            if (errno != 0) {
                throw new IOException(Errno.text(errno));
            }
            return action.use(UnixDomainSocketAddress.of(name));
        });
    }

    /** Connects to a socket of the directory. {@code cwd}: this process's working directory. */
    public static SocketChannel connect(Path directory, String name, String cwd) throws IOException {
        return at(directory, name, cwd, SocketChannel::open);
    }

    /** Binds under a temporary name, listens, then renames: whoever finds the socket can connect. */
    public static ServerSocketChannel listen(Path directory, String name, int backlog) throws IOException {
        Path temporary = directory.resolve(TEMPORARY);
        Files.deleteIfExists(temporary);
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            at(directory, TEMPORARY, "/", address -> channel.bind(address, backlog));
            Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-------"));
            Files.move(temporary, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }
}
