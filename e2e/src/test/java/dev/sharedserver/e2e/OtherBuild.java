package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.stream.Stream;

/**
 * A copy of the product that passes for another build: its binary and {@code lib/version} say another version. The rest
 * of {@code lib/} are links to the product under test.
 */
record OtherBuild(Path home, String version) {

    /** Makes a copy in a directory of its own. */
    static OtherBuild of(String version) {
        Path home = Medium.DISK.newDirectory();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> Trees.delete(home)));
        try {
            Files.createDirectories(home.resolve("bin"));
            Files.createDirectories(home.resolve("lib"));
            try (Stream<Path> files = Files.list(Product.home().resolve("lib"))) {
                for (Path file : files.toList()) {
                    if (!file.endsWith("version")) {
                        Files.createSymbolicLink(home.resolve("lib").resolve(file.getFileName()), file.toRealPath());
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        OtherBuild build = new OtherBuild(home, version);
        build.install(version);
        return build;
    }

    /** The version of the product under test. */
    static String tested() {
        return Sandbox.text(Product.home().resolve("lib/version")).strip();
    }

    /** A version above all others, of the length that a patched binary needs. */
    static String newer() {
        return "9" + tested().substring(1);
    }

    /** The same version, of another commit. */
    static String otherCommit() {
        String tested = tested();
        int at = tested.length() - (tested.endsWith(")") ? 2 : 1);
        return tested.substring(0, at) + 'x' + tested.substring(at + 1);
    }

    /** Replaces binary and version by rename, as a package manager does. */
    OtherBuild install(String other) {
        try {
            byte[] name = tested().getBytes(StandardCharsets.UTF_8);
            byte[] bytes = Files.readAllBytes(Product.bin());
            int found = 0;
            for (int at = 0; at + name.length <= bytes.length; at++) {
                if (startsWith(bytes, at, name)) {
                    System.arraycopy(other.getBytes(StandardCharsets.UTF_8), 0, bytes, at, name.length);
                    found++;
                }
            }
            assertTrue(found > 0, "the binary does not hold its version " + tested());
            Path fresh = Files.write(home.resolve("bin/.new"), bytes);
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.writeString(home.resolve("lib/version"), other + "\n");
            Files.move(fresh, bin(), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new OtherBuild(home, other);
    }

    /** Gives the binary a time of change. */
    OtherBuild changedAt(Instant when) {
        try {
            Files.setLastModifiedTime(bin(), FileTime.from(when));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    private static boolean startsWith(byte[] bytes, int at, byte[] prefix) {
        for (int i = 0; i < prefix.length; i++) {
            if (bytes[at + i] != prefix[i]) {
                return false;
            }
        }
        return true;
    }

    /** The command of this build. */
    Path bin() {
        return home.resolve("bin/sharedserver");
    }

    /** Prepares a command of this build. */
    Invocation command(Sandbox box, String... args) {
        return box.command(args).withProduct(bin());
    }

    /** Tells whether the guard executes this build's binary. */
    boolean guards(Sandbox box) {
        return bin().toString().equals(ProcessFacts.link(box.requireGuard().pid(), "exe"));
    }
}
