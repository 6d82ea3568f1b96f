package dev.sharedserver.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest {

    private static ConfigFile parse(String text) throws InvalidInput {
        return ConfigFile.parse("f.json", text, Map.of("HOME", "/home/me", "EMPTY", "")::get);
    }

    @Test
    void commentsAndTrailingCommasAreAccepted() throws InvalidInput {
        ConfigFile config = parse("""
            {
              // a comment with "quotes" and { braces
              "servers": {
                "web": {"command": "run // no comment", "args": ["-p", "1",], /* block , */ "gracePeriod": "30m",},
              },
            }
            """);
        ServerSpec web = config.servers().get("web");
        assertEquals(List.of("run // no comment", "-p", "1"), web == null ? null : web.command());
        assertEquals(new Period(1_800_000_000_000L), web == null ? null : web.gracePeriod());
        assertEquals(List.of(), config.warnings());
    }

    @ParameterizedTest
    @CsvSource({
        "${HOME}/x,/home/me/x",
        "~/x,/home/me/x",
        "a~/x,a~/x",
        "${NOPE},${NOPE}",
        "${NOPE:-d},d",
        "${EMPTY:-d},d",
        "$$HOME,$HOME",
        "$${HOME},${HOME}",
        "${HOME,${HOME"
    })
    void variablesAreExpanded(String text, String expected) throws InvalidInput {
        ServerSpec web = parse("{\"servers\":{\"web\":{\"command\":\"" + text + "\"}}}")
                .servers()
                .get("web");
        assertEquals(List.of(expected), web == null ? null : web.command());
    }

    @Test
    void anUnknownKeyIsAWarning() throws InvalidInput {
        List<String> warnings =
                parse("{\"servers\":{\"web\":{\"comand\":\"x\"}},\"other\":1}").warnings();
        assertEquals(2, warnings.size());
        assertTrue(warnings.get(0).contains("'comand'"), warnings.get(0));
    }

    @Test
    void anErrorNamesLineAndColumn() {
        String message = String.valueOf(
                assertThrows(InvalidInput.class, () -> parse("{\n  \"servers\": {\n    \"web\": oops\n  }\n}"))
                        .getMessage());
        assertTrue(message.contains("line 3 column"), message);
        String wrong = String.valueOf(
                assertThrows(InvalidInput.class, () -> parse("{\n\"servers\":{\"web\":{\"command\":5}}}"))
                        .getMessage());
        assertTrue(wrong.contains("line 2") && wrong.contains("string"), wrong);
    }

    @Test
    void theNearestProjectIsLookedAtFirst() {
        List<String> paths = ConfigPlaces.of("/a/b", "/home/me", "").stream()
                .map(ConfigPlaces.Place::path)
                .toList();
        assertEquals(
                List.of(
                        "/a/b/.sharedserver.json",
                        "/a/b/.sharedserver/servers.json",
                        "/a/.sharedserver.json",
                        "/a/.sharedserver/servers.json",
                        "/.sharedserver.json",
                        "/.sharedserver/servers.json",
                        "/home/me/.config/sharedserver/servers.json"),
                paths);
    }
}
