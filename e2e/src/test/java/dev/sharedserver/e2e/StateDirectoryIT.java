package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the state lies, with which modes, and what is refused. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
@Tag("sanitized")
class StateDirectoryIT {

    @Test
    void theDirectoryIs0700AndItsFilesAre0600WhateverTheUmask(Sandbox box) throws IOException {
        box.sh("umask 0; \"$SS\" use web --pid " + box.client().pid() + " -- sleep 1000")
                .run()
                .ok();
        assertEquals("rwx------", mode(box.lockdir()));
        try (Stream<Path> files = Files.list(box.lockdir())) {
            for (Path file : files.toList()) {
                assertEquals("rw-------", mode(file), file::toString);
            }
        }
        box.run("stop", "web", "--even-if-used").ok();
        assertEquals("rw-------", mode(box.lockdir().resolve("web.invocations.log")));
    }

    @Test
    void aStateDirectoryOf200BytesWorks(Sandboxes sandboxes) {
        Sandbox box = sandboxes.open(Medium.TMPFS, "d".repeat(90) + "/" + "e".repeat(90) + "/locks");
        assertTrue(box.lockdir().toString().length() > 200);
        Stamped client = box.client();
        Stamped server = box.serve("web", client);
        box.use("web", box.client()).says("Attached");
        assertEquals(2, box.refcountOnDisk("web"));
        client.kill();
        Until.holds(() -> box.refcountOnDisk("web") == 1, "the client is gone");
        box.run("stop", "web", "--even-if-used").ok();
        assertFalse(server.alive());
    }

    @Test
    void aStateDirectoryWithUnusualCharactersWorks(Sandboxes sandboxes) {
        Sandbox box = sandboxes.open(Medium.TMPFS, "with space $HOME ; 'quote' é/locks");
        box.serve("web", box.client());
        assertEquals(0, box.check("web"));
        assertEquals(1, box.refcountOnDisk("web"));
    }

    @Test
    void oneDirectoryReachedByTwoPathsIsOne(Sandbox box) throws IOException {
        Stamped server = box.serve("web", box.client());
        Path alias = Files.createSymbolicLink(box.root().resolve("alias"), box.lockdir());
        box.command("use", "web", "--pid", "" + box.client().pid())
                .env("SHAREDSERVER_LOCKDIR", alias.toString())
                .run()
                .ok()
                .says("Attached to server web (refcount: 2)");
        assertEquals(server, box.serverProcess("web"));
        assertEquals(2, box.refcount("web"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxrwxrwx", "rwxrwx---", "rwx----w-"})
    void aDirectoryThatOthersMayWriteToIsRefused(String mode, Sandbox box) throws IOException {
        Files.createDirectory(box.lockdir());
        Files.setPosixFilePermissions(box.lockdir(), PosixFilePermissions.fromString(mode));
        box.run("use", "web", "--pid", "" + box.client().pid(), "--", "touch", "ran")
                .exits(1)
                .complains(box.lockdir().toString());
        assertFalse(Files.exists(box.work().resolve("ran")));
        assertEquals(0, box.filesInLockdir().size());
    }

    @Test
    void aFileInPlaceOfTheDirectoryIsRefused(Sandbox box) throws IOException {
        Files.writeString(box.lockdir(), "mine\n");
        box.run("list").exits(1).complains(box.lockdir().toString());
        assertEquals("mine\n", Files.readString(box.lockdir()));
        assertEquals(70, box.check("web"), "0 to 3 are only ever states");
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void aDirectoryOfAnotherUserIsRefused(Sandbox box) throws IOException {
        Sandbox others = box;
        Files.createDirectory(others.lockdir());
        Files.setPosixFilePermissions(others.root(), PosixFilePermissions.fromString("rwxr-xr-x"));
        asNobody(others, "list").exits(1).complains(others.lockdir().toString());
        assertEquals(0, others.filesInLockdir().size());
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void aDirectoryThatCannotBeMadeIsAClearError(Sandbox box) throws IOException {
        Files.setPosixFilePermissions(box.root(), PosixFilePermissions.fromString("rwxr-xr-x"));
        asNobody(box, "use", "web", "--", "sleep", "1000")
                .exits(1)
                .complains(box.lockdir().toString());
        asNobody(box, "check", "web").exits(70);
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void aReadOnlyDirectoryIsAClearErrorAndLosesNothing(Sandbox box) throws IOException {
        Root.giveToNobody(box.root());
        Stamped first = box.start("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sleep", "1000");
        Stamped second =
                box.start("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sleep", "1000");
        awaitSleeping(first);
        awaitSleeping(second);
        asNobody(box, "use", "web", "--pid", "" + first.pid(), "--", "sleep", "1000")
                .ok();
        String server = Sandbox.read(box.serverFile("web"));
        String clients = Sandbox.read(box.clientsFile("web"));
        Files.setPosixFilePermissions(box.lockdir(), PosixFilePermissions.fromString("r-x------"));

        asNobody(box, "use", "web", "--pid", "" + second.pid())
                .exits(1)
                .complains(box.lockdir().toString());
        asNobody(box, "use", "other", "--pid", "" + second.pid(), "--", "sh", "-c", "echo $$ >ran; exec sleep 1000")
                .exits(1)
                .complains(box.lockdir().toString());
        asNobody(box, "unuse", "web", "--pid", "" + first.pid()).exits(1);
        assertEquals(server, Sandbox.read(box.serverFile("web")));
        assertEquals(clients, Sandbox.read(box.clientsFile("web")));
        for (String started : box.lines("ran")) {
            assertTrue(Stamped.find(Long.parseLong(started)) == null, "a server runs that nobody knows of");
        }
        assertTrue(asNobody(box, "info", "web", "--json")
                        .ok()
                        .json()
                        .get("refcount")
                        .getAsInt()
                == 1);
        asNobody(box, "check", "web").exits(0);

        Files.setPosixFilePermissions(box.lockdir(), PosixFilePermissions.fromString("rwx------"));
        asNobody(box, "use", "web", "--pid", "" + second.pid()).ok().says("refcount: 2");
        assertEquals(2, box.refcountOnDisk("web"));
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void aFullDiskIsAClearErrorAndLosesNothing(Sandboxes sandboxes) throws IOException {
        Sandbox box = sandboxes.open(Medium.DISK, "small/locks");
        Path small = box.root().resolve("small");
        Root.mountSmallTmpfs(box, small, 256);
        Stamped first = box.client();
        Stamped second = box.client();
        Stamped server = box.serve("web", first);
        fill(small.resolve("filler"));
        String serverText = Sandbox.read(box.serverFile("web"));
        String clientsText = Sandbox.read(box.clientsFile("web"));

        box.run("use", "web", "--pid", "" + second.pid()).exits(1).complains("No space left on device");
        box.run("use", "other", "--pid", "" + second.pid(), "--", "sh", "-c", "echo $$ >ran; exec sleep 1000")
                .exits(1)
                .complains("No space left on device");
        assertEquals(serverText, Sandbox.read(box.serverFile("web")));
        assertEquals(clientsText, Sandbox.read(box.clientsFile("web")));
        assertEquals(1, box.refcount("web"));
        Until.holds(() -> box.check("other") == 2, "the start was undone");
        for (String started : box.lines("ran")) {
            assertTrue(Stamped.find(Long.parseLong(started)) == null, "a server runs that nobody knows of");
        }
        assertTrue(box.filesInLockdir().stream().noneMatch(name -> name.startsWith(".tmp")));
        Until.holds(
                () -> box.filesInLockdir().stream().noneMatch(name -> name.startsWith(".starting")),
                "nor is there a word of it");

        Files.delete(small.resolve("filler"));
        box.use("web", second).says("Attached to server web (refcount: 2)");
        assertEquals(2, box.refcountOnDisk("web"));
        assertTrue(server.alive());
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void aClientThatDiesWhileTheDiskIsFullIsGoneWhenThereIsSpaceAgain(Sandboxes sandboxes) throws IOException {
        Sandbox box = sandboxes.open(Medium.DISK, "small/locks");
        Path small = box.root().resolve("small");
        Root.mountSmallTmpfs(box, small, 256);
        Stamped first = box.client();
        box.serve("web", first);
        box.use("web", box.client());
        fill(small.resolve("filler"));
        first.killAndAwait();
        assertEquals(0, box.check("web"));
        Files.delete(small.resolve("filler"));
        Until.holds(() -> box.refcount("web") == 1 && box.refcountOnDisk("web") == 1, "memory and disk agree");
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void theDirectoryIsFoundInTheAgreedOrder(Sandbox box) {
        Enclave enclave = Enclave.ofMounts(box, "mkdir -p /run/user/0 /tmp/xdg; chmod 700 /run/user/0 /tmp/xdg");
        String use = "\"$SS\" use $NAME --pid " + box.client().pid() + " -- sleep 1000 && cat $WHERE/$NAME.server.json";
        enclave.sh("unset SHAREDSERVER_LOCKDIR; export XDG_RUNTIME_DIR=/tmp/xdg; NAME=one WHERE=/tmp/xdg/sharedserver; "
                        + use)
                .run()
                .ok();
        enclave.sh("unset SHAREDSERVER_LOCKDIR XDG_RUNTIME_DIR; NAME=two WHERE=/run/user/0/sharedserver; " + use)
                .run()
                .ok();
        enclave.sh("export SHAREDSERVER_LOCKDIR= XDG_RUNTIME_DIR=; mv /run/user/0 /run/old;"
                        + " NAME=three WHERE=/tmp/sharedserver; " + use)
                .run()
                .ok();
        enclave.sh("stat -c %a /tmp/xdg/sharedserver /tmp/sharedserver")
                .run()
                .ok()
                .says("700\n700\n");
        // logs outlive a logout: not beside the state
        enclave.sh("ls $HOME/.local/state/sharedserver")
                .run()
                .ok()
                .says("one.log")
                .says("two.log")
                .says("three.log");
        endOf(enclave);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mkdir -m 0777 /tmp/sharedserver; chown nobody /tmp/sharedserver",
                "mkdir -m 0700 /tmp/sharedserver; chown nobody /tmp/sharedserver",
                "mkdir /tmp/evil; chown nobody /tmp/evil; ln -s /tmp/evil /tmp/sharedserver; chown -h nobody"
                        + " /tmp/sharedserver"
            })
    @EnabledIf(Root.NEEDED)
    void aForeignTmpDirectoryIsNeverUsed(String setUp, Sandbox box) {
        Enclave enclave = Enclave.ofMounts(box, setUp);
        String quiet = "unset SHAREDSERVER_LOCKDIR XDG_RUNTIME_DIR; ";
        enclave.sh(quiet + "\"$SS\" use web --pid " + box.client().pid() + " -- sleep 1000")
                .run()
                .ok()
                .isQuiet();
        enclave.sh("ls /tmp/sharedserver-0; stat -c %a /tmp/sharedserver-0")
                .run()
                .ok()
                .says("web.server.json")
                .says("700");
        enclave.sh("ls -A /tmp/sharedserver/ | wc -l").run().ok().says("0");
        enclave.sh(quiet + "SHAREDSERVER_DEBUG=1 \"$SS\" check web").run().ok().complains("/tmp/sharedserver-0");
        enclave.sh(quiet + "SHAREDSERVER_DEBUG=0 \"$SS\" check web").run().ok().isQuiet();
        endOf(enclave);
    }

    /** The sandbox does not know these directories: what runs in the namespace is ended here. */
    private static void endOf(Enclave enclave) {
        for (long pid : enclave.processes()) {
            Stamped process = Stamped.find(pid);
            if (process != null && ProcessFacts.comm(pid).equals("sleep")) {
                process.kill();
            }
        }
        Until.holds(java.time.Duration.ofSeconds(12), () -> enclave.processes().isEmpty(), "nothing is left inside");
    }

    private static Result asNobody(Sandbox box, String... args) {
        String[] prefix = Root.asNobody();
        Invocation command = box.command(args);
        return command.withProduct(Product.binForOthers()).under(prefix).run();
    }

    private static void awaitSleeping(Stamped process) {
        Until.holds(() -> ProcessFacts.comm(process.pid()).equals("sleep"), "setpriv has become sleep");
    }

    private static void fill(Path file) throws IOException {
        try (var out = Files.newOutputStream(file)) {
            byte[] page = new byte[4096];
            for (int i = 0; i < 1000; i++) {
                out.write(page);
            }
        } catch (IOException full) {
            return;
        }
        throw new AssertionError("the disk does not get full");
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
