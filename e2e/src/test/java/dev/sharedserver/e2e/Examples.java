package dev.sharedserver.e2e;

import dev.sharedserver.client.Lease;
import dev.sharedserver.client.ServerEvent;
import dev.sharedserver.client.ServerSpec;
import dev.sharedserver.client.SharedServers;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.stream.Stream;

/** What the Java API's documentation shows, as {@link JavaClientIT} runs it. */
final class Examples {

    private Examples() {}

    static int use(SharedServers servers) throws IOException, InterruptedException {
        // @start region="use"
        // SharedServers servers = SharedServers.connect();
        ServerSpec web = ServerSpec.named("docs")
                .shell("exec python3 -m http.server $PORT --bind 127.0.0.1")
                .autoPort()
                .readyHttp("http://127.0.0.1:" + ServerSpec.PORT + "/");
        try (Lease docs = servers.use(web);
                HttpClient http = HttpClient.newHttpClient()) {
            URI page = docs.endpoint().orElseThrow();
            return http.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        }
        // @end
    }

    static ServerSpec spec() {
        // @start region="spec"
        return ServerSpec.named("cache")
                .shell("exec redis-server --port $PORT --save ''")
                .autoPort()
                .readyTcp()
                .gracePeriod(Duration.ofMinutes(30));
        // @end
    }

    static ServerEvent firstStart(SharedServers servers) throws IOException {
        // @start region="events"
        try (Stream<ServerEvent> events = servers.events()) {
            return events.filter(event -> event.event().equals("started"))
                    .findFirst()
                    .orElseThrow();
        }
        // @end
    }
}
