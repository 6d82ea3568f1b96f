package dev.sharedserver.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sharedserver.core.Period;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest {

    private static ConfigFile parse(String text) {
        return ConfigFile.parse("f.json", text, Map.of("HOME", "/home/me", "EMPTY", "")::get);
    }

    @Test
    void commentsAndTrailingCommasAreAccepted() {
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
    void variablesAreExpanded(String text, String expected) {
        ServerSpec web = parse("{\"servers\":{\"web\":{\"command\":\"" + text + "\"}}}")
                .servers()
                .get("web");
        assertEquals(List.of(expected), web == null ? null : web.command());
    }

    @Test
    void anUnknownKeyIsAWarning() {
        List<String> warnings = parse("{\"servers\":{\"web\":{\"comand\":\"x\"}},\"other\":1}").warnings().stream()
                .map(Problem::toString)
                .toList();
        assertEquals(
                List.of(
                        "f.json:1:20: servers.web.comand: unknown key 'comand' is ignored, did you mean 'command'?",
                        "f.json:1:35: other: unknown key 'other' is ignored: known are $schema, servers"),
                warnings);
    }

    @Test
    void anErrorNamesLineAndColumn() {
        assertEquals(
                List.of("f.json:3:12: servers.web: a value is expected, found 'oops': strings stand in double quotes"),
                errors("{\n  \"servers\": {\n    \"web\": oops\n  }\n}"));
        assertEquals(
                List.of("f.json:2:29: servers.web.command: a string is expected, not the number 5: write it in quotes,"
                        + " \"5\""),
                errors("{\n\"servers\":{\"web\":{\"command\":5}}}"));
    }

    private static List<String> errors(String text) {
        return parse(text).errors().stream().map(Problem::toString).toList();
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
