package dev.sharedserver.dev.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Puts what was built where it is run. */
public final class Deployment {

    private Deployment() {}

    /**
     * Copies a program into a directory, which is made if need be: in one step for whoever looks, with its mode. A process
     * that runs the one before goes on with that.
     */
    public static Path deploy(Path built, Path directory) throws IOException {
        Files.createDirectories(directory);
        Path target = directory.resolve(built.getFileName().toString());
        Path temporary = Files.createTempFile(directory, ".deploy-", "");
        try {
            Files.copy(built, temporary, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(temporary, Files.getPosixFilePermissions(built));
            return Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
    }
}
