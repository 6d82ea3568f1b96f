package dev.sharedserver.portable.launcher;

import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Waits in the agent's place, so that it need not stay awake: looks every 25 ms. */
final class Waiting {

    private static final long LOOK = 25;

    private final Proc proc;
    private final Signals signals;
    private @Nullable Map<String, Object> seen;

    Waiting(Proc proc, Signals signals) {
        this.proc = proc;
        this.signals = signals;
    }

    /**
     * What is waited for.
     *
     * @param pid 0 for none
     * @param directory empty for none
     * @param timeout in ms, negative for none
     */
    record For(long pid, long stamp, String directory, String prefix, long timeout, boolean heeds) {}

    /** Comes back when it is worth while to ask again. */
    void await(For what) throws InterruptedException {
        if (what.heeds()) {
            signals.heed();
        }
        if (!what.directory().isEmpty() && seen == null) {
            // what happened between the answer and now would be missed: ask once more first
            seen = files(what);
            return;
        }
        long begun = System.nanoTime();
        while (!signals.caught()) {
            if (what.pid() != 0 && !proc.alive(what.pid(), what.stamp())) {
                return;
            }
            if (!what.directory().isEmpty()) {
                Map<String, Object> now = files(what);
                if (!now.equals(seen)) {
                    seen = now;
                    return;
                }
            }
            long left = what.timeout() < 0 ? LOOK : what.timeout() - (System.nanoTime() - begun) / 1_000_000L;
            if (left <= 0) {
                return;
            }
            signals.pause(Math.min(LOOK, left));
        }
    }

    private static Map<String, Object> files(For what) {
        Map<String, Object> files = new HashMap<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(
                Path.of(what.directory()),
                file -> String.valueOf(file.getFileName()).startsWith(what.prefix()))) {
            for (Path file : stream) {
                BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                String name = String.valueOf(file.getFileName());
                // a log grows without being renamed: what counts is which file has the name. A state file that was
                // replaced twice
                // may be the first one again by its number, but it is younger
                Object since = name.endsWith(".json") ? attributes.lastModifiedTime() : "";
                files.put(name, attributes.fileKey() + " " + since);
            }
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            files.put("/", "changed under our eyes");
        }
        return files;
    }
}
