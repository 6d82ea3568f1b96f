package dev.sharedserver.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.core.Period;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigFileTest {

    private static ConfigFile parse(String text) {
        return ConfigFile.parse(
                "f.json", text, Map.of("HOME", "/home/me", "PORT", "1", "LONG", "x".repeat(200_000))::get);
    }

    /** Parses a server {@code web} with these keys, and a sound server {@code db} beside it. */
    private static ConfigFile server(String keys) {
        return parse("{\"servers\": {\"db\": {\"command\": \"db\"}, \"web\": {" + keys + "}}}");
    }

    private static ServerSpec web(String keys) {
        ConfigFile file = server(keys);
        assertEquals(List.of(), file.errors());
        assertEquals(List.of(), file.warnings());
        return Objects.requireNonNull(file.servers().get("web"));
    }

    private static List<String> texts(List<Problem> problems) {
        return problems.stream().map(Problem::toString).toList();
    }

    @Test
    void everyKeyIsRead() {
        ServerSpec web = web("""
            "command": "~/run", "args": ["-p", "${PORT}", "$${PORT}"], "env": {"A": "${HOME}", "B": ""},
            "gracePeriod": "30m", "logFile": "a.log", "metadata": "m", "lazy": true, "skipIfEnv": "CI",
            "workingDir": "sub", "envFile": ".env", "dependsOn": ["db"], "port": 8080, "scope": "project",
            "ready": {"http": "http://127.0.0.1:${PORT}/up", "timeout": "3s"},
            "check": {"tcp": "[::1]:${PORT}", "interval": "10s"},
            "restart": "on-failure", "stopSignal": "SIGINT", "stopTimeout": "1s",
            """);
        assertEquals("web", web.name().value());
        assertEquals(List.of("/home/me/run", "-p", "8080", "${PORT}"), web.command());
        assertEquals(List.of("A=/home/me", "B="), web.env());
        assertEquals(new Period(1_800_000_000_000L), web.gracePeriod());
        assertEquals("a.log", web.logFile());
        assertEquals("m", web.metadata());
        assertTrue(web.lazy());
        assertEquals("CI", web.skipIfEnv());
        assertEquals("sub", web.workingDir());
        assertEquals(".env", web.envFile());
        assertEquals(List.of("db"), web.dependsOn());
        assertEquals(new Port.Fixed(8080), web.port());
        assertTrue(web.project());
        assertEquals(
                new Condition(new Probe.Http("http://127.0.0.1:8080/up"), new Period(3_000_000_000L), null),
                web.ready());
        assertEquals(new Condition(new Probe.Tcp("::1", 8080), null, new Period(10_000_000_000L)), web.check());
        assertEquals(RestartPolicy.ON_FAILURE, web.restart());
        assertEquals(2, web.stopSignal());
        assertEquals(new Period(1_000_000_000L), web.stopTimeout());
    }

    @Test
    void whatIsNotSaidIsNull() {
        ServerSpec web = web("\"command\": \"x\"");
        assertEquals(List.of("x"), web.command());
        assertEquals(List.of(), web.env());
        assertNull(web.gracePeriod());
        assertNull(web.port());
        assertNull(web.ready());
        assertEquals(RestartPolicy.NEVER, web.restart());
        assertEquals(false, web.project() || web.lazy());
    }

    @Test
    void aPortThatIsNotChosenIsFilledInLater() {
        ServerSpec web = web("""
            "command": "x", "args": ["${PORT}", "$${PORT}"], "port": "auto", "env": {"URL": "http://h:${PORT}"},
            "ready": {"tcp": "${PORT}"}, "check": {"exec": "curl :${PORT}"}
            """);
        ServerSpec chosen = web.withPort(4711);
        assertEquals(List.of("x", "4711", "${PORT}"), chosen.command());
        assertEquals(List.of("URL=http://h:4711"), chosen.env());
        assertEquals(new Port.Fixed(4711), chosen.port());
        assertEquals(new Condition(new Probe.Tcp("127.0.0.1", 4711), null, null), chosen.ready());
        assertEquals(new Condition(new Probe.Exec(List.of("/bin/sh", "-c", "curl :4711")), null, null), chosen.check());
        assertEquals(List.of("x", "${PORT}", "${PORT}"), web.withoutPort().command());
        assertEquals(
                new Condition(new Probe.Tcp("127.0.0.1", 0), null, null),
                web.withoutPort().ready());
    }

    @Test
    void aPortGivenFromOutsideStandsForThatOfTheFile() {
        for (String own : List.of("", ", \"port\": 1", ", \"port\": \"auto\"")) {
            byte[] text = ("{\"servers\": {\"web\": {\"command\": \"x\", \"args\": [\"${PORT}\"]" + own + "},"
                            + " \"db\": {\"command\": \"y\", \"args\": [\"${PORT}\"], \"port\": 2}}}")
                    .getBytes(StandardCharsets.UTF_8);
            ConfigFile fixed = ConfigFile.parse("f", text, name -> null, Map.of("web", new Port.Fixed(4711)));
            ServerSpec web = Objects.requireNonNull(fixed.servers().get("web"));
            assertEquals(new Port.Fixed(4711), web.port());
            assertEquals(List.of("x", "4711"), web.command());
            assertEquals(List.of(), fixed.unset());
            ServerSpec db = Objects.requireNonNull(fixed.servers().get("db"));
            assertEquals(List.of("y", "2"), db.command());
            ConfigFile auto = ConfigFile.parse("f", text, name -> null, Map.of("web", new Port.Auto()));
            web = Objects.requireNonNull(auto.servers().get("web"));
            assertEquals(List.of("x", "9"), web.withPort(9).command());
        }
    }

    @Test
    void probesAreOfFiveKinds() {
        assertEquals(new Probe.Tcp("127.0.0.1", 80), probe("\"tcp\": 80"));
        assertEquals(new Probe.Tcp("db.local", 80), probe("\"tcp\": \"db.local:80\""));
        assertEquals(new Probe.Http("https://a/"), probe("\"http\": \"https://a/\""));
        assertEquals(new Probe.LogPattern("^up$"), probe("\"log\": \"^up$\""));
        assertEquals(new Probe.Exec(List.of("a", "b")), probe("\"exec\": [\"a\", \"b\"]"));
        assertEquals(new Probe.Notify(), probe("\"notify\": true"));
    }

    private static Probe probe(String keys) {
        return Objects.requireNonNull(
                        web("\"command\": \"x\", \"ready\": {" + keys + "}").ready())
                .probe();
    }

    static Stream<Arguments> errors() {
        return Stream.of(
                        "\"command\": 5|command: a string is expected, not the number 5: write it in quotes, \"5\"",
                        "\"command\": true|command: a string is expected, not true: write it in quotes, \"true\"",
                        "\"command\": null|command: a string is expected, not null",
                        "\"command\": \"\"|command: a program is expected, not ''",
                        "\"command\": \"a\\u0000\"|command: a NUL character (\\u0000) cannot stand in arguments, paths"
                                + " and variables",
                        "\"command\": [\"x\"]|command: a string is expected, not an array: the program here, the rest"
                                + " in \"args\"",
                        "\"args\": [\"x\"]|: \"command\" is missing: the program to run, its arguments go into"
                                + " \"args\"",
                        "\"args\": [\"x\", 8000]|args[1]: a string is expected, not the number 8000: write it in"
                                + " quotes, \"8000\"",
                        "\"args\": {}|args: an array of strings is expected, not an object",
                        "\"env\": {\"A\": {}}|env.A: a string is expected, not an object",
                        "\"env\": {\"A B=\": \"\"}|env[\"A B=\"]: invalid name of a variable: 'A B='",
                        "\"env\": {\"A\": \"1\", \"A\": \"2\"}|env.A: key 'A' stands here a second time, the first is"
                                + " in line 1: remove one of them",
                        "\"gracePeriod\": 30|gracePeriod: a duration is expected, not the number 30: write one like"
                                + " \"30s\"",
                        "\"gracePeriod\": \"30\"|gracePeriod: invalid duration '30': a unit (d, h, m, s, ms) is missing"
                                + " behind the last number (examples: 30s, 5m, 1h30m)",
                        "\"stopTimeout\": \"99999999999d\"|stopTimeout: invalid duration '99999999999d': it is longer"
                                + " than 292 years",
                        "\"logFile\": \"\"|logFile: a path is expected, not ''",
                        "\"lazy\": \"yes\"|lazy: true or false is expected, not the string 'yes'",
                        "\"skipIfEnv\": \"A=B\"|skipIfEnv: invalid name of a variable: 'A=B'",
                        "\"dependsOn\": \"db\"|dependsOn: an array of server names is expected, not the string 'db'",
                        "\"dependsOn\": [\"bd\"]|dependsOn: no server 'bd' is in this file, did you mean 'db'?",
                        "\"dependsOn\": [\"nothing\"]|dependsOn: no server 'nothing' is in this file",
                        "\"dependsOn\": [\"db\", \"db\"]|dependsOn[1]: 'db' stands here a second time: remove it",
                        "\"dependsOn\": [\"web\"]|dependsOn: the servers depend on each other in a circle: web → web;"
                                + " take one of these out",
                        "\"port\": 65536|port: a port from 1 to 65535 or \"auto\" is expected, not '65536'",
                        "\"port\": -1|port: a port from 1 to 65535 or \"auto\" is expected, not '-1'",
                        "\"port\": \"http\"|port: a port from 1 to 65535 or \"auto\" is expected, not 'http'",
                        "\"port\": []|port: a port from 1 to 65535 or \"auto\" is expected, not an array",
                        "\"scope\": \"global\"|scope: \"project\" is expected (or no scope at all), not 'global'",
                        "\"restart\": \"sometimes\"|restart: never, on-failure or always is expected, not 'sometimes'",
                        "\"stopSignal\": \"NOPE\"|stopSignal: invalid signal 'NOPE': a name like TERM or INT, or a"
                                + " number from 1 to 64 is expected",
                        "\"ready\": 80|ready: an object is expected, like {\"tcp\": 6379, \"timeout\": \"30s\"}, not"
                                + " the number 80",
                        "\"ready\": {}|ready: one of tcp, http, log, exec, notify is expected, there is none",
                        "\"ready\": {\"tcp\": 1, \"log\": \"x\"}|ready: one of tcp, http, log, exec, notify is"
                                + " expected, not tcp and log",
                        "\"ready\": {\"tcp\": \"host\"}|ready.tcp: a port from 1 to 65535 or \"HOST:PORT\" is"
                                + " expected, not 'host'; an IPv6 address stands in brackets",
                        "\"check\": {\"http\": \"localhost\"}|check.http: a URL like http://127.0.0.1:8000/health is"
                                + " expected, not 'localhost'",
                        "\"ready\": {\"log\": \"(\"}|ready.log: invalid regular expression '(': Unclosed group at 1",
                        "\"ready\": {\"notify\": 1}|ready.notify: true is expected, not the number 1",
                        "\"ready\": {\"exec\": []}|ready.exec: a command is expected, a string for /bin/sh or an array"
                                + " of strings, not an array without a program",
                        "\"ready\": {\"tcp\": 1, \"timeout\": \"x\"}|ready.timeout: invalid duration 'x': a number is"
                                + " expected at 'x' (examples: 30s, 5m, 1h30m)",
                        "\"metadata\": \"" + "x".repeat(140_000)
                                + "\"|metadata: a string of 140000 characters is longer" + " than Linux can pass on")
                .map(line -> line.split("\\|", 2))
                .map(pair -> Arguments.of(pair[0], pair[1]));
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorNamesKeyValueAndWhatToDoAndSparesTheOthers(String keys, String expected) {
        boolean command = keys.startsWith("\"command\"") || expected.startsWith(":");
        ConfigFile file = server(command ? keys : "\"command\": \"x\", " + keys);
        assertEquals(1, file.errors().size(), () -> file.errors().toString());
        Problem error = file.errors().get(0);
        String path = expected.startsWith("env[") || expected.startsWith(":") ? "servers.web" : "servers.web.";
        String place = expected.startsWith("env[") ? path + "." : path;
        assertEquals("f.json:1:" + error.column() + ": " + place + expected, error.toString());
        assertTrue(error.column() > 40, error::toString);
        assertEquals("web", error.server());
        assertEquals(Set.of("db"), file.servers().keySet());
        assertEquals(file.errors(), file.errorsOf("web"));
        assertEquals(List.of(), file.errorsOf("db"));
    }

    @Test
    void allProblemsAreToldInTheOrderOfTheFile() {
        ConfigFile file = parse("""
            {
              "servers": {
                "a": {"command": 1, "gracePeriod": "x", "dependsOn": ["c"]},
                ".b": {"command": "b"},
                "a": {"command": "x"}
              },
              "server": {}
            }
            """);
        assertEquals(
                List.of(
                        "f.json:3:22: servers.a.command: a string is expected, not the number 1: write it in quotes,"
                                + " \"1\"",
                        "f.json:3:40: servers.a.gracePeriod: invalid duration 'x': a number is expected at 'x'"
                                + " (examples: 30s, 5m, 1h30m)",
                        "f.json:3:59: servers.a.dependsOn: no server 'c' is in this file, did you mean 'a'?",
                        "f.json:4:5: servers[\".b\"]: invalid server name '.b': it starts with '.'",
                        "f.json:5:5: servers.a: key 'a' stands here a second time, the first is in line 3: remove one"
                                + " of them"),
                texts(file.errors()));
        assertEquals(
                List.of("f.json:7:3: server: unknown key 'server' is ignored, did you mean 'servers'?"),
                texts(file.warnings()));
        assertEquals(Map.of(), file.servers());
    }

    @Test
    void anUnknownKeyIsAWarningWithTheNearestKnownOne() {
        ConfigFile file = parse("""
            {"servers": {"web": {
              "command": "x",
              "gracePreiod": "5m", "zzzzzzz": 1,
              "ready": {"tcp": 1, "intervall": "1s"}
            }}}
            """);
        assertEquals(List.of(), file.errors());
        assertEquals(
                List.of(
                        "f.json:3:3: servers.web.gracePreiod: unknown key 'gracePreiod' is ignored, did you mean"
                                + " 'gracePeriod'?",
                        "f.json:3:24: servers.web.zzzzzzz: unknown key 'zzzzzzz' is ignored: known are "
                                + String.join(", ", SpecReader.KEYS),
                        "f.json:4:23: servers.web.ready.intervall: unknown key 'intervall' is ignored, did you mean"
                                + " 'interval'?"),
                texts(file.warnings()));
        assertEquals(Set.of("web"), file.servers().keySet());
    }

    @Test
    void aCommandLineInCommandIsAWarning() {
        List<String> warnings =
                texts(server("\"command\": \"python3 -m http.server\"").warnings());
        assertEquals(1, warnings.size());
        assertTrue(warnings.get(0).endsWith("is taken as the name of one program: arguments go into \"args\""));
    }

    @Test
    void variablesWithoutValueAreListed() {
        ConfigFile file = server("\"command\": \"x\",\n\"args\": [\"${A}\", \"${B:-b}\", \"~/${C}\", \"${D\"]");
        assertEquals(
                List.of(
                        "f.json:2:10: servers.web.args[0]: variable A is not set: set it, or give a default by"
                                + " ${A:-DEFAULT}",
                        "f.json:2:29: servers.web.args[2]: variable C is not set: set it, or give a default by"
                                + " ${C:-DEFAULT}"),
                texts(file.unset()));
        assertEquals(1, file.warnings().size());
        assertTrue(texts(file.warnings()).get(0).contains("'${D' is no variable and stays as it is"));
        assertEquals(
                List.of("x", "${A}", "b", "/home/me/${C}", "${D"),
                Objects.requireNonNull(file.servers().get("web")).command());
    }

    @Test
    void cyclesAreNamed() {
        ConfigFile file = parse("""
            {"servers": {
              "a": {"command": "x", "dependsOn": ["b"]},
              "b": {"command": "x", "dependsOn": ["free", "c"]},
              "c": {"command": "x", "dependsOn": ["a"]},
              "outside": {"command": "x", "dependsOn": ["a"]},
              "free": {"command": "x"}
            }}
            """);
        assertEquals(
                List.of(
                        "f.json:2:39: servers.a.dependsOn: the servers depend on each other in a circle: a → b → c → a;"
                                + " take one of these out",
                        "f.json:3:47: servers.b.dependsOn: the servers depend on each other in a circle: b → c → a → b;"
                                + " take one of these out",
                        "f.json:4:39: servers.c.dependsOn: the servers depend on each other in a circle: c → a → b → c;"
                                + " take one of these out"),
                texts(file.errors()));
        assertEquals(List.of("outside", "free"), List.copyOf(file.servers().keySet()));
    }

    @Test
    void everyCycleIsFoundAndNothingElse() {
        assertEquals(List.of(), Cycles.in(Map.of("a", List.of("b", "c"), "b", List.of("c"), "c", List.of("nowhere"))));
        List<List<String>> cycles = Cycles.in(new java.util.TreeMap<>(Map.of(
                "a", List.of("b", "c"), "b", List.of("b"), "c", List.of("a"), "d", List.of("c"), "e", List.of())));
        assertEquals(List.of(List.of("b"), List.of("a", "c")), cycles);
    }

    @Test
    void bytesThatAreNoTextHaveAPlace() {
        byte[] bytes = "{\n\"é".getBytes(StandardCharsets.UTF_8);
        bytes = java.util.Arrays.copyOf(bytes, bytes.length + 1);
        bytes[bytes.length - 1] = (byte) 0xff;
        assertEquals(
                List.of("f.json:2:3: this byte is no UTF-8: save the file as UTF-8"),
                texts(ConfigFile.parse("f.json", bytes, variable -> null).errors()));
        assertEquals(
                List.of(),
                ConfigFile.parse("f.json", "{\"servers\": {}}".getBytes(StandardCharsets.UTF_8), variable -> null)
                        .errors());
    }

    @Test
    void aHostileFileTakesNeitherTimeNorMemory() {
        List<String> hostile = new ArrayList<>();
        hostile.add("{\"servers\":{"
                + many(13_000, i -> "\"s" + i + "\":{\"command\":\"x\",\"dependsOn\":[\"t" + i + "\"]}") + "}}");
        hostile.add("{\"servers\":{"
                + many(13_000, i -> "\"s" + i + "\":{\"command\":\"x\",\"dependsOn\":[\"s" + (i + 1) % 13_000 + "\"]}")
                + "}}");
        hostile.add("{\"servers\":{\"w\":{\"command\":\"x\",\"dependsOn\":[" + many(100_000, i -> "\"d" + i + "\"")
                + "]}}}");
        hostile.add("{\"servers\":{\"w\":{\"command\":\"x\",\"args\":[" + many(400_000, i -> "1") + "]}}}");
        hostile.add("{\"servers\":{\"w\":{\"command\":\"x\",\"args\":[" + many(100_000, i -> "\"${N}\"") + "]}}}");
        hostile.add("{\"servers\":{\"w\":{\"command\":\"x\",\"args\":[" + many(100_000, i -> "\"${LONG}\"") + "]}}}");
        hostile.add("{\"servers\":{\"w\":{\"command\":\"x\"," + many(80_000, i -> "\"k" + i + "\":1") + "}}}");
        hostile.add("{\"servers\":{\"" + "n".repeat(500_000) + "\":{\"args\":[" + many(200_000, i -> "1") + "]}}}");
        hostile.add("{\"servers\":{\"w\":{\"command\":\"x\"}," + many(100_000, i -> "\"w\":1") + "}}");
        for (String text : hostile) {
            ConfigFile file = assertTimeout(Duration.ofSeconds(60), () -> parse(text), text.substring(0, 60));
            assertTrue(
                    file.errors().size() + file.warnings().size() + file.unset().size() <= 1_500);
            assertTrue(
                    !file.errors().isEmpty()
                            || !file.warnings().isEmpty()
                            || !file.unset().isEmpty(),
                    text.substring(0, 60));
        }
    }

    private static String many(int count, IntFunction<String> one) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < count; i++) {
            out.append(i == 0 ? "" : ",").append(one.apply(i));
        }
        return out.toString();
    }

    @Test
    void ofVeryManyBrokenServersEachIsStillRefused() {
        ConfigFile file = parse("{\"servers\":{" + many(2_000, i -> "\"s" + i + "\":{}") + "}}");
        assertEquals(500, file.errors().size());
        assertEquals(2_000, file.broken().size());
        assertEquals(1, file.errorsOf("s1999").size());
    }

    @Test
    void theNearestProjectIsLookedAtFirst() {
        assertEquals(
                List.of(
                        "/a/b/.sharedserver.json",
                        "/a/b/.sharedserver/servers.json",
                        "/a/.sharedserver.json",
                        "/a/.sharedserver/servers.json",
                        "/.sharedserver.json",
                        "/.sharedserver/servers.json",
                        "/home/me/.config/sharedserver/servers.json"),
                ConfigPlaces.of("/a/b", "/home/me", "").stream()
                        .map(ConfigPlaces.Place::path)
                        .toList());
        assertEquals(
                "/c/sharedserver/servers.json",
                ConfigPlaces.of("/", "/home/me", "/c").getLast().path());
        assertEquals(2, ConfigPlaces.of("/", "", "relative").size());
        assertEquals(List.of(), ConfigPlaces.of("", "", ""));
    }

    @Test
    void aFileMeansTheSameDirectoryFoundOrNamed() {
        assertEquals("/a", ConfigPlaces.of("/a", "", "").get(1).directory());
        for (String path : List.of("/a/.sharedserver/servers.json", ".sharedserver/servers.json", "x.json")) {
            assertEquals(
                    "/a",
                    ConfigPlaces.named(path, "/a", ConfigPlaces.Origin.OPTION).directory(),
                    path);
        }
        assertEquals(
                "/x.json",
                ConfigPlaces.named("x.json", "/", ConfigPlaces.Origin.OPTION).path());
    }
}
