package dev.sharedserver.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

    @Test
    void whatTheCommandWritesIsRead() {
        assertEquals(
                Map.of("name", "web", "pid", 12L, "ready", true, "clients", List.of(Map.of("hold", "hold-1"))),
                Json.parse("""
                    {"name": "web", "pid": 12, "ready" : true,
                     "clients": [ {"hold":"hold-1"} ]}
                    """));
        assertEquals(
                Arrays.asList(null, false, -1.5e3, 9.0e18 * 10),
                Json.parse("[null,false,-1.5e3,90000000000000000000]"));
        assertEquals(List.of(), Json.parse(" [ ] "));
        assertEquals(Map.of(), Json.parse("{}"));
    }

    @Test
    void stringsHaveAllTheirEscapes() {
        assertEquals(
                "\"\\/\b\f\n\r\té\ud83d\ude00\udc80",
                Json.parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\\udc80\""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[",
                "\"",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "[1,]",
                "[1 2]",
                "{a:1}",
                "nul",
                "tru",
                "+",
                "-",
                "1e",
                "1 1",
                "\"\\x\"",
                "\"\\u12\"",
                "\"\\u12g4\"",
                "\"\n\"",
                "]",
                "{\"a\":1]"
            })
    void whatIsNoneIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Json.parse(text));
    }

    @Test
    void depthHasALimit() {
        List<String> open = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            open.add("[");
        }
        assertThrows(IllegalArgumentException.class, () -> Json.parse(String.join("", open)));
    }

    @Test
    void whatIsOfAnotherKindIsAsIfItWereNotThere() {
        ServerInfo info = ServerInfo.of(
                Fields.of(
                        Json.parse(
                                "{\"name\":1,\"state\":[],\"pid\":\"x\",\"command\":{},\"clients\":[1,{\"pid\":7,\"attached_at\":\"never\"}],\"log_file\":\"a\\u0000b\"}")));
        assertEquals("", info.name());
        assertEquals(ServerState.STOPPED, info.state());
        assertEquals(2, info.holders().size());
        assertEquals(7, info.holders().get(1).pid().getAsLong());
        assertEquals(null, info.logFile());
    }
}
