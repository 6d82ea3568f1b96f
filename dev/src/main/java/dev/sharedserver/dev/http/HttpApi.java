package dev.sharedserver.dev.http;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonWriter;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.dev.BuildError;
import dev.sharedserver.dev.DevInfoFile;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.DevServerState;
import dev.sharedserver.dev.LogEntry;
import dev.sharedserver.dev.event.EventBus;
import dev.sharedserver.dev.event.Subscription;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A manager over HTTP, on 127.0.0.1. The server is the JDK's: no library more, and with a virtual thread a request a stream costs a few kilobytes.
 * Answers are JSON, errors problems of RFC 9457.
 */
public final class HttpApi implements AutoCloseable {

    /** How long a client of a stream may take nothing before it is dropped. */
    public static final Duration STUCK = Duration.ofSeconds(10);

    private static final String SERVERS = "/api/dev/servers";
    private static final String SNAPSHOT = "/api/dev/snapshot";
    private static final String SHARED = "/api/shared/servers";
    private static final String EVENTS = "/api/dev/events";
    private static final String CONTINUITY = "Event-Continuity";
    private static final String JSON = "application/json";
    private static final String PROBLEM = "application/problem+json";
    private static final int LONGEST_BODY = 64 << 10;
    private static final int BACKLOG = 64;

    /** What writes an answer. */
    private record Answer(int status, String json) {}

    private final DevServerManager manager;
    private final @Nullable CoreServers shared;
    private final HttpServer server;
    private final Gate gate;
    private final Page page = new Page();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<EventStream> streams = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService sweeper = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("slow clients").factory());

    /**
     * Listens from now on.
     *
     * @param port 0 for any
     * @param token what clients have to know
     * @param stuck how long a client of a stream may take nothing
     */
    public HttpApi(DevServerManager manager, int port, String token, Duration stuck) throws IOException {
        this(manager, null, port, token, stuck);
    }

    /**
     * The same, and shows shared servers.
     *
     * @param shared null for none
     */
    public HttpApi(DevServerManager manager, @Nullable CoreServers shared, int port, String token, Duration stuck)
            throws IOException {
        this.manager = manager;
        this.shared = shared;
        server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), BACKLOG);
        gate = new Gate(port(), token);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
        long look = Math.max(1, stuck.toMillis() / 4);
        var unused = sweeper.scheduleWithFixedDelay(
                () -> streams.stream()
                        .filter(stream -> stream.isStuck(stuck.toNanos()))
                        .forEach(EventStream::interrupt),
                look,
                look,
                TimeUnit.MILLISECONDS);
    }

    /** Returns the port that it listens at. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** Returns how many streams are open. */
    public int streams() {
        return streams.size();
    }

    @Override
    public void close() {
        sweeper.shutdownNow();
        streams.forEach(EventStream::interrupt);
        server.stop(0);
        threads.shutdownNow();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            try {
                gate.checkPlace(exchange.getRequestHeaders());
                if (page.has(path)) {
                    require(exchange, "GET");
                    page.send(exchange, path);
                    return;
                }
                Map<String, String> query = query(exchange);
                gate.checkToken(exchange.getRequestHeaders(), query.get("token"));
                if (path.equals(EVENTS)) {
                    require(exchange, "GET");
                    stream(exchange, query);
                    return;
                }
                Answer answer = answer(exchange, path, query);
                send(exchange, answer.status, JSON, answer.json);
            } catch (DevServerException problem) {
                if (problem.status() == 401) {
                    exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer");
                }
                send(exchange, problem.status(), PROBLEM, line(json -> problem.writeTo(json, path)));
            } catch (InterruptedException e) {
                // the hub ends: so does the connection
                Thread.currentThread().interrupt();
            }
        }
    }

    private Answer answer(HttpExchange exchange, String path, Map<String, String> query)
            throws DevServerException, IOException, InterruptedException {
        if (path.equals(SERVERS)) {
            require(exchange, "GET");
            return ok(json -> {
                json.beginArray();
                for (DevServerState state : manager.listDevServerStates()) {
                    state.writeTo(json);
                }
                json.endArray();
            });
        }
        if (path.equals(SNAPSHOT)) {
            require(exchange, "GET");
            int lines = number(query.getOrDefault("lines", "0"));
            return ok(json -> writeSnapshot(json, lines));
        }
        if (path.equals(SHARED) || path.startsWith(SHARED + "/")) {
            return shared(exchange, path);
        }
        if (!path.startsWith(SERVERS + "/")) {
            throw noSuch(path);
        }
        String[] parts = path.substring(SERVERS.length() + 1).split("/", -1);
        String id = parts[0];
        if (parts.length > 2 || id.isEmpty()) {
            throw noSuch(path);
        }
        return switch (parts.length == 1 ? "" : parts[1]) {
            case "" -> {
                require(exchange, "GET");
                yield parts.length == 1 ? state(id) : fail(path);
            }
            case "logs" -> {
                require(exchange, "GET");
                List<LogEntry> entries = manager.getDevServerLogs(id, number(query.getOrDefault("count", "0")));
                yield ok(json -> {
                    json.beginArray();
                    for (LogEntry entry : entries) {
                        entry.writeTo(json);
                    }
                    json.endArray();
                });
            }
            case "external" -> {
                require(exchange, "GET");
                DevInfoFile info = manager.getExternalPluginInfo(id);
                yield info == null ? new Answer(200, "null") : ok(info::writeTo);
            }
            case "managed" -> {
                require(exchange, "GET");
                yield new Answer(200, Boolean.toString(manager.isManaged(id)));
            }
            case "start" -> {
                require(exchange, "POST");
                String devPath = devPath(exchange);
                DevServerState started =
                        devPath.isEmpty() ? manager.startDevServer(id) : manager.startDevServerForPath(id, devPath);
                yield ok(started::writeTo);
            }
            case "stop" -> {
                require(exchange, "POST");
                manager.stopDevServer(id);
                yield state(id);
            }
            case "restart" -> {
                require(exchange, "POST");
                yield ok(manager.restartDevServer(id)::writeTo);
            }
            case "rebuild" -> {
                require(exchange, "POST");
                manager.rebuildPlugin(id);
                yield state(id);
            }
            default -> throw noSuch(path);
        };
    }

    /**
     * Writes all there is at one moment, for a page that follows the events from there. What is older than {@code event} is in
     * the states and errors already; each plugin's lines have an event of their own.
     */
    private void writeSnapshot(JsonWriter json, int lines) throws IOException {
        json.beginObject();
        // asked before the states are: so they are at least as new
        json.name("event").value(manager.events().last());
        json.name("servers").beginArray();
        for (DevServerState state : manager.listDevServerStates()) {
            state.writeTo(json);
        }
        json.endArray();
        json.name("errors").beginObject();
        for (Map.Entry<String, List<BuildError>> errors : manager.buildErrors().entrySet()) {
            json.name(errors.getKey()).beginArray();
            for (BuildError error : errors.getValue()) {
                error.writeTo(json);
            }
            json.endArray();
        }
        json.endObject();
        json.name("logs").beginArray();
        for (DevServerManager.LogMoment moment : manager.logMoments(lines)) {
            json.beginObject();
            json.name("pluginID").value(moment.pluginID());
            json.name("event").value(moment.event());
            json.name("entries").beginArray();
            for (LogEntry entry : moment.entries()) {
                entry.writeTo(json);
            }
            json.endArray().endObject();
        }
        json.endArray().endObject();
    }

    private Answer shared(HttpExchange exchange, String path)
            throws DevServerException, IOException, InterruptedException {
        CoreServers servers = shared;
        if (servers == null) {
            throw noSuch(path);
        }
        if (path.equals(SHARED)) {
            require(exchange, "GET");
            return new Answer(200, servers.list());
        }
        String[] parts = path.substring(SHARED.length() + 1).split("/", -1);
        if (parts.length != 2 || parts[0].isEmpty() || !parts[1].equals("stop")) {
            throw noSuch(path);
        }
        require(exchange, "POST");
        servers.stop(parts[0]);
        return new Answer(200, servers.list());
    }

    private static Answer fail(String path) throws DevServerException {
        throw noSuch(path);
    }

    private Answer state(String id) {
        return ok(manager.getDevServerState(id)::writeTo);
    }

    private static Answer ok(JsonText.Content content) {
        return new Answer(200, line(content));
    }

    private static String line(JsonText.Content content) {
        return JsonText.of(JsonText.Form.LINE, content);
    }

    private void stream(HttpExchange exchange, Map<String, String> query) throws IOException, InterruptedException {
        EventStream stream = new EventStream(manager, "object".equals(query.get("payload")));
        String header = exchange.getRequestHeaders().getFirst("Last-Event-ID");
        // an EventSource that is made anew cannot set the header
        String lastEventId = header == null ? query.get("lastEventId") : header;
        EventBus bus = manager.events();
        streams.add(stream);
        try (Subscription subscription = lastEventId == null ? bus.subscribe() : bus.subscribeAfter(lastEventId)) {
            exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
            exchange.getResponseHeaders().set("Cache-Control", "no-store");
            // tells a client that reads headers whether it has to look at all anew
            exchange.getResponseHeaders()
                    .set(CONTINUITY, lastEventId == null || subscription.gap() ? "anew" : "continued");
            exchange.sendResponseHeaders(200, 0);
            stream.run(exchange.getResponseBody(), subscription);
        } finally {
            streams.remove(stream);
        }
    }

    /** Returns the sources' directory that the body names, the empty string if there is none. */
    private static String devPath(HttpExchange exchange) throws IOException, DevServerException {
        byte[] body = exchange.getRequestBody().readNBytes(LONGEST_BODY + 1);
        if (body.length > LONGEST_BODY) {
            throw DevServerException.invalid("The request is too long.");
        }
        String text = new String(body, StandardCharsets.UTF_8).strip();
        if (text.isEmpty()) {
            return "";
        }
        try {
            JsonElement json = JsonParser.parseString(text);
            JsonElement value = json.isJsonObject() ? json.getAsJsonObject().get("devPath") : null;
            if (json.isJsonObject() && (value == null || value.isJsonNull())) {
                return "";
            }
            if (value != null
                    && value.isJsonPrimitive()
                    && value.getAsJsonPrimitive().isString()) {
                return value.getAsString();
            }
        } catch (JsonParseException e) {
            // told below
        }
        throw DevServerException.invalid("The request is no JSON object with a devPath that is text.");
    }

    private static int number(String text) throws DevServerException {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw DevServerException.invalid("The count " + Quote.of(text) + " is no number.");
        }
    }

    private static DevServerException noSuch(String path) {
        return new DevServerException(
                404, "about:blank", "Not found", "There is nothing at " + Quote.of(path) + ".", List.of(), List.of());
    }

    private static void require(HttpExchange exchange, String method) throws DevServerException {
        if (!exchange.getRequestMethod().equals(method)) {
            exchange.getResponseHeaders().set("Allow", method);
            throw new DevServerException(
                    405,
                    "about:blank",
                    "Method not allowed",
                    "Only " + method + " can be used here.",
                    List.of(),
                    List.of());
        }
    }

    private static Map<String, String> query(HttpExchange exchange) throws DevServerException {
        Map<String, String> result = new HashMap<>();
        String raw = exchange.getRequestURI().getRawQuery();
        if (raw != null) {
            for (String pair : raw.split("&", -1)) {
                int equals = pair.indexOf('=');
                try {
                    result.put(
                            equals < 0 ? pair : pair.substring(0, equals),
                            equals < 0 ? "" : URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
                } catch (IllegalArgumentException e) {
                    throw DevServerException.invalid("The query " + Quote.of(raw) + " cannot be read.");
                }
            }
        }
        return result;
    }

    private static void send(HttpExchange exchange, int status, String type, String json) throws IOException {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }
}
