package dev.sharedserver.dev.watch;

import io.methvin.watcher.DirectoryChangeEvent;
import io.methvin.watcher.DirectoryChangeListener;
import io.methvin.watcher.DirectoryWatcher;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Tells of changes of files in directories and what is below them, including directories that are made later.
 *
 * <p>What is underneath, directory-watcher on inotify(7), does not look again at what happened while the kernel's or the JDK's queue was
 * full: then, and after any failure, everything is watched anew, and {@link Listener#rescanned} says so.
 */
public final class FileWatch implements Closeable {

    /** Between two beginnings: a tree that changes all the time is not read all the time. */
    private static final long PAUSE_MILLIS = 100;

    private static final long RETRY_MILLIS = 1000;

    /** What is told; never by two threads at once. */
    public interface Listener {
        /** That file or directory was made, changed or removed. */
        void changed(Path path);

        /** Anything may have changed: events were lost, or the directories were gone for a while. */
        void rescanned(String reason);
    }

    private final List<Path> roots;
    private final Predicate<Path> entered;
    private final Listener listener;
    private volatile boolean closed;
    private @Nullable DirectoryWatcher current;

    /**
     * Watches; what changes after this has returned is told.
     *
     * @param roots directories; one that is not there is left out, but one has to be
     * @param entered which of the directories below them are watched, too
     */
    public FileWatch(List<Path> roots, Predicate<Path> entered, Listener listener) throws IOException {
        this.roots =
                roots.stream().map(root -> root.toAbsolutePath().normalize()).toList();
        this.entered = entered;
        this.listener = listener;
        begin();
    }

    private void begin() throws IOException {
        List<Path> present = roots.stream().filter(Files::isDirectory).toList();
        if (present.isEmpty()) {
            throw new IOException("no such directory: " + roots);
        }
        Round round = new Round();
        DirectoryWatcher watcher = DirectoryWatcher.builder()
                .paths(present)
                .listener(round)
                .fileHashing(false)
                .fileTreeVisitor(new Pruned(roots, entered))
                .build();
        round.watcher = watcher;
        synchronized (this) {
            if (closed) {
                watcher.close();
                return;
            }
            current = watcher;
        }
        // registers in this thread and runs in its own
        CompletableFuture<Void> end = watcher.watchAsync(
                loop -> Thread.ofPlatform().daemon().name("watch").start(loop));
        if (end.isCompletedExceptionally()) {
            watcher.close();
            try {
                end.join();
            } catch (CompletionException e) {
                throw new IOException(reason(e), e);
            }
        }
        var unused = end.whenComplete((nothing, failure) -> {
            if (!closed) {
                again(failure == null ? round.reason : String.valueOf(failure.getMessage()));
            }
        });
    }

    private static String reason(CompletionException e) {
        Throwable cause = e.getCause();
        Throwable inner = cause instanceof UncheckedIOException unchecked ? unchecked.getCause() : cause;
        return String.valueOf(inner == null ? e.getMessage() : inner.getMessage());
    }

    /** Runs at the end of a round, in its thread, and ends when the next one has begun. */
    private void again(String reason) {
        long pause = PAUSE_MILLIS;
        while (!closed) {
            try {
                Thread.sleep(pause);
                begin();
                listener.rescanned(reason);
                return;
            } catch (IOException e) {
                pause = RETRY_MILLIS;
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        if (current != null) {
            current.close();
        }
    }

    /** What one watcher tells, until something is lost. */
    private final class Round implements DirectoryChangeListener {
        private volatile String reason = "the directories were removed";
        private @Nullable DirectoryWatcher watcher;

        @Override
        public void onEvent(DirectoryChangeEvent event) throws IOException {
            if (closed) {
                return;
            }
            if (event.eventType() == DirectoryChangeEvent.EventType.OVERFLOW) {
                lost("too many changes at once");
            } else {
                listener.changed(event.path());
            }
        }

        @Override
        public void onException(Exception e) {
            try {
                // mostly a directory that was gone before it could be watched
                lost(String.valueOf(e.getMessage()));
            } catch (IOException closing) {
                throw new UncheckedIOException(closing);
            }
        }

        private void lost(String why) throws IOException {
            reason = why;
            if (watcher != null) {
                watcher.close();
            }
        }
    }
}
