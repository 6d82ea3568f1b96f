package dev.sharedserver.dev;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.dev.event.HubEvent;
import dev.sharedserver.dev.event.Subscription;
import dev.sharedserver.dev.process.Ledgers;
import dev.sharedserver.dev.process.Posix;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A plugin with the Vite of npm, which is installed, and the Go of this machine. */
@Timeout(400)
final class ViteAndGoIT {

    private static final Duration LONG = Duration.ofMinutes(3);

    private static final String GOOD = """
        package main

        import "fmt"

        func main() { fmt.Println("%s") }
        """;

    private final Path root;
    private final Path plugin;
    private final DevServerManager manager;
    private final List<String> answers = new CopyOnWriteArrayList<>();

    ViteAndGoIT(@TempDir Path directory) throws Exception {
        root = directory.toRealPath();
        plugin = Files.createDirectories(root.resolve("k8s"));
        Path ui = Files.createDirectories(plugin.resolve("ui"));
        for (String file : List.of("package.json", "package-lock.json")) {
            Files.copy(Path.of("test/vite").resolve(file), ui.resolve(file));
        }
        Files.writeString(ui.resolve("index.html"), "<!doctype html><p>a plugin's page</p>");
        Files.createDirectories(plugin.resolve("pkg"));
        Files.writeString(plugin.resolve("go.mod"), "module example.com/k8s\n\ngo 1.19\n");
        write("first");
        manager = new DevServerManager(
                DevServerManager.Setup.of(root.resolve("state"), System.getenv("PATH")),
                Ledgers.PROC,
                id -> new PluginRef.DevPlugin(true, plugin.toString()),
                this::load,
                key -> "");
        manager.initialize();
    }

    @AfterEach
    void end() throws InterruptedException {
        manager.shutdown();
    }

    private void write(String word) throws IOException {
        Files.writeString(plugin.resolve("pkg/main.go"), GOOD.formatted(word));
    }

    /** What a host does: runs the program that was put into place. */
    private void load(String id) throws Exception {
        Process program = new ProcessBuilder(root.resolve("state/plugins")
                        .resolve(id)
                        .resolve("bin/plugin")
                        .toString())
                .start();
        answers.add(new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
    }

    private void until(Callable<Boolean> condition) {
        await().atMost(LONG)
                .conditionEvaluationListener(look -> {
                    if (look.getRemainingTimeInMS() < 1000) {
                        manager.getDevServerLogs("k8s", 100).forEach(System.err::println);
                    }
                })
                .until(condition);
    }

    private DevServerState state() {
        return manager.getDevServerState("k8s");
    }

    private static String get(String url) throws Exception {
        // Vite leaves requests to upgrade to HTTP/2 unanswered
        try (HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create(url)).timeout(LONG).build();
            return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
        }
    }

    private static @Nullable String lastErrors(Subscription events) throws Exception {
        String last = null;
        for (HubEvent event = events.next(0); event != null; event = events.next(0)) {
            last = event.name().equals(DevServerManager.EVENT_ERROR) ? event.data() : last;
        }
        return last;
    }

    @Test
    void aPluginIsInstalledServedBuiltBrokenMendedKilledAndStopped() throws Exception {
        Subscription events = manager.events().subscribe();
        manager.startDevServer("k8s");
        until(() -> state().viteStatus() == DevProcessStatus.READY && state().goStatus() == DevProcessStatus.READY);
        assertEquals(List.of("first"), answers);
        assertTrue(get(state().viteURL()).contains("a plugin's page"));
        assertTrue(get(state().viteURL() + "/@vite/client").contains("import.meta"), "it is Vite who serves");

        write("second");
        until(() -> answers.getLast().equals("second"));

        lastErrors(events);
        Files.writeString(plugin.resolve("pkg/broken.go"), "package main\n\nvar x int = \"text\"\n");
        until(() -> state().goStatus() == DevProcessStatus.ERROR);
        String errors = String.valueOf(lastErrors(events));
        assertTrue(
                errors.contains("{\"file\":\"pkg/broken.go\",\"line\":3,\"column\":13,\"message\":\"cannot use"),
                errors);

        Files.delete(plugin.resolve("pkg/broken.go"));
        until(() -> state().goStatus() == DevProcessStatus.READY);
        assertEquals("[\"k8s\",[]]", lastErrors(events));

        // a package of a directory that is made while it runs
        Path words = Files.createDirectories(plugin.resolve("pkg/words"));
        Files.writeString(words.resolve("words.go"), "package words\n\nconst Word = \"third\"\n");
        Files.writeString(
                plugin.resolve("pkg/main.go"),
                "package main\n\nimport \"example.com/k8s/pkg/words\"\n\nfunc main() { println2(words.Word) }\n");
        Files.writeString(
                plugin.resolve("pkg/print.go"),
                "package main\n\nimport \"fmt\"\n\nfunc println2(s string) { fmt.Println(s) }\n");
        until(() -> answers.getLast().equals("third"));
        Files.writeString(words.resolve("words.go"), "package words\n\nconst Word = \"fourth\"\n");
        until(() -> answers.getLast().equals("fourth"));

        assertEquals(0, Posix.kill(-manager.vitePGID("k8s"), Posix.SIGKILL));
        until(() -> state().viteStatus() == DevProcessStatus.ERROR);
        int port = state().vitePort();
        manager.restartDevServer("k8s");
        until(() -> state().viteStatus() == DevProcessStatus.READY && state().goStatus() == DevProcessStatus.READY);
        assertEquals(port, state().vitePort());

        long group = manager.vitePGID("k8s");
        manager.stopDevServer("k8s");
        assertFalse(Ledgers.alive(group));
        assertTrue(
                manager.getDevServerLogs("k8s", 0).stream()
                        .noneMatch(entry -> entry.level() == LogEntry.Level.ERROR
                                && entry.message().contains("SIGTERM")),
                "what npm says of our TERM is no error");
    }
}
