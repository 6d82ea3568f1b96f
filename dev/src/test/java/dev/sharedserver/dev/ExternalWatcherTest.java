package dev.sharedserver.dev;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.dev.process.Ledgers;
import dev.sharedserver.dev.process.Posix;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
final class ExternalWatcherTest {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration QUICK = Duration.ofMillis(50);

    private final Path plugins;

    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final List<String> notes = new CopyOnWriteArrayList<>();
    private final Set<Long> dead = ConcurrentHashMap.newKeySet();
    private final Set<String> deaf = ConcurrentHashMap.newKeySet();
    private ExternalWatcher watcher = watcher();

    ExternalWatcherTest(@TempDir Path plugins) {
        this.plugins = plugins;
    }

    @AfterEach
    void stop() {
        watcher.stop();
    }

    private ExternalWatcher watcher() {
        return new ExternalWatcher(Path.of("/nowhere"), (id, info) -> {}, id -> {}, note -> {}, new Paper(), QUICK);
    }

    private final class Paper implements ExternalWatcher.World {
        @Override
        public boolean alive(long pid) {
            return !dead.contains(pid);
        }

        @Override
        public boolean accepts(String address) {
            return !deaf.contains(address);
        }
    }

    private void start() throws IOException {
        watcher = new ExternalWatcher(
                plugins,
                (id, info) -> calls.add("+" + id + " " + info.addr()),
                id -> calls.add("-" + id),
                notes::add,
                new Paper(),
                QUICK);
        watcher.start();
    }

    private Path file(String id) throws IOException {
        return Files.createDirectories(plugins.resolve(id)).resolve(ExternalWatcher.FILE);
    }

    private static String info(int pid, String addr) {
        return "{\"pid\": " + pid + ", \"addr\": \"" + addr + "\"}";
    }

    private void awaitCalls(String... expected) {
        await().atMost(LONG).untilAsserted(() -> assertEquals(List.of(expected), calls));
    }

    @Test
    void aFileThatIsThereAtTheStartConnects() throws Exception {
        Files.writeString(file("k8s"), info(7, "a:1"));
        start();
        awaitCalls("+k8s a:1");
        assertTrue(watcher.isExternallyManaged("k8s"));
        assertEquals(
                "a:1", Objects.requireNonNull(watcher.getExternalInfo("k8s")).addr());
        assertFalse(watcher.isExternallyManaged("other"));
        watcher.stop();
        awaitCalls("+k8s a:1", "-k8s");
    }

    @Test
    void aFileThatIsWrittenLaterConnectsAndItsRemovalDisconnects() throws Exception {
        start();
        Path file = file("k8s");
        Files.writeString(file, info(7, "a:1"));
        awaitCalls("+k8s a:1");
        Files.delete(file);
        awaitCalls("+k8s a:1", "-k8s");
        Files.writeString(file, info(7, "a:2"));
        awaitCalls("+k8s a:1", "-k8s", "+k8s a:2");
        Files.delete(file);
        Files.delete(file.getParent());
        awaitCalls("+k8s a:1", "-k8s", "+k8s a:2", "-k8s");
    }

    @Test
    void aFileThatIsRenamedIntoPlaceIsOneConnection() throws Exception {
        start();
        Path file = file("k8s");
        for (int i = 0; i < 20; i++) {
            Path next = Files.writeString(file.resolveSibling("next"), info(7, "a:1"));
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
        awaitCalls("+k8s a:1");
        // the sign that all of it was looked at
        Files.writeString(file("zzz"), info(8, "b:1"));
        awaitCalls("+k8s a:1", "+zzz b:1");
    }

    @Test
    void garbageIsNeitherAConnectionNorTheEndOfOne() throws Exception {
        start();
        Path file = file("k8s");
        Files.writeString(file, "{\"pid\":");
        await().atMost(LONG).until(() -> !notes.isEmpty());
        assertEquals(List.of(), calls);
        Files.writeString(file, info(7, "a:1"));
        awaitCalls("+k8s a:1");
        notes.clear();
        Files.writeString(file, "garbage");
        await().atMost(LONG).until(() -> !notes.isEmpty());
        assertTrue(watcher.isExternallyManaged("k8s"));
        assertEquals(List.of("+k8s a:1"), calls);
    }

    @Test
    void theFileOfADeadProcessIsRemoved() throws Exception {
        dead.add(7L);
        Path file = file("k8s");
        Files.writeString(file, info(7, "a:1"));
        start();
        await().atMost(LONG).until(() -> !Files.exists(file));
        assertEquals(List.of(), calls);
    }

    @Test
    void aProcessThatDiesIsDisconnectedAndItsFileRemoved() throws Exception {
        Path file = file("k8s");
        Files.writeString(file, info(7, "a:1"));
        start();
        awaitCalls("+k8s a:1");
        dead.add(7L);
        awaitCalls("+k8s a:1", "-k8s");
        await().atMost(LONG).until(() -> !Files.exists(file));
    }

    @Test
    void aLivingProcessThatAcceptsNoConnectionKeepsItsFileAndComesBack() throws Exception {
        deaf.add("a:1");
        Path file = file("k8s");
        Files.writeString(file, info(7, "a:1"));
        start();
        await().atMost(LONG).until(() -> watcher.connections().containsKey("k8s"));
        assertEquals(List.of(), calls);
        deaf.clear();
        awaitCalls("+k8s a:1");
        deaf.add("a:1");
        awaitCalls("+k8s a:1", "-k8s");
        assertTrue(Files.exists(file));
        deaf.clear();
        awaitCalls("+k8s a:1", "-k8s", "+k8s a:1");
    }

    @Test
    void anotherProcessInThePlaceOfTheFirstIsAnotherConnection() throws Exception {
        Path file = file("k8s");
        Files.writeString(file, info(7, "a:1"));
        start();
        awaitCalls("+k8s a:1");
        Files.writeString(file, info(8, "a:2"));
        awaitCalls("+k8s a:1", "-k8s", "+k8s a:2");
    }

    @Test
    void linksAndDirectoriesAreNoFiles() throws Exception {
        Path real = Files.writeString(plugins.resolve("real"), info(7, "a:1"));
        Files.createSymbolicLink(file("link"), real);
        Files.createDirectories(file("directory"));
        Files.writeString(file("k8s"), info(7, "a:1"));
        start();
        awaitCalls("+k8s a:1");
    }

    @Test
    void onTheMachineALivingProcessThatListensIsConnectedUntilItIsKilled() throws Exception {
        Process process = new ProcessBuilder("sleep", "1000").start();
        try (ServerSocket socket = new ServerSocket(0, 5, InetAddress.ofLiteral("127.0.0.1"))) {
            watcher = new ExternalWatcher(
                    plugins, Ledgers.PROC, (id, info) -> calls.add("+" + id), id -> calls.add("-" + id), notes::add);
            watcher.start();
            Path file = file("k8s");
            Files.writeString(file, info((int) process.pid(), "127.0.0.1:" + socket.getLocalPort()));
            awaitCalls("+k8s");
            process.destroyForcibly().waitFor();
            awaitCalls("+k8s", "-k8s");
            await().atMost(LONG).until(() -> !Files.exists(file));
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aProcessOfAnotherUserIsAliveAndOneThatIsNotThereIsNot() throws Exception {
        assertTrue(Posix.exists(1), "somebody's, or ours if we are root");
        Process process = new ProcessBuilder("true").start();
        process.waitFor();
        assertFalse(Posix.exists(process.pid()));
        assertFalse(Posix.exists(0));
        assertFalse(Posix.exists(-1));
    }
}
