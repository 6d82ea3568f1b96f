package dev.sharedserver.portable.launcher;

import dev.sharedserver.portable.Sockets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/** What {@code lib/make-program-cache.sh} records: a command, and an agent of paper that answers it. */
final class Rehearsal {

    private static final int TIMES = 20;

    private Rehearsal() {}

    static void run() throws IOException {
        Path directory = Files.createTempDirectory("rehearsal");
        Path home = Files.createDirectories(directory.resolve("home"));
        Files.writeString(Files.createDirectories(home.resolve("lib")).resolve("version"), "0.0.0\n");
        Path state = Files.createDirectories(directory.resolve("state"));
        Files.setPosixFilePermissions(state, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
        try (ServerSocketChannel listener = Sockets.listen(state, Connector.SOCKET, 1)) {
            Thread agent = Thread.ofPlatform().daemon().start(() -> answer(listener));
            for (int i = 0; i < TIMES; i++) {
                command(home, state);
            }
            agent.interrupt();
        } catch (Trouble | InterruptedException e) {
            throw new IOException("the rehearsal failed", e);
        } finally {
            Files.delete(home.resolve("lib/version"));
            Files.delete(home.resolve("lib"));
            Files.delete(home);
            Files.deleteIfExists(state.resolve(Connector.SOCKET));
            Files.delete(state);
            Files.delete(directory);
        }
    }

    private static void command(Path home, Path state) throws IOException, Trouble, InterruptedException {
        Self found = Self.look(home, new String[] {"-"});
        Self self = new Self(
                found.proc(),
                home,
                "-",
                List.of("list"),
                Map.of("SHAREDSERVER_LOCKDIR", state.toString()),
                found.cwd(),
                found.pid(),
                found.stamp(),
                found.umask(),
                found.nice(),
                found.limits());
        Say say = new Say(false);
        Signals signals = new Signals();
        signals.install();
        Become become = new Become(self, signals, new HashSet<>());
        new Conversation(self, say, new Connector(self, say), signals, become).run();
    }

    private static void answer(ServerSocketChannel listener) {
        try {
            while (true) {
                try (SocketChannel launcher = listener.accept()) {
                    launcher.read(ByteBuffer.allocate(1 << 20));
                    byte[] text = "a line\n".getBytes(StandardCharsets.UTF_8);
                    ByteBuffer frames = ByteBuffer.allocate(64)
                            .putInt(1 + text.length)
                            .put((byte) 'O')
                            .put(text)
                            .putInt(2)
                            .put((byte) 'X')
                            .put((byte) 0)
                            .flip();
                    launcher.write(frames);
                }
            }
        } catch (IOException e) {
            return; // the rehearsal is over
        }
    }
}
