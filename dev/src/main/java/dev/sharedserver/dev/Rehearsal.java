package dev.sharedserver.dev;

import dev.sharedserver.core.OsText;
import dev.sharedserver.dev.http.HttpApi;
import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/** Does what a start needs, for the AOT cache: opens the state, listens, answers. */
final class Rehearsal {

    private static final String TOKEN = "rehearsal";

    private Rehearsal() {}

    static void run() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("sharedserver-dev");
        try {
            DevServerManager manager = new DevServerManager(
                    DevServerManager.Setup.of(directory, directory.resolve("plugins"), Map.copyOf(System.getenv())),
                    new Proc(OsText::decode),
                    id -> {
                        throw DevServerException.notFound(id);
                    },
                    id -> {},
                    key -> "");
            manager.initialize();
            try (HttpApi api = new HttpApi(manager, 0, TOKEN, HttpApi.STUCK);
                    HttpClient client = HttpClient.newHttpClient()) {
                HttpRequest request = HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + api.port() + "/api/dev/servers"))
                        .header("Authorization", "Bearer " + TOKEN)
                        .build();
                client.send(request, HttpResponse.BodyHandlers.ofString());
            }
            manager.shutdown();
        } finally {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
