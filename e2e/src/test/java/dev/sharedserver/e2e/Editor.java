package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** An editor's side of the language server protocol, by hand: what it sends and gets are the very bytes. */
final class Editor {

    private static final long PATIENCE = 40;
    private static final String END = "";

    private final Process process;
    private final BlockingQueue<String> got = new LinkedBlockingQueue<>();
    private final List<String> put = new ArrayList<>();

    private Editor(Process process, boolean reading) {
        this.process = process;
        if (reading) {
            Thread.ofVirtual().start(this::read);
        }
    }

    /** Runs {@code lsp connect ARGS} in a sandbox; it is killed with the test. */
    static Editor connected(Sandbox box, String... args) {
        return connected(box, true, args);
    }

    /** One that never reads what the server says. */
    static Editor deaf(Sandbox box, String... args) {
        return connected(box, false, args);
    }

    private static Editor connected(Sandbox box, boolean reading, String... args) {
        List<String> argv = new ArrayList<>(List.of(Product.bin().toString(), "lsp", "connect"));
        argv.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(argv)
                .directory(box.work().toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        box.root().resolve("editors.err").toFile()));
        builder.environment().clear();
        builder.environment().putAll(box.env());
        try {
            Process process = builder.start();
            box.atEnd(process::destroyForcibly);
            return new Editor(process, reading);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long pid() {
        return process.pid();
    }

    void kill() {
        process.destroyForcibly();
    }

    /** Returns the exit code of the bridge, which has to end. */
    int exit() throws InterruptedException {
        if (!process.waitFor(PATIENCE, TimeUnit.SECONDS)) {
            throw new AssertionError("lsp connect did not end");
        }
        return process.exitValue();
    }

    // ---- messages ----

    void send(String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        try {
            process.getOutputStream()
                    .write(("Content-Length: " + bytes.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            process.getOutputStream().write(bytes);
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Begins a message of that length; the rest of it never comes. */
    void announce(int length) {
        try {
            process.getOutputStream()
                    .write(("Content-Length: " + length + "\r\n\r\n{").getBytes(StandardCharsets.US_ASCII));
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void notify(String method, String params) {
        send("{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + "}");
    }

    void request(int id, String method, String params) {
        send("{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + "}");
    }

    /** Asks and returns the answer. */
    JsonObject ask(int id, String method, String params) {
        request(id, method, params);
        return json(await(answers(id), "an answer to " + method));
    }

    static Predicate<String> answers(int id) {
        return body -> {
            JsonObject json = json(body);
            return !json.has("method")
                    && json.has("id")
                    && json.get("id").toString().equals("" + id);
        };
    }

    static Predicate<String> says(String method) {
        return body -> {
            JsonObject json = json(body);
            return json.has("method") && json.get("method").getAsString().equals(method);
        };
    }

    /** Waits for a body; what comes meanwhile is kept for later. */
    String await(Predicate<String> wanted, String what) {
        for (String body : put) {
            if (wanted.test(body)) {
                put.remove(body);
                return body;
            }
        }
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
        try {
            while (true) {
                String body = got.poll(Math.max(1, until - System.nanoTime()), TimeUnit.NANOSECONDS);
                assertNotNull(body, () -> what + " did not come; there was " + put);
                if (body.equals(END)) {
                    throw new AssertionError("the session ended before " + what + "; there was " + put);
                }
                if (wanted.test(body)) {
                    return body;
                }
                put.add(body);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Tells whether something came already. */
    boolean has(Predicate<String> wanted) {
        got.drainTo(put);
        return put.stream().filter(body -> !body.equals(END)).anyMatch(wanted);
    }

    /** Initializes; returns the answer. */
    JsonObject initialize(Path root) {
        return initialize(root, "{\"workspace\":{\"configuration\":true},\"window\":{\"workDoneProgress\":true}}");
    }

    JsonObject initialize(Path root, String capabilities) {
        JsonObject answer = ask(
                0,
                "initialize",
                "{\"processId\":" + pid() + ",\"rootUri\":\"" + uri(root) + "\",\"capabilities\":" + capabilities
                        + "}");
        notify("initialized", "{}");
        return answer;
    }

    void open(Path file, String language) {
        try {
            JsonObject item = new JsonObject();
            item.addProperty("uri", uri(file));
            item.addProperty("languageId", language);
            item.addProperty("version", 1);
            item.addProperty("text", Files.readString(file));
            notify("textDocument/didOpen", "{\"textDocument\":" + item + "}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns what the server shows at a place of a file. */
    String hover(int id, Path file, int line, int character) {
        return ask(id, "textDocument/hover", at(file, line, character)).toString();
    }

    static String at(Path file, int line, int character) {
        return "{\"textDocument\":{\"uri\":\"" + uri(file) + "\"},\"position\":{\"line\":" + line + ",\"character\":"
                + character + "}}";
    }

    static String uri(Path file) {
        return "file://" + file;
    }

    static JsonObject json(String body) {
        return JsonParser.parseString(body).getAsJsonObject();
    }

    private void read() {
        try (InputStream in = new BufferedInputStream(process.getInputStream(), 1 << 16)) {
            while (true) {
                int length = -1;
                for (String line = line(in); line == null || !line.isEmpty(); line = line(in)) {
                    if (line == null) {
                        got.add(END);
                        return;
                    }
                    if (line.startsWith("Content-Length: ")) {
                        length = Integer.parseInt(line.substring(16));
                    }
                }
                got.add(new String(in.readNBytes(length), StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            got.add(END);
        }
    }

    private static @Nullable String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                return null;
            }
            line.append((char) b);
        }
        return line.toString().strip();
    }
}
