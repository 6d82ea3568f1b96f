package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.testkit.engine.EngineTestKit;

/** The JUnit extension against the product: in this JVM, and in builds of the example project, on Java 17. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class JUnitIT {

    private static final Path ROOT = root();

    private static Path root() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(at.resolve("examples/junit-postgres"))) {
            Path parent = at.getParent();
            if (parent == null) {
                throw new IllegalStateException(
                        "no examples/junit-postgres above " + Path.of("").toAbsolutePath());
            }
            at = parent;
        }
        return at;
    }

    @Test
    void theDocumentedTestsShareOneRedis(Sandbox box) {
        JUnitExamples.PIDS.clear();
        for (int run = 0; run < 2; run++) {
            var results = EngineTestKit.engine("junit-jupiter")
                    .selectors(
                            selectClass(JUnitExamples.CacheTest.class), selectClass(JUnitExamples.SessionsTest.class))
                    .configurationParameter("sharedserver.bin", Product.bin().toString())
                    .configurationParameter(
                            "sharedserver.lockdir", box.lockdir().toString())
                    .execute();
            assertEquals(
                    List.of(),
                    results.allEvents().failed().map(Object::toString).toList());
            assertEquals(3, results.testEvents().succeeded().count());
            assertEquals(1, box.check("cache"), "the end of the run gives it back, and its grace period begins");
        }
        assertEquals(1, JUnitExamples.PIDS.size(), "the second run finds the server of the first one");
        JsonObject server = box.info("cache");
        assertEquals(JUnitExamples.PIDS.iterator().next(), server.get("pid").getAsLong());
        assertEquals("30m", server.get("grace_period").getAsString());
        box.run("stop", "cache").ok();
    }

    /** A line of {@code target/servers.txt}. */
    private record Note(String test, int java, long jvm, long server, boolean started) {

        private static final Pattern LINE = Pattern.compile(
                "(\\w+): java (\\d+) of pid (\\d+) uses example-postgres of pid (\\d+), (started for it|found), .*");

        static Note of(String line) {
            Matcher parts = LINE.matcher(line);
            assertTrue(parts.matches(), line);
            return new Note(
                    parts.group(1),
                    Integer.parseInt(parts.group(2)),
                    Long.parseLong(parts.group(3)),
                    Long.parseLong(parts.group(4)),
                    parts.group(5).equals("started for it"));
        }
    }

    private static List<Note> takeNotes(Path project) throws IOException {
        Path file = project.resolve("target/servers.txt");
        List<Note> notes = Files.readAllLines(file).stream().map(Note::of).toList();
        Files.delete(file);
        return notes;
    }

    @Test
    void forksRunsAndOtherJUnitsShareOnePostgres(Sandbox box) throws IOException {
        Path project = box.root().resolve("project");
        Path repository = box.root().resolve("repository");
        Root.must("cp", "-r", ROOT.resolve("examples/junit-postgres").toString(), project.toString());
        String local = System.getProperty("maven.repo.local", "");
        List<String> links = new ArrayList<>(
                List.of("sh", ROOT.resolve("e2e/junit/local-repository.sh").toString(), repository.toString()));
        if (!local.isEmpty()) {
            links.add(local);
        }
        Root.must(links.toArray(String[]::new));
        assertEquals(
                Set.of("dev.sharedserver.client", "dev.sharedserver.junit"),
                ModuleFinder.of(artifact(repository, "client"), artifact(repository, "junit")).findAll().stream()
                        .map(module -> module.descriptor().name())
                        .collect(Collectors.toSet()));

        build(box, project, repository);
        List<Note> first = takeNotes(project);
        assertEquals(
                1,
                first.stream().filter(Note::started).map(Note::jvm).distinct().count(),
                first::toString);
        String applied = schemaApplied(box);
        build(box, project, repository);
        List<Note> second = takeNotes(project);
        assertEquals(0, second.stream().filter(Note::started).count(), second::toString);
        for (List<Note> run : List.of(first, second)) {
            Map<String, Long> jvms = new LinkedHashMap<>();
            run.forEach(note -> jvms.put(note.test(), note.jvm()));
            assertNotEquals(jvms.get("AccountsTest"), jvms.get("OwnersTest"), "each class has a fork of its own");
        }
        List<Note> all = new ArrayList<>(first);
        all.addAll(second);
        for (String version : List.of("1.10.2", "6.0.1")) {
            console(box, project, version);
            List<Note> others = takeNotes(project);
            assertEquals(0, others.stream().filter(Note::started).count(), others::toString);
            all.addAll(others);
        }
        assertEquals(1, all.stream().map(Note::server).distinct().count(), all::toString);
        assertEquals(
                oldJava().version(), all.stream().mapToInt(Note::java).max().orElseThrow(), all::toString);
        assertEquals(applied, schemaApplied(box), "who finds it has nothing to set up");
        assertEquals(1, box.check("example-postgres"), "nobody holds it, and it is kept");
        box.run("stop", "example-postgres").ok();
        box.run("stop", "example-redis").ok();
    }

    /** The directory of its jar. */
    private static Path artifact(Path repository, String module) throws IOException {
        try (Stream<Path> versions = Files.list(repository.resolve("dev/sharedserver/sharedserver-" + module))) {
            return versions.findFirst().orElseThrow();
        }
    }

    private static String schemaApplied(Sandbox box) {
        String port = box.info("example-postgres").get("port").getAsString();
        String answer = box.sh(
                        "exec psql -X -q -tA -h 127.0.0.1 -p \"$1\" -U test -d postgres -c \"$2\"",
                        port,
                        "select max(at) from schema_applied")
                .run()
                .ok()
                .out()
                .strip();
        assertNotEquals("", answer);
        return answer;
    }

    private static void build(Sandbox box, Path project, Path repository) {
        box.sh(
                        "cd \"$1\" && shift && exec ./not-as-root mvn \"$@\"",
                        project.toString(),
                        "-o",
                        "-B",
                        "-ntp",
                        "-q",
                        // the repository's notes on where a file came from name other repositories than this build's
                        "-Dmaven.legacyLocalRepo=true",
                        "-Dmaven.repo.local=" + repository,
                        "test")
                .env("SHAREDSERVER_BIN", Product.bin().toString())
                .env("JAVA_HOME", oldJava().home().toString())
                .env("MAVEN_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
                .timeout(Duration.ofMinutes(3))
                .run()
                .ok();
    }

    /** As an IDE does it: without Maven, in one JVM. */
    private static void console(Sandbox box, Path project, String version) throws IOException {
        Path jar = ROOT.resolve("e2e/target/junits/junit-platform-console-standalone-" + version + ".jar");
        assertTrue(Files.isRegularFile(jar), () -> jar + " is made by the phase pre-integration-test");
        String classes = Stream.of("client", "junit")
                .map(module -> ROOT.resolve(module).resolve("target/classes").toString())
                .collect(Collectors.joining(":"));
        box.sh(
                        "cd \"$1\" && shift && exec ./not-as-root \"$@\"",
                        project.toString(),
                        oldJava().home().resolve("bin/java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-jar",
                        jar.toString(),
                        "execute",
                        "--disable-banner",
                        "--class-path",
                        "target/test-classes:" + classes + ":" + driver(),
                        "--scan-class-path",
                        "target/test-classes")
                .env("SHAREDSERVER_BIN", Product.bin().toString())
                .timeout(Duration.ofMinutes(1))
                .run()
                .ok()
                .says("4 tests successful");
    }

    private static Path driver() {
        try {
            return Path.of(Class.forName("org.postgresql.Driver", false, JUnitIT.class.getClassLoader())
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .getPath());
        } catch (ClassNotFoundException e) {
            throw new AssertionError("the example's driver is a dependency of this module", e);
        }
    }

    private record Jdk(Path home, int version) {}

    /** The oldest JDK of this machine that the artifacts are for. */
    private static Jdk oldJava() {
        Pattern release = Pattern.compile("JAVA_VERSION=\"(\\d+)");
        List<Jdk> found = new ArrayList<>();
        found.add(new Jdk(
                Path.of(System.getProperty("java.home", "/")), Runtime.version().feature()));
        Path folder = Path.of("/usr/lib/jvm");
        try (Stream<Path> homes = Files.isDirectory(folder) ? Files.list(folder) : Stream.empty()) {
            for (Path home : homes.filter(home -> Files.isExecutable(home.resolve("bin/javac")))
                    .toList()) {
                Path file = home.resolve("release");
                Matcher version = release.matcher(Files.isReadable(file) ? Files.readString(file) : "");
                if (version.find() && Integer.parseInt(version.group(1)) >= 17) {
                    found.add(new Jdk(home, Integer.parseInt(version.group(1))));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found.stream().min(Comparator.comparingInt(Jdk::version)).orElseThrow();
    }
}
