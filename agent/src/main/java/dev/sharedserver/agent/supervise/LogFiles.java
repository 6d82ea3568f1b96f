package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.ServerName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/** Where the output of servers goes that name no log file of their own. */
public final class LogFiles {

    private final Path directory;

    /** Logs into {@code directory}, which is made when it is first needed. */
    public LogFiles(Path directory) {
        this.directory = directory;
    }

    /** Returns the log of a server. */
    public Path of(ServerName name) {
        return directory.resolve(name.value() + ".log");
    }

    /** Makes room for a new run: what the last one wrote is kept as {@code .log.1}. */
    void rotate(Path log) throws IOException {
        Path parent = log.getParent();
        if (parent != null && !Files.isDirectory(parent)) {
            Files.createDirectories(
                    parent, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        if (Files.exists(log) && Files.size(log) > 0) {
            Files.move(log, Path.of(log + ".1"), StandardCopyOption.ATOMIC_MOVE);
        }
    }
}
