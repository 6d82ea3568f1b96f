package dev.sharedserver.mcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

final class JsonTest {

    @Test
    void whatWasReadIsWrittenAgainOnOneLine() throws Exception {
        String text = "{\"a\":[1,-0.5e3,1e99999,\"x\\ny\\u2028\",true,false,null,{}],\"ü\":\"😀\"}";
        assertEquals(text, Json.parse(text).line());
    }

    @Test
    void onlyOneValueAndOnlyStrictJsonIsRead() {
        for (String text : List.of(
                "",
                " ",
                "{",
                "[1,",
                "{\"a\"}",
                "{a:1}",
                "{'a':1}",
                "[1,]",
                "01",
                "NaN",
                "nul",
                "1 2",
                "{}{}",
                "// x\n1",
                "\"a\tb\"",
                "\"")) {
            assertThrows(Json.Malformed.class, () -> Json.parse(text), text);
        }
    }

    @Test
    void depthEndsAtTheLimit() throws Exception {
        assertEquals(nested(Json.DEEPEST), Json.parse(nested(Json.DEEPEST)).line());
        assertThrows(Json.Malformed.class, () -> Json.parse(nested(Json.DEEPEST + 1)));
        assertThrows(Json.Malformed.class, () -> Json.parse("[".repeat(100_000)));
    }

    private static String nested(int levels) {
        return "[".repeat(levels) + "]".repeat(levels);
    }
}
