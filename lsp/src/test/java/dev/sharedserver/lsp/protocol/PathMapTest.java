package dev.sharedserver.lsp.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class PathMapTest {

    private static final PathMap MAP = PathMap.of(List.of("/home/me=/srv/x y", "/home/me/in ner=/n", "/é=/e"));

    private static String toServer(String body) {
        return new String(MAP.toServer(Json.bytes(body)), StandardCharsets.UTF_8);
    }

    private static String toEditor(String body) {
        return new String(MAP.toEditor(Json.bytes(body)), StandardCharsets.UTF_8);
    }

    @Test
    void urisAreTranslatedAsKeysAndAsValues() {
        assertEquals(
                "{ \"rootUri\" : \"file:///srv/x%20y\",\"rootPath\":\"/srv/x y/p\",\"n\":1.50e3,"
                        + " \"folders\":[{\"uri\":\"file:///srv/x%20y/a%2Bb\"}]}",
                toServer("{ \"rootUri\" : \"file:///home/me\",\"rootPath\":\"/home/me/p\",\"n\":1.50e3,"
                        + " \"folders\":[{\"uri\":\"file:///home/me/a%2Bb\"}]}"));
        assertEquals(
                "{\"changes\":{\"file:///home/me/a.c\":[{\"newText\":\"x\"}],\"file:///other\":[]},\"list\":[\"file:///home/me/in%20ner/b#L1\"]}",
                toEditor(
                        "{\"changes\":{\"file:///srv/x%20y/a.c\":[{\"newText\":\"x\"}],\"file:///other\":[]},\"list\":[\"file:///n/b#L1\"]}"));
    }

    @Test
    void anyWayToWriteAUriIsUnderstood() {
        assertEquals("[\"file:///srv/x%20y/a\"]", toServer("[\"file:\\/\\/\\/home\\u002fme/a\"]"));
        assertEquals("[\"file:///srv/x%20y/a\"]", toServer("[\"file:///%68ome/m%65/a\"]"));
        assertEquals("[\"file:///e/a\",\"file:///e\"]", toServer("[\"file:///%C3%A9/a\",\"file:///é\"]"));
        assertEquals("[\"file:///%C3%A9/a\"]", toEditor("[\"file:///e/a\"]"));
        assertEquals("[\"file://localhost/srv/x%20y\"]", toServer("[\"file://localhost/home/me\"]"));
        assertEquals("[\"file:/srv/x%20y\"]", toServer("[\"file:/home/me\"]"));
        assertEquals("[\"file:///srv/x%20y/%22q%22\\\"\"]", toServer("[\"file:///home/me/%22q%22\\\"\"]"));
    }

    @Test
    void whatIsNoUriOfAMappedDirectoryKeepsItsBytes() {
        for (String body : List.of(
                "{}",
                "",
                "no JSON",
                "[\"file:///home/mean\",\"file:///home\",\"file://host/home/me\",\"http://x/home/me\",\"/home/me\"]",
                "[\"file:///home/m%6\",\"file:///home/me%\",\"file:///home/me%2Fx\",\"file:\",\"file://\"]",
                "[\"see file:///home/me/a\",\"file:///home/me/a and b\",\"file:///home/me/a\\nb\"]",
                "{\"textDocument\":{\"uri\":\"untitled:1\",\"text\":\"file:///home/me/a\"}}",
                "{\"contents\":[\"file:///home/me/a\",{\"language\":\"c\",\"value\":\"file:///home/me/a\"}]}",
                "{\"a\":\"file:///home/me",
                "{\"a\":\"file:///home/me/\\q\"}",
                "]]}}\"x\":",
                "{\"params\":{\"rootPath\":null,\"x\":\"/home/me\"}}")) {
            byte[] bytes = Json.bytes(body);
            assertSame(bytes, MAP.toServer(bytes), body);
        }
        // behind a field for text, the others are looked at again
        assertEquals(
                "{\"d\":{\"text\":\"file:///home/me\",\"uri\":\"file:///srv/x%20y\"},\"contents\":[\"file:///home/me\"],\"u\":[\"file:///srv/x%20y\"]}",
                toServer(
                        "{\"d\":{\"text\":\"file:///home/me\",\"uri\":\"file:///home/me\"},\"contents\":[\"file:///home/me\"],\"u\":[\"file:///home/me\"]}"));
    }

    @Test
    void withoutPairsNothingIsLookedAt() {
        byte[] body = Json.bytes("[\"file:///home/me\"]");
        assertSame(body, PathMap.of(List.of()).toServer(body));
        assertSame(body, PathMap.of(List.of()).toEditor(body));
    }

    @Test
    void generatedJsonSurvivesThereAndBack() {
        PathMap map = PathMap.of(List.of("/local=/remote", "/local/deep=/far"));
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            String text = new GeneratedJson(random).value(5);
            byte[] body = Json.bytes(text);
            byte[] there = map.toServer(body);
            assertArrayEquals(body, there, "no mapped URI in it: seed " + seed);
            String holding = "{\"before\":" + text + ",\"uri\":\"file:///local/deep/a\",\"k\":{\"file:///local/b\":"
                    + text + "},\"text\":\"file:///local/c\"}";
            byte[] told = map.toServer(Json.bytes(holding));
            assertEquals(
                    holding.replace("file:///local/deep/a", "file:///far/a")
                            .replace("file:///local/b", "file:///remote/b"),
                    new String(told, StandardCharsets.UTF_8),
                    "seed " + seed);
            assertEquals(holding, new String(map.toEditor(told), StandardCharsets.UTF_8), "seed " + seed);
        }
    }

    @Test
    void bytesThatAreNoJsonDoNoHarm() {
        byte[][] seeds = {
            Json.bytes("{\"a\":[\"file:///home/me/%\",{\"text\":\"\\\\\"}],\"file:///home/me\":\"\\u12\"}"),
            Json.bytes("[[[[\"rootPath\":\"/home/me\"]]]")
        };
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] body = seeds[i & 1].clone();
            for (int n = random.nextInt(6); n > 0; n--) {
                body[random.nextInt(body.length)] = (byte) random.nextInt(256);
            }
            byte[] kept = body.clone();
            MAP.toServer(body);
            MAP.toEditor(body);
            assertArrayEquals(kept, body, "the body itself is not written to: seed " + seed);
        }
    }
}
