package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code lsp}: editors share a language server, with real servers and with one that does what the test says. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class LspIT {

    private static final String CPP = """
        struct List { int size; };
        int answer() { return 42; }
        int main() { List list{answer()}; return list.nothing_like_it; }
        """;

    private static Path file(Sandbox box, String name, String text) throws IOException {
        return Files.writeString(box.work().resolve(name), text);
    }

    /** Returns the servers of this sandbox; those of other tests may run here, too. */
    private static JsonArray list(Sandbox box) {
        return JsonParser.parseString(box.run("lsp", "status", "--json").ok().out())
                .getAsJsonArray();
    }

    private static JsonObject only(Sandbox box) {
        JsonArray all = list(box);
        assertEquals(1, all.size(), all.toString());
        return all.get(0).getAsJsonObject();
    }

    private static String clients(Sandbox box) {
        return only(box).getAsJsonArray("clients").asList().stream()
                .map(client -> client.getAsJsonObject().get("pid").getAsString())
                .sorted()
                .toList()
                .toString();
    }

    private static Stamped hub(Sandbox box) {
        return box.serverProcess("@lsp");
    }

    // ---- real servers ----

    @Test
    void editorsShareOneClangd(Sandbox box) throws Exception {
        Path file = file(box, "a.cpp", CPP);
        Editor one = Editor.connected(box, "--", "clangd");
        assertTrue(one.initialize(box.work()).has("result"));
        one.open(file, "cpp");
        assertTrue(one.hover(7, file, 1, 5).contains("answer"));
        one.await(
                body -> body.contains("nothing_like_it")
                        && Editor.says("textDocument/publishDiagnostics").test(body),
                "diagnostics");
        long pid = only(box).get("pid").getAsLong();

        Editor two = Editor.connected(box, "--", "clangd");
        assertTrue(two.initialize(box.work()).has("result"));
        two.open(file, "cpp");
        // a late opener gets what is known, and equal ids are told apart
        two.await(body -> body.contains("nothing_like_it"), "diagnostics for the late opener");
        assertTrue(two.hover(7, file, 1, 5).contains("answer"));
        assertEquals(pid, only(box).get("pid").getAsLong());
        assertEquals(
                List.of("" + one.pid(), "" + two.pid()).stream()
                        .sorted()
                        .toList()
                        .toString(),
                clients(box));

        // the first one's goodbye stays inside
        one.notify("textDocument/didClose", "{\"textDocument\":{\"uri\":\"" + Editor.uri(file) + "\"}}");
        one.ask(8, "shutdown", "null");
        one.notify("exit", "null");
        assertEquals(0, one.exit());
        assertTrue(two.hover(9, file, 1, 5).contains("answer"));

        // an editor that is killed is counted no more
        two.kill();
        Until.holds(() -> clients(box).equals("[]"), "no editor is left");
        Until.holds(() -> box.check(only(box).get("name").getAsString()) == 1, "the server is in its grace period");
        assertEquals(pid, only(box).get("pid").getAsLong());
    }

    @Test
    void pylspThatWasStartedBeforehandServesAtOnce(Sandbox box) throws Exception {
        Path file = file(box, "a.py", "import os\n\n\ndef answer():\n    return os.getcwd()\n\n\nanswer()\n");
        assertTrue(
                box.run("lsp", "serve", "--root", ".", "--", "pylsp").ok().out().contains("Serving lsp-pylsp-"));
        JsonObject served = only(box);
        assertTrue(served.get("initialized").getAsBoolean());
        assertEquals(box.work().toString(), served.get("root").getAsString());
        Editor editor = Editor.connected(box, "--", "pylsp");
        editor.initialize(box.work());
        editor.open(file, "python");
        String found =
                editor.ask(1, "textDocument/definition", Editor.at(file, 7, 2)).toString();
        assertTrue(found.contains("\"line\":3"), found);
        assertEquals(served.get("pid"), only(box).get("pid"));
    }

    @Test
    void aHubThatIsKilledLosesNoServer(Sandbox box) throws Exception {
        Path file = file(box, "a.cpp", CPP);
        Editor one = Editor.connected(box, "--", "clangd");
        one.initialize(box.work());
        one.open(file, "cpp");
        assertTrue(one.hover(1, file, 1, 5).contains("answer"));
        String name = only(box).get("name").getAsString();
        for (int round = 0; round < 2; round++) {
            Stamped server = box.serverProcess(name);
            Stamped hub = hub(box);
            hub.kill();
            assertEquals(1, one.exit());
            Until.holds(() -> !hub.equals(Stamped.find(hub.pid())), "the hub is gone");
            one = Editor.connected(box, "--", "clangd");
            one.initialize(box.work());
            one.open(file, "cpp");
            assertTrue(one.hover(1, file, 1, 5).contains("answer"));
            assertEquals(server, box.serverProcess(name), "the same process");
            assertNotEquals(hub, hub(box));
        }
    }

    private static final String NEOVIM = """
        local function say(what, value)
          local out = io.open(os.getenv("OUT"), "a")
          out:write(what .. " " .. tostring(value):gsub("%s+", " ") .. "\\n")
          out:close()
        end
        local function hover(what)
          local params = { textDocument = vim.lsp.util.make_text_document_params(), position = { line = 1, character = 5 } }
          say(what, vim.inspect(vim.lsp.buf_request_sync(0, "textDocument/hover", params, 30000)))
        end
        vim.cmd("edit a.cpp")
        local id = vim.lsp.start_client({
          name = "clangd",
          cmd = { os.getenv("SS"), "lsp", "connect", "--", "clangd" },
          root_dir = vim.fn.getcwd(),
        })
        vim.lsp.buf_attach_client(0, id)
        say("diagnostics", vim.wait(40000, function() return #vim.diagnostic.get(0) > 0 end, 50))
        hover("hover")
        vim.wait(150000, function() return vim.fn.filereadable("go") == 1 end, 50)
        hover("again")
        vim.cmd("qa!")
        """;

    @Test
    void neovimsShareOneClangd(Sandbox box) throws Exception {
        file(box, "a.cpp", CPP);
        file(box, "t.lua", NEOVIM);
        Path[] outs = {box.work().resolve("out1"), box.work().resolve("out2")};
        Invocation.Running[] editors = new Invocation.Running[2];
        for (int i = 0; i < 2; i++) {
            Path out = Files.writeString(outs[i], "");
            editors[i] = box.inBackground(box.sh("exec nvim --headless -u NONE -n -c 'luafile t.lua' </dev/null")
                    .env("OUT", out.toString())
                    .timeout(Duration.ofMinutes(5)));
            Until.holds(
                    Duration.ofMinutes(2),
                    () -> Files.readString(out).contains("hover"),
                    "Neovim " + i + " has been answered");
            String said = Files.readString(out);
            assertTrue(said.contains("diagnostics true"), said);
            assertTrue(said.contains("int answer()"), said);
        }
        assertEquals(2, only(box).getAsJsonArray("clients").size());
        Files.createFile(box.work().resolve("go"));
        for (int i = 0; i < 2; i++) {
            editors[i].await().ok();
            assertTrue(Files.readString(outs[i]).contains("again { { result"), Files.readString(outs[i]));
        }
        Until.holds(() -> clients(box).equals("[]"), "both have let go");
    }

    @Test
    void aServerThatEndsTellsWhy(Sandbox box) throws Exception {
        Editor editor = Editor.connected(box, "--", "sh", "-c", "echo no licence >&2; exit 3");
        editor.request(0, "initialize", "{\"capabilities\":{}}");
        assertEquals(1, editor.exit());
        Editor missing = Editor.connected(box, "--", "no-such-language-server");
        missing.request(0, "initialize", "{\"capabilities\":{}}");
        assertEquals(127, missing.exit());
        String said = Files.readString(box.root().resolve("editors.err"));
        assertTrue(said.contains("no licence"), said);
        assertTrue(said.contains("command not found"), said);
        assertEquals(0, list(box).size());
    }

    @Test
    void aRestartIsToldAndTheNextEditorFindsANewServer(Sandbox box) throws Exception {
        Path file = file(box, "a.cpp", CPP);
        Editor one = Editor.connected(box, "--env", "MARK=kept", "--", "clangd");
        one.initialize(box.work());
        one.open(file, "cpp");
        JsonObject before = only(box);
        String name = before.get("name").getAsString();
        box.run("restart", name).exits(1).complains("still used by pid " + one.pid());
        assertTrue(one.hover(1, file, 1, 5).contains("answer"));

        String said = box.run("lsp", "restart", name).ok().out();
        assertTrue(said.contains("Restarted " + name), said);
        assertEquals(1, one.exit());
        assertTrue(Files.readString(box.root().resolve("editors.err")).contains("was restarted: connect again"));
        JsonObject after = only(box);
        assertNotEquals(before.get("pid"), after.get("pid"));
        assertTrue(after.get("initialized").getAsBoolean());
        Until.holds(() -> only(box).get("health").getAsString().equals("idle"), "it has nothing to do");
        assertEquals("clangd", after.get("type").getAsString());
        assertEquals("fifo", after.get("stdin").getAsString());
        assertTrue(after.get("started")
                        .getAsString()
                        .compareTo(before.get("started").getAsString())
                >= 0);
        assertTrue(Files.readString(Path.of("/proc/" + after.get("pid") + "/environ"))
                .contains("\0MARK=kept\0"));

        // the core's word for it does the same; nobody is there
        Until.holds(() -> box.check(name) == 1, "it is known that the editor has gone");
        box.run("restart", name).ok();
        Editor two = Editor.connected(box, "--env", "MARK=kept", "--", "clangd");
        two.initialize(box.work());
        two.open(file, "cpp");
        assertTrue(two.hover(1, file, 1, 5).contains("answer"));
        assertNotEquals(after.get("pid"), only(box).get("pid"));
        box.run("lsp", "restart", "nobody").exits(1).complains("is served here");
    }

    @Test
    void whatIsLargerThanAllowedEndsItsSession(Sandbox box) throws Exception {
        Puppet puppet = new Puppet(box);
        List<String> command = List.of("python3", "-S", "-E", "puppet.py", puppet.log.toString());
        Editor small = Editor.connected(box, words("--body-limit", "1M", command));
        small.initialize(box.work());
        small.notify("x/note", "\"" + "y".repeat(1 << 19) + "\"");
        puppet.awaitHeard("x/note");
        small.announce((1 << 20) + 1);
        assertEquals(1, small.exit());
        // the server's messages are measured by what it was started with
        Editor large = Editor.connected(box, words("--body-limit", "2M", command));
        large.initialize(box.work());
        large.notify("x/note", "\"" + "y".repeat(1 << 20) + "\"");
        Until.holds(() -> puppet.count("x/note") == 2, "the larger message has passed");
        large.notify("x/flood", "{\"count\":1,\"size\":1100000}");
        assertEquals(1, large.exit());
        assertTrue(Files.readString(box.root().resolve("editors.err")).contains("is not understood"));
        box.run("lsp", "serve", "--body-limit", "1G", "--", "x").exits(64).complains("1M to 128M");
    }

    private static String[] words(String option, String value, List<String> command) {
        List<String> all = new java.util.ArrayList<>(List.of(option, value, "--"));
        all.addAll(command);
        return all.toArray(String[]::new);
    }

    @Test
    void whatIsNotUnderstoodIsRefused(Sandbox box) {
        box.run("lsp").exits(64).complains("serve, connect, list, status, restart, attach or detach");
        box.run("lsp", "connect").exits(64).complains("needs a command");
        box.run("lsp", "list", "--", "x").exits(64);
        box.run("lsp", "serve", "--root", "nowhere", "--", "true").exits(1).complains("is no directory");
        box.run("lsp", "serve", "--name", "a/b", "--", "true").exits(64).complains("invalid server name");
        // the hub's name may be looked at, and given to nothing else
        box.run("use", "@lsp", "--", "sleep", "1000").exits(64).complains("invalid server name");
        assertEquals("(no language servers)\n", box.run("lsp", "status").ok().out());
    }

    // ---- a server that does what the test says ----

    /** Notes every body that it gets; says what `x/say` asks for, answers `x/echo` by its own parameters. */
    private static final String PUPPET = """
        import json, sys, threading
        log = open(sys.argv[1], "ab", buffering=0)
        out = sys.stdout.buffer
        def send(body):
            out.write(b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
            out.flush()
        while True:
            n = None
            while True:
                line = sys.stdin.buffer.readline().strip()
                if not line:
                    break
                if line.lower().startswith(b"content-length:"):
                    n = int(line.split(b":")[1])
            if n is None:
                break
            body = sys.stdin.buffer.read(n)
            log.write(body.replace(b"\\n", b" ") + b"\\n")
            m = json.loads(body)
            method = m.get("method")
            if method == "initialize":
                send(b'{"jsonrpc":"2.0","method":"window/logMessage","params":{"type":3,"message":"before the answer"}}')
                send(b'{"jsonrpc":"2.0","id":%d,"result":{"capabilities":{"textDocumentSync":1,"odd":1.50e3}}}' % m["id"])
            elif method == "x/say":
                for text in m["params"]["bodies"]:
                    send(text.encode())
            elif method == "x/flood":
                for _ in range(m["params"]["count"]):
                    send(b'{"jsonrpc":"2.0","method":"x/flood","params":"' + b"y" * m["params"].get("size", 1000000) + b'"}')
            elif method == "x/echo":
                send(b'{"jsonrpc":"2.0","id":%d,"result":' % m["id"] + json.dumps(m["params"]).encode() + b'}')
            elif method == "x/raw":
                at = body.index(b'"params":')
                send(b'{"jsonrpc":"2.0","id":' + str(m["id"]).encode() + b',"result":' + body[at + 9:-1] + b'}')
        """;

    private static final class Puppet {
        private final Sandbox box;
        private final Path log;

        Puppet(Sandbox box) throws IOException {
            this.box = box;
            this.log = Files.writeString(box.work().resolve("heard"), "");
            file(box, "puppet.py", PUPPET);
        }

        Editor editor() {
            Editor editor = start();
            editor.initialize(box.work());
            return editor;
        }

        Editor start() {
            return Editor.connected(box, "--", "python3", "-S", "-E", "puppet.py", log.toString());
        }

        List<String> heard() throws IOException {
            return Files.readAllLines(log);
        }

        void awaitHeard(String text) {
            Until.holds(() -> heard().stream().anyMatch(body -> body.contains(text)), "the server has heard " + text);
        }

        long count(String text) throws IOException {
            return heard().stream().filter(body -> body.contains(text)).count();
        }
    }

    private static String quoted(String text) {
        return new com.google.gson.JsonPrimitive(text).toString();
    }

    /** Has the server say something. */
    private static void say(Editor editor, String body) {
        editor.notify("x/say", "{\"bodies\":[" + quoted(body) + "]}");
    }

    @Test
    void whatEachEditorSaysAndGetsIsItsOwn(Sandbox box) throws Exception {
        Puppet puppet = new Puppet(box);
        Editor one = puppet.editor();
        one.await(body -> body.contains("before the answer"), "what came before the answer to initialize");
        Editor two = puppet.editor();
        assertTrue(two.ask(1, "x/echo", "{}").has("result")); // so that all that it has said before is heard
        assertEquals(1, puppet.count("\"method\":\"initialize\""));
        assertEquals(1, puppet.count("\"method\":\"initialized\""));
        assertTrue(puppet.heard().get(0).contains("\"processId\":null"));

        // cancel: equal ids, the right one
        one.request(5, "x/never", "{\"from\":\"one\"}");
        two.request(5, "x/never", "{\"from\":\"two\"}");
        puppet.awaitHeard("\"from\":\"two\"");
        String asked = puppet.heard().stream()
                .filter(body -> body.contains("\"from\":\"two\""))
                .findFirst()
                .orElseThrow();
        two.notify("$/cancelRequest", "{\"id\":5}");
        puppet.awaitHeard(
                "\"$/cancelRequest\",\"params\":{\"id\":" + Editor.json(asked).get("id") + "}");

        // progress: equal tokens, the right one; the server's own is for both
        one.request(6, "x/work", "{\"workDoneToken\":1}");
        puppet.awaitHeard("x/work");
        String token = Editor.json(puppet.heard().stream()
                        .filter(body -> body.contains("x/work"))
                        .findFirst()
                        .orElseThrow())
                .getAsJsonObject("params")
                .get("workDoneToken")
                .toString();
        say(
                two,
                "{\"jsonrpc\":\"2.0\",\"method\":\"$/progress\",\"params\":{\"token\":" + token
                        + ",\"value\":\"own\"}}");
        say(
                two,
                "{\"jsonrpc\":\"2.0\",\"method\":\"$/progress\",\"params\":{\"token\":\"all\",\"value\":{\"kind\":\"report\"}}}");
        String progress = one.await(Editor.says("$/progress"), "progress");
        assertEquals(
                1, Editor.json(progress).getAsJsonObject("params").get("token").getAsInt());
        two.await(body -> body.contains("\"token\":\"all\""), "the server's own progress");
        assertFalse(two.has(body -> body.contains("\"own\"")));

        // registrations reach late editors
        say(
                one,
                "{\"jsonrpc\":\"2.0\",\"id\":\"r\",\"method\":\"client/registerCapability\",\"params\":{\"registrations\":[{\"id\":\"a\",\"method\":\"m\"}]}}");
        one.await(Editor.says("client/registerCapability"), "a registration");
        two.await(Editor.says("client/registerCapability"), "a registration");
        Editor late = puppet.editor();
        assertTrue(late.await(Editor.says("client/registerCapability"), "a registration")
                .contains("\"id\":\"a\""));

        // an edit goes to whose command it is
        one.request(7, "workspace/executeCommand", "{\"command\":\"c\"}");
        puppet.awaitHeard("workspace/executeCommand");
        say(two, "{\"jsonrpc\":\"2.0\",\"id\":\"e\",\"method\":\"workspace/applyEdit\",\"params\":{\"edit\":{}}}");
        String edit = one.await(Editor.says("workspace/applyEdit"), "the edit");
        one.send("{\"jsonrpc\":\"2.0\",\"id\":" + Editor.json(edit).get("id")
                + ",\"result\":{\"applied\":true,\"odd\":1e2}}");
        puppet.awaitHeard("{\"jsonrpc\":\"2.0\",\"id\":\"e\",\"result\":{\"applied\":true,\"odd\":1e2}}");
        assertFalse(two.has(Editor.says("workspace/applyEdit")));
    }

    @Test
    void aServerIsAnsweredThoughNoEditorIsThere(Sandbox box) throws Exception {
        Puppet puppet = new Puppet(box);
        Editor one = puppet.editor();
        String question = "\"method\":\"workspace/configuration\",\"params\":{\"items\":[{\"section\":\"s\"}]}}";
        say(one, "{\"jsonrpc\":\"2.0\",\"id\":\"c1\"," + question);
        String asked = one.await(Editor.says("workspace/configuration"), "the question");
        one.send("{\"jsonrpc\":\"2.0\",\"id\":" + Editor.json(asked).get("id") + ",\"result\":[{\"tab\":4}]}");
        puppet.awaitHeard("\"id\":\"c1\",\"result\":[{\"tab\":4}]");
        // the question comes when its editor is gone
        one.notify(
                "x/say",
                "{\"bodies\":[" + quoted("{\"jsonrpc\":\"2.0\",\"id\":\"c2\"," + question) + ","
                        + quoted(
                                "{\"jsonrpc\":\"2.0\",\"id\":\"e\",\"method\":\"workspace/applyEdit\",\"params\":{\"edit\":{}}}")
                        + "]}");
        puppet.awaitHeard("c2");
        one.kill();
        puppet.awaitHeard("\"id\":\"c2\",\"result\":[{\"tab\":4}]");
        Until.holds(
                () -> puppet.count("\"id\":\"e\",\"result\":{\"applied\":false") == 1, "an edit that nobody applied");
    }

    @Test
    void whereTextsDifferTheNewestCounts(Sandbox box) throws Exception {
        Puppet puppet = new Puppet(box);
        Path file = file(box, "t.txt", "first");
        Editor one = puppet.editor();
        Editor two = puppet.editor();
        one.open(file, "text");
        puppet.awaitHeard("textDocument/didOpen");
        Files.writeString(file, "second");
        two.open(file, "text");
        puppet.awaitHeard("\"contentChanges\":[{\"text\":\"second\"}]");
        JsonObject refused = one.ask(1, "x/echo", Editor.at(file, 0, 0));
        assertEquals(-32801, refused.getAsJsonObject("error").get("code").getAsInt());
        assertTrue(two.ask(1, "x/echo", Editor.at(file, 0, 0)).has("result"));
        one.notify(
                "textDocument/didChange",
                "{\"textDocument\":{\"uri\":\"" + Editor.uri(file)
                        + "\",\"version\":2},\"contentChanges\":[{\"text\":\"second\"}]}");
        assertTrue(one.ask(2, "x/echo", Editor.at(file, 0, 0)).has("result"));
        assertEquals(1, puppet.count("textDocument/didOpen"));
        assertEquals(1, puppet.count("textDocument/didChange"));
        one.notify("textDocument/didClose", "{\"textDocument\":{\"uri\":\"" + Editor.uri(file) + "\"}}");
        assertTrue(two.ask(3, "x/echo", "{}").has("result"));
        assertEquals(0, puppet.count("textDocument/didClose"));
        two.kill();
        puppet.awaitHeard("textDocument/didClose");
    }

    @Test
    void anEditorThatNeverReadsIsLetGoAndHoldsUpNobody(Sandbox box) throws Exception {
        Puppet puppet = new Puppet(box);
        Editor one = puppet.editor();
        Editor deaf = Editor.deaf(
                box,
                "--",
                "python3",
                "-S",
                "-E",
                "puppet.py",
                box.work().resolve("heard").toString());
        deaf.request(0, "initialize", "{\"rootUri\":\"" + Editor.uri(box.work()) + "\",\"capabilities\":{}}");
        deaf.notify("initialized", "{}");
        Until.holds(() -> only(box).getAsJsonArray("clients").size() == 2, "both are there");
        one.notify("x/flood", "{\"count\":45}");
        for (int i = 0; i < 45; i++) {
            one.await(Editor.says("x/flood"), "one of 45 large messages");
        }
        assertTrue(one.ask(1, "x/echo", "{}").has("result"));
        Until.holds(
                Duration.ofMinutes(1),
                () -> {
                    // it is looked at when there is something to say
                    one.notify("x/flood", "{\"count\":1}");
                    one.await(Editor.says("x/flood"), "one more");
                    return clients(box).equals("[" + one.pid() + "]");
                },
                "who does not read is let go");
    }

    @Test
    void generatedJsonPassesByteForByte(Sandbox box) throws Exception {
        Puppet puppet = new Puppet(box);
        Editor one = puppet.editor();
        long seed = Long.getLong("e2e.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 1; i <= 300; i++) {
            String params = Generated.json(random, 5);
            String request = "{\"jsonrpc\":\"2.0\",\"id\":" + i + ",\"method\":\"x/raw\",\"params\":" + params + "}";
            one.send(request);
            String answer = one.await(Editor.answers(i), "an answer");
            assertEquals(
                    "{\"jsonrpc\":\"2.0\",\"id\":" + i + ",\"result\":" + params + "}", answer, "-De2e.seed=" + seed);
        }
    }

    /** JSON with all that the grammar allows, but no line ends. */
    private static final class Generated {
        private static final String[] WORDS = {
            "null",
            "true",
            "0",
            "-0",
            "1.50",
            "1e5",
            "-2.5E-10",
            "123456789012345678901234567890",
            "\"\"",
            "\"id\"",
            "\"\\u0000\\ud83d\\ude00\\/\"",
            "\"é漢😀\"",
            "\"}{][,:\\\"\\\\\""
        };

        static String json(Random random, int depth) {
            int kind = depth == 0 ? 0 : random.nextInt(3);
            if (kind == 0) {
                return WORDS[random.nextInt(WORDS.length)];
            }
            StringBuilder text = new StringBuilder(kind == 1 ? "[" : "{");
            for (int i = random.nextInt(5); i > 0; i--) {
                text.append(random.nextBoolean() ? " " : "");
                text.append(kind == 1 ? "" : "\"k" + i + "\" :");
                text.append(json(random, depth - 1)).append(i > 1 ? "," : " ");
            }
            return text.append(kind == 1 ? "]" : "}").toString();
        }
    }
}
