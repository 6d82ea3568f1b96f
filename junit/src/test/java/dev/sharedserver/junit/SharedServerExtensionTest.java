package dev.sharedserver.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.sharedserver.client.Lease;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Each test runs classes of its own with JUnit's test kit; those are nested here, and nobody else runs them. */
class SharedServerExtensionTest {

    private final PaperProduct product;

    SharedServerExtensionTest(@TempDir Path directory) throws IOException {
        product = PaperProduct.in(directory);
    }

    private EngineTestKit.Builder kit(Class<?>... classes) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(Stream.of(classes).map(type -> selectClass(type)).toArray(DiscoverySelector[]::new))
                .configurationParameter("sharedserver.bin", product.binary().toString())
                .configurationParameter(
                        "sharedserver.lockdir", product.directory().toString());
    }

    private static void passes(EngineExecutionResults results, int tests) {
        results.testEvents().assertStatistics(counts -> counts.succeeded(tests).failed(0));
        results.containerEvents().assertStatistics(counts -> counts.failed(0));
    }

    private static List<String> messages(EngineExecutionResults results) {
        return results.allEvents().failed().stream()
                .map(event -> event.getRequiredPayload(TestExecutionResult.class)
                        .getThrowable()
                        .orElseThrow())
                .map(thrown -> String.valueOf(thrown.getMessage()))
                .toList();
    }

    /** One annotation is one `use` that starts or attaches, and a second lease that stays if a test closes the one it gets. */
    private void usedOnce(String... names) throws IOException {
        List<String> uses = product.calls("use");
        for (String name : names) {
            assertEquals(
                    2,
                    uses.stream()
                            .filter(use -> use.startsWith("use " + name + " "))
                            .count(),
                    uses::toString);
        }
        assertEquals(2 * names.length, uses.size(), uses::toString);
        List<String> given = product.calls("unuse");
        assertEquals(names.length, given.size(), given::toString);
    }

    @Retention(RetentionPolicy.RUNTIME)
    @Target({ElementType.TYPE, ElementType.PARAMETER})
    @UseSharedServer(name = "db", command = "postgres", port = "auto", gracePeriod = "10m")
    @interface Db {}

    @Db
    static class First {
        First(Lease db) {
            assertEquals("db", db.name());
        }

        @BeforeAll
        static void all(Lease db, @UseSharedServer(name = "db") int port) {
            assertEquals("db", db.name());
            assertEquals(4711, port);
        }

        @BeforeEach
        void each(@Db URI endpoint) {
            assertEquals(URI.create("tcp://127.0.0.1:4711"), endpoint);
        }

        @Test
        void one(Lease db) {
            assertEquals(7, db.pid());
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void more(int number, @UseSharedServer(name = "db") Integer port) {
            assertTrue(number < port);
        }

        @Nested
        class Inner {
            @Test
            void seesWhatIsAround(Lease db) {
                assertEquals("db", db.name());
            }
        }
    }

    static class Third {
        @Test
        void onAParameter(@Db Lease db) {
            assertEquals(4711, db.port().orElseThrow());
        }
    }

    @Test
    void aHundredTestsInManyClassesAreOneReference() throws IOException {
        passes(kit(First.class, Third.class).execute(), 5);
        usedOnce("db");
        assertTrue(product.calls("use").get(0).contains("--grace-period=600000ms"), () -> "its grace period");
    }

    @Test
    void onlyOneInstanceForTheWholeClassIsFineToo() throws IOException {
        passes(kit(OnlyOne.class).execute(), 2);
        usedOnce("db");
    }

    @Db
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    static class OnlyOne {
        private final Lease db;

        OnlyOne(@UseSharedServer(name = "db") Lease db) {
            this.db = db;
        }

        @Test
        void one(Lease same) {
            assertSame(db, same);
        }

        @Test
        void closingItTakesItFromNobody(Lease same) {
            same.close();
        }
    }

    @UseSharedServer(name = "db", command = "postgres")
    @UseSharedServer(name = "cache", command = "redis-server")
    static class Two {
        @Test
        void byName(@UseSharedServer(name = "cache") Lease cache, @UseSharedServer(name = "db") Lease db) {
            assertEquals("cache", cache.name());
            assertEquals("db", db.name());
        }

        @Test
        @UseSharedServer(name = "queue", command = "queue")
        void onAMethod(@UseSharedServer(name = "queue") Lease queue) {
            assertEquals("queue", queue.name());
        }
    }

    @Test
    void severalServersAreToldApartByName() throws IOException {
        passes(kit(Two.class).execute(), 2);
        usedOnce("db", "cache", "queue");
    }

    static class Heir extends Two {
        @Nested
        @UseSharedServer(name = "db", command = "mysql")
        class Nearer {
            @Test
            void theNearestCounts(@UseSharedServer(name = "db") Lease db) {
                assertEquals("db", db.name());
            }
        }
    }

    @Test
    void aSubclassHasTheServersOfItsSuperclassAndTheNearestOneCounts() throws IOException {
        passes(kit(Heir.class).execute(), 3);
        assertEquals(
                2,
                product.calls("use").stream()
                        .filter(use -> use.endsWith("-- mysql"))
                        .count());
    }

    @Db
    static class Busy {
        @RepeatedTest(20)
        void one(Lease db) {
            assertEquals("db", db.name());
        }
    }

    @Db
    static class AsBusy extends Busy {}

    @Test
    void testsInParallelWaitForOneStart() throws IOException {
        passes(
                kit(Busy.class, AsBusy.class, Third.class)
                        .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
                        .configurationParameter("junit.jupiter.execution.parallel.mode.default", "concurrent")
                        .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
                        .configurationParameter("junit.jupiter.execution.parallel.config.fixed.parallelism", "8")
                        .execute(),
                41);
        usedOnce("db");
    }

    @UseSharedServer(name = "broken", command = "x")
    static class Broken {
        @Test
        void one() {}
    }

    @UseSharedServer(name = "broken", command = "x")
    static class AsBroken {
        @Test
        void one(Lease broken) {
            assertEquals("", broken.name());
        }
    }

    @Test
    void whatDoesNotComeUpIsTriedOnceAndToldWithItsLog() throws IOException {
        List<String> said = messages(kit(Broken.class, AsBroken.class).execute());
        assertEquals(2, said.size(), said::toString);
        for (String one : said) {
            assertTrue(one.contains("needs the shared server broken: server broken did not come up"), one);
            assertTrue(one.contains("| no space left"), one);
        }
        assertEquals(1, product.calls("use").size());
    }

    @Test
    void aMissingProductIsToldWithWhatToDo() {
        String said = messages(kit(Broken.class)
                        .configurationParameter("sharedserver.bin", "/nowhere/sharedserver")
                        .execute())
                .get(0);
        assertTrue(said.contains("Install it, or name it by the system property sharedserver.bin"), said);
        assertTrue(said.contains("/nowhere/sharedserver"), said);
    }

    static class Portless {
        @Test
        void port(@UseSharedServer(name = "portless") int port) {
            assertEquals(0, port);
        }

        @Test
        void endpoint(@UseSharedServer(name = "portless") URI endpoint) {
            assertEquals(URI.create("x"), endpoint);
        }

        @Test
        void type(@UseSharedServer(name = "portless") String port) {
            assertEquals("", port);
        }
    }

    @UseSharedServer(name = "db", command = "postgres")
    @UseSharedServer(name = "cache", command = "redis-server")
    static class Ambiguous {
        @Test
        void which(Lease one) {
            assertEquals("", one.name());
        }
    }

    @Test
    void whatCannotBeGivenIsToldWithWhatToWrite() {
        List<String> said = messages(kit(Portless.class, Ambiguous.class).execute());
        assertEquals(4, said.size(), said::toString);
        for (String part : List.of(
                "give it one, such as port = \"auto\"",
                "give it a port, or a probe (ready) by tcp or http",
                "given as Lease, int (its port) or URI (its endpoint), not as java.lang.String",
                "which server is meant?")) {
            assertTrue(said.stream().anyMatch(one -> one.contains(part)), () -> part + ": " + said);
        }
    }

    @Test
    void itIsForJava17() throws IOException {
        for (Class<?> type : List.of(SharedServerExtension.class, UseSharedServer.class, Lease.class)) {
            try (InputStream bytes = Objects.requireNonNull(
                            type.getResourceAsStream(type.getSimpleName() + ".class"), "a class has its file");
                    DataInputStream file = new DataInputStream(bytes)) {
                assertEquals(0xCAFEBABE, file.readInt());
                file.readUnsignedShort();
                assertEquals(61, file.readUnsignedShort(), type::getName);
            }
        }
    }
}
