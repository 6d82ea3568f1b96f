package dev.sharedserver.dev.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.os.OwnCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command is a script that writes down what it was asked for. */
@Timeout(60)
final class CommandServersTest {

    private final Path asked;
    private final Path script;

    CommandServersTest(@TempDir Path directory) throws IOException {
        asked = directory.resolve("asked");
        script = directory.resolve("sharedserver");
    }

    private CommandServers servers(String cases) throws IOException {
        Files.writeString(script, "#!/bin/sh\necho \"$*\" >>'" + asked + "'\ncase \"$*\" in\n" + cases + "\nesac\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return new CommandServers(new OwnCommand(script));
    }

    @Test
    void eachServerIsAskedForAndAListIsGoodForAMoment() throws Exception {
        CommandServers servers = servers("""
            'list --json') echo '[{"name": "web"}, {"name": "gone"}]' ;;
            'info web --json') echo '{"name": "web", "pid": 7, "metadata": "<b>"}' ;;
            'info gone --json') echo '{"state": "stopped", "name": "gone"}' ;;
            'stop web') ;;\
            """);
        String list = "[{\"name\":\"web\",\"pid\":7,\"metadata\":\"<b>\"}]";
        assertEquals(list, servers.list());
        assertEquals(List.of("list --json", "info web --json", "info gone --json"), Files.readAllLines(asked));
        servers.stop("web");
        assertEquals(list, servers.list(), "what was stopped is looked at again");
        assertEquals(7, Files.readAllLines(asked).size());
    }

    @Test
    void whatTheCommandRefusesIsAProblemInItsWords() throws Exception {
        CommandServers servers = servers("stop*) echo '✗ Server web is still used by pid 7' >&2; exit 1 ;;");
        DevServerException refused = assertThrows(DevServerException.class, () -> servers.stop("web"));
        assertEquals(409, refused.status());
        assertEquals("Server web is still used by pid 7", refused.getMessage());
    }

    @Test
    void aNameIsNoOption() throws Exception {
        CommandServers servers = servers("*) ;;");
        assertEquals(
                422,
                assertThrows(DevServerException.class, () -> servers.stop("--even-if-used"))
                        .status());
        assertTrue(Files.notExists(asked));
    }

    @Test
    void anAnswerThatIsNoneIsAProblem() throws Exception {
        for (String answer : List.of(
                "*) echo 'no agent' >&2; exit 1 ;;", "*) echo '[{' ;;", "*) echo '{}' ;;", "*) echo '[7]' ;;")) {
            CommandServers servers = servers(answer);
            assertEquals(
                    500, assertThrows(DevServerException.class, servers::list).status(), answer);
        }
    }
}
