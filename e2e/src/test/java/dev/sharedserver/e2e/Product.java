package dev.sharedserver.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;

/** The assembled product under test: {@code dist/target/sharedserver}, or the folder named by {@code -Dsharedserver.home}. */
final class Product {
    private static final Path HOME = find();

    private Product() {}

    /** Returns the folder that holds {@code bin/} and {@code lib/}. */
    static Path home() {
        return HOME;
    }

    /** Returns the command that users call. */
    static Path bin() {
        return HOME.resolve("bin/sharedserver");
    }

    /** Tells whether guard and agent are one process, in Java: {@code docs/portable.md}. */
    static boolean isPortable() {
        return Files.exists(HOME.resolve("lib/portable.options"));
    }

    /** Returns what the kernel calls a process that is a launcher. */
    static String comm() {
        return isPortable() ? "java" : "sharedserver";
    }

    /** Returns the command in a place that every user reaches: the product itself, or a copy where it lies hidden. */
    static Path binForOthers() {
        return ForOthers.HOME.resolve("bin/sharedserver");
    }

    /** Made when it is first asked for. */
    private static final class ForOthers {
        static final Path HOME = reachable() ? Product.HOME : copy();

        private static boolean reachable() {
            try {
                for (Path at = bin(); at != null; at = at.getParent()) {
                    if (!Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
                        return false;
                    }
                }
                return true;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static Path copy() {
            Path parent = Medium.DISK.newDirectory();
            Root.must(
                    "cp",
                    "-a",
                    Product.HOME.toString(),
                    parent.resolve("sharedserver").toString());
            Root.must("chmod", "-R", "go+rX", parent.toString());
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> Trees.delete(parent)));
            return parent.resolve("sharedserver");
        }
    }

    private static Path find() {
        String named = System.getProperty("sharedserver.home", "");
        Path home = named.isEmpty() ? searchUpwards() : Path.of(named).toAbsolutePath();
        if (!Files.isExecutable(home.resolve("bin/sharedserver"))) {
            throw new IllegalStateException("no product at " + home + ": build dist first");
        }
        return home;
    }

    private static Path searchUpwards() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path candidate = at.resolve("dist/target/sharedserver");
            if (Files.isDirectory(candidate)) {
                return candidate;
            }
        }
        throw new IllegalStateException(
                "no dist/target/sharedserver above " + Path.of("").toAbsolutePath());
    }
}
