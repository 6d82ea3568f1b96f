package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.client.Lease;
import dev.sharedserver.junit.Ready;
import dev.sharedserver.junit.UseSharedServer;
import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** What the documentation of the JUnit extension shows, as {@link JUnitIT} runs it. */
final class JUnitExamples {

    /** Which servers these tests have used: all of them the same one. */
    static final Set<Long> PIDS = ConcurrentHashMap.newKeySet();

    private JUnitExamples() {}

    // @start region="class"
    @UseSharedServer(
            name = "cache",
            shell = "exec redis-server --port $PORT --bind 127.0.0.1 --save ''",
            port = "auto",
            ready = @Ready(tcp = "${PORT}"),
            gracePeriod = "30m")
    static class CacheTest {

        @Test
        void answers(@UseSharedServer(name = "cache") int port) throws IOException {
            assertTrue(Ports.answers(port, "PING", "+PONG"));
        }

        @Test
        void isReady(Lease cache) throws IOException, InterruptedException {
            assertTrue(cache.isReady());
            PIDS.add(cache.pid()); // @replace regex=".*" replacement=""
        }
    }
    // @end

    // @start region="composed"
    @Target({ElementType.TYPE, ElementType.METHOD, ElementType.PARAMETER})
    @Retention(RetentionPolicy.RUNTIME)
    @UseSharedServer(
            name = "cache",
            shell = "exec redis-server --port $PORT --bind 127.0.0.1 --save ''",
            port = "auto",
            ready = @Ready(log = "Ready to accept connections"))
    @interface Cache {}

    static class SessionsTest {

        @Test
        void areKept(@Cache URI cache) throws IOException {
            assertEquals("tcp", cache.getScheme());
            assertTrue(Ports.answers(cache.getPort(), "PING", "+PONG"));
        }
    }
    // @end
}
