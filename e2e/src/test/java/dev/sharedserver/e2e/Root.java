package dev.sharedserver.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** What only root may do: other users, mounts, namespaces. Tests of it are marked {@code @EnabledIf(Root.NEEDED)}. */
final class Root {
    /** The condition's name for JUnit. */
    static final String NEEDED = "dev.sharedserver.e2e.Root#isRoot";

    private static final String NOBODY = "65534";

    private Root() {}

    static boolean isRoot() {
        String uid = ProcessFacts.status(ProcessHandle.current().pid(), "Uid");
        return uid != null && uid.startsWith("0\t");
    }

    /** The prefix that runs a command as {@code nobody}. */
    static String[] asNobody() {
        return new String[] {"setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"};
    }

    static void giveToNobody(Path tree) {
        must("chown", "-R", NOBODY + ":" + NOBODY, tree.toString());
    }

    /** Mounts a small file system in memory, which is unmounted at the end of the test. */
    static void mountSmallTmpfs(Sandbox box, Path at, int kilobytes) {
        try {
            Files.createDirectories(at);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        must("mount", "-t", "tmpfs", "-o", "size=" + kilobytes + "k,mode=0755", "tmpfs", at.toString());
        // lazily: guard and agent are still on their way out then
        box.atEnd(() -> must("umount", "-l", at.toString()));
    }

    static void must(String... argv) {
        try {
            Process process = new ProcessBuilder(argv).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new AssertionError(String.join(" ", argv) + ": " + said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
