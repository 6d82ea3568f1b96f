package dev.sharedserver.mcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions with a product that says nothing; what it says for real is tested with a real client. */
@Timeout(120)
final class SessionTest {

    private static final String INITIALIZE =
            "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"VERSION\",\"capabilities\":{},"
                + "\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}";

    @Test
    void aKnownVersionIsTakenAndAnotherAnsweredByTheLatest() throws Exception {
        for (String version : Session.VERSIONS) {
            assertEquals(version, negotiated(version));
        }
        assertEquals("2025-11-25", negotiated("2026-07-28"));
        assertEquals("2025-11-25", negotiated("1.0"));
    }

    private static String negotiated(String version) throws Exception {
        Json.Obj answer = answers(INITIALIZE.replace("VERSION", version)).get(0);
        return ((Json.Str) field(field(answer, "result"), "protocolVersion")).value();
    }

    @Test
    void aClientOfAVersionWithoutInitializeLearnsThatThisOneHasIt() throws Exception {
        assertEquals(
                List.of(-32601), codes("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\",\"params\":{}}"));
        assertEquals(List.of(-32600), codes("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}"));
        assertEquals(
                List.of(-32600),
                codes("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"list\"}}"));
    }

    @Test
    void whatIsNoMessageIsRefusedWithItsIdWhereThatCanBeTold() throws Exception {
        assertEquals("null -32700", refusal("nonsense"));
        assertEquals("null -32700", refusal("{\"jsonrpc\":\"2.0\",\"id\":1,"));
        assertEquals("null -32700", refusal("[".repeat(5000)));
        assertEquals("null -32700", refusal("\"" + "x".repeat(Lines.LONGEST) + "\""));
        assertEquals("null -32600", refusal("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]"));
        assertEquals("null -32600", refusal("42"));
        assertEquals("7 -32600", refusal("{\"id\":7,\"method\":\"ping\"}"));
        assertEquals("7 -32600", refusal("{\"jsonrpc\":\"2.0\",\"id\":7}"));
        assertEquals("\"a\" -32600", refusal("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":7}"));
        assertEquals("null -32600", refusal("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}"));
        assertEquals("null -32600", refusal("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}"));
        assertEquals("7 -32602", refusal("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\",\"params\":[]}"));
        assertEquals("7 -32602", refusal("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"initialize\",\"params\":{}}"));
        assertEquals("7 -32601", refusal("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"resources/list\"}"));
        assertEquals("1e999999999 -32601", refusal("{\"jsonrpc\":\"2.0\",\"id\":1e999999999,\"method\":\"x\"}"));
    }

    @Test
    void wrongCallsAreRefusedAndWrongArgumentsAreTheToolsAnswer() throws Exception {
        assertEquals(List.of(-32602), codes(started("{\"name\":\"nope\"}")));
        assertEquals(List.of(-32602), codes(started("{}")));
        assertEquals(List.of(-32602), codes(started("{\"name\":\"list\",\"arguments\":[]}")));
        Json.Obj answer = answers(started("{\"name\":\"info\"}")).get(1);
        assertEquals(new Json.Bool(true), field(field(answer, "result"), "isError"));
        assertTrue(answer.line().contains("info: argument 'name' is missing"), answer.line());
    }

    @Test
    void notificationsAndAnswersAreNeverAnswered() throws Exception {
        assertEquals(List.of(), answers("""
            {"jsonrpc":"2.0","method":"notifications/initialized"}
            {"jsonrpc":"2.0","method":"no/such"}
            {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}
            {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}
            {"jsonrpc":"2.0","method":"notifications/cancelled"}
            {"jsonrpc":"2.0","id":5,"result":{}}
            {"jsonrpc":"2.0","id":5,"error":{"code":1,"message":"x"}}

            """));
    }

    @Test
    void everyToolSaysWhatItTakesAndGivesAndDoes() throws Exception {
        Json.Obj answer = answers(INITIALIZE + "\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}")
                .get(1);
        List<Json> tools = ((Json.Arr) field(field(answer, "result"), "tools")).items();
        List<String> readers = List.of("list", "info", "logs", "why");
        assertEquals(8, tools.size());
        for (Json tool : tools) {
            String name = ((Json.Str) field(tool, "name")).value();
            assertEquals(new Json.Str("object"), field(field(tool, "inputSchema"), "type"));
            assertEquals(new Json.Bool(false), field(field(tool, "inputSchema"), "additionalProperties"));
            assertEquals(new Json.Str("object"), field(field(tool, "outputSchema"), "type"));
            assertEquals(
                    new Json.Bool(readers.contains(name)), field(field(tool, "annotations"), "readOnlyHint"), name);
        }
    }

    @Test
    void withoutCommandsUseTakesNothingThatIsRun() throws Exception {
        Json.Obj use = new UseTool(new Product(Path.of("/bin/true"), 1), false, () -> "")
                .tool()
                .json();
        assertEquals(
                List.of("name", "timeout"),
                List.copyOf(((Json.Obj) field(field(use, "inputSchema"), "properties"))
                        .fields()
                        .keySet()));
        assertEquals(new Json.Bool(false), field(field(use, "annotations"), "destructiveHint"));
    }

    @Test
    void theSessionEndsWhenItsClientDoesNotListenAnyMore() throws Exception {
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        Session session = new Session(new Client(closed), new Product(Path.of("/bin/true"), 1), true, () -> {});
        assertThrows(
                Client.Gone.class,
                () -> session.run(new ByteArrayInputStream(INITIALIZE.getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    void noInputEndsTheSession() throws Exception {
        long seed = System.nanoTime();
        int inputs = Integer.getInteger("fuzz.inputs", 3000);
        Random random = new Random(Long.getLong("fuzz.seed", seed));
        List<String> seeds = List.of(
                INITIALIZE.replace("VERSION", "2025-06-18"),
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{}}",
                "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"tools/call\",\"params\":{\"name\":\"logs\",\"arguments\":{\"name\":\"web\","
                    + "\"lines\":5,\"grep\":\"a\"},\"_meta\":{\"progressToken\":1}}}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"x\"}}");
        StringBuilder text = new StringBuilder(seeds.get(0)).append('\n');
        for (int i = 0; i < inputs; i++) {
            text.append(damaged(seeds.get(random.nextInt(seeds.size())), random))
                    .append('\n');
        }
        text.append("{\"jsonrpc\":\"2.0\",\"id\":\"last\",\"method\":\"ping\"}\n");
        List<Json.Obj> answers = answers(text.toString());
        boolean alive = false;
        for (Json.Obj answer : answers) {
            assertEquals(new Json.Str("2.0"), answer.get("jsonrpc"), () -> "seed " + seed);
            alive |= new Json.Str("last").equals(answer.get("id"));
        }
        assertTrue(alive, () -> "seed " + seed);
    }

    /** Changes, drops, doubles and swaps some characters. */
    private static String damaged(String text, Random random) {
        StringBuilder out = new StringBuilder(text);
        String alphabet = "{}[]\",:0123456789eE+-.\\untrf/x\u0000\u001b\ud800\u2028é😀";
        for (int damages = random.nextInt(4); damages > 0 && !out.isEmpty(); damages--) {
            int at = random.nextInt(out.length());
            int to = Math.min(out.length(), at + random.nextInt(12));
            switch (random.nextInt(4)) {
                case 0 -> out.setCharAt(at, alphabet.charAt(random.nextInt(alphabet.length())));
                case 1 -> out.delete(at, to);
                case 2 -> out.insert(at, out.substring(at, to).repeat(1 + random.nextInt(20)));
                default -> out.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
            }
        }
        return out.toString().replace("\n", "");
    }

    private static String started(String params) {
        return INITIALIZE + "\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":" + params + "}";
    }

    private static String refusal(String line) throws Exception {
        List<Json.Obj> answers = answers(line + "\n{\"jsonrpc\":\"2.0\",\"id\":\"after\",\"method\":\"ping\"}");
        assertEquals(2, answers.size(), line);
        assertEquals(new Json.Str("after"), answers.get(1).get("id"), "it goes on");
        Json.Obj refusal = answers.get(0);
        return field(refusal, "id").line() + " "
                + field(field(refusal, "error"), "code").line();
    }

    private static List<Integer> codes(String lines) throws Exception {
        return answers(lines).stream()
                .filter(answer -> answer.get("error") != null)
                .map(answer ->
                        Integer.valueOf(field(field(answer, "error"), "code").line()))
                .toList();
    }

    private static Json field(Json object, String name) {
        Json value = ((Json.Obj) object).get(name);
        assertNotNull(value, () -> name + " in " + object.line());
        return value;
    }

    /** Returns the answers to lines, of a product that does nothing. */
    private static List<Json.Obj> answers(String lines) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Session session = new Session(new Client(out), new Product(Path.of("/bin/true"), 1), true, () -> {});
        session.run(new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)));
        session.close();
        return out.toString(StandardCharsets.UTF_8)
                .lines()
                .map(line -> {
                    try {
                        return (Json.Obj) Json.parse(line);
                    } catch (Json.Malformed e) {
                        throw new AssertionError("no JSON: " + line, e);
                    }
                })
                .toList();
    }
}
