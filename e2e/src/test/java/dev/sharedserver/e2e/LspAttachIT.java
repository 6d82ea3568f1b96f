package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code lsp attach} and {@code detach}: real clangd, which an editor that knows nothing of us has started on pipes. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class LspAttachIT {

    private static final String CPP = """
        struct List { int size; };
        int answer() { return 42; }
        int main() { List list{answer()}; return list.size; }
        """;

    /**
     * Starts the command that it is given as a language server, and does as it is told, a word a line.
     */
    private static final String EDITOR = """
        import json, os, subprocess, sys, threading
        server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        print("pid", server.pid, flush=True)
        turn = threading.Lock()
        def send(body):
            data = json.dumps(body).encode()
            with turn:
                server.stdin.write(b"Content-Length: %d\\r\\n\\r\\n" % len(data) + data)
                server.stdin.flush()
        def listen():
            while True:
                length = None
                while True:
                    line = server.stdout.readline()
                    if not line:
                        print("end", flush=True)
                        return
                    line = line.strip()
                    if not line:
                        break
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                    else:
                        print("garbage", line, flush=True)
                body = json.loads(server.stdout.read(length))
                if "method" not in body:
                    print("answer", json.dumps(body), flush=True)
                elif "id" in body:
                    send({"jsonrpc": "2.0", "id": body["id"], "error": {"code": -32601, "message": "no"}})
        threading.Thread(target=listen, daemon=True).start()
        def request(id, method, params):
            send({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        name, language = os.environ["ELDER_FILE"], os.environ["ELDER_LANGUAGE"]
        uri = "file://" + os.path.abspath(name)
        for line in sys.stdin:
            words = line.split()
            if words[0] == "begin":
                request(0, "initialize", {"processId": os.getpid(), "rootUri": "file://" + os.getcwd(),
                    "capabilities": json.loads(os.environ.get("ELDER_CAPABILITIES", "{}"))})
            elif words[0] == "open":
                send({"jsonrpc": "2.0", "method": "initialized", "params": {}})
                send({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {
                    "uri": uri, "languageId": language, "version": 1, "text": open(name).read()}}})
            elif words[0] == "hover":
                request(int(words[1]), "textDocument/hover",
                        {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 5}})
        os._exit(0)
        """;

    /** An editor that has a server of its own. */
    private static final class Elder {
        private final Process process;
        private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
        private final Stamped server;
        private int asked;

        Elder(Sandbox box, String... server) throws IOException {
            this(box, "a.cpp", "cpp", server);
        }

        Elder(Sandbox box, String file, String language, String... server) throws IOException {
            this(box, Map.of("ELDER_FILE", file, "ELDER_LANGUAGE", language), server);
            hovers();
        }

        /** One whose words go by variables; it has asked for nothing but initialize. */
        Elder(Sandbox box, Map<String, String> variables, String... server) throws IOException {
            Path program = Files.writeString(box.root().resolve("elder.py"), EDITOR);
            List<String> argv = new ArrayList<>(List.of("python3", "-S", "-E", program.toString()));
            argv.addAll(List.of(server));
            ProcessBuilder builder =
                    new ProcessBuilder(argv).directory(box.work().toFile());
            builder.redirectError(box.root().resolve("elder.err").toFile());
            builder.environment().putAll(box.env());
            builder.environment().putAll(Map.of("ELDER_FILE", "a.cpp", "ELDER_LANGUAGE", "cpp"));
            builder.environment().putAll(variables);
            process = builder.start();
            box.atEnd(process::destroyForcibly);
            Thread.ofVirtual().start(this::listen);
            this.server = Stamped.of(Long.parseLong(await("pid ").substring(4)));
            box.atEnd(this.server::kill);
            tell("begin");
            assertTrue(await("answer ").contains("capabilities"));
            tell("open");
        }

        private void listen() {
            try (BufferedReader reader =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    said.add(line);
                }
            } catch (IOException e) {
                said.add("end");
            }
        }

        void tell(String line) {
            try {
                process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
                process.getOutputStream().flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private String await(String beginning) {
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
            try {
                while (true) {
                    String line = said.poll(Math.max(1, until - System.nanoTime()), TimeUnit.NANOSECONDS);
                    if (line == null) {
                        throw new AssertionError("the first editor was not told " + beginning);
                    }
                    if (line.startsWith(beginning)) {
                        return line;
                    }
                    assertFalse(
                            line.equals("end") || line.startsWith("garbage"), "the first editor's server says " + line);
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        /** Asks, and gets an answer to just that. */
        void hovers() {
            int id = ++asked;
            tell("hover " + id);
            JsonObject answer;
            do {
                // an answer that a hub was passing on when it was killed may come twice
                answer = Editor.json(await("answer ").substring(7));
            } while (answer.get("id").getAsInt() < id);
            assertEquals(id, answer.get("id").getAsInt());
            assertTrue(answer.toString().contains("answer"), answer.toString());
        }

        Set<String> descriptors() throws IOException {
            Set<String> found = new TreeSet<>();
            for (int fd = 0; fd <= 2; fd++) {
                found.add(fd + " " + Files.readSymbolicLink(Path.of("/proc/" + server.pid() + "/fd/" + fd)));
            }
            try (var all = Files.list(Path.of("/proc/" + server.pid() + "/fd"))) {
                // those that are kept while it is attached to
                all.map(path -> path.getFileName().toString())
                        .filter(name -> Integer.parseInt(name) >= 200)
                        .forEach(found::add);
            }
            return found;
        }

        String name() {
            return "clangd-" + server.pid();
        }
    }

    private static Elder elder(Sandbox box) throws IOException {
        Files.writeString(box.work().resolve("a.cpp"), CPP);
        return new Elder(box, "clangd");
    }

    private static Editor late(Sandbox box, Elder elder) {
        Editor editor = Editor.connected(box, "--name", elder.name());
        begin(box, editor);
        return editor;
    }

    private static void begin(Sandbox box, Editor editor) {
        assertTrue(editor.initialize(box.work()).has("result"));
        editor.open(box.work().resolve("a.cpp"), "cpp");
        hovers(box, editor, 1);
    }

    private static void hovers(Sandbox box, Editor editor, int id) {
        String said = editor.hover(id, box.work().resolve("a.cpp"), 1, 5);
        assertTrue(said.contains("answer"), said);
    }

    private static JsonObject listed(Sandbox box, long pid) {
        JsonArray all = JsonParser.parseString(
                        box.run("lsp", "list", "--json").ok().out())
                .getAsJsonArray();
        for (JsonElement one : all) {
            if (one.getAsJsonObject().get("pid").getAsLong() == pid) {
                return one.getAsJsonObject();
            }
        }
        throw new AssertionError(pid + " is not in " + all);
    }

    private static void attach(Sandbox box, Elder elder) {
        String said = box.run("lsp", "attach", "" + elder.server.pid(), "--timeout", "30s")
                .ok()
                .out();
        assertTrue(said.contains("Attached to lsp-" + elder.name()), said);
    }

    /** Detaches: the server has the descriptors that it had before, and its editor is answered. */
    private static void giveBack(Sandbox box, Elder elder, Set<String> before) throws IOException {
        box.run("lsp", "detach", elder.name()).ok();
        assertEquals(before, elder.descriptors());
        elder.hovers();
    }

    @Test
    void twoEditorsShareWhatOneOfThemHasStarted(Sandbox box) throws Exception {
        Elder elder = elder(box);
        Set<String> before = elder.descriptors();
        JsonObject foreign = listed(box, elder.server.pid());
        assertEquals("foreign", foreign.get("mode").getAsString());
        assertEquals("clangd", foreign.get("type").getAsString());
        assertEquals("pipe", foreign.get("stdin").getAsString());
        assertEquals(box.work().toString(), foreign.get("root").getAsString());
        assertTrue(foreign.get("attachable").getAsBoolean(), foreign.toString());
        assertTrue(
                box.run("lsp", "list", "--pattern", "no such thing").ok().out().contains("no language servers"));

        attach(box, elder);
        elder.hovers();
        Editor late = late(box, elder);
        elder.hovers();
        // the same command in the same place is the same server
        Editor another = Editor.connected(box, "--", "clangd");
        begin(box, another);
        JsonObject attached = listed(box, elder.server.pid());
        assertEquals("attached", attached.get("mode").getAsString());
        assertEquals("inferred", attached.get("capabilities").getAsString());
        assertEquals("connected", attached.get("editor").getAsString());
        assertEquals(3, attached.getAsJsonArray("clients").size());
        box.run("lsp", "attach", "" + elder.server.pid()).exits(1).complains("served here already");
        assertTrue(box.run("lsp", "status", elder.name()).ok().out().contains("capabilities: inferred"));

        box.run("lsp", "detach", elder.name()).ok();
        assertEquals(1, late.exit());
        assertEquals(1, another.exit());
        assertTrue(Files.readString(box.root().resolve("editors.err")).contains("goes on for who started it"));
        assertEquals(before, elder.descriptors());
        elder.hovers();
        assertEquals("foreign", listed(box, elder.server.pid()).get("mode").getAsString());
        // and once more
        attach(box, elder);
        elder.hovers();
        box.run("lsp", "detach", "" + elder.server.pid()).ok();
        assertEquals(before, elder.descriptors());
        elder.hovers();
        nobodyHoldsTheHub(box);
    }

    /** What serves nobody does not stay up. */
    private static void nobodyHoldsTheHub(Sandbox box) {
        Until.holds(() -> box.check("@lsp") == 1, "the hub is in its grace period");
    }

    /** Follows everything that the guard starts from now on; returns where the ptrace calls of it are written down. */
    private static Path ptraceOf(Sandbox box) throws IOException {
        Stamped guard = box.requireGuard();
        Path calls = box.root().resolve("ptrace");
        Process strace = new ProcessBuilder(
                        "strace",
                        "-f",
                        "-qq",
                        "-e",
                        "trace=ptrace,execve",
                        "-e",
                        "signal=none",
                        "-o",
                        calls.toString(),
                        "-p",
                        "" + guard.pid())
                .redirectErrorStream(true)
                .redirectOutput(box.root().resolve("strace.err").toFile())
                .start();
        box.atEnd(strace::destroyForcibly);
        Until.holds(
                () -> Files.readString(Path.of("/proc/" + guard.pid() + "/status"))
                        .contains("TracerPid:\t" + strace.pid()),
                "the guard is traced");
        return calls;
    }

    private static long count(Path calls, String call) throws IOException {
        return Files.readAllLines(calls).stream()
                .filter(line -> line.contains(call + "("))
                .count();
    }

    @Test
    void aHubThatIsKilledLosesNeitherTheServerNorItsEditor(Sandbox box) throws Exception {
        Elder elder = elder(box);
        Set<String> before = elder.descriptors();
        attach(box, elder);
        Path calls = box.root();
        for (int round = 0; round < 2; round++) {
            if (round == 1) {
                calls = ptraceOf(box); // JVMs are slow then: once is enough
            }
            Editor late = late(box, elder);
            elder.hovers();
            box.serverProcess("@lsp").killAndAwait();
            assertEquals(1, late.exit());
            assertTrue(elder.server.alive());
            JsonObject attached = listed(box, elder.server.pid());
            assertEquals("attached", attached.get("mode").getAsString());
            assertEquals("connected", attached.get("editor").getAsString());
            elder.hovers();
        }
        late(box, elder);
        assertTrue(count(calls, "execve") > 0, "the hubs that came were looked at");
        assertEquals(0, count(calls, "ptrace"));
        box.run("lsp", "detach", elder.name()).ok();
        assertTrue(count(calls, "ptrace") > 0, "what was looked for can be seen");
        assertEquals(before, elder.descriptors());
        elder.hovers();
    }

    @Test
    void aServerWhoseEditorDiesIsParked(Sandbox box) throws Exception {
        Elder elder = elder(box);
        attach(box, elder);
        Editor late = late(box, elder);
        elder.process.destroyForcibly();
        Until.holds(
                () -> listed(box, elder.server.pid())
                        .get("editor")
                        .getAsString()
                        .equals("gone"),
                "the first editor is gone");
        hovers(box, late, 2);
        assertTrue(box.run("lsp", "detach", elder.name()).ok().out().contains("Parked"));
        assertEquals(1, late.exit());
        assertTrue(elder.server.alive());
        nobodyHoldsTheHub(box);
        late(box, elder);
        // a hub that comes later has it, too
        box.serverProcess("@lsp").killAndAwait();
        Editor last = late(box, elder);
        elder.server.kill();
        assertEquals(1, last.exit());
        assertTrue(Files.readString(box.root().resolve("editors.err")).contains("has ended"));
    }

    private static String source(Sandbox box, Elder elder, String... more) {
        List<String> words = new ArrayList<>(List.of("lsp", "attach", "" + elder.server.pid(), "--timeout", "30s"));
        words.addAll(List.of(more));
        box.run(words.toArray(String[]::new)).ok();
        JsonObject attached = listed(box, elder.server.pid());
        elder.hovers();
        late(box, elder);
        box.run("lsp", "detach", elder.name()).ok();
        return attached.get("capabilities").getAsString() + " from "
                + attached.get("capabilities_from").getAsString();
    }

    @Test
    void whatAServerCanDoIsAskedOfATwinOnlyOnce(Sandbox box) throws Exception {
        Elder elder = elder(box);
        assertEquals("inferred from twin", source(box, elder));
        assertEquals("inferred from earlier", source(box, elder));
        box.serverProcess("@lsp").killAndAwait();
        assertEquals("inferred from cache", source(box, elder));
        Path kept;
        try (var files = Files.list(box.home().resolve(".cache/sharedserver/lsp"))) {
            kept = files.findFirst().orElseThrow();
        }
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(kept)));

        // what anybody could have written is not believed
        box.serverProcess("@lsp").killAndAwait();
        Files.setPosixFilePermissions(kept, PosixFilePermissions.fromString("rw-rw-rw-"));
        assertEquals("inferred from twin", source(box, elder));

        Path file = Files.writeString(box.work().resolve("answer.json"), "[]");
        box.run("lsp", "attach", "" + elder.server.pid(), "--capabilities", file.toString())
                .exits(1)
                .complains("no answer to initialize");
        Files.writeString(
                file, "{\"capabilities\":{\"textDocumentSync\":2,\"hoverProvider\":true},\"said\":\"by the user\"}");
        box.run("lsp", "attach", "" + elder.server.pid(), "--capabilities", file.toString())
                .ok();
        Editor editor = Editor.connected(box, "--name", elder.name());
        assertTrue(editor.initialize(box.work()).toString().contains("by the user"));
        assertTrue(box.run("lsp", "status").ok().out().contains("capabilities: inferred from a file"));
        box.run("lsp", "detach", elder.name()).ok();
        elder.hovers();
    }

    /** Stands in front of a server of its own, as a server, and notes what reaches it. */
    private static final String RECORDER = """
        import os, subprocess, sys, threading
        server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        def answers():
            while data := os.read(server.stdout.fileno(), 65536):
                os.write(1, data)
        threading.Thread(target=answers, daemon=True).start()
        with open(sys.argv[1], "ab", buffering=0) as record:
            while data := os.read(0, 65536):
                record.write(data)
                server.stdin.write(data)
                server.stdin.flush()
        """;

    private static final Path SERVERS = Path.of("lsp/node_modules/.bin").toAbsolutePath();
    private static final String TYPESCRIPT = "const answer: number = 42;\nanswer + 1;\n";

    /** Starts typescript-language-server, or what is to stand in front of it. */
    private static Elder ofTypescript(Sandbox box, String... front) throws IOException {
        Files.writeString(box.work().resolve("a.ts"), TYPESCRIPT);
        List<String> command = new ArrayList<>(List.of(front));
        command.addAll(List.of(SERVERS.resolve("typescript-language-server").toString(), "--stdio"));
        return new Elder(box, "a.ts", "typescript", command.toArray(String[]::new));
    }

    private static Editor lateInTypescript(Sandbox box, String name) {
        Editor late = Editor.connected(box, "--name", name);
        assertTrue(late.initialize(box.work()).has("result"));
        late.open(box.work().resolve("a.ts"), "typescript");
        String said = late.hover(1, box.work().resolve("a.ts"), 1, 5);
        assertTrue(said.contains("const answer: number"), said);
        return late;
    }

    @Test
    void whatRunsOnNodeIsForetoldToEndWithItsEditor(Sandbox box) throws Exception {
        Elder elder = ofTypescript(box);
        assertTrue(listed(box, elder.server.pid()).get("ends_with_editor").getAsBoolean());
        box.run("lsp", "attach", "" + elder.server.pid(), "--timeout", "30s")
                .ok()
                .complains("ends a few seconds after the editor");
        Editor late = lateInTypescript(box, "typescript-language-server-" + elder.server.pid());
        elder.hovers();
        elder.process.destroyForcibly();
        assertEquals(1, late.exit());
        assertTrue(Files.readString(box.root().resolve("editors.err")).contains("has ended"));
    }

    @Test
    void noInitializeReachesAServerThatIsAttachedTo(Sandbox box) throws Exception {
        Path record = box.work().resolve("record");
        Path program = Files.writeString(box.work().resolve("recorded-language-server"), RECORDER);
        Elder elder = ofTypescript(box, "python3", "-S", "-E", program.toString(), record.toString());
        String heard = Files.readString(record);
        assertEquals(2, heard.split("\"initialize", -1).length - 1, heard); // initialize and initialized
        // the twin that tells what it can do writes to the same file
        Files.writeString(record, "");
        box.run("lsp", "attach", "--server", "recorded-language-server", "--root", ".", "--timeout", "30s")
                .ok();
        String twin = Files.readString(record);
        Files.writeString(record, "");
        lateInTypescript(box, "recorded-language-server-" + elder.server.pid());
        elder.hovers();
        box.run("lsp", "detach", "" + elder.server.pid()).ok();
        elder.hovers();
        heard = Files.readString(record);
        assertTrue(heard.contains("textDocument/didOpen"), heard);
        assertFalse(heard.contains("initialize"), heard);
        assertTrue(twin.contains("initialize"), "the twin was initialized in its place");
    }

    /** Takes all of a small disk but so many KiB. */
    private static void fill(Path file, int free) throws IOException {
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer page = ByteBuffer.allocate(4096);
            try {
                while (true) {
                    out.write(page.clear());
                }
            } catch (IOException full) {
                out.truncate(Math.max(0, out.size() - free * 1024L));
            }
        }
    }

    private static String tracer(Stamped process) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                .filter(line -> line.startsWith("TracerPid"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void whateverRoomIsLeftOnTheDiskTheEditorKeepsItsServer(Sandboxes sandboxes) throws Exception {
        Sandbox box = sandboxes.open(Medium.DISK, "small/locks");
        Path small = box.root().resolve("small");
        Root.mountSmallTmpfs(box, small, 8192);
        Elder elder = elder(box);
        Set<String> before = elder.descriptors();
        listed(box, elder.server.pid()); // the hub is there
        Path filler = small.resolve("filler");
        Set<Integer> exits = new TreeSet<>();
        for (int free : new int[] {0, 16, 64, 560, 640, 1160, 1240, 4000}) {
            fill(filler, free);
            Result result = box.run("lsp", "attach", "" + elder.server.pid(), "--timeout", "30s");
            exits.add(result.exit());
            if (result.exit() == 0) {
                elder.hovers();
                Files.delete(filler);
                box.run("lsp", "detach", elder.name()).ok();
            } else {
                // 1: the hub is not even asked, since that it is used cannot be written down
                assertTrue(result.exit() == 93 || result.exit() == 1, result.toString());
                result.complains("No space left on device");
                elder.hovers();
                Files.delete(filler);
                assertEquals(
                        "foreign", listed(box, elder.server.pid()).get("mode").getAsString());
            }
            assertEquals(before, elder.descriptors());
            assertEquals("TracerPid:\t0", tracer(elder.server));
            assertEquals(List.of(), Sandbox.namesIn(box.lockdir().resolve(".lsp")));
            elder.hovers();
        }
        assertEquals(Set.of(0, 1, 93), exits);
        // nor is one of our own started then, and whoever asks for it is told
        fill(filler, 300);
        box.run("lsp", "serve", "--", "clangd").exits(1).complains("No space left on device");
        Editor editor = Editor.connected(box, "--root", box.work().toString(), "--", "clangd");
        assertEquals(1, editor.exit());
        assertTrue(Files.readString(box.root().resolve("editors.err")).contains("No space left on device"));
        Files.delete(filler);
        // where a directory cannot be made
        Path inTheWay = Files.createFile(box.lockdir().resolve(".lsp/lsp-" + elder.name()));
        box.run("lsp", "attach", "" + elder.server.pid()).exits(93).complains(elder.name());
        assertEquals(before, elder.descriptors());
        Files.delete(inTheWay);

        // and what is attached to goes on without any room, also with messages that are larger than what was reserved
        attach(box, elder);
        Editor late = Editor.connected(box, "--name", elder.name());
        assertTrue(late.initialize(box.work()).has("result"));
        fill(filler, 0);
        Path large = box.work().resolve("large.cpp");
        Files.writeString(large, "// " + "x".repeat(300_000) + "\n" + CPP);
        late.open(large, "cpp");
        assertTrue(late.hover(1, large, 2, 5).contains("answer"));
        elder.hovers();
        // a hub that is killed then is succeeded when there is room again
        box.serverProcess("@lsp").killAndAwait();
        Files.delete(filler);
        assertEquals("attached", listed(box, elder.server.pid()).get("mode").getAsString());
        elder.hovers();
        giveBack(box, elder, before);
    }

    @Test
    void aHubThatIsKilledWhileItAttachesIsSucceeded(Sandbox box) throws Exception {
        Elder elder = elder(box);
        Set<String> before = elder.descriptors();
        listed(box, elder.server.pid());
        Stamped editor = Stamped.of(elder.process.pid());
        editor.suspend(); // so that it does not answer what it is asked in between
        var attaching = box.command("lsp", "attach", "" + elder.server.pid(), "--timeout", "60s")
                .start();
        Path fifo = box.lockdir().resolve(".lsp/lsp-" + elder.name() + "/in");
        Until.holds(
                Duration.ofSeconds(50),
                () -> Files.readSymbolicLink(Path.of("/proc/" + elder.server.pid() + "/fd/0"))
                                .equals(fifo)
                        && tracer(elder.server).equals("TracerPid:\t0"),
                "the server reads the hub's FIFO");
        box.serverProcess("@lsp").killAndAwait();
        assertNotEquals(0, attaching.await().exit());
        editor.signal("CONT");
        assertEquals("attached", listed(box, elder.server.pid()).get("mode").getAsString());
        elder.hovers();
        late(box, elder);
        giveBack(box, elder, before);
    }

    /** An editor that has agreed with its clangd on UTF-8, and text in which that makes a difference. */
    @Test
    void whoCountsOtherwiseGetsNoWrongColumns(Sandbox box) throws Exception {
        String line = "/* é😀 */ int answer() { return 42; }";
        Files.writeString(box.work().resolve("a.cpp"), "struct List {};\n" + line + "\n");
        Elder elder =
                new Elder(box, Map.of("ELDER_CAPABILITIES", "{\"offsetEncoding\":[\"utf-8\",\"utf-16\"]}"), "clangd");
        attach(box, elder);
        assertEquals(
                "utf-8",
                listed(box, elder.server.pid()).get("position_encoding").getAsString());
        Editor other = Editor.connected(box, "--name", elder.name());
        JsonObject refused = other.initialize(box.work(), "{\"general\":{\"positionEncodings\":[\"utf-16\"]}}");
        assertTrue(refused.getAsJsonObject("error").get("message").getAsString().contains("utf-8"), refused.toString());
        other.kill();

        // the hub that comes after one which was killed knows it, too
        box.serverProcess("@lsp").killAndAwait();
        Editor late = Editor.connected(box, "--name", elder.name());
        JsonObject answer = late.initialize(box.work(), "{\"general\":{\"positionEncodings\":[\"utf-8\",\"utf-16\"]}}");
        assertEquals(
                "utf-8",
                answer.getAsJsonObject("result")
                        .getAsJsonObject("capabilities")
                        .get("positionEncoding")
                        .getAsString());
        late.open(box.work().resolve("a.cpp"), "cpp");
        int column = line.substring(0, line.indexOf("answer")).getBytes(StandardCharsets.UTF_8).length;
        JsonObject hover =
                late.ask(1, "textDocument/hover", Editor.at(box.work().resolve("a.cpp"), 1, column));
        assertEquals(
                column,
                hover.getAsJsonObject("result")
                        .getAsJsonObject("range")
                        .getAsJsonObject("start")
                        .get("character")
                        .getAsInt(),
                hover.toString());
        box.run("lsp", "detach", elder.name()).ok();
    }

    @Test
    void gdbAttachesAndGivesBack(Sandbox box) throws Exception {
        Elder elder = elder(box);
        Set<String> before = elder.descriptors();
        box.run("lsp", "attach", "" + elder.server.pid(), "--via", "gdb", "--timeout", "30s")
                .ok();
        elder.hovers();
        late(box, elder);
        giveBack(box, elder, before);
    }

    @Test
    void whoIsMeantMustBeClear(Sandbox box) throws Exception {
        Elder one = elder(box);
        Elder two = elder(box);
        String root = box.work().toString();
        JsonArray candidates = JsonParser.parseString(box.run("lsp", "attach", "--server", "clangd", "--root", root)
                        .exits(3)
                        .out())
                .getAsJsonArray();
        assertEquals(
                List.of(one.server.pid(), two.server.pid()),
                candidates.asList().stream()
                        .map(each -> each.getAsJsonObject().get("pid").getAsLong())
                        .toList());
        box.run("lsp", "attach", "--server", "clangd", "--root", root, "--strategy", "newest")
                .ok();
        assertEquals("attached", listed(box, two.server.pid()).get("mode").getAsString());
        assertEquals("foreign", listed(box, one.server.pid()).get("mode").getAsString());
        box.run("lsp", "detach", two.name()).ok();
        two.hovers();
    }

    @Test
    void whatCannotBeAttachedToIsToldByTheExitCode(Sandbox box) throws Exception {
        Elder elder = elder(box);
        box.run("lsp", "attach", "" + ProcessHandle.current().pid()).exits(83).complains("no language server");
        box.run("lsp", "attach", "4194303").exits(81).complains("no process");
        box.run("lsp", "attach", "--server", "gopls-of-nobody").exits(81);
        elder.server.suspend();
        box.run("lsp", "attach", "" + elder.server.pid()).exits(88).complains("kill -CONT");
        elder.server.signal("CONT");
        elder.hovers();
        Path elsewhere = Files.createDirectory(box.root().resolve("elsewhere"));
        box.command("lsp", "attach", "" + elder.server.pid())
                .cwd(elsewhere)
                .run()
                .exits(1)
                .complains("say --root");
        box.run("lsp", "attach", "1", "--or-serve").exits(64);
        box.run("lsp", "attach").exits(64).complains("--server");
        box.run("lsp", "attach", "x").exits(64);
        box.run("lsp", "attach", "1", "--strategy", "best").exits(64);
        box.run("lsp", "detach").exits(64);
        box.run("lsp", "detach", "nobody").exits(1).complains("is served here");
        // one of its own instead
        String said = box.run("lsp", "attach", "4194303", "--or-serve", "--", "clangd")
                .ok()
                .complains("one is started instead")
                .out();
        assertTrue(said.contains("Serving lsp-clangd-"), said);
        elder.hovers();
    }
}
