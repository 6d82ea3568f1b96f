package dev.sharedserver.dev.watch;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class FileWatchTest {

    private static final Duration LONG = Duration.ofSeconds(30);

    private final Path root;

    private final Set<Path> changed = ConcurrentHashMap.newKeySet();
    private final Semaphore busy = new Semaphore(1);
    private final AtomicInteger rescans = new AtomicInteger();
    private @Nullable FileWatch watch;

    FileWatchTest(@TempDir Path root) {
        this.root = root;
    }

    @AfterEach
    void close() throws IOException {
        if (watch != null) {
            watch.close();
        }
    }

    private void watch(Path... roots) throws IOException {
        watch = new FileWatch(
                List.of(roots), directory -> !directory.endsWith("node_modules"), new FileWatch.Listener() {
                    @Override
                    public void changed(Path path) {
                        busy.acquireUninterruptibly();
                        busy.release();
                        changed.add(path);
                    }

                    @Override
                    public void rescanned(String reason) {
                        rescans.incrementAndGet();
                    }
                });
    }

    private void awaitChange(Path path) {
        await().atMost(LONG).until(() -> changed.contains(path) || rescans.get() > 0);
    }

    /** Makes one change after another until it is seen: what is watched a moment later is seen then. */
    private void awaitSeen(Path file) {
        await().atMost(LONG).until(() -> {
            Files.writeString(file, Long.toString(System.nanoTime()));
            return changed.contains(file);
        });
    }

    @Test
    void filesThatAreMadeWrittenAndRemovedAreTold() throws Exception {
        Path file = Files.createFile(root.resolve("a.go"));
        watch(root);
        Files.writeString(file, "x");
        awaitChange(file);
        changed.clear();
        Files.delete(file);
        awaitChange(file);
        changed.clear();
        Files.createFile(file);
        awaitChange(file);
    }

    @Test
    void aSaveByRenameIsTold() throws Exception {
        Path file = Files.writeString(root.resolve("a.go"), "1");
        watch(root);
        Path next = Files.writeString(root.resolve(".a.go.swp"), "2");
        awaitChange(next);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        awaitChange(file);
    }

    @Test
    void directoriesMadeWhileItRunsAreWatchedWithWhatIsInThem() throws Exception {
        watch(root);
        Path deep = Files.createDirectories(root.resolve("a/b/c"));
        Path early = Files.writeString(deep.resolve("early.go"), "x");
        awaitChange(early);
        awaitSeen(deep.resolve("late.go"));
    }

    @Test
    void aDirectoryThatWasRenamedIsWatchedUnderItsNewName() throws Exception {
        Path before = Files.createDirectories(root.resolve("before"));
        watch(root);
        Path after = Files.move(before, root.resolve("after"));
        awaitSeen(after.resolve("file.go"));
    }

    @Test
    void aDirectoryThatIsRemovedAndMadeAgainIsWatched() throws Exception {
        Path directory = Files.createDirectories(root.resolve("a"));
        watch(root);
        for (int i = 0; i < 5; i++) {
            Files.delete(directory);
            Files.createDirectory(directory);
            Path file = directory.resolve("file" + i + ".go");
            awaitSeen(file);
            Files.delete(file);
        }
    }

    @Test
    void theRootItselfMayGoAndComeBack() throws Exception {
        Path directory = Files.createDirectories(root.resolve("a"));
        watch(directory);
        Files.delete(directory);
        Files.createDirectory(directory);
        awaitSeen(directory.resolve("file.go"));
    }

    @Test
    void directoriesThatNobodyWantsAreNotWatchedThoughTheyComeLater() throws Exception {
        watch(root);
        Path file =
                Files.createDirectories(root.resolve("ui/node_modules/vite")).resolve("index.js");
        awaitSeen(root.resolve("ui/marker"));
        Files.writeString(file, "x");
        changed.clear();
        awaitSeen(root.resolve("ui/marker"));
        assertTrue(changed.stream().noneMatch(path -> path.toString().contains("node_modules/")), changed.toString());
    }

    @Test
    void moreChangesThanTheQueueHoldsAreARescan() throws Exception {
        watch(root);
        busy.acquire();
        // the JDK keeps 512 events a directory, and the one that takes them is held up
        for (int i = 0; i < 2000; i++) {
            Files.createFile(root.resolve("f" + i));
        }
        busy.release();
        await().atMost(LONG).until(() -> rescans.get() > 0);
        // and what comes after it is seen as before
        awaitSeen(root.resolve("after.go"));
    }

    @Test
    void tenThousandFilesAreWatched() throws Exception {
        for (int i = 0; i < 100; i++) {
            Path directory = Files.createDirectories(root.resolve("d" + i));
            for (int j = 0; j < 100; j++) {
                Files.createFile(directory.resolve("f" + j + ".go"));
            }
        }
        watch(root);
        for (int i = 0; i < 100; i += 33) {
            Path file = root.resolve("d" + i + "/f" + i + ".go");
            Files.writeString(file, "x");
            awaitChange(file);
        }
    }

    @Test
    void aTreeThatIsMadeAndRemovedAllTheTimeIsStillWatchedAfterwards() throws Exception {
        watch(root);
        for (int i = 0; i < 200; i++) {
            Path top = root.resolve("t" + i % 3);
            Files.createDirectories(top.resolve("x/y"));
            Files.delete(top.resolve("x/y"));
            Files.delete(top.resolve("x"));
            Files.delete(top);
        }
        awaitSeen(Files.createDirectories(root.resolve("t0/x/y")).resolve("file.go"));
    }

    @Test
    void aDirectoryThatIsNotThereIsRefused() {
        assertThrows(IOException.class, () -> watch(root.resolve("none")));
    }
}
