package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Garbage in the state directory is never a crash and never an excuse to signal a pid. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class HostileFilesIT {

    static Stream<String> garbage() {
        return Stream.of(
                "",
                " ",
                "{",
                "null",
                "[]",
                "42",
                "\"text\"",
                "{}",
                "{\"pid\": \"x\"}",
                "{\"pid\": -1, \"start_time\": 1}",
                "{\"pid\": 0, \"pgid\": 0, \"start_time\": 0}",
                "{\"pid\": 4194000, \"pgid\": 1, \"start_time\": 1}",
                "{\"pid\": 1e300}",
                "{\"pid\": 99999999999999999999999}",
                "{\"pid\": null, \"command\": null, \"grace_period\": null}",
                "{\"pid\": 4194000, \"command\": [[[]]], \"grace_period\": \"yesterday\", \"started_at\": \"x\"}",
                "{\"refcount\": -1, \"clients\": {\"-1\": {}, \"x\": 7, \"1\": null}}",
                "{\"refcount\": 3, \"clients\": []}",
                "[".repeat(100_000),
                "{\"a\":".repeat(100_000),
                "\u0000\u0001\u0002\u00ff\u00fe".repeat(1000),
                "{\"pid\": 4194000}{\"pid\": 4194001}",
                "x".repeat(5_000_000));
    }

    @ParameterizedTest
    @MethodSource("garbage")
    void garbageInEveryStateFileIsStoppedAndNeedsCleaning(String garbage, Sandbox box) throws IOException {
        newLockdir(box);
        for (String file : List.of("web.server.json", "web.clients.json", "web.invocations.log", "web.log")) {
            Files.writeString(box.lockdir().resolve(file), garbage, StandardCharsets.ISO_8859_1);
        }
        Files.writeString(box.lockdir().resolve("orphan.clients.json"), garbage, StandardCharsets.ISO_8859_1);
        Duration patience = Duration.ofSeconds(10);
        box.command("list").timeout(patience).run().ok();
        box.command("list", "--json").timeout(patience).run().ok().jsonArray();
        assertEquals(2, box.check("web"));
        box.command("info", "web").timeout(patience).run().ok();
        assertEquals("stopped", box.info("web").get("state").getAsString());
        box.command("logs", "web", "-n", "1").timeout(patience).run();
        box.command("admin", "debug", "web").timeout(patience).run();
        Stamped server = box.serve("web", box.client());
        assertTrue(server.alive());
        assertEquals(1, box.refcountOnDisk("web"));
        box.run("stop", "web", "--even-if-used").ok();
    }

    @ParameterizedTest
    @MethodSource("garbage")
    void garbageThatAppearsWhileWeRunTouchesNoOtherServer(String garbage, Sandbox box) throws IOException {
        Stamped client = box.client();
        Stamped good = box.serve("good", client);
        Files.writeString(box.serverFile("web"), garbage, StandardCharsets.ISO_8859_1);
        Files.writeString(box.clientsFile("web"), garbage, StandardCharsets.ISO_8859_1);
        box.run("list").ok().says("good");
        assertEquals(2, box.check("web"));
        box.serve("web", client);
        assertEquals(1, box.refcountOnDisk("web"));
        assertEquals(0, box.check("good"));
        assertTrue(good.alive());
    }

    @Test
    void randomBytesAreSurvived(Sandbox box) throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        newLockdir(box);
        for (int i = 0; i < 60; i++) {
            byte[] bytes = new byte[random.nextInt(400)];
            random.nextBytes(bytes);
            Files.write(box.serverFile("r" + i), bytes);
            random.nextBytes(bytes);
            Files.write(box.clientsFile("r" + i), bytes);
        }
        Result list = box.run("list");
        assertEquals(0, list.exit(), () -> "seed " + seed + ": " + list);
        box.serve("r1", box.client());
    }

    @Test
    void thingsThatAreNoFilesDoNotHurt(Sandbox box) throws IOException {
        newLockdir(box);
        Files.createDirectory(box.serverFile("dir"));
        Files.createDirectories(box.clientsFile("dir").resolve("full"));
        Files.createSymbolicLink(box.serverFile("link"), Path.of("/etc/passwd"));
        Files.createSymbolicLink(box.serverFile("loop"), box.serverFile("loop"));
        Files.createSymbolicLink(box.serverFile("zero"), Path.of("/dev/zero"));
        box.sh("mkfifo \"$SHAREDSERVER_LOCKDIR/fifo.server.json\" \"$SHAREDSERVER_LOCKDIR/fifo.clients.json\"")
                .run()
                .ok();
        String passwd = Files.readString(Path.of("/etc/passwd"));
        Duration patience = Duration.ofSeconds(10);
        box.command("list").timeout(patience).run().ok();
        for (String name : List.of("dir", "link", "loop", "zero", "fifo")) {
            assertEquals(2, box.command("check", name).timeout(patience).run().exit(), name);
            box.command("use", name, "--pid", "" + box.client().pid(), "--", "sleep", "1000")
                    .timeout(patience)
                    .run();
        }
        box.serve("good", box.client());
        assertEquals(0, box.check("good"));
        assertEquals(passwd, Files.readString(Path.of("/etc/passwd")));
        Trees.delete(box.serverFile("dir"));
        Trees.delete(box.clientsFile("dir"));
    }

    @Test
    void aPidWithAnotherStampIsNeverSignalled(Sandbox box) throws IOException {
        newLockdir(box);
        Stamped witness = box.start("setsid", "sleep", "1000");
        JsonObject server = record(witness, null);
        server.addProperty("start_time", witness.stamp() - 1);
        assertStaleAndUntouched(box, server, witness);
    }

    @Test
    void aServerOfAnotherBootIsStaleAndNothingIsSignalled(Sandbox box) throws IOException {
        newLockdir(box);
        Stamped witness = box.start("setsid", "sleep", "1000");
        JsonObject server = record(witness, null);
        server.addProperty("boot_id", "00000000-1111-2222-3333-444444444444");
        assertStaleAndUntouched(box, server, witness);
    }

    private static void assertStaleAndUntouched(Sandbox box, JsonObject server, Stamped witness) throws IOException {
        Files.writeString(box.serverFile("web"), server.toString());
        assertEquals(2, box.check("web"));
        box.run("list").ok();
        box.run("stop", "web", "--even-if-used");
        box.run("admin", "stop", "web", "--force");
        box.run("admin", "kill", "web");
        assertTrue(witness.alive());
        Stamped started = box.serve("web", box.client());
        assertFalse(started.pid() == witness.pid());
        box.run("stop", "web", "--even-if-used").ok();
        assertTrue(witness.alive());
    }

    @Test
    void aLiveServerThatAnotherToolLeftIsAdopted(Sandbox box) throws IOException {
        newLockdir(box);
        Stamped server = box.start("setsid", "sleep", "1000");
        Stamped client = box.client();
        Files.writeString(box.serverFile("web"), record(server, null).toString());
        Files.writeString(
                box.clientsFile("web"),
                "{\"refcount\": 1, \"clients\": {\"" + client.pid()
                        + "\": {\"attached_at\": \"2026-01-01T00:00:00Z\", \"metadata\": null, \"start_time\": "
                        + client.stamp() + "}}}");
        assertEquals(0, box.check("web"));
        box.use("web", box.client()).says("Attached to server web (refcount: 2)");
        client.kill();
        Until.holds(() -> box.refcountOnDisk("web") == 1, "its client is watched");
        assertEquals(
                box.requireGuard().pid(),
                box.requireServerOnDisk("web").get("watcher_pid").getAsLong());
        box.run("stop", "web", "--even-if-used").ok();
        assertFalse(server.alive());
    }

    @Test
    void aServerThatAnotherToolWatchesIsShownButNotTouched(Sandbox box) throws IOException {
        newLockdir(box);
        Stamped server = box.start("setsid", "sleep", "1000");
        Stamped watcher = box.client();
        String text = record(server, watcher).toString();
        Files.writeString(box.serverFile("web"), text);
        assertEquals(server.pid(), box.info("web").get("pid").getAsLong());
        box.run("list").ok().says("web");
        for (List<String> command : List.of(
                List.of("stop", "web", "--even-if-used"),
                List.of("admin", "stop", "web", "--force"),
                List.of("admin", "kill", "web"),
                List.of("restart", "web", "--even-if-used"),
                List.of("use", "web", "--pid", "" + box.client().pid()))) {
            box.run(command.toArray(String[]::new)).exits(1).complains("" + watcher.pid());
        }
        assertTrue(server.alive());
        assertEquals(text, Sandbox.read(box.serverFile("web")));
        watcher.killAndAwait();
        box.use("web", box.client());
        assertEquals(server, box.serverProcess("web"));
        box.run("stop", "web", "--even-if-used").ok();
        assertFalse(server.alive());
    }

    @Test
    void filesOfAKnownServerThatAPersonRemovedAreWrittenAgain(Sandbox box) throws IOException {
        Stamped client = box.client();
        Stamped server = box.serve("web", client);
        Files.delete(box.serverFile("web"));
        Files.delete(box.clientsFile("web"));
        box.use("web", box.client()).says("Attached to server web (refcount: 2)");
        assertNotNull(box.serverOnDisk("web"));
        assertEquals(server, box.serverProcess("web"));
        assertEquals(2, box.refcountOnDisk("web"));
    }

    @Test
    void aStaleTemporaryFileIsRemovedAtTheStart(Sandbox box) throws IOException {
        newLockdir(box);
        Files.writeString(box.lockdir().resolve(".tmp-web.server.json.1234"), "{");
        box.run("list").ok();
        assertTrue(box.filesInLockdir().stream().noneMatch(file -> file.startsWith(".tmp")));
    }

    /** A record as another tool would have written it; no watcher = that tool is gone. */
    private static JsonObject record(Stamped server, @Nullable Stamped watcher) {
        JsonArray command = new JsonArray();
        command.add("sleep");
        command.add("1000");
        String bootId = Sandbox.read(Path.of("/proc/sys/kernel/random/boot_id"));
        JsonObject record = new JsonObject();
        record.addProperty("pid", server.pid());
        record.addProperty("server_name", "web");
        record.add("command", command);
        record.addProperty("working_dir", "/");
        record.addProperty("grace_period", "30m");
        if (watcher == null) {
            record.add("watcher_pid", JsonNull.INSTANCE);
            record.add("watcher_start_time", JsonNull.INSTANCE);
        } else {
            record.addProperty("watcher_pid", watcher.pid());
            record.addProperty("watcher_start_time", watcher.stamp());
        }
        record.addProperty("started_at", "2026-01-01T00:00:00Z");
        record.addProperty("start_time", server.stamp());
        record.addProperty("boot_id", bootId == null ? "" : bootId.trim());
        record.addProperty("pgid", server.pid());
        record.add("grace_deadline", JsonNull.INSTANCE);
        return record;
    }

    private static void newLockdir(Sandbox box) throws IOException {
        Files.createDirectory(
                box.lockdir(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
}
