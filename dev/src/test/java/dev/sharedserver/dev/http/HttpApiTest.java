package dev.sharedserver.dev.http;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.Project;
import dev.sharedserver.dev.process.LineSplitter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests as bytes on a socket: a client library would repair or refuse most of them. */
@Timeout(120)
final class HttpApiTest {

    private static final Duration LONG = Duration.ofSeconds(40);
    private static final String TOKEN = "the token";
    private static final String EVENT_STATUS = "event: " + DevServerManager.EVENT_STATUS;
    private static final String EVENT_LOG = "event: " + DevServerManager.EVENT_LOG;
    private static final String EVENT_ERROR = "event: " + DevServerManager.EVENT_ERROR;

    private final Project project;
    private final Shared shared = new Shared();
    private final DevServerManager manager;
    private HttpApi api;

    HttpApiTest(@TempDir Path directory) throws Exception {
        project = new Project(directory);
        manager = project.manager(Duration.ofSeconds(30));
        manager.initialize();
        api = new HttpApi(manager, shared, 0, TOKEN, LONG);
    }

    @AfterEach
    void end() throws Exception {
        api.close();
        manager.shutdown();
    }

    private record Reply(int status, String head, String body) {}

    private String host() {
        return "127.0.0.1:" + api.port();
    }

    private Socket connect() throws IOException {
        return new Socket(InetAddress.ofLiteral("127.0.0.1"), api.port());
    }

    private static void send(Socket socket, String request) throws IOException {
        socket.getOutputStream().write(request.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
    }

    private Reply raw(String request) throws IOException {
        try (Socket socket = connect()) {
            send(socket, request);
            String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int end = all.indexOf("\r\n\r\n");
            return new Reply(
                    Integer.parseInt(all.substring(9, 12)),
                    all.substring(0, end),
                    all.substring(end + 4).strip());
        }
    }

    private Reply request(String method, String path, String body) throws IOException {
        return raw(method + " " + path + " HTTP/1.1\nHost: " + host() + "\nAuthorization: Bearer " + TOKEN
                + "\nContent-Length: " + body.length() + "\nConnection: close\n\n" + body);
    }

    private Reply get(String path) throws IOException {
        return request("GET", path, "");
    }

    private static void until(Callable<Boolean> condition) {
        await().atMost(LONG).until(condition);
    }

    @Test
    void aPluginIsStartedLookedAtBuiltRestartedAndStopped() throws Exception {
        assertEquals("[]", get("/api/dev/servers").body);
        Reply idle = get("/api/dev/servers/k8s");
        assertTrue(idle.body.contains("\"mode\":\"idle\""), idle.body);
        assertTrue(idle.head.contains("application/json"), idle.head);
        assertEquals("false", get("/api/dev/servers/k8s/managed").body);
        assertEquals("null", get("/api/dev/servers/k8s/external").body);

        Reply started = request("POST", "/api/dev/servers/k8s/start", "");
        assertEquals(200, started.status, started.body);
        assertTrue(started.body.contains("\"mode\":\"managed\""), started.body);
        until(() -> get("/api/dev/servers/k8s").body.contains("\"viteStatus\":\"ready\",\"goStatus\":\"ready\""));
        assertTrue(get("/api/dev/servers").body.startsWith("[{\"pluginID\":\"k8s\""));
        assertEquals("true", get("/api/dev/servers/k8s/managed").body);
        assertTrue(get("/api/dev/servers/k8s/logs").body.contains("Local:"));
        String one = get("/api/dev/servers/k8s/logs?count=1").body;
        assertTrue(one.startsWith("[{") && one.indexOf("timestamp") == one.lastIndexOf("timestamp"), one);

        assertEquals(200, request("POST", "/api/dev/servers/k8s/rebuild", "").status);
        assertEquals(200, request("POST", "/api/dev/servers/k8s/restart", "").status);
        Reply stopped = request("POST", "/api/dev/servers/k8s/stop", "");
        assertTrue(stopped.body.contains("\"mode\":\"idle\""), stopped.body);
    }

    @Test
    void aStartTakesThePathOfTheSources() throws Exception {
        Reply started = request("POST", "/api/dev/servers/other/start", "{\"devPath\": \"" + project.plugin + "\"}");
        assertEquals(200, started.status, started.body);
        assertTrue(started.body.contains("\"devPath\":\"" + project.plugin + "\""), started.body);
    }

    @ParameterizedTest
    @CsvSource({
        "POST, nobody/start, 404, omniview:plugin/not-found",
        "POST, released/start, 422, omniview:validation",
        "POST, lost/start, 422, omniview:validation",
        "POST, -x/start, 422, omniview:validation",
        "POST, %2e%2e%2fk8s/start, 404, about:blank",
        "POST, k8s/stop, 422, omniview:validation",
        "POST, k8s/restart, 422, omniview:validation",
        "POST, k8s/rebuild, 422, omniview:validation",
        "GET, k8s/logs?count=x, 422, omniview:validation",
        "GET, k8s/logs?count=%, 422, omniview:validation",
        "GET, k8s/start, 405, about:blank",
        "POST, k8s, 405, about:blank",
        "DELETE, k8s, 405, about:blank",
        "GET, k8s/none, 404, about:blank",
        "GET, k8s/logs/more, 404, about:blank",
        "GET, '', 404, about:blank"
    })
    void whatCannotBeDoneIsAProblem(String method, String path, int status, String type) throws Exception {
        Reply reply = request(method, "/api/dev/servers/" + path, "");
        // a broken escape is refused by the JDK's server itself
        if (reply.status != 400) {
            assertEquals(status, reply.status, reply.body);
            assertTrue(reply.head.contains("application/problem+json"), reply.head);
            assertTrue(reply.body.startsWith("{\"type\":\"" + type + "\",\"title\":\""), reply.body);
            assertTrue(reply.body.contains("\"instance\":\"/api/dev/servers/"), reply.body);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "[]", "7", "{\"devPath\": 7}", "{\"devPath\": []}"})
    void aBodyThatIsNoneIsAProblem(String body) throws Exception {
        assertEquals(422, request("POST", "/api/dev/servers/k8s/start", body).status);
    }

    @Test
    void aBodyWithoutEndIsRefused() throws Exception {
        assertEquals(422, request("POST", "/api/dev/servers/k8s/start", " ".repeat(100_000)).status);
    }

    @Test
    void aRequestWithoutTheTokenIsRefused() throws Exception {
        for (String line : List.of(
                "X: y",
                "Authorization: Bearer wrong",
                "Authorization: Bearer ",
                "Authorization: " + TOKEN,
                "Authorization: Basic " + TOKEN)) {
            for (String path : List.of(
                    "/api/dev/servers",
                    "/api/dev/events",
                    "/api/dev/snapshot",
                    "/api/shared/servers",
                    "/favicon.ico",
                    "/api/dev/servers?token=wrong")) {
                Reply reply =
                        raw("GET " + path + " HTTP/1.1\nHost: " + host() + "\n" + line + "\nConnection: close\n\n");
                assertEquals(401, reply.status, line + " at " + path);
                assertFalse(reply.body.contains("pluginID"), reply.body);
            }
        }
        Reply inQuery =
                raw("GET /api/dev/servers?token=the%20token HTTP/1.1\nHost: " + host() + "\nConnection: close\n\n");
        assertEquals(200, inQuery.status);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:PORT",
                "127.0.0.1",
                "127.0.0.1:1",
                "127.0.0.1.evil.example:PORT",
                ""
            })
    void aHostThatIsNotOursIsRefused(String name) throws Exception {
        Reply reply = raw("GET /api/dev/servers HTTP/1.1\nHost: " + name.replace("PORT", "" + api.port())
                + "\nAuthorization: Bearer " + TOKEN + "\nConnection: close\n\n");
        assertEquals(421, reply.status, reply.body);
    }

    @Test
    void aRequestWithoutHostOrWithTwoIsRefused() throws Exception {
        String rest = "Authorization: Bearer " + TOKEN + "\nConnection: close\n\n";
        assertTrue(raw("GET /api/dev/servers HTTP/1.1\n" + rest).status >= 400);
        assertTrue(
                raw("GET /api/dev/servers HTTP/1.1\nHost: " + host() + "\nHost: evil.example\n" + rest).status >= 400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://evil.example", "null", "https://127.0.0.1:PORT", "http://127.0.0.1:1", ""})
    void aForeignOriginIsRefused(String origin) throws Exception {
        Reply reply = raw("POST /api/dev/servers/k8s/start HTTP/1.1\nHost: " + host() + "\nOrigin: "
                + origin.replace("PORT", "" + api.port()) + "\nAuthorization: Bearer " + TOKEN
                + "\nContent-Length: 0\nConnection: close\n\n");
        assertEquals(403, reply.status, reply.body);
        assertFalse(manager.isManaged("k8s"));
    }

    @Test
    void ourOwnOriginIsNot() throws Exception {
        for (String name : List.of("127.0.0.1", "localhost")) {
            Reply reply = raw("GET /api/dev/servers HTTP/1.1\nHost: " + name + ":" + api.port() + "\nOrigin: http://"
                    + name + ":" + api.port() + "\nAuthorization: Bearer " + TOKEN + "\nConnection: close\n\n");
            assertEquals(200, reply.status, reply.body);
        }
    }

    /** A stream of events, read line by line; in HTTP 1.0, which has no chunks between and in its lines. */
    private final class Stream implements AutoCloseable {
        private final Socket socket;
        private final BufferedReader lines;

        Stream(String query, String header) throws IOException {
            socket = connect();
            socket.setSoTimeout((int) LONG.toMillis());
            send(
                    socket,
                    "GET /api/dev/events" + query + " HTTP/1.0\nHost: " + host() + "\nAuthorization: Bearer " + TOKEN
                            + "\n" + header + "\n");
            lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            until(":");
        }

        /** Returns the first line from here on that begins so. */
        String until(String beginning) throws IOException {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(beginning)) {
                    return line;
                }
            }
            throw new IOException("the stream has ended");
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void eventsComeAsTheyHappenWithTheirNames() throws Exception {
        try (Stream stream = new Stream("", "");
                Stream objects = new Stream("?payload=object", "")) {
            manager.startDevServer("k8s");
            // which of the three comes first is not said
            Map<String, String> first = new HashMap<>();
            while (first.size() < 3) {
                String name = stream.until("event: ");
                first.putIfAbsent(name, stream.until("data: "));
            }
            assertStart("data: {\"pluginID\":\"k8s\",\"mode\":\"managed\"", first.get(EVENT_STATUS));
            assertStart("data: [{\"timestamp\":\"", first.get(EVENT_LOG));
            assertEquals("data: [\"k8s\",[]]", first.get(EVENT_ERROR));
            objects.until(EVENT_ERROR);
            assertEquals("data: {\"pluginID\":\"k8s\",\"errors\":[]}", objects.until("data:"));
        }
    }

    private static void assertStart(String beginning, @Nullable String line) {
        assertTrue(line != null && line.startsWith(beginning), line);
    }

    @Test
    void oneThatComesBackGetsWhatItMissed() throws Exception {
        String seen;
        try (Stream stream = new Stream("", "")) {
            manager.events().publish("e", "0");
            seen = stream.until("id:").substring(4);
            assertEquals("data: 0", stream.until("data:"));
        }
        manager.events().publish("e", "1");
        try (Stream again = new Stream("", "Last-Event-ID: " + seen + "\n")) {
            assertEquals("data: 1", again.until("data:"));
            manager.events().publish("e", "2");
            assertEquals("data: 2", again.until("data:"));
        }
        try (Stream again = new Stream("?lastEventId=" + seen, "")) {
            assertEquals("data: 1", again.until("data:"));
        }
    }

    @Test
    void oneThatMissedTooMuchIsToldHowThingsAre() throws Exception {
        manager.startDevServer("k8s");
        try (Stream stream = new Stream("", "Last-Event-ID: of-another-hub\n")) {
            assertEquals(EVENT_STATUS, stream.until("event:"));
            assertTrue(stream.until("data:").contains("\"pluginID\":\"k8s\""));
        }
    }

    @Test
    void aClientThatReadsNothingIsDroppedAndTheOthersGetAll() throws Exception {
        api.close();
        api = new HttpApi(manager, shared, 0, TOKEN, Duration.ofSeconds(3));
        String large = "x".repeat(100_000);
        List<String> got = new ArrayList<>();
        try (Stream deaf = new Stream("", "");
                Stream good = new Stream("", "")) {
            until(() -> api.streams() == 2);
            for (int i = 0; i < 400; i++) {
                manager.events().publish("e", large + i);
                got.add(good.until("data:"));
            }
            until(() -> api.streams() == 1);
            assertEquals(400, got.size());
            assertTrue(got.getLast().endsWith("x399"));
            manager.events().publish("e", "after");
            assertEquals("data: after", good.until("data:"));
            assertFalse(deaf.socket.isClosed());
        }
        until(() -> {
            // a stream whose client is gone ends with the next thing that it is told
            manager.events().publish("e", "x");
            return api.streams() == 0;
        });
    }

    @Test
    void theListenerIsOnTheLoopbackOnly() throws Exception {
        String port = String.format("%04X", api.port());
        List<String> listeners = Files.readAllLines(Path.of("/proc/net/tcp")).stream()
                .map(line -> line.strip().split("\\s+", -1))
                .filter(fields -> fields[1].endsWith(":" + port) && fields[3].equals("0A"))
                .map(fields -> fields[1])
                .toList();
        // of the JDK's sockets for both families the address stands in tcp6, mapped
        List<String> listeners6 = Files.readAllLines(Path.of("/proc/net/tcp6")).stream()
                .map(line -> line.strip().split("\\s+", -1))
                .filter(fields -> fields[1].endsWith(":" + port) && fields[3].equals("0A"))
                .map(fields -> fields[1])
                .toList();
        List<String> all = new ArrayList<>(listeners);
        all.addAll(listeners6);
        assertEquals(1, all.size(), all.toString());
        assertTrue(all.getFirst().matches("(0{16}FFFF0000)?0100007F:.*"), all.toString());
    }

    /** Two servers, of which one is held by others. */
    private static final class Shared implements CoreServers {
        private final List<String> stopped = new ArrayList<>();

        @Override
        public String list() {
            return "[{\"name\":\"web\"}]";
        }

        @Override
        public void stop(String name) throws DevServerException {
            if (name.equals("held")) {
                throw new DevServerException(409, "about:blank", "Not stopped", "It is held.", List.of(), List.of());
            }
            stopped.add(name);
        }
    }

    @Test
    void sharedServersAreShownAndStoppedUnlessTheyAreHeld() throws Exception {
        assertEquals("[{\"name\":\"web\"}]", get("/api/shared/servers").body);
        assertEquals(405, request("POST", "/api/shared/servers", "").status);
        assertEquals(405, get("/api/shared/servers/a%20b/stop").status);
        assertEquals(
                200, request("POST", "/api/shared/servers/a%20b/stop", "").status, "the name is that of the server");
        Reply refused = request("POST", "/api/shared/servers/held/stop", "");
        assertEquals(409, refused.status);
        assertTrue(refused.body.contains("\"detail\":\"It is held.\""), refused.body);
        for (String path : List.of("", "x", "x/start", "/stop", "x/stop/more")) {
            assertEquals(404, request("POST", "/api/shared/servers/" + path, "").status, path);
        }
        assertEquals(List.of("a b"), shared.stopped);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/app.js", "/hub.js", "/app.css", "/icon.svg"})
    void theFilesOfThePageNeedNoTokenAndMayDoLittle(String path) throws Exception {
        String request = path + " HTTP/1.1\nHost: " + host() + "\nConnection: close\n\n";
        Reply reply = raw("GET " + request);
        assertEquals(200, reply.status);
        String policy = reply.head
                .lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("content-security-policy:"))
                .findFirst()
                .orElseThrow();
        assertTrue(policy.contains("default-src 'none'; script-src 'self';"), policy);
        assertFalse(policy.contains("unsafe"), policy);
        // the name space of SVG, and addresses of this machine
        String outside = reply.body.replaceAll("http://(www.w3.org/2000/svg|127.0.0.1[:/])", "");
        assertFalse(outside.contains("http://") || outside.contains("https://") || outside.contains("//cdn"), path);
        assertEquals(405, raw("POST " + request).status);
        assertEquals(421, raw("GET " + request.replace(host(), "evil.example")).status);
    }

    @Test
    void thePageHasNoScriptOrStyleWithinAndNothingThatMakesHtmlOfText() throws Exception {
        String page = get("/").body;
        assertFalse(page.matches("(?s).*<script(?! type=\"module\" src=\"/).*"), "a script");
        assertFalse(page.matches("(?s).*\\s(on[a-z]+|style)=.*"), "a handler or a style");
        for (String script : List.of("app", "dom", "hub", "log", "projects", "servers", "settings", "stream")) {
            Reply reply = get("/" + script + ".js");
            assertTrue(reply.head.contains("text/javascript"), reply.head);
            assertFalse(
                    reply.body.matches("(?s).*(innerHTML|outerHTML|insertAdjacentHTML|document\\.write|eval\\().*"),
                    script);
        }
    }

    private static final Pattern NUMBERED = Pattern.compile("\"message\":\"line ([0-9]+)\"");

    private static List<Integer> numbered(String json) {
        return NUMBERED.matcher(json)
                .results()
                .map(match -> Integer.parseInt(match.group(1)))
                .toList();
    }

    /** Returns the number of the event in an id. */
    private static long number(String id) {
        return Long.parseLong(id.substring(id.lastIndexOf('-') + 1));
    }

    @Test
    void aSnapshotInTheMiddleAndTheEventsAfterItHaveEachLineOnce() throws Exception {
        project.npm("i=0; while [ $i -lt 4000 ]; do echo line $i; i=$((i+1)); done; " + Project.SERVES);
        try (Stream stream = new Stream("", "")) {
            manager.startDevServer("k8s");
            until(() -> manager.getDevServerLogs("k8s", 0).size() > 700);
            Reply snapshot = get("/api/dev/snapshot?lines=5000");
            Matcher moment = Pattern.compile("\"pluginID\":\"k8s\",\"event\":\"([^\"]+)\"")
                    .matcher(snapshot.body);
            assertTrue(moment.find(), snapshot.body);
            List<Integer> seen = new ArrayList<>(numbered(snapshot.body));
            while (seen.isEmpty() || seen.getLast() < 3999) {
                String id = stream.until("id: ");
                boolean lines = stream.until("event: ").equals(EVENT_LOG);
                String data = stream.until("data: ");
                if (lines && number(id) > number(moment.group(1))) {
                    seen.addAll(numbered(data));
                }
            }
            assertEquals(IntStream.range(0, 4000).boxed().toList(), seen);
        }
        String later = get("/api/dev/snapshot?lines=3").body;
        assertTrue(later.startsWith("{\"event\":\""), later);
        assertTrue(later.contains("\"servers\":[{\"pluginID\":\"k8s\""), later);
        assertTrue(later.contains("\"errors\":{"), later);
        assertEquals(3, later.split("\"timestamp\"", -1).length - 1, later);
    }

    @Test
    void ofMoreThanFiveThousandLinesTheNewestAreKept() throws Exception {
        project.npm("i=0; while [ $i -lt 5001 ]; do echo line $i; i=$((i+1)); done; exec sleep 1000");
        project.go("exec sleep 1000");
        manager.startDevServer("k8s");
        until(() -> numbered(get("/api/dev/servers/k8s/logs?count=1").body).equals(List.of(5000)));
        assertEquals(IntStream.rangeClosed(1, 5000).boxed().toList(), numbered(get("/api/dev/servers/k8s/logs").body));
        assertEquals(List.of(4999, 5000), numbered(get("/api/dev/servers/k8s/logs?count=2").body));
    }

    @Test
    void aLineOfAMegabyteComesWholeInPieces() throws Exception {
        project.npm("head -c 1048576 /dev/zero | tr '\\0' x; echo; echo line 7; exec sleep 1000");
        try (Stream stream = new Stream("", "")) {
            manager.startDevServer("k8s");
            StringBuilder streamed = new StringBuilder();
            do {
                stream.until(EVENT_LOG);
                streamed.append(stream.until("data: "));
            } while (numbered(streamed.toString()).isEmpty());
            for (String seen : List.of(streamed.toString(), get("/api/dev/servers/k8s/logs").body)) {
                List<String> pieces = Pattern.compile("\"message\":\"(x+)\"")
                        .matcher(seen)
                        .results()
                        .map(match -> match.group(1))
                        .toList();
                assertEquals(1 << 20, pieces.stream().mapToInt(String::length).sum());
                assertTrue(
                        pieces.stream().allMatch(piece -> piece.length() <= LineSplitter.LONGEST),
                        pieces.size() + " pieces");
            }
        }
    }

    @Test
    void aStreamSaysWhetherItGoesOn() throws Exception {
        manager.events().publish("e", "0");
        String stream = "GET /api/dev/events HTTP/1.0\nHost: " + host() + "\nAuthorization: Bearer " + TOKEN + "\n";
        for (String id : List.of(
                "",
                "Last-Event-ID: another-7\n",
                "Last-Event-ID: " + manager.events().last() + "\n")) {
            try (Socket socket = connect()) {
                socket.setSoTimeout((int) LONG.toMillis());
                send(socket, stream + id + "\n");
                BufferedReader lines =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
                String head = lines.lines().takeWhile(line -> !line.isEmpty()).collect(Collectors.joining("\n"));
                String wanted = id.contains(manager.events().last()) ? "continued" : "anew";
                assertTrue(head.toLowerCase(Locale.ROOT).contains("event-continuity: " + wanted), id + head);
            }
        }
    }
}
