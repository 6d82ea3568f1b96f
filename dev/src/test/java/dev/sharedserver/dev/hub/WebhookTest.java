package dev.sharedserver.dev.hub;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.sharedserver.dev.DevProcessStatus;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.DevServerState;
import dev.sharedserver.dev.LogEntry;
import dev.sharedserver.dev.process.Ledgers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real build loop, and a receiver of the JDK that behaves as it likes. */
@Timeout(120)
final class WebhookTest {

    private static final Duration LONG = Duration.ofSeconds(40);
    private static final String NOT_LOADED = "the plugin was built, but not loaded again: ";

    private final Path directory;
    private final Memory memory = new Memory();
    private final DevServerManager manager;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch over = new CountDownLatch(1);
    private final List<String> received = new CopyOnWriteArrayList<>();
    private HttpServer receiver;

    /** What a receiver does with a request, which was read. */
    private interface Answer {
        void to(HttpExchange exchange) throws IOException, InterruptedException;
    }

    WebhookTest(@TempDir Path temporary) throws Exception {
        directory = Files.createDirectories(temporary.toRealPath().resolve("shop"));
        Files.createDirectory(directory.resolve("src"));
        source("good");
        Files.writeString(directory.resolve("sharedserver-dev.json"), """
            {"builders": {"cc": {"watch": ["src"], "command": "! grep bad src/main.c && cp src/main.c built"}}}
            """);
        receiver = receiverAt(0);
        manager = new DevServerManager(
                DevServerManager.Setup.of(temporary.resolve("state"), System.getenv("PATH")),
                Ledgers.PROC,
                memory,
                memory,
                key -> "");
        manager.initialize();
    }

    @AfterEach
    void end() throws Exception {
        over.countDown();
        manager.shutdown();
        receiver.stop(0);
        threads.shutdownNow();
    }

    private static HttpServer receiverAt(int port) throws IOException {
        return HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), 8);
    }

    private void source(String text) throws IOException {
        // in one step, which is one change
        Path whole = Files.writeString(directory.resolve("whole"), text + "\n");
        Files.move(
                whole,
                directory.resolve("src/main.c"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    private void receives(Answer answer) {
        receiver.setExecutor(threads);
        receiver.createContext("/", exchange -> {
            try (exchange) {
                String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8).strip();
                Path built = directory.resolve("built");
                received.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                        + exchange.getRequestHeaders().getFirst("Content-Type") + " " + body + " "
                        + Files.readString(built).strip());
                answer.to(exchange);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        receiver.start();
    }

    private String url() {
        return "http://127.0.0.1:" + receiver.getAddress().getPort() + "/hook?key=secret";
    }

    private void start(Duration patience) throws Exception {
        memory.remember("shop", directory, Map.of(), new Reload(null, Webhook.at(url(), patience)));
        var unused = manager.startDevServer("shop");
    }

    private DevServerState state() {
        return manager.getDevServerState("shop");
    }

    private long builds() {
        DevServerState.Extra extra = state().extra();
        return extra == null ? 0 : extra.buildId();
    }

    private void until(Callable<Boolean> condition) {
        await().atMost(LONG)
                .conditionEvaluationListener(look -> {
                    if (look.getRemainingTimeInMS() < 1000) {
                        System.err.println(state());
                        System.err.println(received);
                        manager.getDevServerLogs("shop", 50).forEach(System.err::println);
                    }
                })
                .until(condition);
    }

    private String said(String text) {
        return "POST /hook?key=secret application/json {\"pluginID\":\"shop\",\"devPath\":\"" + directory + "\"} "
                + text;
    }

    /** Returns what the log has of reloads that went wrong. */
    private List<String> failures() {
        return manager.getDevServerLogs("shop", 0).stream()
                .filter(entry -> entry.level() == LogEntry.Level.ERROR)
                .map(LogEntry::message)
                .filter(message -> message.startsWith(NOT_LOADED))
                .toList();
    }

    @Test
    void itIsToldOnceAfterEachGoodBuildWithWhatWasBuiltInPlace() throws Exception {
        receives(exchange -> exchange.sendResponseHeaders(204, -1));
        start(Webhook.PATIENCE);
        until(() -> state().grpcConnected());
        assertEquals(List.of(said("good")), received);
        assertEquals(DevProcessStatus.READY, state().goStatus());

        source("bad");
        until(() -> state().goStatus() == DevProcessStatus.ERROR);
        source("better");
        until(() -> received.size() == 2 && state().goStatus() == DevProcessStatus.READY);
        assertEquals(List.of(said("good"), said("better")), received);
        manager.rebuildPlugin("shop");
        until(() -> received.size() == 3);
        assertEquals(List.of(), failures());
    }

    @Test
    void oneThatNeverAnswersDelaysNeitherBuildsNorReloads() throws Exception {
        receives(exchange -> over.await());
        start(Duration.ofMinutes(10));
        for (int i = 1; i <= 3; i++) {
            int number = i;
            until(() -> builds() == number && state().goStatus() == DevProcessStatus.READY);
            until(() -> received.size() == number);
            assertFalse(state().grpcConnected(), "nobody has said that it is loaded");
            source("good " + i);
        }
        until(() -> received.size() == 4);
        assertEquals(said("good 3"), received.getLast());
        manager.stopDevServer("shop");
        assertEquals(List.of(), failures());
    }

    @Test
    void oneThatTakesTooLongIsToldOfOnce() throws Exception {
        receives(exchange -> over.await());
        start(Duration.ofMillis(200));
        // the log has it a moment earlier
        until(() -> !state().lastError().isEmpty());
        String said = NOT_LOADED + "http://127.0.0.1:" + receiver.getAddress().getPort()
                + "/hook?… has not answered within 0.2 s";
        assertEquals(said, state().lastError());
        assertEquals(DevProcessStatus.READY, state().goStatus());
        source("better");
        until(() -> builds() == 2 && failures().size() == 2);
        assertEquals(List.of(said, said), failures());
    }

    @Test
    void anAnswerIsItsStatus() throws Exception {
        // a body that never ends
        receives(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write('x');
            exchange.getResponseBody().flush();
            over.await();
        });
        start(Webhook.PATIENCE);
        until(() -> state().grpcConnected());
        assertEquals(List.of(), failures());
    }

    @ParameterizedTest
    @ValueSource(ints = {302, 404, 500})
    void aStatusThatIsNoSuccessIsTheDevelopersToSee(int status) throws Exception {
        receives(exchange -> {
            exchange.getResponseHeaders().set("Location", "/elsewhere");
            exchange.sendResponseHeaders(status, -1);
        });
        start(Webhook.PATIENCE);
        until(() -> !state().lastError().isEmpty());
        assertEquals(
                NOT_LOADED + "http://127.0.0.1:" + receiver.getAddress().getPort() + "/hook?… answered with status "
                        + status + (status == 302 ? ", which is not followed" : ""),
                state().lastError());
        assertEquals(List.of(state().lastError()), failures());
        assertFalse(state().grpcConnected());
        assertEquals(List.of(said("good")), received, "no redirection is followed, nothing sent twice");
    }

    @Test
    void whereNobodyListensIsToldOnceABuildAndMendedByTheNext() throws Exception {
        int port = receiver.getAddress().getPort();
        // one that was never started keeps its port when it is stopped
        receiver.start();
        receiver.stop(0);
        start(Webhook.PATIENCE);
        until(() -> !state().lastError().isEmpty());
        assertEquals(
                List.of(NOT_LOADED + "http://127.0.0.1:" + port + "/hook?… cannot be reached: connection refused"),
                failures());
        assertEquals(failures().getFirst(), state().lastError());

        receiver = receiverAt(port);
        receives(exchange -> exchange.sendResponseHeaders(200, -1));
        source("better");
        until(() -> state().grpcConnected());
        assertEquals("", state().lastError());
        assertEquals(1, failures().size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "file:///etc/passwd",
                "ftp://127.0.0.1/x",
                "jar:http://127.0.0.1/x!/y",
                "javascript:alert(1)",
                "//127.0.0.1/x",
                "127.0.0.1:8080",
                "",
                "http:",
                "http:///x",
                "http:x",
                "http://under_score/",
                "http://127.0.0.1:0/",
                "http://127.0.0.1:65536/",
                "http://127.0.0.1:99999999999/",
                "http://127.0.0.1/a b",
                "http://127.0.0.1/\r\nHost: elsewhere",
                "http://127.0.0.1/\u001b[31m",
            })
    void whatIsNoAddressOfHttpIsRefused(String given) {
        DevServerException refused = assertThrows(DevServerException.class, () -> Webhook.at(given));
        String message = Objects.requireNonNull(refused.getMessage());
        assertTrue(message.startsWith("--reload-url "), message);
        assertTrue(message.endsWith("."), message);
        assertFalse(message.chars().anyMatch(c -> c < ' '), message);
        assertEquals(422, refused.status());
        assertFalse(refused.suggestions().isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://me:pass@127.0.0.1/", "https://pass@host/", "http://@host/", "http://a@b@c/"})
    void aUserNameIsRefusedAndNotRepeated(String given) {
        DevServerException refused = assertThrows(DevServerException.class, () -> Webhook.at(given));
        String message = Objects.requireNonNull(refused.getMessage());
        assertTrue(message.contains("user name or a password"), message);
        assertFalse(message.contains("pass@"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://127.0.0.1:8080/reload", "HTTPS://host/x", "http://[::1]:1/", "http://host"})
    void anAddressOfHttpIsTaken(String given) throws Exception {
        assertEquals(given, Webhook.at(given).toString());
    }
}
