package dev.sharedserver.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a state directory lies. */
enum Medium {
    TMPFS(Path.of("/dev/shm")),
    DISK(Path.of("/var/tmp"));

    private final Path parent;

    Medium(Path parent) {
        this.parent = parent;
    }

    /** Makes a new directory there that only this user may enter. */
    Path newDirectory() {
        try {
            return Files.createTempDirectory(parent, "ss-e2e-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
