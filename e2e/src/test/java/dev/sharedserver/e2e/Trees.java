package dev.sharedserver.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Directory trees. */
final class Trees {
    private Trees() {}

    private static final int TRIES = 100;

    /** Deletes a tree; what vanishes meanwhile is fine, and what is written into it meanwhile is deleted, too. */
    static void delete(Path root) {
        for (int left = TRIES; !isDeleted(root, left); ) {
            left--;
        }
    }

    private static boolean isDeleted(Path root, int left) {
        try {
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException error)
                        throws IOException {
                    Files.deleteIfExists(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
            return true;
        } catch (java.nio.file.NoSuchFileException gone) {
            return true;
        } catch (IOException e) {
            if (e instanceof java.nio.file.DirectoryNotEmptyException && left > 0) {
                return false;
            }
            throw new UncheckedIOException(e);
        }
    }
}
