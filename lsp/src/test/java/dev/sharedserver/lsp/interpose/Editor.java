package dev.sharedserver.lsp.interpose;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The process that starts a server and talks to it: {@code editor.py}, on whose own standard streams the test talks. */
final class Editor implements AutoCloseable {

    private final Process process;
    private final ProcessHandle server;
    private final Path errors;
    private final Client client;

    Editor(Path directory, String stdio, List<String> command) throws IOException {
        Path script = directory.resolve("editor.py");
        try (InputStream in = Objects.requireNonNull(Editor.class.getResourceAsStream("/editor.py"))) {
            Files.write(script, in.readAllBytes());
        }
        errors = directory.resolve("stderr");
        List<String> argv = new ArrayList<>(List.of("python3", script.toString(), stdio));
        argv.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(argv).directory(directory.toFile());
        builder.environment().put("SERVER_STDERR", errors.toString());
        process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        InputStream in = process.getInputStream();
        StringBuilder pid = new StringBuilder();
        for (int one; (one = in.read()) != '\n' && one >= 0; ) {
            pid.append((char) one);
        }
        server = ProcessHandle.of(Long.parseLong(pid.toString())).orElseThrow();
        client = new Client("old", process.getOutputStream()).reading(in);
    }

    long server() {
        return server.pid();
    }

    long pid() {
        return process.pid();
    }

    boolean serverLives() {
        return server.isAlive();
    }

    Client client() {
        return client;
    }

    /** Sends bytes that need be no message. */
    void send(String text) throws IOException {
        OutputStream out = process.getOutputStream();
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    String errors() throws IOException {
        return Files.readString(errors);
    }

    /** Dies as an editor does that crashes. */
    void die() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        server.descendants().forEach(ProcessHandle::destroyForcibly);
        server.destroyForcibly();
        process.destroyForcibly();
    }
}
