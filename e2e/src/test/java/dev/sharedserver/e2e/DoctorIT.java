package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code admin doctor} finds every damage, repairs it, and says both. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class DoctorIT {

    private static List<String> kinds(Result result) {
        List<String> kinds = new ArrayList<>();
        JsonArray issues = result.json().getAsJsonArray("issues");
        for (JsonElement issue : issues) {
            kinds.add(issue.getAsJsonObject().get("kind").getAsString());
        }
        return kinds;
    }

    private static void assertHealthy(Sandbox box) {
        JsonObject report = box.run("admin", "doctor", "--json").ok().json();
        assertTrue(report.get("healthy").getAsBoolean(), report::toString);
        assertTrue(report.getAsJsonArray("issues").isEmpty(), report::toString);
    }

    @Test
    void ofHealthyServersItSaysSo(Sandbox box) {
        assertEquals(
                "Running health check on all servers\n✓ No issues found\n",
                box.run("admin", "doctor").ok().out());
        box.serve("a", box.client());
        box.serve("b", box.client());
        assertEquals("""
            Running health check on all servers
            Checking a
              ✓ No issues found
            Checking b
              ✓ No issues found
            """, box.run("admin", "doctor").ok().out());
        assertEquals(
                "Checking b\n  ✓ No issues found\n",
                box.run("admin", "doctor", "b").ok().out());
        assertHealthy(box);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rm $D/web.server.json|missing_file",
                "rm $D/web.clients.json|missing_file",
                ": >$D/web.server.json|unreadable_file",
                "echo '{' >$D/web.clients.json|unreadable_file",
                "head -c 40 $D/web.server.json >$D/x; mv $D/x $D/web.server.json|unreadable_file",
                "ln -sf /etc/passwd $D/web.server.json|unreadable_file",
                "rm $D/web.clients.json; mkfifo $D/web.clients.json|unreadable_file",
                "sed -i 's/\"pid\": [0-9]*/\"pid\": 4000000/' $D/web.server.json|changed_file",
                "sed -i 's/\"refcount\": 1/\"refcount\": 7/' $D/web.clients.json|refcount_mismatch",
                "chmod 644 $D/web.clients.json|unsafe_permissions",
            })
    void aFileOfARunningServerIsWrittenAgain(String damage, String kind, Sandbox box) throws IOException {
        Stamped server = box.serve("web", box.client());
        box.serve("other", box.client());
        String before = Files.readString(box.serverFile("web")) + Files.readString(box.clientsFile("web"));
        box.sh(damage).env("D", box.lockdir().toString()).run().ok();
        Result report = box.run("admin", "doctor", "--json").ok();
        assertEquals(List.of(kind), kinds(report), report::toString);
        assertTrue(report.json().get("healthy").getAsBoolean());
        assertEquals(before, Files.readString(box.serverFile("web")) + Files.readString(box.clientsFile("web")));
        assertEquals("rw-------", permissions(box.clientsFile("web")));
        assertTrue(server.alive());
        assertHealthy(box);
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void aFileThatShouldNotBeThereIsRemoved(Sandbox box) throws IOException {
        Stamped client = box.client();
        box.serve("web", client);
        String clients = Files.readString(box.clientsFile("web"));
        box.unuse("web", client);
        Files.writeString(box.clientsFile("web"), clients);
        assertEquals(
                List.of("unexpected_file"),
                kinds(box.run("admin", "doctor", "--json").ok()));
        assertFalse(Files.exists(box.clientsFile("web")));
        assertEquals(1, box.check("web"));
    }

    @Test
    void aDirectoryThatOthersMayReadIsClosed(Sandbox box) throws IOException {
        box.serve("web", box.client());
        Files.setPosixFilePermissions(box.lockdir(), PosixFilePermissions.fromString("rwxr-xr-x"));
        box.run("admin", "doctor").ok().says("rwxr-xr-x").says("1 issue, 1 repaired");
        assertEquals("rwx------", permissions(box.lockdir()));
        assertHealthy(box);
    }

    @Test
    void whatCannotBeRepairedIsSaidAndEndsNothing(Sandbox box) throws IOException {
        Stamped client = box.client();
        for (String name : List.of("a", "bad", "c")) {
            box.serve(name, client);
        }
        Files.delete(box.clientsFile("bad"));
        Files.createDirectory(box.clientsFile("bad"));
        Files.createFile(box.clientsFile("bad").resolve("full"));
        Files.delete(box.clientsFile("c"));
        Result report = box.run("admin", "doctor").exits(1);
        report.says("Checking a").says("not repaired").says("Checking c").says("2 issues, 1 repaired");
        assertTrue(Files.isRegularFile(box.clientsFile("c")));
        Files.delete(box.clientsFile("bad").resolve("full"));
        Files.delete(box.clientsFile("bad"));
        box.run("admin", "doctor").ok();
        assertEquals(1, box.refcountOnDisk("bad"));
        assertHealthy(box);
    }

    @Test
    void deadWatchersDeadServersAndOrphanedFilesAreClearedAway(Sandbox box) throws IOException {
        Stamped client = box.client();
        Stamped alive = box.serve("alive", client);
        Stamped dead = box.serve("dead", client);
        box.serve("garbage", client);
        box.serve("forgotten", client);
        Stamped guard = box.requireGuard();
        Stamped agent = box.requireAgent();
        guard.kill();
        agent.kill();
        Until.holds(() -> !guard.alive() && !agent.alive(), "nobody watches");
        dead.kill();
        Until.holds(() -> !dead.alive(), "dead");
        Files.writeString(box.serverFile("garbage"), "no json");
        Files.writeString(box.clientsFile("forgotten"), "{}");
        Files.writeString(box.clientsFile("orphan"), Files.readString(box.clientsFile("alive")));

        Result report = box.run("admin", "doctor", "--json").ok();
        for (JsonElement element : report.json().getAsJsonArray("issues")) {
            JsonObject issue = element.getAsJsonObject();
            String expected = switch (issue.get("server").getAsString()) {
                case "alive" -> "dead_watcher";
                case "dead" -> "stale_files|dead_watcher";
                case "garbage", "orphan" -> "stale_files";
                case "forgotten" -> "dead_watcher|unreadable_file";
                default -> "nothing else";
            };
            assertTrue(expected.contains(issue.get("kind").getAsString()), report::toString);
            assertTrue(issue.get("repaired").getAsBoolean(), report::toString);
        }
        assertEquals(6, report.json().getAsJsonArray("issues").size(), report::toString);
        assertTrue(alive.alive());
        assertEquals(1, box.refcountOnDisk("alive"));
        assertFalse(Files.exists(box.serverFile("garbage")));
        assertFalse(Files.exists(box.clientsFile("orphan")));
        Until.holds(() -> !Files.exists(box.serverFile("dead")), "the dead server's files are gone");
        assertHealthy(box);
    }

    @Test
    void staleFilesOfAnEarlierRunAreRemovedInWords(Sandbox box) throws IOException {
        Stamped client = box.client();
        Stamped server = box.serve("web", client);
        String file = Files.readString(box.serverFile("web"));
        box.run("stop", "web", "--even-if-used").ok();
        assertFalse(server.alive());
        Files.writeString(box.serverFile("web"), file.replaceAll("\"pgid\": \\d+", "\"pgid\": null"));
        box.run("admin", "doctor", "web").ok().says("Checking web").says("Removed stale files");
        assertFalse(Files.exists(box.serverFile("web")));
    }
}
