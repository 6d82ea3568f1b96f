package dev.sharedserver.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonTextTest {

    @Test
    void anyBytesBecomeValidUtf8AndComeBack() {
        Random random = new Random(5);
        for (int i = 0; i < 5_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            random.nextBytes(bytes);
            String text = OsText.decode(bytes);
            String json = JsonText.escapeLoneSurrogates(new JsonPrimitive(text).toString());
            byte[] written = json.getBytes(StandardCharsets.UTF_8);
            assertEquals(json, new String(written, StandardCharsets.UTF_8));
            assertEquals(text, JsonParser.parseString(json).getAsString());
        }
    }

    @Test
    void aLoneSurrogateIsEscapedAndAPairIsNot() {
        assertEquals("\"\\udcff\ud83d\ude00\\ud83d\"", JsonText.escapeLoneSurrogates("\"\udcff\ud83d\ude00\ud83d\""));
    }

    @Test
    void whatNeedsNothingStaysTheSameObject() {
        String json = "{\"a\":\"ä\ud83d\ude00\"}";
        assertSame(json, JsonText.escapeLoneSurrogates(json));
    }
}
