package dev.sharedserver.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.stream.JsonWriter;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.JsonText;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JSON that hosts know, letter by letter. */
final class ModelTest {

    private static String json(JsonText.Content content) {
        return JsonText.of(JsonText.Form.LINE, content).strip();
    }

    @Test
    void aManagedStateHasAllFieldsOfTheHostInItsOrder() {
        DevServerState state = new DevServerState(
                "k8s",
                DevServerMode.MANAGED,
                "/home/x/k8s",
                15173,
                "http://127.0.0.1:15173",
                DevProcessStatus.READY,
                DevProcessStatus.BUILDING,
                1_234_567_890,
                DevServerState.NEVER,
                "",
                true,
                null);
        assertEquals("""
            {"pluginID":"k8s","mode":"managed","devPath":"/home/x/k8s","vitePort":15173,\
            "viteURL":"http://127.0.0.1:15173","viteStatus":"ready","goStatus":"building",\
            "lastBuildDuration":1234567890,"lastBuildTime":"0001-01-01T00:00:00Z","lastError":"",\
            "grpcConnected":true}\
            """, json(state::writeTo));
    }

    @Test
    void whatIsNewStandsInOneObjectAtTheEnd() {
        DevServerState state = new DevServerState(
                "k8s",
                DevServerMode.MANAGED,
                "",
                0,
                "",
                DevProcessStatus.ERROR,
                DevProcessStatus.STOPPED,
                0,
                "",
                "it \"broke\"",
                false,
                new DevServerState.Extra(137, 4));
        assertEquals("""
            {"pluginID":"k8s","mode":"managed","devPath":"","vitePort":0,"viteURL":"","viteStatus":"error",\
            "goStatus":"stopped","lastBuildDuration":0,"lastBuildTime":"","lastError":"it \\"broke\\"",\
            "grpcConnected":false,"extra":{"exitCode":137,"buildId":4}}\
            """, json(state::writeTo));
    }

    @Test
    void anIdleStateHasEmptyStrings() {
        assertEquals("""
            {"pluginID":"k8s","mode":"idle","devPath":"","vitePort":0,"viteURL":"","viteStatus":"","goStatus":"",\
            "lastBuildDuration":0,"lastBuildTime":"","lastError":"","grpcConnected":false}\
            """, json(DevServerState.idle("k8s")::writeTo));
    }

    @Test
    void anExternalStateHasEmptyStringsAndIsConnected() {
        DevInfoFile info = new DevInfoFile(5, "grpc", 1, "127.0.0.1:9", 5173, "", "", "");
        assertEquals("""
            {"pluginID":"k8s","mode":"external","devPath":"","vitePort":5173,"viteURL":"","viteStatus":"",\
            "goStatus":"","lastBuildDuration":0,"lastBuildTime":"","lastError":"","grpcConnected":true}\
            """, json(DevServerState.external("k8s", info)::writeTo));
    }

    @Test
    void statusesModesAndLevelsHaveTheNamesOfTheHost() {
        assertEquals(
                List.of("", "idle", "starting", "building", "running", "ready", "error", "stopped"),
                Stream.of(DevProcessStatus.values()).map(DevProcessStatus::text).toList());
        assertEquals(
                List.of("idle", "managed", "external"),
                Stream.of(DevServerMode.values()).map(DevServerMode::text).toList());
        assertEquals(
                List.of("debug", "info", "warn", "error"),
                Stream.of(LogEntry.Level.values()).map(LogEntry.Level::text).toList());
    }

    @Test
    void aLogEntry() {
        LogEntry entry = new LogEntry(
                "2026-11-21T16:00:00.000000Z", LogEntry.GO_BUILD, LogEntry.Level.ERROR, "a <b> & 'c'\t\u2028", "k8s");
        assertEquals(
                "{\"timestamp\":\"2026-11-21T16:00:00.000000Z\",\"source\":\"go-build\",\"level\":\"error\","
                        + "\"message\":\"a <b> & 'c'\\t\\u2028\",\"pluginID\":\"k8s\"}",
                json(entry::writeTo));
    }

    @Test
    void aBuildErrorWithAndWithoutMore() {
        assertEquals(
                "{\"file\":\"pkg/main.go\",\"line\":3,\"column\":2,\"message\":\"undefined: x\"}",
                json(new BuildError("pkg/main.go", 3, 2, "undefined: x", null)::writeTo));
        assertEquals(
                "{\"file\":\"m.go\",\"line\":3,\"column\":0,\"message\":\"x\",\"extra\":{\"parser\":\"go\",\"path\":\"/p/m.go\"}}",
                json(new BuildError("m.go", 3, 0, "x", new BuildError.Extra("go", "/p/m.go"))::writeTo));
    }

    @Test
    void aProblemIsOneOfRfc9457() {
        assertEquals("""
            {"type":"omniview:settings/missing-config","title":"Missing configuration","status":500,\
            "detail":"The command 'go' is not on PATH, and the setting developer.gopath does not name it.",\
            "instance":"/api/dev/servers/x/start",\
            "suggestions":["Install go, or set developer.gopath to its path."],\
            "actions":[{"label":"Open settings","target":"developer.gopath"}]}\
            """, json(out -> problem(out, DevServerException.missingTool("go", SettingsProvider.GO_PATH))));
    }

    private static void problem(JsonWriter out, DevServerException problem) throws IOException {
        problem.writeTo(out, "/api/dev/servers/x/start");
    }

    @Test
    void problemsHaveTheStatusAndTypeThatHostsKnow() {
        Map.of(
                        DevServerException.notFound("x"), "404 omniview:plugin/not-found",
                        DevServerException.invalid("x"), "422 omniview:validation",
                        DevServerException.buildFailed("x"), "500 omniview:plugin/build-failed",
                        DevServerException.missingTool("go", "k"), "500 omniview:settings/missing-config",
                        DevServerException.portsExhausted(), "500 about:blank")
                .forEach((problem, expected) -> assertEquals(expected, problem.status() + " " + problem.type()));
    }

    @Test
    void devInfoHasDefaultsAndLeavesOutWhatIsEmpty() throws InvalidInput {
        DevInfoFile info = DevInfoFile.parse("{\"pid\": 12, \"addr\": \"127.0.0.1:5\", \"unknown\": [1]}", "k8s");
        assertEquals(
                "{\"pid\":12,\"protocol\":\"grpc\",\"protocolVersion\":1,\"addr\":\"127.0.0.1:5\"}",
                json(info::writeTo));
    }

    @Test
    void devInfoIsReadAndWrittenAsItIs() throws InvalidInput {
        String text = """
            {"pid":12,"protocol":"netrpc","protocolVersion":2,"addr":"/run/p.sock","vitePort":5173,\
            "pluginId":"k8s","version":"1.0","startedAt":"2026-01-01T00:00:00Z"}\
            """;
        assertEquals(text, json(DevInfoFile.parse(text, "k8s")::writeTo));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "7",
                "{",
                "{\"pid\":12,\"addr\":\"a:1\"} {}",
                "{\"pid\":0,\"addr\":\"a:1\"}",
                "{\"pid\":-4,\"addr\":\"a:1\"}",
                "{\"pid\":99999999999,\"addr\":\"a:1\"}",
                "{\"pid\":1.5,\"addr\":\"a:1\"}",
                "{\"pid\":\"12\",\"addr\":\"a:1\"}",
                "{\"pid\":12}",
                "{\"pid\":12,\"addr\":\"\"}",
                "{\"pid\":12,\"addr\":7}",
                "{\"pid\":12,\"addr\":\"a:1\",\"pluginId\":\"other\"}",
                "{\"pid\":12,\"addr\":\"a:1\",\"vitePort\":70000}",
                "{\"pid\":1e400,\"addr\":\"a:1\"}"
            })
    void devInfoThatIsOfNoUseIsRefused(String text) {
        assertThrows(InvalidInput.class, () -> DevInfoFile.parse(text, "k8s"));
    }
}
