package dev.sharedserver.lsp.interpose;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The language servers that people use, as installed by {@code run-tests}, and a program for each to talk about. */
enum RealServer {
    CLANGD(
            "clangd",
            List.of("clangd", "--background-index=false"),
            "cpp",
            "main.cpp",
            "int answer(int x) { return x; }\nint main() { return answer(1); }\n",
            1,
            21,
            "// "),
    PYLSP(
            "pylsp",
            List.of("pylsp"),
            "python",
            "main.py",
            "def answer(x):\n    \"\"\"Says it.\"\"\"\n    return x\n\n\nanswer(1)\n",
            5,
            2,
            "# "),
    TYPESCRIPT(
            "typescript-language-server",
            List.of("typescript-language-server", "--stdio"),
            "typescript",
            "main.ts",
            "function answer(x: number) { return x; }\nanswer(1);\n",
            1,
            2,
            "// "),
    PYRIGHT(
            "pyright-langserver",
            List.of("pyright-langserver", "--stdio"),
            "python",
            "main.py",
            "def answer(x: int) -> int:\n    return x\n\n\nanswer(1)\n",
            4,
            2,
            "# "),
    BASH(
            "bash-language-server",
            List.of("bash-language-server", "start"),
            "shellscript",
            "main.sh",
            "# says it\nanswer() { echo \"$1\"; }\nanswer 1\n",
            2,
            2,
            "# ");

    private static final Path NODE = Path.of(System.getProperty("lsp.servers"), "node_modules");

    private final String type;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<String> command;

    private final String language;
    private final String file;
    private final String text;
    private final int line;
    private final int character;
    private final String comment;

    RealServer(
            String type,
            List<String> command,
            String language,
            String file,
            String text,
            int line,
            int character,
            String comment) {
        this.type = type;
        this.command = command;
        this.language = language;
        this.file = file;
        this.text = text;
        this.line = line;
        this.character = character;
        this.comment = comment;
    }

    /** Returns what it is known as. */
    String type() {
        return type;
    }

    boolean node() {
        return Files.exists(NODE.resolve(".bin").resolve(command.getFirst()));
    }

    List<String> command() {
        Path script = NODE.resolve(".bin").resolve(command.getFirst());
        return Files.exists(script)
                ? java.util.stream.Stream.concat(
                                java.util.stream.Stream.of(script.toString()),
                                command.stream().skip(1))
                        .toList()
                : command;
    }

    /** Opens the program, as the editor that started the server does. */
    void open(Client client, Path directory) throws IOException {
        open(client, directory, "null");
    }

    /** The same, of an editor that says which process it is. */
    void open(Client client, Path directory, String processId) throws IOException {
        Files.writeString(directory.resolve(file), text);
        initialize(client, directory, processId);
        client.tell("initialized", "{}");
        client.tell(
                "textDocument/didOpen",
                "{\"textDocument\":{\"uri\":\"%s\",\"languageId\":\"%s\",\"version\":1,\"text\":%s}}"
                        .formatted(uri(directory), language, new JsonPrimitive(text)));
        Waiting.until(
                Duration.ofSeconds(60), "the first hover of " + this, () -> says(hover(client, directory), "answer"));
    }

    /** Begins as an editor does; returns what the server says of itself. */
    JsonObject initialize(Client client, Path directory, String processId) {
        JsonElement answer = client.ask(
                "initialize",
                "{\"processId\":%s,\"rootUri\":\"%s\",\"capabilities\":{\"textDocument\":{\"hover\":{\"contentFormat\":[\"plaintext\"]}}},"
                                .formatted(processId, directory.toUri())
                        + "\"initializationOptions\":{\"tsserver\":{\"path\":\"%s\"}}}"
                                .formatted(NODE.resolve("typescript/lib/tsserver.js")));
        return Objects.requireNonNull(answer, "an answer to initialize").getAsJsonObject();
    }

    /** Asks what the name in the program is. */
    String hover(Client client, Path directory) {
        JsonElement answer = client.ask(
                "textDocument/hover",
                "{\"textDocument\":{\"uri\":\"%s\"},\"position\":{\"line\":%d,\"character\":%d}}"
                        .formatted(uri(directory), line, character));
        return String.valueOf(answer);
    }

    /** Tells whether a hover is of that name; bash-language-server and pylsp only tell the comment of the function. */
    boolean says(@Nullable String hover, String name) {
        return hover != null && (hover.contains(name) || hover.contains("ays it"));
    }

    /** Makes the program 300 kB long. */
    void change(Client client, Path directory, int version) {
        StringBuilder longer = new StringBuilder(text);
        while (longer.length() < 300_000) {
            longer.append(comment)
                    .append("a line that nobody needs but for its length, number ")
                    .append(longer.length())
                    .append('\n');
        }
        client.tell(
                "textDocument/didChange",
                "{\"textDocument\":{\"uri\":\"%s\",\"version\":%d},\"contentChanges\":[{\"text\":%s}]}"
                        .formatted(uri(directory), version, new JsonPrimitive(longer.toString())));
    }

    private String uri(Path directory) {
        return directory.resolve(file).toUri().toString();
    }
}
