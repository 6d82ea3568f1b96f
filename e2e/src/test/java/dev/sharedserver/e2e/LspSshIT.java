package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code lsp … --host H} through a real sshd on loopback; the other side has a state directory of its own. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
final class LspSshIT {

    private static final String CPP = """
        struct List { int size; };
        int answer() { return 42; }
        int main() { List list{answer()}; return list.nothing_like_it; }
        """;

    /** The servers that a hub has started; there may be others on this machine, which are nobody's affair here. */
    private static List<JsonObject> ours(Sandbox box, String... more) {
        List<String> args = new ArrayList<>(List.of("lsp", "list", "--json"));
        args.addAll(List.of(more));
        return JsonParser.parseString(box.run(args.toArray(String[]::new)).ok().out())
                .getAsJsonArray()
                .asList()
                .stream()
                .map(one -> one.getAsJsonObject())
                .filter(one -> one.get("mode").getAsString().equals("ours"))
                .toList();
    }

    /** Both sides: what is called here, and what has run over there. */
    private record World(Sandbox here, Sandbox there, Path config) {

        static World open(Sandboxes sandboxes) throws IOException {
            Sandbox here = sandboxes.open(Medium.TMPFS);
            Sandbox there = sandboxes.open(Medium.TMPFS);
            Path config = here.root().resolve("ssh_config");
            Path bin = Files.createDirectory(here.root().resolve("bin"));
            // ssh looks for a user's configuration in the home of the password file, whatever HOME says
            Files.writeString(bin.resolve("ssh"), "#!/bin/sh\nPATH=${PATH#*:}\nexec ssh -F '" + config + "' \"$@\"\n");
            Files.setPosixFilePermissions(bin.resolve("ssh"), PosixFilePermissions.fromString("rwxr-xr-x"));
            here.env().put("PATH", bin + ":" + here.env().get("PATH"));
            World world = new World(here, there, Files.createFile(config));
            world.serve("box", Product.bin().getParent() + ":" + there.env().get("PATH"));
            return world;
        }

        /** Starts a daemon, whose sessions have this PATH. */
        void serve(String alias, String path) throws IOException {
            Sshd daemon = Sshd.start(
                    here,
                    alias,
                    "SetEnv PATH=" + path + " HOME=" + there.home() + " SHAREDSERVER_LOCKDIR=" + there.lockdir());
            Files.writeString(config, Files.readString(config) + daemon.configured(alias));
        }

        List<JsonObject> list() {
            return ours(here, "--host", "box");
        }

        JsonObject only() {
            List<JsonObject> all = list();
            assertEquals(1, all.size(), all.toString());
            return all.get(0);
        }

        JsonArray clients() {
            return only().getAsJsonArray("clients");
        }
    }

    @Test
    void aServerSurvivesTheConnection(Sandboxes sandboxes) throws Exception {
        World world = World.open(sandboxes);
        Sandbox here = world.here();
        Path work = here.work();
        Path file = Files.writeString(work.resolve("a.cpp"), CPP);
        here.run("lsp", "serve", "--host", "box", "--", "clangd").ok().says("for " + work + "\n");
        JsonObject served = world.only();
        String name = served.get("name").getAsString();
        Stamped server = world.there().serverProcess(name);
        assertEquals(work.toString(), served.get("root").getAsString());
        assertEquals(List.of(), ours(here), "nothing of it on this side");

        Editor one = Editor.connected(here, "--host", "box", "--", "clangd");
        assertTrue(one.initialize(work).has("result"));
        one.open(file, "cpp");
        assertTrue(one.hover(1, file, 1, 5).contains("answer"));
        one.await(body -> body.contains("nothing_like_it"), "diagnostics");
        assertEquals("ssh", ProcessFacts.comm(one.pid()), "no process of ours stands between");
        here.run("lsp", "status", "--host=box").ok().says("document  " + Editor.uri(file));

        // the connection is dropped on this side, then on the other one
        one.kill();
        Until.holds(() -> world.clients().isEmpty(), "the hub over there has noticed");
        Editor two = Editor.connected(here, "--host", "box", "--", "clangd");
        two.initialize(work);
        two.open(file, "cpp");
        assertTrue(two.hover(1, file, 1, 5).contains("answer"));
        long bridge = world.clients().get(0).getAsJsonObject().get("pid").getAsLong();
        Stamped.of(ProcessFacts.requireStat(bridge).parent()).kill();
        assertEquals(255, two.exit(), "what ssh says of a connection that is lost");
        Until.holds(() -> world.clients().isEmpty(), "the hub over there has noticed");

        // by the name that list shows
        Editor three = Editor.connected(here, "--host", "box", "--name", name);
        three.initialize(work);
        three.open(file, "cpp");
        assertTrue(three.hover(1, file, 1, 5).contains("answer"));
        three.ask(2, "shutdown", "null");
        three.notify("exit", "null");
        assertEquals(0, three.exit());
        assertEquals(server, world.there().serverProcess(name), "the same process, warm");
    }

    @Test
    void argumentsArriveAsTheyAreAndExitCodesComeBack(Sandboxes sandboxes) throws Exception {
        World world = World.open(sandboxes);
        Sandbox here = world.here();
        List<String> command =
                List.of("sh", "-c", "exec clangd", "it's", "$HOME", "`id`", "\\", "a b", "", "!x", "*", "a\nb", "é");
        List<String> args = new ArrayList<>(List.of("lsp", "serve", "--name", "odd", "--host", "box", "--"));
        args.addAll(command);
        here.run(args.toArray(String[]::new)).ok();
        assertEquals(
                command,
                world.only().getAsJsonArray("command").asList().stream()
                        .map(word -> word.getAsString())
                        .toList());

        here.run("lsp", "serve", "--host", "box", "--root", "nowhere", "--", "clangd")
                .exits(1)
                .complains("is no directory");
        here.run("lsp", "serve", "--host", "box", "--", "no-such-language-server")
                .exits(127)
                .complains("command not found");
        Files.writeString(
                world.config(), Files.readString(world.config()) + "Host away\n  HostName 127.0.0.1\n  Port 1\n");
        here.run("lsp", "list", "--host", "away").exits(255).complains("refused");
        // what reads nothing leaves the caller's input to who comes next
        here.sh("\"$SS\" lsp list --host box >/dev/null && cat")
                .stdin("for the next one")
                .run()
                .ok()
                .says("for the next one");
    }

    @Test
    void hostsThatSshWouldMisreadAreRefused(Sandboxes sandboxes) throws Exception {
        Sandbox here = sandboxes.open(Medium.TMPFS);
        Path mark = here.root().resolve("mark");
        for (String host : List.of(
                "-oProxyCommand=touch " + mark,
                "-oProxyCommand=touch${IFS}" + mark,
                "x;touch " + mark,
                "a@-oProxyCommand=x",
                "-V")) {
            for (String verb : List.of("serve", "connect")) {
                here.run("lsp", verb, "--host=" + host, "--", "clangd")
                        .exits(64)
                        .complains("invalid --host");
                here.run("lsp", verb, "--host", host, "--", "clangd").exits(64).complains("invalid --host");
            }
        }
        assertFalse(Files.exists(mark));
    }

    @Test
    void whereThereIsNoSharedserverTheMessageInstallsIt(Sandboxes sandboxes) throws Exception {
        World world = World.open(sandboxes);
        Sandbox here = world.here();
        world.serve("bare", "/usr/sbin:/usr/bin:/sbin:/bin");
        Result missing = here.run("lsp", "list", "--host", "bare").exits(127).complains("bare has no sharedserver");
        String remedy = missing.err()
                .lines()
                .filter(line -> line.startsWith("  tar "))
                .findFirst()
                .orElseThrow();
        here.sh(remedy).run().ok();
        assertEquals(List.of(), ours(here, "--host", "bare"));
    }

    @Test
    void directoriesThatAreCalledDifferentlyAreTranslated(Sandboxes sandboxes) throws Exception {
        World world = World.open(sandboxes);
        Path local = Files.createDirectories(world.here().work().resolve("my project"));
        Path remote = world.there().work();
        Path file = Files.writeString(local.resolve("a.cpp"), CPP);
        Path other = Files.writeString(remote.resolve("a.cpp"), CPP);
        String localUri = "file://" + local.toString().replace(" ", "%20");
        Editor editor = Editor.connected(world.here(), "--host", "box", "--map", local + "=" + remote, "--", "clangd");
        editor.ask(0, "initialize", "{\"processId\":null,\"rootUri\":\"" + localUri + "\",\"capabilities\":{}}");
        editor.notify("initialized", "{}");
        JsonObject item = new JsonObject();
        item.addProperty("uri", localUri + "/a.cpp");
        item.addProperty("languageId", "cpp");
        item.addProperty("version", 1);
        item.addProperty("text", Files.readString(file));
        editor.notify("textDocument/didOpen", "{\"textDocument\":" + item + "}");
        String diagnostics = editor.await(body -> body.contains("nothing_like_it"), "diagnostics");
        assertEquals(
                localUri + "/a.cpp",
                Editor.json(diagnostics).getAsJsonObject("params").get("uri").getAsString());
        String found = editor.ask(
                        1,
                        "textDocument/definition",
                        "{\"textDocument\":{\"uri\":\"" + localUri
                                + "/a.cpp\"},\"position\":{\"line\":2,\"character\":23}}")
                .toString();
        assertTrue(found.contains("\"" + localUri + "/a.cpp\"") && found.contains("\"line\":1"), found);

        JsonObject server = world.only();
        assertEquals(remote.toString(), server.get("root").getAsString());
        assertEquals(
                "[\"" + Editor.uri(other) + "\"]",
                server.getAsJsonArray("documents").toString());

        // on one machine, too: an editor that sees the directory elsewhere
        Editor near = Editor.connected(world.there(), "--", "clangd");
        near.initialize(remote);
        near.open(other, "cpp");
        assertTrue(near.hover(1, other, 1, 5).contains("answer"));
        assertEquals(2, world.clients().size(), "both share the server");
    }
}
