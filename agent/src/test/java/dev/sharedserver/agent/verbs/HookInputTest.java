package dev.sharedserver.agent.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HookInputTest {

    private static final String REAL = """
        {"session_id":"4c9d5a5e","transcript_path":"/home/me/.claude/t.jsonl","cwd":"/home/me/shop",\
        "hook_event_name":"SessionEnd","nested":{"cwd":"/else","list":[1,[2,{"reason":"no"}]]},"reason":"clear"}
        """;

    @Test
    void whatItNeedsIsFoundAndTheRestIsPassedOver() {
        assertEquals(new HookInput("/home/me/shop", "clear"), HookInput.parse(REAL));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "\"cwd\"",
                "{",
                "{\"cwd\":1,\"reason\":{}}",
                "{cwd:'/x'}",
                "\u0000",
                "{\"cwd\":\"/a\\u0000b\"}"
            })
    void whatIsNotUnderstoodIsEmpty(String text) {
        assertEquals(HookInput.NOTHING, HookInput.parse(text));
    }

    @Test
    void whatCameBeforeTheDamageHolds() {
        assertEquals(new HookInput("/a", ""), HookInput.parse("{\"cwd\":\"/a\",\"reason\":\"cle"));
    }

    @Test
    void noInputIsTooHostile() {
        HookInput.parse("{\"a\":" + "[".repeat(500_000));
        HookInput.parse("{\"a\":" + "{\"a\":".repeat(200_000));
        HookInput.parse("{\"a\":" + "9".repeat(500_000) + "}");
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder(REAL);
            for (int damages = random.nextInt(4); damages >= 0; damages--) {
                int at = random.nextInt(text.length());
                switch (random.nextInt(3)) {
                    case 0 -> text.setCharAt(at, (char) random.nextInt(0x100));
                    case 1 -> text.setLength(at + 1);
                    default -> text.insert(at, "{}[]\",:\\u".charAt(random.nextInt(9)));
                }
            }
            try {
                HookInput.parse(text.toString());
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + text, e);
            }
        }
    }
}
