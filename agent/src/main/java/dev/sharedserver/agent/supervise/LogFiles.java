package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.lifecycle.Launch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/** Where the output of servers goes that name no log file of their own. */
public final class LogFiles {

    /** Above this length the beginning of a log of ours is cut, in bytes. */
    static final long LIMIT = 10 << 20;

    /** How much of its end is kept then, in bytes. */
    static final long KEEP = 5 << 20;

    private final Path directory;

    /** Logs into {@code directory}, which is made when it is first needed. */
    public LogFiles(Path directory) {
        this.directory = directory;
    }

    /** Returns the log of a server. */
    public Path of(ServerName name) {
        return directory.resolve(name.value() + ".log");
    }

    /** Returns the directory. */
    public Path directory() {
        return directory;
    }

    /** Returns where the guard notes when a server's log had which length. */
    public Path notes(ServerName name) {
        return directory.resolve(name.value() + ".log.times");
    }

    /** Makes room for a new run: what the last one wrote is kept as {@code .log.1}. */
    void rotate(ServerName name, Launch launch) throws IOException {
        Files.deleteIfExists(notes(name));
        String file = launch.logFile();
        if (!launch.ownLog() || file == null) {
            return;
        }
        Path log = Path.of(file);
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
