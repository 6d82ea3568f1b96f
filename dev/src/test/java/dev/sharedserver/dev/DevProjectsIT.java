package dev.sharedserver.dev;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.dev.event.HubEvent;
import dev.sharedserver.dev.event.Subscription;
import dev.sharedserver.dev.process.Ledgers;
import dev.sharedserver.dev.process.Posix;
import dev.sharedserver.dev.project.Projects;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Projects of the kinds that this machine has the real tools for. cargo it need not have: what that writes CompilerTest has. */
@Timeout(300)
final class DevProjectsIT {

    private static final Duration LONG = Duration.ofMinutes(2);

    private final Path root;
    private final Path directory;
    private final DevServerManager manager;
    private final Subscription events;
    private final List<String> reloads = new CopyOnWriteArrayList<>();

    DevProjectsIT(@TempDir Path temporary) throws Exception {
        root = temporary.toRealPath();
        directory = Files.createDirectory(root.resolve("shop"));
        manager = new DevServerManager(
                DevServerManager.Setup.of(root.resolve("state"), System.getenv("PATH")),
                Ledgers.PROC,
                id -> {
                    throw DevServerException.notFound(id);
                },
                reloads::add,
                key -> "");
        events = manager.events().subscribe();
        manager.initialize();
    }

    @AfterEach
    void end() throws InterruptedException {
        manager.shutdown();
    }

    private void file(String name, String text) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        // as editors do it: what is read while it is written would be half a file
        Path temporary = directory.resolve(".new");
        Files.writeString(temporary, text);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private void copy(String from) throws IOException {
        for (String file : List.of("package.json", "package-lock.json")) {
            file(file, Files.readString(Path.of("test", from, file)));
        }
    }

    private void start() throws DevServerException {
        manager.startDevServerForPath("shop", directory.toString());
    }

    private DevServerState state() {
        return manager.getDevServerState("shop");
    }

    private ProjectState project() {
        return Objects.requireNonNull(Objects.requireNonNull(state().extra()).project());
    }

    private ProjectState.OfBuilder builder(String name) {
        return project().builders().stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private void until(Callable<Boolean> condition) {
        await().atMost(LONG)
                .conditionEvaluationListener(look -> {
                    if (look.getRemainingTimeInMS() < 1000) {
                        System.err.println(state());
                        manager.getDevServerLogs("shop", 100).forEach(System.err::println);
                    }
                })
                .until(condition);
    }

    private void untilBuilt() {
        until(() -> state().goStatus() == DevProcessStatus.READY);
    }

    private void untilBroken() {
        until(() -> state().goStatus() == DevProcessStatus.ERROR);
    }

    /** Returns the errors that were told last. */
    private String errors() throws Exception {
        String last = "";
        for (HubEvent event = events.next(0); event != null; event = events.next(0)) {
            last = event.name().equals(DevServerManager.EVENT_ERROR) ? event.data() : last;
        }
        return last;
    }

    /** Returns how an error begins, as it is told. */
    private static String error(String file, int line, int column, String message) {
        return "{\"file\":\"" + file + "\",\"line\":" + line + ",\"column\":" + column + ",\"message\":\"" + message;
    }

    private void assertTold(String errors, String error) {
        assertTrue(errors.contains(error), () -> errors + " has no " + error);
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

    @Test
    void viteAlone() throws Exception {
        copy("vite");
        file("index.html", "<!doctype html><p>a shop's page</p>");
        start();
        until(() -> state().viteStatus() == DevProcessStatus.READY);
        assertEquals("vite", project().profile());
        assertTrue(get(state().viteURL()).contains("a shop's page"));
        assertTrue(get(state().viteURL() + "/@vite/client").contains("import.meta"), "it is Vite who serves");
        long group = manager.vitePGID("shop");
        assertEquals(0, Posix.kill(-group, Posix.SIGKILL));
        until(() -> state().viteStatus() == DevProcessStatus.ERROR);
        assertFalse(Ledgers.alive(group));
        assertEquals("vite ended with exit code 137", state().lastError());
    }

    @Test
    void maven() throws Exception {
        // offline, with the plugins that this project itself is built with
        file("pom.xml", """
            <project xmlns="http://maven.apache.org/POM/4.0.0">
              <modelVersion>4.0.0</modelVersion>
              <groupId>shop</groupId>
              <artifactId>shop</artifactId>
              <version>1</version>
              <properties>
                <maven.compiler.release>17</maven.compiler.release>
                <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
              </properties>
              <build>
                <plugins>
                  <plugin>
                    <artifactId>maven-compiler-plugin</artifactId>
                    <version>%s</version>
                  </plugin>
                  <plugin>
                    <artifactId>maven-resources-plugin</artifactId>
                    <version>%s</version>
                  </plugin>
                </plugins>
              </build>
            </project>
            """.formatted(
                        System.getProperty("version.compiler-plugin"), System.getProperty("version.resources-plugin")));
        file(".mvn/maven.config", "-o\n");
        String source = "src/main/java/shop/Price.java";
        file(source, "package shop;\n\nclass Price {\n    int cents = 3;\n}\n");
        start();
        assertEquals("maven", project().profile());
        untilBuilt();
        assertTrue(Files.exists(directory.resolve("target/classes/shop/Price.class")));
        assertEquals(List.of("shop"), reloads);

        file(source, "package shop;\n\nclass Price {\n    Missing cents = 3;\n}\n");
        untilBroken();
        String errors = errors();
        String error = error(directory + "/" + source, 4, 5, "cannot find symbol\\nsymbol:   class Missing");
        assertTold(errors, error);
        assertEquals(errors.indexOf(error), errors.lastIndexOf(error), "Maven says it twice");
        assertEquals(1, builder("maven").errors());
    }

    @Test
    void tsc() throws Exception {
        copy("tsc");
        file("tsconfig.json", """
            {
              // what is made is no source
              "compilerOptions": {"outDir": "out", "declaration": true, "strict": true, "types": []},
              "include": ["src"],
            }
            """);
        file("src/price.ts", "export const cents: number = 3;\n");
        start();
        assertEquals("tsc", project().profile());
        untilBuilt();
        assertTrue(Files.exists(directory.resolve("out/price.js")));

        file("src/price.ts", "export const cents: number = \"three\";\n");
        untilBroken();
        assertTold(errors(), error("src/price.ts", 1, 14, "TS2322: Type 'string' is not assignable to type 'number'."));
        file("src/price.ts", "export const cents: number = 4;\n");
        untilBuilt();
        assertEquals("[\"shop\",[]]", errors());
        assertEquals(3, builder("tsc").buildId());
    }

    @Test
    void goWithAProgramThatIsStartedAnew() throws Exception {
        file("go.mod", "module example.com/shop\n\ngo 1.19\n");
        String program = """
            package main

            import (
            	"fmt"
            	"net/http"
            	"os"
            )

            func main() {
            	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "%s") })
            	fmt.Println(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
            }
            """;
        file("main.go", program.formatted("first"));
        // the profile and one change: when it is ready
        file(Projects.FILE, """
            {
              "profile": "go",
              "processes": {"run": {"command": ["build/bin/shop"], "port": "auto", "ready": {"tcp": "${PORT}"}}}
            }
            """);
        start();
        assertEquals("go", project().profile());
        until(() -> state().viteStatus() == DevProcessStatus.READY);
        assertEquals("first", get(state().viteURL()));

        file("main.go", program.formatted("second"));
        until(() -> builder("go").buildId() == 2 && state().viteStatus() == DevProcessStatus.READY);
        assertEquals("second", get(state().viteURL()));

        file("main.go", program.replace("r *http.Request", "r http.Nope"));
        untilBroken();
        String errors = errors();
        assertTold(errors, "{\"file\":\"./main.go\",\"line\":10,\"column\":");
        assertTold(errors, "\"message\":\"undefined: http.Nope\"");
        assertEquals("second", get(state().viteURL()), "what was good goes on");
    }

    @Test
    void aProjectOfItsOwn() throws Exception {
        file(Projects.FILE, """
            {
              "name": "shop",
              "processes": {
                "site": {
                  "command": ["python3", "-m", "http.server", "${PORT}", "--bind", "127.0.0.1"],
                  "dir": "site", "port": "auto", "env": {"PYTHONUNBUFFERED": "1"},
                  "ready": {"http": "http://127.0.0.1:${PORT}/"}
                }
              },
              "builders": {
                "c": {"watch": ["c/*.{c,h}"], "command": ["cc", "-o", "price", "c/price.c"], "parser": "gcc",
                      "env": {"LC_ALL": "C"}, "deploy": {"from": "price", "to": "bin"}},
                "java": {"watch": ["java/**"], "command": ["%s", "-d", "classes", "java/Price.java"],
                         "parser": "javac", "reload": false},
                "python": {"watch": ["py"], "command": ["python3", "-m", "compileall", "-q", "py"],
                           "parser": "python", "reload": false}
              }
            }
            """.formatted(Path.of(System.getProperty("java.home"), "bin/javac")));
        file("site/index.html", "<p>prices</p>");
        file("c/price.c", "#include <stdio.h>\nint main(void) { puts(\"3\"); return 0; }\n");
        file("java/Price.java", "class Price {}\n");
        file("py/price.py", "CENTS = 3\n");
        start();
        until(() -> state().viteStatus() == DevProcessStatus.READY);
        assertTrue(get(state().viteURL()).contains("prices"));
        until(() -> project().builders().stream().allMatch(one -> one.status() == DevProcessStatus.READY));
        assertEquals("", state().lastError());
        assertEquals(List.of("shop"), reloads);
        assertTrue(Files.isExecutable(directory.resolve("bin/price")));
        assertTrue(Files.exists(directory.resolve("classes/Price.class")));

        file("c/price.c", "int main(void) { return cents; }\n");
        file("java/Price.java", "class Price {\n    int cents = \"3\";\n}\n");
        file("py/price.py", "def cents():\n    return (3,\n");
        until(() -> project().builders().stream().allMatch(one -> one.status() == DevProcessStatus.ERROR));
        String errors = errors();
        assertTold(errors, error("c/price.c", 1, 25, "'cents' undeclared (first use in this function)"));
        assertTold(errors, error("java/Price.java", 2, 17, "incompatible types: String cannot be converted to int"));
        assertTold(errors, error("py/price.py", 2, 0, "SyntaxError: '(' was never closed"));

        file("c/price.c", "int main(void) { return 0; }\n");
        file("java/Price.java", "class Price {}\n");
        file("py/price.py", "CENTS = 4\n");
        until(() -> project().builders().stream().allMatch(one -> one.status() == DevProcessStatus.READY));
        assertEquals("[\"shop\",[]]", errors());
    }
}
