package dev.sharedserver.dev.project;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.core.config.Port;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.build.Compiler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class ProjectsTest {

    private final Path directory;

    ProjectsTest(@TempDir Path directory) throws IOException {
        this.directory = Files.createDirectory(directory.toRealPath().resolve("shop"));
    }

    private void file(String name, String text) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private Project project() throws DevServerException {
        return Projects.of(directory, Map.of("HOME", "/home/x", "STAGE", "test", "DOLLARS", "$$ ${X}")::get);
    }

    private Project project(String json) throws Exception {
        file(Projects.FILE, json);
        return project();
    }

    private String refusal(String json) throws Exception {
        file(Projects.FILE, json);
        DevServerException refused = assertThrows(DevServerException.class, this::project);
        assertEquals("omniview:validation", refused.type());
        return String.valueOf(refused.getMessage());
    }

    static Stream<List<String>> signs() {
        return Stream.of(
                List.of("vite+go", "ui/package.json", "{}", "pkg/main.go", "package main"),
                List.of("vite+go", "plugin.yaml", ""),
                List.of(
                        "vite",
                        "package.json",
                        "{\"devDependencies\": {\"vite\": \"8\"}, \"scripts\": {\"dev\": \"vite\"}}"),
                List.of("vite", "package.json", "{\"devDependencies\": {\"vite\": \"8\"}}", "tsconfig.json", "{}"),
                List.of(
                        "next",
                        "package.json",
                        "{\"dependencies\": {\"next\": \"16\"}, \"scripts\": {\"dev\": \"next\"}}"),
                List.of("astro", "package.json", "{\"dependencies\": {\"astro\": \"6\", \"vite\": \"8\"}}"),
                List.of("nuxt", "package.json", "{\"dependencies\": {\"nuxt\": \"4\"}}"),
                List.of(
                        "angular",
                        "package.json",
                        "{\"devDependencies\": {\"@angular/cli\": \"21\", \"vite\": \"8\"}}"),
                List.of("node", "package.json", "{\"scripts\": {\"start\": \"node server.js\"}}"),
                List.of("tsc", "package.json", "{\"scripts\": {}}", "tsconfig.json", "// what\n{\"a\": 1,}"),
                List.of("maven", "pom.xml", "<project/>"),
                List.of("cargo", "Cargo.toml", "", "src/main.rs", "fn main() {}"),
                List.of("cargo", "Cargo.toml", ""),
                List.of("go", "go.mod", "module x", "pkg/a.go", "package pkg"),
                List.of("go", "go.mod", "module x", "main.go", "// x\npackage main\n"),
                List.of("tsc", "tsconfig.json", "{\"compilerOptions\": {\"outDir\": \"./out\"}}"),
                List.of("python", "pyproject.toml", ""),
                List.of("python", "manage.py", ""),
                List.of("make", "Makefile", ""));
    }

    @ParameterizedTest
    @MethodSource("signs")
    void aProfileIsFoundByWhatLiesThere(List<String> files) throws Exception {
        for (int i = 1; i < files.size(); i += 2) {
            file(files.get(i), files.get(i + 1));
        }
        Project found = project();
        assertEquals(files.getFirst(), found.profile().text());
        assertEquals("shop", found.name());
        assertFalse(found.fromFile());
        assertTrue(found.processes().size() + found.builders().size() > 0);
        assertTrue(Projects.describe(found).startsWith("project shop: profile " + files.getFirst() + " ("));
    }

    @ParameterizedTest
    @MethodSource("signs")
    void whatWasFoundCanBeWrittenAndRead(List<String> files) throws Exception {
        for (int i = 1; i < files.size(); i += 2) {
            file(files.get(i), files.get(i + 1));
        }
        Project found = project();
        assertEquals(Set.of(), ProjectSchemaTest.complaints(Projects.toJson(found)));
        Project read = project(Projects.toJson(found));
        assertTrue(read.fromFile());
        assertEquals(found.profile(), read.profile());
        assertEquals(found.processes(), read.processes());
        assertEquals(found.builders(), read.builders());
        assertEquals(Projects.toJson(found), Projects.toJson(read));
    }

    @Test
    void thePackageManagerIsTheOneWhoseLockLiesThere() throws Exception {
        file("package.json", "{\"devDependencies\": {\"vite\": \"8\"}, \"scripts\": {\"dev\": \"vite\"}}");
        List<String> flags = List.of("--port", "\0", "--strictPort", "--host", "127.0.0.1");
        assertEquals(
                Stream.concat(Stream.of("npm", "run", "dev", "--"), flags.stream())
                        .toList(),
                project().processes().getFirst().command());
        file("pnpm-lock.yaml", "");
        assertEquals(
                Stream.concat(Stream.of("pnpm", "run", "dev"), flags.stream()).toList(),
                project().processes().getFirst().command());
        assertEquals(
                List.of("pnpm", "install"),
                there(project().processes().getFirst().install()).command());
    }

    private static <T> T there(@Nullable T value) {
        return Objects.requireNonNull(value);
    }

    @Test
    void withoutAScriptTheFrameworksOwnCommandIsRun() throws Exception {
        file("package.json", "{\"devDependencies\": {\"@angular/cli\": \"21\"}}");
        assertEquals(
                List.of("node_modules/.bin/ng", "serve"),
                project().processes().getFirst().command().subList(0, 2));
    }

    @Test
    void whatTscMakesIsNoSource() throws Exception {
        file("tsconfig.json", "{\"compilerOptions\": {\"outDir\": \"./out\", \"declarationDir\": \"../types\"}}");
        BuilderSpec tsc = project().builders().getFirst();
        assertTrue(tsc.ignore().contains("out"), tsc::toString);
        assertFalse(tsc.ignore().toString().contains("types"), tsc::toString);
    }

    @Test
    void anEmptyDirectoryIsNoProjectAndTheProfilesAreNamed() {
        DevServerException refused = assertThrows(DevServerException.class, this::project);
        assertEquals("omniview:plugin/build-failed", refused.type());
        assertTrue(String.valueOf(refused.getMessage()).contains(Projects.FILE), refused::toString);
    }

    @Test
    void halfAPluginIsAPluginThatLacksSomething() throws Exception {
        Files.createDirectory(directory.resolve("pkg"));
        assertEquals(Profile.VITE_GO, project().profile());
        file("go.mod", "module x");
        assertEquals(Profile.GO, project().profile());
    }

    @Test
    void aFileSaysAll() throws Exception {
        Project project = project("""
            // comments and trailing commas as in servers.json
            {
              "$schema": "x",
              "name": "web-shop",
              "processes": {
                "api": {
                  "command": ["python3", "-m", "http.server", "${PORT}"],
                  "dir": "site",
                  "env": {"STAGE": "${STAGE}", "MODE": "${MODE:-dev}", "TWO": "$$${STAGE}"},
                  "port": "auto",
                  "ready": {"http": "http://127.0.0.1:${PORT}/", "timeout": "5s", "interval": "100ms"},
                },
                "db": {"command": "redis-server --port ${PORT}", "port": 6379, "ready": {"tcp": "${PORT}"}},
                "log": {"command": ["x"], "ready": {"log": "^ready (\\\\d+)$"}},
                "job": {"command": ["~/bin/job"], "ready": "none"},
              },
              "builders": {
                "c": {
                  "watch": ["src/**/*.{c,h}"], "ignore": ["src/gen/**"], "command": "make",
                  "parser": "gcc", "deploy": {"from": "build/shop", "to": "/opt/shop"},
                  "reload": false, "restart": ["api"], "timeout": "90s",
                },
                "lint": {"watch": ["*"], "command": ["lint"],
                         "parser": {"regex": "^(?P<file>\\\\S+):(?P<line>\\\\d+): (?P<message>.*)$"}},
              },
            }
            """);
        assertEquals("web-shop", project.name());
        assertEquals(Profile.CUSTOM, project.profile());
        ProcessSpec api = project.processes().getFirst();
        assertEquals(List.of("python3", "-m", "http.server", "\0"), api.command());
        assertEquals(directory.resolve("site"), api.directory());
        assertEquals(Map.of("STAGE", "test", "MODE", "dev", "TWO", "$test"), api.environment());
        assertEquals(new Port.Auto(), api.port());
        assertEquals(new Probe.Http("http://127.0.0.1:\0/"), there(api.ready()).probe());
        ProcessSpec db = project.processes().get(1);
        assertEquals(List.of("/bin/sh", "-c", "redis-server --port 6379"), db.command());
        assertEquals(new Probe.Tcp("127.0.0.1", 6379), there(db.ready()).probe());
        assertEquals(List.of("/home/x/bin/job"), project.processes().get(3).command());
        BuilderSpec c = project.builders().getFirst();
        assertEquals(Compiler.GCC, c.parser());
        assertEquals(new BuilderSpec.Deploy(directory.resolve("build/shop"), Path.of("/opt/shop")), c.deploy());
        assertFalse(c.reload());
        assertEquals(List.of("api"), c.restart());
        assertEquals(90_000, c.timeout().millis());
        assertTrue(project.builders().get(1).reload());
        assertEquals(Projects.toJson(project), Projects.toJson(project(Projects.toJson(project))));
    }

    @Test
    void whatVariablesHoldIsWrittenSoThatItMeansItself() throws Exception {
        Project project =
                project("{\"processes\": {\"a\": {\"command\": [\"x\", \"${DOLLARS}\", \"$${HOME} $$ $1\"]}}}");
        List<String> argv = project.processes().getFirst().command();
        assertEquals(List.of("x", "$$ ${X}", "${HOME} $ $1"), argv);
        assertEquals(
                argv, project(Projects.toJson(project)).processes().getFirst().command());
    }

    @Test
    void cargoIsToldWhichProgramUnlessTheManifestSaysMore() throws Exception {
        file("src/main.rs", "fn main() {}");
        String crate = "[package]\nname = \"my-shop\"\nversion = \"0.1.0\"\n";
        String program = "my-shop";
        for (String manifest : List.of(
                crate,
                "[workspace]\nmembers = [\"a\"]\n\n[package]\nversion = \"1\"\nname='my-shop'\n",
                crate + "[dependencies]\nname = \"other\"\n")) {
            file("Cargo.toml", manifest);
            assertEquals(List.of("cargo", "run", "--quiet", "--bin", program), cargoRuns(), manifest);
        }
        for (String manifest : List.of(
                "",
                "[workspace]\nmembers = []\n",
                "[package]\nversion = \"1\"\n[dependencies]\nname = \"other\"\n",
                crate + "default-run = \"tool\"\n",
                crate + "[[bin]]\nname = \"tool\"\npath = \"src/main.rs\"\n",
                "[package]\nname = \"--config=x\\u0020\"\n")) {
            file("Cargo.toml", manifest);
            assertEquals(List.of("cargo", "run", "--quiet"), cargoRuns(), manifest);
        }
        BuilderSpec builder = project().builders().getFirst();
        assertFalse(builder.watch().contains("Cargo.lock"), "cargo writes it while it builds");
    }

    private List<String> cargoRuns() throws Exception {
        return project().processes().getFirst().command();
    }

    @Test
    void aFileChangesWhatAProfileHas() throws Exception {
        file("Cargo.toml", "");
        file("src/main.rs", "fn main() {}");
        Project project = project("""
            {"profile": "cargo", "processes": {"run": {"command": ["target/debug/shop", "--dev"]}, "db": {"command": "db"}}}
            """);
        assertEquals(
                List.of("run", "db"),
                project.processes().stream().map(ProcessSpec::name).toList());
        assertEquals(
                List.of("target/debug/shop", "--dev"),
                project.processes().getFirst().command());
        assertEquals(List.of("run"), project.builders().getFirst().restart());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[] | 1:1: the file must hold an object",
                "{ | 1:2: ",
                "{} | 1:1: there is neither a process nor a builder",
                "{\"name\": \"a/b\", \"profile\": \"make\"} | 1:10: name: 'a/b' cannot be a name",
                "{\"profile\": \"vit\"} | 1:13: profile: unknown profile 'vit', did you mean 'vite'?",
                "{\"profile\": \"vite\"} | There is no package.json",
                "{\"profile\": \"vite+go\", \"builders\": {}} | has its own processes and builders",
                "{\"proceses\": {}} | 1:2: proceses: unknown key 'proceses', did you mean 'processes'?",
                "{\"processes\": []} | 1:15: processes: an object is expected",
                "{\"processes\": {\"a\": {}}} | 1:21: processes.a: \"command\" is missing",
                "{\"processes\": {\"a\": {\"command\": []}}} | 1:33: processes.a.command: an array of program",
                "{\"processes\": {\"a\": {\"command\": [\"\"]}}} | an array without a program",
                "{\"processes\": {\"a\": {\"command\": \" \"}}} | a command is expected, not ' '",
                "{\"processes\": {\"a\": {\"command\": [1]}}} | 1:34: processes.a.command[0]: a string is expected,"
                        + " not the number 1",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"args\": []}}} | arguments stand in the array of"
                        + " \"command\"",
                "{\"processes\": {\"manager\": {\"command\": \"x\"}}} | 1:16: processes.manager: 'manager' cannot be",
                "{\"processes\": {\"a b\": {\"command\": \"x\"}}} | 'a b' cannot be the name",
                "{\"processes\": {\"a\": {\"command\": \"x ${NOPE}\"}}} | 1:33: processes.a.command: variable NOPE is"
                        + " not set",
                "{\"processes\": {\"a\": {\"command\": \"x ${PORT}\"}}} | ${PORT} needs a port",
                "{\"processes\": {\"a\": {\"command\": \"x ${\"}}} | is no variable",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"port\": 0}}} | 1:46: processes.a.port: a port from 1"
                        + " to 65535",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"port\": true}}} | or \"auto\" is expected, not true",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {}}}} | one of log, tcp, http is expected",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"log\": \"(\"}}}} | 1:55:"
                        + " processes.a.ready.log: invalid regular expression '('",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"log\": \"(?=x)\"}}}} | no look-around",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"http\": \"ftp://x\"}}}} | a URL like",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"tcp\": 1, \"timeout\": 5}}}} | write one"
                        + " like \"30s\"",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"ready\": {\"tcp\": 1, \"timeout\": \"0s\"}}}} | above"
                        + " 0",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"env\": {\"A=B\": \"\"}}}} | invalid name of a"
                        + " variable: 'A=B'",
                "{\"processes\": {\"a\": {\"command\": \"x\", \"install\": {\"command\": \"y\"}}}} | \"missing\" is"
                        + " missing",
                "{\"processes\": {\"a\": {\"command\": \"x\"}}, \"builders\": {\"a\": {\"watch\": [\"*\"],"
                        + " \"command\": \"x\"}}} | stands here a second time, the first is in line 1",
                "{\"builders\": {\"b\": {\"command\": \"x\"}}} | 1:20: builders.b: \"watch\" is missing",
                "{\"builders\": {\"b\": {\"watch\": [], \"command\": \"x\"}}} | there is no glob",
                "{\"builders\": {\"b\": {\"watch\": \"src\", \"command\": \"x\"}}} | an array of globs",
                "{\"builders\": {\"b\": {\"watch\": [\"../x\"], \"command\": \"x\"}}} | 1:31: builders.b.watch[0]: a"
                        + " glob leads nowhere but down",
                "{\"builders\": {\"b\": {\"watch\": [\"/x\"], \"command\": \"x\"}}} | relative to the project's"
                        + " directory",
                "{\"builders\": {\"b\": {\"watch\": [\"a**b\"], \"command\": \"x\"}}} | ** stands between slashes",
                "{\"builders\": {\"b\": {\"watch\": [\"{a\"], \"command\": \"x\"}}} | a brace is not closed",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"parser\": \"gccc\"}}} | did you"
                        + " mean 'gcc'?",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"parser\": {\"regex\": \"x\"}}}} |"
                        + " has no group named message",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"parser\": {\"regex\":"
                        + " \"(?P<message>.*)(?P<nope>x)\"}}}} | the group 'nope' means nothing",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"deploy\": {\"from\": \"x\"}}}} |"
                        + " \"to\" is missing",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"reload\": \"yes\"}}} | true or"
                        + " false is expected",
                "{\"builders\": {\"b\": {\"watch\": [\"*\"], \"command\": \"x\", \"restart\": [\"web\"]}}} |"
                        + " restart[0]: there is no process 'web'"
            })
    void whatIsWrongIsSaidWithItsPlace(String json, String complaint) throws Exception {
        String said = refusal(json);
        assertTrue(said.contains(complaint), said);
    }

    @Test
    void allThatIsWrongIsSaidInTheOrderOfTheFile() throws Exception {
        String said = refusal("""
            {"processes": {"a": {"command": 1, "ready": {"http": "http://127.0.0.1:${PORT}/"}},
                           "b": {"command": "x", "prt": 1}},
             "bilders": {}}
            """);
        assertEquals(
                List.of("1:33", "1:54", "2:38", "3:2"),
                said.lines()
                        .map(line -> line.substring(Projects.FILE.length() + 1).replaceFirst(": .*", ""))
                        .toList(),
                said);
    }

    @Test
    void bytesThatAreNoTextAndFilesThatAreTooLargeAreRefused() throws Exception {
        Files.write(directory.resolve(Projects.FILE), "{\"\u00fc\": 1}".getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(String.valueOf(
                        assertThrows(DevServerException.class, this::project).getMessage())
                .contains("1:3: this byte is no UTF-8"));
        Files.write(directory.resolve(Projects.FILE), new byte[(1 << 20) + 1]);
        assertTrue(String.valueOf(
                        assertThrows(DevServerException.class, this::project).getMessage())
                .contains("larger than"));
        Files.delete(directory.resolve(Projects.FILE));
        file("package.json", "{\"dependencies\": {\"vite\": }}");
        assertTrue(String.valueOf(
                        assertThrows(DevServerException.class, this::project).getMessage())
                .startsWith("package.json:1:27: "));
    }

    @ParameterizedTest
    @CsvSource({"shop,shop", "My Shop!,My-Shop-", ".hidden,hidden", "ünï,n-", "--,project"})
    void aNameIsMadeOfTheDirectorys(String name, String id) {
        assertEquals(id, Projects.id(Path.of("/x").resolve(name)));
        assertTrue(Projects.isId(id));
    }
}
