package dev.sharedserver.e2e;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An ssh daemon on loopback with keys of its own, that ends with the test.
 *
 * @param directory holds its keys, and the user's
 */
record Sshd(Path directory, int port) {

    /** Starts one; {@code more} are lines of its configuration. */
    static Sshd start(Sandbox sandbox, String name, String... more) throws IOException {
        Path directory = Files.createDirectory(sandbox.root().resolve(name));
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        sandbox.sh("""
            cd "$1" && ssh-keygen -q -t ed25519 -N '' -f host && ssh-keygen -q -t ed25519 -N '' -f user &&
            cp user.pub authorized && { [ "$(id -u)" != 0 ] || mkdir -p -m 755 /run/sshd; }
            """, directory.toString()).run().ok();
        Files.writeString(
                directory.resolve("config"), """
                    ListenAddress 127.0.0.1:%d
                    HostKey %s/host
                    AuthorizedKeysFile %s/authorized
                    PidFile none
                    StrictModes no
                    UsePAM no
                    PermitRootLogin yes
                    %s
                    """.formatted(port, directory, directory, String.join("\n", more)));
        sandbox.inBackground(sandbox.sh("exec \"$(command -v sshd)\" -D -e -f \"$1\"", directory + "/config"));
        Until.holds(
                () -> sandbox.sh(
                                        "ssh-keyscan -p \"$1\" 127.0.0.1 2>/dev/null | grep -q ed25519",
                                        Integer.toString(port))
                                .run()
                                .exit()
                        == 0,
                "sshd answers");
        return new Sshd(directory, port);
    }

    /** Returns what a client is told to get there, on its command line. */
    String options() {
        return "-F none -p " + port + " -i " + directory + "/user -o HostName=127.0.0.1 -o UserKnownHostsFile=/dev/null"
                + " -o StrictHostKeyChecking=no -o LogLevel=INFO";
    }

    /** Returns what a client's configuration says of it. */
    String configured(String alias) {
        return """
            Host %s
              HostName 127.0.0.1
              Port %d
              IdentityFile %s/user
              IdentitiesOnly yes
              UserKnownHostsFile /dev/null
              StrictHostKeyChecking no
              LogLevel ERROR
            """.formatted(alias, port, directory);
    }
}
