package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two editors share each of the servers of npm, which would end with the process that initialized them. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
final class LspNodeServersIT {

    private static final Path SERVERS = Path.of("lsp/node_modules/.bin").toAbsolutePath();

    /** A server, a file for it, and what it is to say of that. */
    enum Server {
        TYPESCRIPT(
                "typescript-language-server",
                "--stdio",
                "typescript",
                "a.ts",
                "const answer: number = 42;\nanswer.nothingLikeIt;\n",
                0,
                7,
                "const answer: number",
                "nothingLikeIt"),
        PYRIGHT(
                "pyright-langserver",
                "--stdio",
                "python",
                "a.py",
                "answer: int = 42\nanswer.nothing_like_it\n",
                0,
                2,
                "(variable) answer",
                "nothing_like_it"),
        BASH(
                "bash-language-server",
                "start",
                "shellscript",
                "a.sh",
                "#!/bin/sh\n# gives it\nanswer() {\n\techo $1\n}\nanswer 42\n",
                5,
                2,
                "answer",
                "Double quote");

        private final String command;
        private final String argument;
        private final String language;
        private final String file;
        private final String text;
        private final int line;
        private final int character;
        private final String hover;
        private final String diagnostic;

        Server(
                String command,
                String argument,
                String language,
                String file,
                String text,
                int line,
                int character,
                String hover,
                String diagnostic) {
            this.command = command;
            this.argument = argument;
            this.language = language;
            this.file = file;
            this.text = text;
            this.line = line;
            this.character = character;
            this.hover = hover;
            this.diagnostic = diagnostic;
        }

        Editor editor(Sandbox box) {
            Editor editor = Editor.connected(box, "--", SERVERS.resolve(command).toString(), argument);
            // no capability that makes the server ask: these editors by hand answer nothing
            assertTrue(editor.initialize(box.work(), "{\"textDocument\":{\"publishDiagnostics\":{}}}")
                    .has("result"));
            return editor;
        }

        void answers(Editor editor, Path path, int id) {
            String said = editor.hover(id, path, line, character);
            assertTrue(said.contains(hover), said);
        }
    }

    private static JsonObject only(Sandbox box) {
        List<JsonObject> ours =
                JsonParser.parseString(box.run("lsp", "list", "--json").ok().out()).getAsJsonArray().asList().stream()
                        .map(one -> one.getAsJsonObject())
                        .filter(one -> one.get("mode").getAsString().equals("ours"))
                        .toList();
        assertEquals(1, ours.size(), ours.toString());
        return ours.get(0);
    }

    @ParameterizedTest
    @EnumSource
    void twoEditorsShareIt(Server server, Sandbox box) throws IOException, InterruptedException {
        Path path = Files.writeString(box.work().resolve(server.file), server.text);
        List<Editor> editors = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Editor editor = server.editor(box);
            editors.add(editor);
            editor.open(path, server.language);
            String said = editor.await(
                    body -> Editor.says("textDocument/publishDiagnostics").test(body)
                            && body.contains(server.diagnostic),
                    "diagnostics for editor " + i);
            assertEquals(
                    Editor.uri(path),
                    Editor.json(said).getAsJsonObject("params").get("uri").getAsString());
            server.answers(editor, path, 1);
        }
        JsonObject before = only(box);
        assertEquals(2, before.getAsJsonArray("clients").size());
        Stamped process = box.serverProcess(before.get("name").getAsString());

        // who initialized it goes: by a word, and the process of the next one at once
        editors.get(0).ask(2, "shutdown", "null");
        editors.get(0).notify("exit", "null");
        assertEquals(0, editors.get(0).exit());
        server.answers(editors.get(1), path, 3);
        editors.get(1).kill();
        Until.holds(() -> only(box).getAsJsonArray("clients").isEmpty(), "no editor is left");

        Editor late = server.editor(box);
        late.open(path, server.language);
        server.answers(late, path, 1);
        assertEquals(process, box.serverProcess(only(box).get("name").getAsString()), "the same process");
    }
}
