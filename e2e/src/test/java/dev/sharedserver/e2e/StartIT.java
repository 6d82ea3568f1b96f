package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rule 7: a start is honest. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
@Tag("sanitized")
class StartIT {

    @ParameterizedTest
    @ValueSource(strings = {"no-such-command-here", "./not-here", "/nowhere/at/all", "plain/below"})
    void aCommandThatIsNotThereIs127AndLeavesNoState(String command, Sandbox box) throws IOException {
        Files.writeString(box.work().resolve("plain"), "a file, no directory\n");
        start(box, command).exits(127).complains(command);
        assertNoState(box);
        assertEquals(2, box.check("web"));
    }

    @Test
    void aCommandThatIsNotExecutableIs126AndLeavesNoState(Sandbox box) throws IOException {
        Files.writeString(box.work().resolve("plain"), "#!/bin/sh\necho never\n");
        start(box, "./plain").exits(126).complains("./plain");
        start(box, box.work().toString()).exits(126).complains(box.work().toString());
        assertNoState(box);
    }

    @Test
    void anEmptyCommandIs127(Sandbox box) {
        start(box, "").exits(127);
        assertNoState(box);
    }

    @Test
    void aScriptWithoutInterpreterLineIsRunByTheShell(Sandbox box) throws IOException {
        executable(box.work().resolve("script"), "echo \"$1\" >ran; exec sleep 1000\n");
        start(box, "./script", "an argument").ok();
        Until.holds(() -> box.lines("ran").equals(java.util.List.of("an argument")), "the script ran");
    }

    @Test
    void aScriptWhoseInterpreterIsMissingIsReported(Sandbox box) throws IOException {
        executable(box.work().resolve("script"), "#!/no/such/interpreter\n");
        start(box, "./script").exits(127).complains("./script");
        assertNoState(box);
    }

    @Test
    void theCommandIsSearchedInThePathOfTheClient(Sandbox box) throws IOException {
        Path bin = Files.createDirectory(box.work().resolve("mybin"));
        executable(bin.resolve("my-server"), "#!/bin/sh\nexec sleep 1000\n");
        start(box, "my-server").exits(127);
        box.command("use", "web", "--pid", "" + box.client().pid(), "--", "my-server")
                .env("PATH", bin + ":/usr/bin:/bin")
                .run()
                .ok();
        assertEquals(0, box.check("web"));
    }

    @Test
    void aRelativeCommandIsSearchedInTheServersDirectory(Sandbox box) throws IOException {
        Path other = Files.createDirectory(box.work().resolve("other"));
        executable(other.resolve("my-server"), "#!/bin/sh\nexec sleep 1000\n");
        box.run("use", "web", "--pid", "" + box.client().pid(), "--working-dir", "other", "--", "./my-server")
                .ok();
    }

    @Test
    void aDirectoryThatIsNotThereIsNamedAndLeavesNoState(Sandbox box) {
        box.run("use", "web", "--pid", "" + box.client().pid(), "--working-dir", "/no/such/dir", "--", "sleep", "9")
                .exits(1)
                .complains("/no/such/dir");
        assertNoState(box);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/proc/nope/log", "/no/such/dir/log", "/tmp"})
    void aLogFileThatCannotBeWrittenIsNamedAndLeavesNoState(String log, Sandbox box) {
        box.run("use", "web", "--pid", "" + box.client().pid(), "--log-file", log, "--", "touch", "ran")
                .exits(1)
                .complains(log);
        assertNoState(box);
        assertTrue(!Files.exists(box.work().resolve("ran")));
    }

    @Test
    void anInputThatIsNotThereIsNamedAndLeavesNoState(Sandbox box) {
        box.run("use", "web", "--pid", "" + box.client().pid(), "--stdin", "/no/such/input", "--", "cat")
                .exits(1)
                .complains("/no/such/input");
        assertNoState(box);
    }

    @Test
    void aServerThatEndsAtOnceLeavesNoStateAndItsLog(Sandbox box) {
        start(box, "sh", "-c", "echo cannot bind; exit 3");
        Until.holds(() -> box.check("web") == 2, "it is stopped");
        assertNoState(box);
        box.run("logs", "web").ok().says("cannot bind");
        box.run("admin", "debug", "web").ok().tells("exited");
    }

    @Test
    void aFailedStartIsNoServerForTheNextUse(Sandbox box) {
        start(box, "no-such-command-here").exits(127);
        start(box, "sleep", "1000").ok().says("Started server web");
    }

    private static Result start(Sandbox box, String... command) {
        String[] args = new String[5 + command.length];
        System.arraycopy(new String[] {"use", "web", "--pid", "" + box.client().pid(), "--"}, 0, args, 0, 5);
        System.arraycopy(command, 0, args, 5, command.length);
        return box.run(args);
    }

    private static void executable(Path file, String text) throws IOException {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void assertNoState(Sandbox box) {
        assertTrue(
                box.filesInLockdir().stream().noneMatch(name -> name.endsWith(".json") || name.startsWith(".tmp")),
                () -> box.filesInLockdir().toString());
    }
}
