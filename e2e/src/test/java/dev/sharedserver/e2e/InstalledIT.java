package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;

/** The product wherever somebody put it, whole or damaged. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class InstalledIT {

    @Test
    @EnabledIf(Root.NEEDED)
    void aReadOnlyCopyInAnotherPlaceServesAnotherUser(Sandbox box) {
        Path copy = copyOfProduct(box, "my copy; $HOME");
        Root.must("chmod", "-R", "a-w,a+rX", copy.toString());
        Root.must("chmod", "755", box.root().toString());
        Root.giveToNobody(box.work());
        Root.giveToNobody(box.home());
        Path state = box.work().resolve("state");
        Invocation use = box.command("use", "web", "--hold", "1h", "--", "sleep", "1000")
                .env("SHAREDSERVER_LOCKDIR", state.toString())
                .withProduct(copy.resolve("bin/sharedserver"))
                .under(Root.asNobody());
        use.run().ok().isQuiet().says("Started server web");
        use.run().ok().says("Attached");
        Root.must("chmod", "-R", "u+w", copy.toString());
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void itWorksInAChrootThatIsNoMountPoint(Sandbox box) throws IOException {
        Path root = Files.createDirectories(box.work().resolve("root"));
        Root.must("cp", "-a", Product.home().toString(), root.resolve("product").toString());
        String mounts = "set -e; cd \"$0\"; mkdir -p tmp proc; for d in bin lib lib64 usr dev; do "
                + "[ ! -d /$d ] || { mkdir $d; mount --rbind /$d $d; }; done; mount --rbind /proc proc; "
                + "exec chroot . sh -c 'export SHAREDSERVER_LOCKDIR=/tmp/state; s=/product/bin/sharedserver; "
                + "$s use web --pid $$ -- sleep 1000 && $s check web && $s stop web --even-if-used'";
        Root.must("unshare", "--mount", "sh", "-c", mounts, root.toString());
    }

    @Test
    void aMissingCacheOnlyCostsTime(Sandbox box) throws IOException {
        Path copy = copyOfProduct(box, "copy");
        for (Path cache : caches(copy)) {
            Files.delete(cache);
        }
        assertWorks(box, copy);
    }

    @Test
    void aDamagedCacheOnlyCostsTime(Sandbox box) throws IOException {
        Path copy = copyOfProduct(box, "copy");
        for (Path cache : caches(copy)) {
            // not into the original: the copy may be made of links
            Files.delete(cache);
            Files.writeString(cache, "garbage");
        }
        assertWorks(box, copy);
    }

    @Test
    void aTruncatedCacheOnlyCostsTime(Sandbox box) throws IOException {
        Path copy = copyOfProduct(box, "copy");
        for (Path cache : caches(copy)) {
            byte[] whole = Files.readAllBytes(cache);
            Files.delete(cache);
            Files.write(cache, java.util.Arrays.copyOf(whole, whole.length / 2));
        }
        assertWorks(box, copy);
    }

    @Test
    void aProductWithoutItsRuntimeIsAClearErrorAndNotAnEndlessWait(Sandbox box) throws IOException {
        Path copy = copyOfProduct(box, "copy");
        Files.delete(copy.resolve("lib/runtime/bin/java"));
        Result list = box.command("list")
                .withProduct(copy.resolve("bin/sharedserver"))
                .run()
                .exits(1);
        list.complains("cannot start");
        assertTrue(list.took().toSeconds() < 15, list::toString);
        box.command("check", "web")
                .withProduct(copy.resolve("bin/sharedserver"))
                .run()
                .fails();
    }

    private static void assertWorks(Sandbox box, Path product) {
        Path bin = product.resolve("bin/sharedserver");
        box.command("use", "web", "--pid", "" + box.client().pid(), "--", "sleep", "1000")
                .withProduct(bin)
                .run()
                .ok()
                .isQuiet();
        assertEquals(0, box.command("check", "web").withProduct(bin).run().exit());
    }

    private static Path copyOfProduct(Sandbox box, String name) {
        Path copy = box.root().resolve(name);
        Root.must("cp", "-a", Product.home().toString(), copy.toString());
        return copy;
    }

    private static List<Path> caches(Path product) throws IOException {
        try (Stream<Path> files = Files.list(product.resolve("lib"))) {
            List<Path> found =
                    files.filter(file -> file.toString().endsWith(".aot")).toList();
            assertTrue(!found.isEmpty(), "the product has a cache");
            return found;
        }
    }
}
