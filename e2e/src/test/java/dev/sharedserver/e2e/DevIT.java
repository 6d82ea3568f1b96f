package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code dev}: projects that are used together, with the real Vite and Go, and with tools that do what the test says. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class DevIT {

    private static final Duration LONG = Duration.ofMinutes(3);

    /** Says that it is ready, and goes on. */
    private static final String SERVES = "echo \"  Local:   http://127.0.0.1:$port/\"; exec sleep 1000";

    /** Makes a plugin's directories. */
    private static Path plugin(Sandbox box, String name) throws IOException {
        Path plugin = box.work().resolve(name);
        Files.createDirectories(plugin.resolve("ui"));
        Files.createDirectories(plugin.resolve("pkg"));
        Files.writeString(plugin.resolve("go.mod"), "module example.com/plugin\n\ngo 1.19\n");
        Files.writeString(plugin.resolve("pkg/main.go"), "package main\n\nfunc main() {}\n");
        return plugin;
    }

    /** Puts tools of paper in front: an install that lasts for ever unless node_modules is there, a server, a compiler. */
    private static void paperTools(Sandbox box) throws IOException {
        script(paperNpm(box), "go", "echo program >build/bin/plugin");
    }

    private static Path paperNpm(Sandbox box) throws IOException {
        Path bin = Files.createDirectories(box.root().resolve("bin"));
        script(
                bin,
                "npm",
                "case $1 in install) echo $$ >>installs; exec sleep 1000 ;; run) port=$5; " + SERVES + " ;; esac");
        script(bin, "node", "exit 1");
        putInFront(box, bin);
        return bin;
    }

    private static void putInFront(Sandbox box, Path bin) {
        box.env().put("PATH", bin + ":" + box.env().get("PATH"));
    }

    private static void script(Path bin, String name, String text) throws IOException {
        Path file = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static Invocation.Running up(Sandbox box, Path plugin, String... more) {
        return box.inBackground(box.command(concat(new String[] {"dev", "up"}, more))
                .cwd(plugin)
                .timeout(LONG));
    }

    private static String[] concat(String[] first, String... more) {
        return Stream.concat(Arrays.stream(first), Arrays.stream(more)).toArray(String[]::new);
    }

    private static JsonArray projects(Sandbox box) {
        return box.run("dev", "status", "--json").ok().json().getAsJsonArray("projects");
    }

    private static Stamped install(Path plugin) throws IOException {
        Path pids = plugin.resolve("ui/installs");
        Until.holds(() -> Files.exists(pids) && !Files.readString(pids).isBlank(), "the install runs");
        return Stamped.of(Long.parseLong(Files.readAllLines(pids).getLast()));
    }

    @Test
    void twoTerminalsShareOneVite(Sandbox box) throws Exception {
        Path plugin = plugin(box, "shop");
        for (String file : List.of("package.json", "package-lock.json")) {
            Files.copy(
                    Path.of("../dev/test/vite").resolve(file),
                    plugin.resolve("ui").resolve(file));
        }
        Files.writeString(plugin.resolve("ui/index.html"), "<!doctype html><p>the shop");
        String home = System.getProperty("user.home");
        // what is downloaded and compiled once need not be again for each sandbox
        box.env()
                .putAll(Map.of(
                        "npm_config_cache",
                        home + "/.npm",
                        "GOCACHE",
                        home + "/.cache/go-build",
                        "GOFLAGS",
                        "-mod=mod",
                        "GOPROXY",
                        "off"));
        Invocation.Running one = up(box, plugin, "--reload-command", "echo \"$SHAREDSERVER_DEV_ID $LANG\" >>reloads");
        Until.holds(LONG, () -> one.outSoFar().contains("✓ shop is ready: http://127.0.0.1:"), "the project is ready");
        assertTrue(one.outSoFar().contains("no node_modules: npm install"), one::outSoFar);
        assertEquals(List.of("shop C.UTF-8"), Files.readAllLines(plugin.resolve("reloads")));

        JsonObject state = projects(box).get(0).getAsJsonObject();
        String url = state.get("viteURL").getAsString();
        Invocation.Running two = up(box, plugin, "--json");
        Until.holds(() -> two.outSoFar().contains("\n"), "the second one has joined");
        JsonObject joined = JsonParser.parseString(
                        two.outSoFar().lines().findFirst().orElse(""))
                .getAsJsonObject();
        assertTrue(joined.get("joined").getAsBoolean());
        assertEquals(url, joined.getAsJsonObject("state").get("viteURL").getAsString());

        Path hub = box.lockdir().resolve("dev-hub.json");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(hub)));
        JsonObject api = address(box);
        try (HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            assertTrue(get(client, url, "").body().contains("the shop"));
            String servers = api.get("url").getAsString() + "/api/dev/servers";
            assertEquals(401, get(client, servers, "wrong").statusCode());
            assertTrue(
                    get(client, servers, api.get("token").getAsString()).body().contains("\"pluginID\":\"shop\""));
        }

        Files.writeString(plugin.resolve("pkg/main.go"), "package main\n\nfunc main() { nothing() }\n");
        Until.holds(LONG, () -> one.outSoFar().contains("✗ shop: go build failed"), "the error is told");
        assertTrue(one.outSoFar().contains("undefined: nothing"), one::outSoFar);
        Files.writeString(plugin.resolve("pkg/main.go"), "package main\n\nfunc main() {}\n");
        Until.holds(LONG, () -> Files.readAllLines(plugin.resolve("reloads")).size() == 2, "it is loaded again");

        one.stamped().signal("INT");
        one.await().ok().says("✓ Left shop, which one other uses");
        assertEquals(url, projects(box).get(0).getAsJsonObject().get("viteURL").getAsString());
        two.stamped().signal("TERM");
        assertTrue(two.await().ok().out().contains("\"reason\":\"Stopped shop\""));
        assertEquals(0, projects(box).size());
        assertEquals(List.of(), left(box, plugin), "nothing of the project is left");
        box.run("dev", "logs", "shop", "--level", "error").ok().says("undefined: nothing");
    }

    private static HttpResponse<String> get(HttpClient client, String url, String token) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(url))
                        .timeout(LONG)
                        .header("Authorization", "Bearer " + token)
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void aHubThatIsKilledLeavesNothingToTheNextOne(Sandbox box) throws Exception {
        paperTools(box);
        Path plugin = plugin(box, "shop");
        Invocation.Running up = up(box, plugin);
        Stamped install = install(plugin);
        Path ledger = box.lockdir().resolve("devserver_pids.json");
        Until.holds(() -> Files.exists(ledger), "the group is recorded");
        Stamped hub = box.serverProcess("@dev");
        JsonObject address = address(box);
        hub.killAndAwait();
        up.await().exits(1).complains("hung up");
        assertTrue(install.alive(), "nobody has ended it yet");

        // a number that was given to another process meanwhile
        Stamped stranger = box.client();
        JsonObject recorded = JsonParser.parseString(Files.readString(ledger)).getAsJsonObject();
        JsonObject recycled =
                recorded.getAsJsonArray("groups").get(0).getAsJsonObject().deepCopy();
        recycled.addProperty("pgid", stranger.pid());
        recycled.addProperty("stamp", stranger.stamp() - 1);
        recorded.getAsJsonArray("groups").add(recycled);
        Files.writeString(ledger, recorded.toString());

        box.run("dev", "status").ok().says("No project is up");
        assertFalse(install.alive(), "the next hub has ended it");
        assertTrue(stranger.alive(), "a stranger is not signalled");
        assertFalse(Files.exists(ledger));

        // who had the port meanwhile may have been sent the token, and have put things into a browser's cache for that
        // address
        JsonObject next = address(box);
        assertNotEquals(address.get("url"), next.get("url"));
        assertNotEquals(address.get("token"), next.get("token"));
        String servers = next.get("url").getAsString() + "/api/dev/servers";
        try (HttpClient client = HttpClient.newHttpClient()) {
            assertEquals(
                    401,
                    get(client, servers, address.get("token").getAsString()).statusCode());
            assertEquals(
                    200, get(client, servers, next.get("token").getAsString()).statusCode());
        }
    }

    private static JsonObject address(Sandbox box) throws IOException {
        return JsonParser.parseString(Files.readString(box.lockdir().resolve("dev-hub.json")))
                .getAsJsonObject();
    }

    @Test
    void aHubThatIsKilledDuringTheFirstBuildOfTheRealGoLeavesNothing(Sandbox box) throws Exception {
        paperNpm(box);
        Path plugin = plugin(box, "shop");
        Files.createDirectories(plugin.resolve("ui/node_modules"));
        StringBuilder program = new StringBuilder("package main\n\nimport \"os\"\n\nfunc main() {}\n");
        for (int i = 0; i < 40_000; i++) {
            program.append("func f" + i + "(s string) string { return s + os.Args[0] + \"" + i + "\" }\n");
        }
        Files.writeString(plugin.resolve("pkg/main.go"), program);
        Path cache = box.work().resolve("go-cache");
        box.env().putAll(Map.of("GOCACHE", cache.toString(), "GOPROXY", "off", "GOFLAGS", "-mod=mod"));
        Invocation.Running up = up(box, plugin);
        Until.holds(LONG, () -> !compilers(cache).isEmpty(), "something is compiled");
        box.serverProcess("@dev").killAndAwait();
        up.await().exits(1);
        assertFalse(ProcessFacts.naming(plugin.toString()).isEmpty(), "nobody has ended it yet");
        box.run("dev", "status").ok().says("No project is up");
        Until.holds(() -> ProcessFacts.naming(plugin.toString()).isEmpty(), "the next hub has ended what was left");
        assertTrue(compilers(cache).isEmpty());
    }

    private static List<Long> compilers(Path cache) {
        return ProcessFacts.naming(cache.toString()).stream()
                .filter(pid -> String.valueOf(ProcessFacts.link(pid, "exe")).endsWith("/compile"))
                .toList();
    }

    @Test
    void stoppedWhileTheRealPnpmInstalls(Sandbox box) throws Exception {
        Path pnpm = Path.of("dev/node_modules/.bin").toAbsolutePath();
        putInFront(box, pnpm);
        Path plugin = plugin(box, "shop");
        Files.writeString(
                plugin.resolve("ui/package.json"),
                "{\"name\": \"ui\", \"private\": true, \"scripts\": {\"preinstall\": \"sleep 1000\", \"dev\":"
                        + " \"vite\"}}");
        Files.writeString(plugin.resolve("ui/pnpm-lock.yaml"), "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n");
        Invocation.Running up = up(box, plugin);
        Until.holds(LONG, () -> sleepers(plugin) == 1, "pnpm runs what comes before an install");
        assertTrue(up.outSoFar().contains("no node_modules: pnpm install"), up::outSoFar);
        up.stamped().signal("INT");
        up.await().ok().says("✓ Stopped shop");
        assertEquals(List.of(), left(box, plugin), "nothing of it is left");
    }

    /** Returns what is left of a project; the hub itself may name it: the shell in front of a launcher in Java makes a PWD. */
    private static List<Long> left(Sandbox box, Path plugin) {
        long hub = Product.isPortable() ? box.serverProcess("@dev").pid() : 0;
        return ProcessFacts.naming(plugin.toString()).stream()
                .filter(pid -> pid != hub)
                .toList();
    }

    private static long sleepers(Path plugin) {
        return ProcessFacts.naming(plugin.toString()).stream()
                .filter(pid -> String.valueOf(ProcessFacts.link(pid, "exe")).endsWith("/sleep"))
                .count();
    }

    @Test
    void stoppedWhileItInstalls(Sandbox box) throws Exception {
        paperTools(box);
        Path plugin = plugin(box, "shop");
        Invocation.Running up = up(box, plugin);
        Stamped install = install(plugin);
        up.stamped().signal("INT");
        up.await().ok().says("✓ Stopped shop");
        assertFalse(install.alive());
        // of another command
        Invocation.Running again = up(box, plugin);
        Until.holds(() -> projects(box).size() == 1, "it is up again");
        box.run("dev", "down", "shop").ok().says("✓ Stopped shop");
        again.await().ok().says("by another command");
    }

    @Test
    void theHubIsHeldWhileAProjectIsUpThatNobodyUses(Sandbox box) throws Exception {
        Path shop = Files.createDirectories(box.work().resolve("shop"));
        Files.writeString(
                shop.resolve("sharedserver-dev.json"),
                "{\"processes\": {\"web\": {\"command\": \"exec sleep 1005\"}}}");
        box.command("dev", "up", "--detach", "shop").timeout(LONG).run().ok();
        Until.holds(() -> holders(box).equals(List.of("projects that are up")), "it holds itself, by a child");
        Stamped child = Stamped.of(holder(box));
        // as long as it takes, and again if it has to
        child.killAndAwait();
        Until.holds(
                () -> holders(box).equals(List.of("projects that are up")) && holder(box) != child.pid(),
                "another child holds it");
        Stamped next = Stamped.of(holder(box));
        box.run("dev", "down", "shop").ok();
        Until.holds(() -> holders(box).isEmpty() && !next.alive(), "nobody holds it any more");

        box.command("dev", "up", "--detach", "shop").timeout(LONG).run().ok();
        Until.holds(() -> holders(box).equals(List.of("projects that are up")), "it is held again");
        Stamped last = Stamped.of(holder(box));
        box.serverProcess("@dev").killAndAwait();
        Until.holds(() -> !last.alive(), "the child ends with it");
    }

    private static JsonArray clients(Sandbox box) {
        return JsonParser.parseString(box.run("info", "@dev", "--json").ok().out())
                .getAsJsonObject()
                .getAsJsonArray("clients");
    }

    /** Returns what those who hold the hub say of themselves. */
    private static List<String> holders(Sandbox box) {
        return clients(box).asList().stream()
                .map(client -> client.getAsJsonObject().get("metadata").getAsString())
                .toList();
    }

    private static long holder(Sandbox box) {
        return clients(box).get(0).getAsJsonObject().get("pid").getAsLong();
    }

    @Test
    void directoriesMayBeCalledAnything(Sandbox box) throws Exception {
        paperTools(box);
        for (String name : List.of("a b'\"$(touch x)`", "-n", "mäh\n\u001b[31m", "..hidden")) {
            Path plugin = plugin(box, name);
            Files.createDirectories(plugin.resolve("ui/node_modules"));
            String[] place = name.startsWith("-") ? new String[] {"./" + name} : new String[] {name};
            box.command(concat(new String[] {"dev", "up", "--detach"}, place))
                    .timeout(LONG)
                    .run()
                    .ok();
            JsonObject state = projects(box).get(0).getAsJsonObject();
            assertEquals(plugin.toString(), state.get("devPath").getAsString());
            assertFalse(box.run("dev", "status").ok().out().contains("\u001b"));
            box.run("dev", "restart", state.get("pluginID").getAsString()).ok();
            box.run(concat(new String[] {"dev", "down"}, place)).ok();
            assertEquals(0, projects(box).size());
        }
    }

    @Tag("own-guard")
    @Test
    void aDirectoryWhoseNameIsNotUtf8IsRefusedByName(Sandbox box) throws Exception {
        // what a shell can name, and the JDK of this test cannot
        String make = "d=$(printf 'm\\344h') && mkdir \"$d\" && echo '{}' >\"$d/package.json\" && ln -s \"$d\" link";
        assertEquals(
                0,
                new ProcessBuilder("sh", "-c", make)
                        .directory(box.work().toFile())
                        .start()
                        .waitFor());
        String up = Product.bin() + " dev up --detach ";
        for (String way : List.of("cd m*h && " + up, up + "m*h", up + "\"$PWD\"/m*h", up + "link")) {
            ProcessBuilder builder = new ProcessBuilder("sh", "-c", way);
            builder.environment().clear();
            builder.environment().putAll(box.env());
            Process process = builder.directory(box.work().toFile())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(1, process.waitFor(), said);
            assertTrue(said.contains("'" + box.work() + "/m\\xe4h' is not UTF-8"), said);
            assertTrue(said.contains("Rename"), said);
        }
    }

    @Test
    void whatCannotBeDoneIsSaid(Sandbox box) throws Exception {
        box.run("dev").exits(64).complains("is expected behind dev");
        box.run("dev", "down", "--detach").exits(64).complains("does not belong to dev down");
        box.run("dev", "logs", "--level", "loud").exits(64).complains("invalid --level");
        box.run("dev", "--help").ok().says("--reload-command");
        box.run("dev", "up", "nowhere").exits(1).complains("There is no directory");
        assertEquals(
                422,
                box.run("dev", "down", "nobody", "--json")
                        .exits(1)
                        .json()
                        .get("status")
                        .getAsInt());
        Path plugin = plugin(box, "shop");
        box.run("dev", "up", "shop", "--reload-url", "file:///x").exits(1).complains("no address of http: or https:");
        box.run("dev", "up", "shop", "--reload-url", "http://me:secret@127.0.0.1/")
                .exits(1)
                .complains("has a user name or a password");
        box.run("dev", "init", "shop").ok().says("profile vite+go");
        assertTrue(Files.readString(plugin.resolve("sharedserver-dev.json")).contains("\"vite+go\""));
        box.run("dev", "init", "shop").exits(1).complains("already");
        JsonArray findings =
                JsonParser.parseString(box.run("dev", "doctor", "--json").out()).getAsJsonArray();
        assertTrue(
                findings.asList().stream()
                        .map(finding -> finding.getAsJsonObject())
                        .anyMatch(
                                finding -> finding.get("subject").getAsString().equals("hub")
                                        && finding.get("status").getAsString().equals("ok")),
                findings::toString);
    }

    @Test
    void theDoctorSpeaksOfWhatThisHubsProjectsHaveLeft(Sandbox box) throws Exception {
        Path shop = Files.createDirectories(box.work().resolve("shop"));
        // one leaves its session, as daemons of build tools do; the other one is a shared server
        Files.writeString(
                shop.resolve("run"),
                "setsid sh -c 'echo $$ >daemon; exec sleep 1001' &\n" + Product.bin()
                        + " use db --hold 1h -- sh -c 'echo $$ >server; exec sleep 1002' && exec sleep 1003\n");
        Files.writeString(
                shop.resolve("sharedserver-dev.json"), "{\"processes\": {\"web\": {\"command\": [\"sh\", \"run\"]}}}");
        box.command("dev", "up", "--detach", "shop").timeout(LONG).run().ok();
        Stamped daemon = said(box, shop.resolve("daemon"));
        Stamped server = said(box, shop.resolve("server"));
        assertEquals(List.of("ok"), leftOvers(box), "both are of a project that is up");

        // the hub of another state directory has left something, too
        Path elsewhere = Files.createDirectory(box.root().resolve("elsewhere"));
        ProcessBuilder builder = new ProcessBuilder("sh", "-c", "setsid sh -c 'echo $$ >left; exec sleep 1004' &");
        builder.directory(elsewhere.toFile());
        builder.environment().put("SHAREDSERVER_DEV_GROUP", "of another hub");
        builder.environment().put("SHAREDSERVER_DEV_HUB", elsewhere.toString());
        assertEquals(0, builder.start().waitFor());
        Stamped foreign = said(box, elsewhere.resolve("left"));

        box.run("dev", "down", "shop").ok();
        assertTrue(daemon.alive(), "it had left the group");
        assertTrue(server.alive());
        assertEquals(List.of("End it: pkill -s " + daemon.pid()), leftOvers(box));
        Result all =
                box.run("dev", "doctor", "--all").exits(1).says("sleep 1001").says(elsewhere.toString());
        assertTrue(all.out().contains("pkill -s " + foreign.pid()), all::out);
        assertFalse(all.out().contains("sleep 1002"), all::out);
        daemon.killAndAwait();
        assertEquals(List.of("ok"), leftOvers(box));
        box.run("dev", "status", "--all").exits(64).complains("does not belong to dev status");
    }

    /** Returns the process that has written its number there. */
    private static Stamped said(Sandbox box, Path file) throws IOException {
        Until.holds(() -> Files.exists(file) && Files.readString(file).endsWith("\n"), file + " is written");
        Stamped process = Stamped.of(Long.parseLong(Files.readString(file).strip()));
        box.atEnd(() -> process.signal("KILL"));
        return process;
    }

    /** Returns what the doctor tells one to do about what was left, "ok" if that is nothing. */
    private static List<String> leftOvers(Sandbox box) {
        return JsonParser.parseString(box.run("dev", "doctor", "--json").out()).getAsJsonArray().asList().stream()
                .map(finding -> finding.getAsJsonObject())
                .filter(finding -> finding.get("subject").getAsString().equals("left over"))
                .map(finding -> finding.get(finding.get("status").getAsString().equals("ok") ? "status" : "remedy")
                        .getAsString())
                .toList();
    }

    @Test
    void aHostOnStandardInputAndOutput(Sandbox box) throws Exception {
        paperTools(box);
        Path plugin = plugin(box, "shop");
        Files.createDirectories(plugin.resolve("ui/node_modules"));
        ProcessBuilder builder = new ProcessBuilder(Product.bin().toString(), "dev", "serve", "--stdio");
        builder.environment().clear();
        builder.environment().putAll(box.env());
        Process hub = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
        box.atEnd(hub::destroyForcibly);
        List<JsonObject> said = new CopyOnWriteArrayList<>();
        Thread reader = Thread.ofVirtual().start(() -> {
            try (var lines = hub.inputReader(StandardCharsets.UTF_8)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    said.add(JsonParser.parseString(line).getAsJsonObject());
                }
            } catch (IOException e) {
                // killed
            }
        });
        OutputStream in = hub.getOutputStream();
        write(in, "no JSON at all {");
        write(in, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"startDevServer\",\"params\":[\"shop\"]}");
        JsonObject asked = awaitMethod(said, "getDevPluginInfo");
        assertEquals("[\"shop\"]", asked.get("params").toString());
        JsonObject info = new JsonObject();
        info.addProperty("devMode", true);
        info.addProperty("devPath", plugin.toString());
        JsonObject answer = new JsonObject();
        answer.addProperty("jsonrpc", "2.0");
        answer.add("id", asked.get("id"));
        answer.add("result", info);
        write(in, answer.toString());
        JsonObject reload = awaitMethod(said, "reloadPlugin");
        write(in, "{\"jsonrpc\":\"2.0\",\"id\":" + reload.get("id") + ",\"result\":null}");
        Until.holds(
                LONG,
                () -> said.stream()
                        .anyMatch(message -> message.toString().contains("\"viteStatus\":\"ready\"")
                                && message.toString().contains("\"grpcConnected\":true")),
                "it is ready and loaded");
        assertTrue(Files.exists(box.home().resolve(".omniview/plugins/shop/bin/plugin")));
        assertTrue(said.stream().anyMatch(message -> message.toString().contains("\"code\":-32700")), said::toString);
        write(in, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"fly\"}");
        Until.holds(
                () -> said.stream().anyMatch(message -> message.toString().contains("\"code\":-32601")),
                "an unknown method is refused");
        in.close();
        assertTrue(hub.waitFor(LONG.toSeconds(), TimeUnit.SECONDS));
        assertEquals(0, hub.exitValue());
        reader.join();
        assertTrue(ProcessFacts.naming(plugin.toString()).isEmpty(), "nothing is left");
    }

    private static void write(OutputStream in, String line) throws IOException {
        in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
    }

    private static JsonObject awaitMethod(List<JsonObject> said, String method) {
        Until.holds(LONG, () -> find(said, method) != null, method + " is asked for");
        JsonObject found = find(said, method);
        if (found == null) {
            throw new AssertionError(method);
        }
        return found;
    }

    private static @Nullable JsonObject find(List<JsonObject> said, String method) {
        return said.stream()
                .filter(message -> message.has("method")
                        && message.get("method").getAsString().equals(method))
                .findFirst()
                .orElse(null);
    }
}
