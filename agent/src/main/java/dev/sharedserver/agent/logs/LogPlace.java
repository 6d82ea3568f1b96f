package dev.sharedserver.agent.logs;

import java.nio.file.Path;
import java.util.Set;

/**
 * Where a server's output is.
 *
 * @param file what is read now: the log, or an open file that has lost its name
 * @param log the log's name, under which the next run's is found
 * @param notes when it had which length
 */
public record LogPlace(Path file, Path log, Path notes) {

    Path directory() {
        Path parent = log.toAbsolutePath().getParent();
        return parent == null ? Path.of("/") : parent;
    }

    /** Returns the names in the directory whose changes concern a reader: a log goes on growing after it was renamed. */
    Set<Path> names() {
        Path name = log.getFileName();
        return name == null ? Set.of() : Set.of(name, Path.of(name + ".1"));
    }
}
