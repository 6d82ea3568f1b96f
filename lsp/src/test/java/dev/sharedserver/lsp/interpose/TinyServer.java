package dev.sharedserver.lsp.interpose;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The server of {@code src/test/c}: static and stripped, and it ends when a system call tells it of us. */
final class TinyServer {

    private static final Path SOURCE = Path.of(System.getProperty("lsp.c"), "tiny-language-server.c");

    private final Path program;

    private TinyServer(Path program) {
        this.program = program;
    }

    static TinyServer compiled(Path directory) throws IOException, InterruptedException {
        Path program = directory.resolve("tiny-language-server");
        String compiler = System.getenv().getOrDefault("CC", "cc");
        Process process = new ProcessBuilder(
                        compiler,
                        "-std=c11",
                        "-O1",
                        "-Wall",
                        "-Wextra",
                        "-Werror",
                        "-static",
                        "-s",
                        "-pthread",
                        "-o",
                        program.toString(),
                        SOURCE.toString())
                .inheritIO()
                .start();
        if (process.waitFor() != 0) {
            throw new IOException("the compiler failed");
        }
        return new TinyServer(program);
    }

    List<String> command(String... words) {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(words));
        return command;
    }
}
