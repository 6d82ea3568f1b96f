package dev.sharedserver.dev.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DeploymentTest {

    @Test
    void theProgramReplacesTheOneBeforeWithItsMode(@TempDir Path directory) throws Exception {
        Path built = Files.writeString(directory.resolve("plugin"), "new");
        Files.setPosixFilePermissions(built, PosixFilePermissions.fromString("rwxr-x--x"));
        Path bin = directory.resolve("plugins/k8s/bin");
        Path first = Deployment.deploy(built, bin);
        Object before = Files.getAttribute(first, "unix:ino");
        assertEquals(first, Deployment.deploy(built, bin));
        assertEquals("new", Files.readString(first));
        assertEquals("rwxr-x--x", PosixFilePermissions.toString(Files.getPosixFilePermissions(first)));
        assertTrue(!before.equals(Files.getAttribute(first, "unix:ino")), "a program that runs is not written to");
        try (Stream<Path> files = Files.list(bin)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void aFailureLeavesNothingBehind(@TempDir Path directory) throws Exception {
        Path bin = directory.resolve("bin");
        assertThrows(IOException.class, () -> Deployment.deploy(directory.resolve("none"), bin));
        try (Stream<Path> files = Files.list(bin)) {
            assertEquals(0, files.count());
        }
    }
}
