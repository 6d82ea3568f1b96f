package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.client.Lease;
import dev.sharedserver.client.ServerEnd;
import dev.sharedserver.client.ServerEvent;
import dev.sharedserver.client.ServerInfo;
import dev.sharedserver.client.ServerSpec;
import dev.sharedserver.client.ServerState;
import dev.sharedserver.client.SharedServerException;
import dev.sharedserver.client.SharedServers;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The Java API against the product. This JVM is the client, so that its references are seen, and given back. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class JavaClientIT {

    private static final long SELF = ProcessHandle.current().pid();
    private static final ServerSpec SLEEP = ServerSpec.named("web").command("sleep", "1000");

    private static SharedServers servers(Sandbox box) throws IOException, InterruptedException {
        return SharedServers.connect(Product.bin(), box.lockdir());
    }

    @Test
    void anExampleServesAPage(Sandbox box) throws IOException, InterruptedException {
        try (SharedServers servers = servers(box)) {
            assertEquals(200, Examples.use(servers));
            assertEquals(ServerState.GRACE, servers.info("docs").orElseThrow().state());
        }
        box.run("stop", "docs").ok();
    }

    @Test
    void aLeaseKnowsItsRedis(Sandbox box) throws IOException, InterruptedException {
        try (SharedServers servers = servers(box)) {
            Lease cache = servers.use(Examples.spec());
            assertTrue(cache.started());
            assertTrue(cache.isReady());
            int port = cache.port().getAsInt();
            assertEquals(
                    "tcp://127.0.0.1:" + port, cache.endpoint().orElseThrow().toString());
            assertTrue(Ports.answers(port, "PING", "+PONG"));
            assertTrue(Files.isRegularFile(cache.logFile().orElseThrow()));
            ServerInfo info = servers.info("cache").orElseThrow();
            assertEquals(cache.pid(), info.pid().getAsLong());
            assertEquals(port, info.port().getAsInt());
            assertEquals(SELF, info.holders().get(0).pid().getAsLong());
            assertEquals(
                    List.of("cache"),
                    servers.list().stream().map(ServerInfo::name).toList());
            try (Lease again = servers.use(ServerSpec.named("cache"))) {
                assertFalse(again.started());
                assertEquals(cache.pid(), again.pid());
                assertEquals(port, again.port().getAsInt());
            }
        }
        box.run("stop", "cache").ok();
    }

    @Test
    void severalLeasesAreOneReferenceOutside(Sandbox box) throws IOException, InterruptedException {
        try (SharedServers servers = servers(box);
                SharedServers others = servers(box)) {
            Lease first = servers.use(SLEEP);
            Lease second = others.use(SLEEP);
            assertEquals(1, box.refcount("web"));
            first.close();
            first.close();
            assertEquals(1, box.refcount("web"), "the second one still holds it");
            second.close();
            assertEquals(1, box.check("web"), "grace");
            Lease third = servers.use(SLEEP);
            assertEquals(first.pid(), third.pid());
            assertEquals(1, box.refcount("web"));
        }
        assertEquals(0, box.refcount("web"), "closing the servers closes their leases");
        box.run("stop", "web").ok();
    }

    @Test
    void anotherCopyOfTheClassesCountsAlong(Sandbox box) throws Exception {
        URL classes = SharedServers.class.getProtectionDomain().getCodeSource().getLocation();
        try (SharedServers servers = servers(box);
                URLClassLoader loader = new URLClassLoader(new URL[] {classes}, ClassLoader.getPlatformClassLoader())) {
            Class<?> other = loader.loadClass(SharedServers.class.getName());
            assertNotEquals(SharedServers.class, other);
            Object theirs =
                    other.getMethod("connect", Path.class, Path.class).invoke(null, Product.bin(), box.lockdir());
            Class<?> spec = loader.loadClass(ServerSpec.class.getName());
            Lease ours = servers.use(SLEEP);
            Object lease = other.getMethod("use", spec)
                    .invoke(theirs, spec.getMethod("named", String.class).invoke(null, "web"));
            ours.close();
            assertEquals(1, box.refcount("web"));
            lease.getClass().getMethod("close").invoke(lease);
            assertEquals(0, box.refcount("web"));
        }
        box.run("stop", "web").ok();
    }

    @Test
    void manyThreadsAtOnceAreOneServerAndLeaveNothing(Sandbox box) throws Exception {
        try (SharedServers servers = servers(box);
                ExecutorService threads = Executors.newFixedThreadPool(16)) {
            List<Future<Long>> pids = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                pids.add(threads.submit(() -> {
                    try (Lease lease = servers.use(SLEEP)) {
                        assertEquals(1, box.refcount("web"));
                        return lease.pid();
                    }
                }));
            }
            long pid = pids.get(0).get(60, TimeUnit.SECONDS);
            for (Future<Long> one : pids) {
                assertEquals(pid, one.get(60, TimeUnit.SECONDS));
            }
            assertEquals(0, box.refcount("web"));
        }
        box.run("stop", "web").ok();
    }

    @Test
    void theEndIsTold(Sandbox box) throws Exception {
        try (SharedServers servers = servers(box)) {
            Lease lease = servers.use(ServerSpec.named("web").shell("sleep 1000; exit 7"));
            CompletableFuture<ServerEnd> end = lease.onExit();
            CompletableFuture<ServerEnd> cancelled = lease.onExit();
            cancelled.cancel(true);
            assertFalse(end.isDone());
            box.serverProcess("web").kill();
            ServerEnd told = told(box, end);
            assertEquals("killed", told.cause());
            assertEquals(9, told.signal().getAsInt());
            assertTrue(told.exitCode().isEmpty());
            assertEquals(told, lease.onExit().get());
            CompletableFuture<ServerEnd> next = servers.use(SLEEP).onExit();
            box.run("restart", "web").ok();
            assertEquals("restart_requested", told(box, next).cause());
        }
        box.run("stop", "web").ok();
    }

    /** Waits for an end; where it does not come, what is known of everybody on the way to it is told. */
    private static ServerEnd told(Sandbox box, CompletableFuture<ServerEnd> end) throws Exception {
        try {
            return end.get(30, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            StringBuilder text = new StringBuilder("the end was not told; ours are");
            ProcessHandle.current()
                    .descendants()
                    .forEach(one -> text.append("\n  ")
                            .append(one.pid())
                            .append(' ')
                            .append(one.info().commandLine().orElse("?")));
            for (String file : box.filesInLockdir()) {
                text.append("\n").append(file);
                if (file.endsWith(".json")) {
                    text.append(": ").append(Sandbox.read(box.lockdir().resolve(file)));
                }
            }
            text.append("\n").append(box.run("why", "web", "--json").out());
            throw new AssertionError(text.toString(), e);
        }
    }

    /** Who begins to wait when the process has ended already, and another has its name, waits for that process all the same. */
    @Test
    void theEndIsToldOfTheProcessThatIsMeant(Sandbox box) throws Exception {
        Path waiting = box.root().resolve("waiting");
        Path goOn = box.root().resolve("go on");
        Path slow = Files.writeString(
                box.root().resolve("slow-sharedserver"),
                "#!/bin/sh\ncase $1 in wait) : >'" + waiting + "'; until [ -e '" + goOn
                        + "' ]; do sleep 0.02; done; esac\n" + "exec '" + Product.bin() + "' \"$@\"\n");
        assertTrue(slow.toFile().setExecutable(true));
        try (SharedServers servers = SharedServers.connect(slow, box.lockdir())) {
            CompletableFuture<ServerEnd> end = servers.use(SLEEP).onExit();
            Until.holds(() -> Files.exists(waiting), "the client is about to wait");
            box.run("restart", "web").ok();
            Files.createFile(goOn);
            assertEquals("restart_requested", told(box, end).cause());
        }
        box.run("stop", "web").ok();
    }

    @Test
    void whatCannotBeHadIsSaidInTheCommandsWords(Sandbox box) throws IOException, InterruptedException {
        try (SharedServers servers = servers(box)) {
            SharedServerException missing = assertThrows(
                    SharedServerException.class,
                    () -> servers.use(ServerSpec.named("web").command("no-such-command")));
            assertEquals(127, missing.exitCode());
            assertTrue(String.valueOf(missing.getMessage()).contains("no-such-command"), missing::getMessage);
            SharedServerException unready = assertThrows(
                    SharedServerException.class,
                    () -> servers.use(ServerSpec.named("web")
                            .shell("echo a word; exec sleep 1000")
                            .readyTcp("1")
                            .readyTimeout(java.time.Duration.ofMillis(300))));
            assertTrue(String.valueOf(unready.getMessage()).contains("a word"), unready::getMessage);
            SharedServerException unknown =
                    assertThrows(SharedServerException.class, () -> servers.use(ServerSpec.named("web")));
            assertTrue(String.valueOf(unknown.getMessage()).contains("not running"), unknown::getMessage);
            assertEquals(
                    64,
                    assertThrows(SharedServerException.class, () -> servers.use(ServerSpec.named("a/b")))
                            .exitCode());
            assertTrue(servers.info("web").isEmpty());
            Until.holds(() -> box.check("web") == 2, "nothing is left of it");
        }
    }

    @Test
    void anInterruptTakesItAllBack(Sandbox box) throws Exception {
        try (SharedServers servers = servers(box)) {
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread user = Thread.ofPlatform().start(() -> {
                try {
                    servers.use(ServerSpec.named("web").command("sleep", "1000").readyTcp("1"));
                } catch (Throwable e) {
                    thrown.set(e);
                }
            });
            Until.holds(() -> box.filesInLockdir().contains("web.server.json"), "it is started");
            user.interrupt();
            user.join(TimeUnit.SECONDS.toMillis(30));
            assertTrue(thrown.get() instanceof InterruptedException, () -> "" + thrown.get());
            Until.holds(() -> box.refcount("web") == 0, "nobody holds it");
        }
        box.run("stop", "web").ok();
    }

    @Test
    void eventsCome(Sandbox box) throws Exception {
        try (SharedServers servers = servers(box);
                ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Future<ServerEvent> started = thread.submit(() -> Examples.firstStart(servers));
            // the follower has to be there first: it is told of what happens from then on
            Until.holds(
                    () -> {
                        box.run("use", "web", "--pid", "" + SELF, "--", "sleep", "1000")
                                .ok();
                        box.run("stop", "web", "--even-if-used").ok();
                        return started.isDone();
                    },
                    "a start is told");
            assertEquals("web", started.get().server());
            assertTrue(started.get().fields().get("pid") instanceof Long);
        }
    }

    @Test
    void aStreamThatWaitsEndsWhenItIsClosed(Sandbox box) throws Exception {
        try (SharedServers servers = servers(box);
                ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Stream<ServerEvent> events = servers.events();
            Iterator<ServerEvent> iterator = events.iterator();
            Future<Boolean> more = thread.submit(iterator::hasNext);
            events.close();
            assertFalse(more.get(30, TimeUnit.SECONDS));
        }
    }

    @Test
    void anotherToolIsNoSharedserver(Sandbox box) throws IOException {
        Path tool = Files.writeString(box.work().resolve("sharedserver"), "#!/bin/sh\necho old tool 0.3\nexit 2\n");
        assertTrue(tool.toFile().setExecutable(true));
        SharedServerException none =
                assertThrows(SharedServerException.class, () -> SharedServers.connect(tool, box.lockdir()));
        assertTrue(
                String.valueOf(none.getMessage()).contains(tool + " (another tool, or too old: old tool 0.3)"),
                none::getMessage);
        assertThrows(
                SharedServerException.class,
                () -> SharedServers.connect(box.work().resolve("none"), box.lockdir()));
    }
}
