package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Logs: how they stay short, what of them is shown, and what becomes of those nobody needs. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class LogsIT {

    private static final int MIB = 1 << 20;
    private static final Pattern CUT = Pattern.compile("--- sharedserver: (\\d+) bytes cut at [^ ,]+(, .*)? -+");

    /** How much the chatty server writes; the long version takes more. */
    private static final int MEGABYTES = Integer.getInteger("e2e.log.megabytes", 120);

    /** Writes numbered lines of 100 bytes at 50 MB/s, then the number of bytes into {@code written}, and stays. */
    private static final String CHATTY = """
        import os, sys, time
        megabytes, no, sent, begun = int(sys.argv[1]), 0, 0, time.monotonic()
        while sent < megabytes * 1000000:
            block = b"".join(b"%012d %s\\n" % (n, b"x" * 86) for n in range(no, no + 640))
            no += 640
            os.write(1, block)
            sent += len(block)
            ahead = sent / 50e6 - (time.monotonic() - begun)
            if ahead > 0:
                time.sleep(ahead)
        with open("written.new", "w") as f:
            f.write(str(sent))
        os.rename("written.new", "written")
        time.sleep(1000)
        """;

    private static void startChatty(Sandbox box, int megabytes) {
        box.use("web", box.client(), "python3", "-c", CHATTY, "" + megabytes);
    }

    private static long written(Sandbox box) {
        Path file = box.work().resolve("written");
        Until.holds(Duration.ofSeconds(60 + MEGABYTES / 10), () -> Files.exists(file), "the server has written all");
        String text = Sandbox.read(file);
        return Long.parseLong(text == null ? "" : text);
    }

    @ParameterizedTest
    @EnumSource(Medium.class)
    void aChattyServersLogStaysShortAndLosesNothingButItsBeginning(Medium medium, Sandboxes boxes) throws IOException {
        Sandbox box = boxes.open(medium);
        startChatty(box, MEGABYTES);
        long written = written(box);
        Path log = box.logFile("web");
        // once the server is silent the file is as short as its content, on a file system that leaves a hole, too
        Until.holds(() -> Files.size(log) < 11 * MIB, "the log is short");
        String text = Files.readString(log, StandardCharsets.ISO_8859_1);
        String head = text.substring(0, text.indexOf('\n'));
        Matcher cut = CUT.matcher(head);
        assertTrue(cut.matches(), head);
        long gone = Long.parseLong(cut.group(1));
        String rest = text.substring(head.length() + 1);
        assertEquals(written, gone + rest.length(), "nothing is lost that was not counted");
        assertEquals(0, gone % 100, "no line is split");
        long expected = gone / 100;
        for (String line : rest.lines().toList()) {
            assertEquals(expected, Long.parseLong(line.substring(0, 12)));
            expected++;
        }
        assertTrue(rest.length() > 3 * MIB, "the end is kept");
        String shown = box.run("logs", "web").ok().out();
        assertEquals(cut.group(1), shown.substring(18, shown.indexOf(' ', 18)));
        assertEquals(rest, shown.substring(shown.indexOf('\n') + 1));
        assertEquals(
                rest.substring(rest.length() - 300),
                box.run("logs", "web", "-n", "3").ok().out());
    }

    @Test
    void aFollowerIsToldOfEveryByteThatItMissed(Sandbox box) {
        box.use(
                "web",
                box.client(),
                "sh",
                "-c",
                "while [ ! -e go ]; do sleep 0.02; done; exec python3 -c \"$0\" 40",
                CHATTY);
        Invocation.Running following = box.inBackground(box.command("logs", "web", "-f"));
        box.sh("touch go").run().ok();
        long written = written(box);
        String last = "%012d ".formatted(written / 100 - 1);
        Until.holds(() -> following.outSoFar().contains(last), "the follower has come to the end");
        long place = 0;
        for (String line : following.outSoFar().lines().toList()) {
            Matcher cut = CUT.matcher(line);
            if (cut.matches()) {
                place += Long.parseLong(cut.group(1));
            } else if (line.length() == 99) {
                assertEquals(place / 100, Long.parseLong(line.substring(0, 12)));
                place += 100;
            } else {
                place += line.length(); // the rest of it was cut: the line is ended for the mark's sake
            }
        }
        assertEquals(written, place);
    }

    @Test
    void aLineOfAMegabyteIsKeptWhole(Sandbox box) {
        box.use(
                "web",
                box.client(),
                "python3",
                "-c",
                "import os, time\nfor i in range(24):\n  os.write(1, b'%03d' % i + b'x' * 1000000 + b'\\n')\n"
                        + "open('done', 'w')\ntime.sleep(1000)");
        Until.holds(() -> Files.exists(box.work().resolve("done")), "all is written");
        Until.holds(
                () -> box.run("logs", "web", "-n", "0").ok().out().isEmpty()
                        && box.run("logs", "web").ok().out().startsWith("--- sharedserver: "),
                "the log was cut");
        List<String> lines = box.run("logs", "web").ok().out().lines().toList();
        for (String line : lines.subList(1, lines.size())) {
            assertEquals(1_000_003, line.length());
        }
        assertEquals("023", box.run("logs", "web", "-n", "1").ok().out().substring(0, 3));
        assertTrue(box.run("logs", "web", "--grep", "^02[23]x*$").ok().out().length() == 2 * 1_000_004);
    }

    @Test
    void aLogFileOfTheCallersIsLeftAlone(Sandbox box) throws IOException {
        Path own = box.work().resolve("own.log");
        Files.writeString(own, "before\n");
        box.run(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--log-file",
                        "own.log",
                        "--",
                        "sh",
                        "-c",
                        "yes 0123456789 | head -c 13000000; touch done; exec sleep 1000")
                .ok();
        Until.holds(() -> Files.exists(box.work().resolve("done")), "all is written");
        // longer than the guard needs to look, and to cut
        Until.holds(() -> Files.exists(box.lockdir().resolve("web.log.times")), "the guard has an eye on it");
        assertEquals(13_000_007, Files.size(own));
        assertEquals("before\n", box.run("logs", "web").ok().out().substring(0, 7));
    }

    /** What was shown, but for what the shell itself says of its children. */
    private static String said(Invocation.Running following) {
        return following.outSoFar().replace("Terminated\n", "");
    }

    @Test
    void followingGoesOnAcrossRestartsAndWithoutAServer(Sandbox box) {
        Stamped client = box.client();
        box.use(
                "web",
                client,
                "sh",
                "-c",
                "echo first; trap 'echo last words; exit' TERM; while :; do sleep 0.02; done");
        Until.holds(() -> box.run("logs", "web").out().equals("first\n"), "the server has written");
        Invocation.Running following = box.inBackground(box.command("logs", "web", "-f"));
        Until.holds(() -> following.outSoFar().equals("first\n"), "what was there");
        box.run("stop", "web", "--even-if-used").ok();
        Until.holds(() -> said(following).equals("first\nlast words\n"), "until the end");
        box.use("web", client, "sh", "-c", "echo second; exec sleep 1000");
        Until.holds(() -> said(following).equals("first\nlast words\nsecond\n"), "the next run's");
        box.run("restart", "web", "--even-if-used").ok();
        Until.holds(() -> said(following).equals("first\nlast words\nsecond\nsecond\n"), "and the next one's");
        assertTrue(following.running());
    }

    @Test
    void aLogThatSomebodyRemovedIsStillReadAndFollowed(Sandbox box) throws IOException {
        box.use(
                "web",
                box.client(),
                "sh",
                "-c",
                "echo one; while [ ! -e go ]; do sleep 0.02; done; echo two; exec sleep 1000");
        Until.holds(() -> box.run("logs", "web").out().equals("one\n"), "the server has written");
        Invocation.Running before = box.inBackground(box.command("logs", "web", "-f"));
        Until.holds(() -> before.outSoFar().equals("one\n"), "it is followed");
        Files.delete(box.logFile("web"));
        assertEquals("one\n", box.run("logs", "web").ok().out());
        Invocation.Running after = box.inBackground(box.command("logs", "web", "-f"));
        Until.holds(() -> after.outSoFar().equals("one\n"), "it is followed without its name");
        box.sh("touch go").run().ok();
        Until.holds(() -> before.outSoFar().equals("one\ntwo\n"), "by who had it open");
        Until.holds(() -> after.outSoFar().equals("one\ntwo\n"), "and by who came later");
        box.run("stop", "web", "--even-if-used").ok();
        box.run("logs", "web").exits(1).complains("has no log");
    }

    @Test
    void aLogThatSomebodyEmptiedIsFollowedFromItsBeginning(Sandbox box) throws IOException {
        box.use(
                "web",
                box.client(),
                "sh",
                "-c",
                "echo first line; while [ ! -e go ]; do sleep 0.02; done; echo two; exec sleep 1000");
        Invocation.Running following = box.inBackground(box.command("logs", "web", "-f"));
        Until.holds(() -> following.outSoFar().equals("first line\n"), "it is followed");
        Files.writeString(box.logFile("web"), "");
        box.sh("touch go").run().ok();
        Until.holds(() -> following.outSoFar().equals("first line\ntwo\n"), "the new line is shown");
    }

    /** A time that began while the server was silent. */
    private static String after(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000 - 500 + "ms";
    }

    @Test
    void sinceShowsWhatWasWrittenLately(Sandbox box) throws InterruptedException {
        box.use(
                "web",
                box.client(),
                "sh",
                "-c",
                "echo old; while [ ! -e go ]; do sleep 0.02; done; echo new; echo newer; touch done; exec sleep 1000");
        Until.holds(() -> box.run("logs", "web").out().equals("old\n"), "the server has written");
        long begun = System.nanoTime();
        // the pause is longer than a command takes to ask, however busy the machine is
        Thread.sleep(8000);
        box.sh("touch go").run().ok();
        Until.holds(() -> box.run("logs", "web").out().contains("newer"), "the server has written again");
        assertEquals(
                "new\nnewer\n",
                box.run("logs", "web", "--since", after(begun)).ok().out());
        assertEquals(
                "newer\n",
                box.run("logs", "web", "--since", after(begun), "-n", "1").ok().out());
        assertEquals(
                "new\nnewer\n",
                box.run("logs", "web", "--since", after(begun), "-n", "9").ok().out());
        assertEquals(
                "old\nnew\nnewer\n",
                box.run("logs", "web", "--since", "1h").ok().out());
        Thread.sleep(500);
        assertEquals("", box.run("logs", "web", "--since", "1ms").ok().out());
        // who keeps the time may die, and the server may end
        box.requireGuard().kill();
        box.run("list").ok();
        assertEquals(
                "new\nnewer\n",
                box.run("logs", "web", "--since", after(begun)).ok().out());
        box.run("stop", "web", "--even-if-used").ok();
        assertEquals(
                "old\nnew\nnewer\n",
                box.run("logs", "web", "--since", "1h").ok().out());
        box.run("logs", "web", "--since", "1").exits(64).complains("--since");
    }

    @Test
    void noExpressionHangsTheAgent(Sandbox box) {
        box.use(
                "web",
                box.client(),
                "sh",
                "-c",
                "yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! | head -n 1000; exec sleep 1000");
        Until.holds(() -> box.run("logs", "web").out().length() == 39_000, "the server has written");
        for (String regex : List.of("(a+)+$", "(a|aa)+$", "(.*a){20}b")) {
            Result result = box.command("logs", "web", "--grep", regex)
                    .timeout(Duration.ofSeconds(20))
                    .run()
                    .ok();
            assertEquals("", result.out());
        }
        assertEquals(
                39_000, box.run("logs", "web", "--grep", "(a+)+!$").ok().out().length());
        for (String regex : List.of("(", "(?=a)", "(a)\\1", "((a{100}){100}){100}")) {
            box.run("logs", "web", "--grep", regex).exits(64).complains("invalid --grep");
        }
        // as deep as the library recurses: the answer may be either, but there is one, and the agent lives
        long agent = box.requireAgent().pid();
        for (String regex : List.of(
                "(".repeat(9000) + "a" + ")".repeat(9000), "a|".repeat(9000) + "b", "((((a*)*)*)*)*".repeat(1000))) {
            Result result = box.command("logs", "web", "-n", "10", "--grep", regex)
                    .timeout(Duration.ofSeconds(60))
                    .run();
            assertTrue(result.exit() == 0 || result.exit() == 64, result.toString());
        }
        assertEquals(0, box.check("web"));
        assertEquals(agent, box.requireAgent().pid());
    }

    @Test
    void theOutputOfRealServersIsShown(Sandbox box) throws IOException, InterruptedException {
        int web = freePort();
        int cache = freePort();
        box.use("web", box.client(), "python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "" + web);
        box.use("cache", box.client(), "redis-server", "--port", "" + cache, "--save", "", "--bind", "127.0.0.1");
        Until.holds(() -> box.run("logs", "web").out().contains("Serving HTTP on 127.0.0.1"), "the first serves");
        Until.holds(() -> box.run("logs", "cache").out().contains("Ready to accept connections"), "the second, too");
        Invocation.Running following = box.inBackground(box.command("logs", "web", "-f", "--grep", "GET /n[0-9]+ "));
        for (String path : List.of("/", "/n17", "/other")) {
            try (HttpClient client = HttpClient.newHttpClient()) {
                client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + web + path))
                                .build(),
                        HttpResponse.BodyHandlers.discarding());
            }
        }
        Until.holds(() -> following.outSoFar().contains("\"GET /n17 HTTP/1.1\" 404"), "the request is shown");
        Until.holds(() -> box.run("logs", "web").out().contains("/other"), "the others were, in the log");
        assertEquals(1, following.outSoFar().lines().count(), following.outSoFar());
        // the redis of before a restart is the previous run's log
        box.run("restart", "cache", "--even-if-used").ok();
        Until.holds(
                () -> box.run("logs", "cache", "--grep", "Ready to accept")
                                .ok()
                                .out()
                                .lines()
                                .count()
                        == 1,
                "the next run's log is its own");
        assertTrue(Files.readString(box.lockdir().resolve("cache.log.1"), StandardCharsets.ISO_8859_1)
                .contains("bye bye"));
        box.run("stop", "web", "cache", "--even-if-used").ok();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Test
    void aLogThatBeginsLikeAnothersCutIsOutput(Sandbox box) throws IOException {
        String other = """
            --- sharedserver: 7 bytes cut at 2026-11-21T10:11:12.123Z, continued at byte 99999 of inode 1 ---
            kept
            """;
        Files.writeString(box.work().resolve("other"), other);
        box.use("web", box.client(), "sh", "-c", "cat other; exec sleep 1000");
        Until.holds(() -> box.run("logs", "web").out().equals(other), "all of it is shown");
        assertEquals("kept\n", box.run("logs", "web", "-n", "1").ok().out());
        box.run("stop", "web", "--even-if-used").ok();
        assertEquals(other, Files.readString(box.logFile("web")));
    }

    @Test
    void bytesPassUnchangedButNotToATerminal(Sandbox box) {
        box.use(
                "web",
                box.client(),
                "sh",
                "-c",
                "printf 'a\\033[31mred\\033[0m\\033]0;title\\007\\377\\000b\\n'; exec sleep 1000");
        Until.holds(() -> box.run("logs", "web").out().endsWith("b\n"), "the server has written");
        box.sh("\"$SS\" logs web | cmp - \"$SHAREDSERVER_LOCKDIR\"/web.log")
                .run()
                .ok();
        assertEquals(
                "a\u001b[31mred\u001b[0m\\x1b]0;title\\x07\\xff\\x00b\r\n",
                box.sh("script -qec '\"$SS\" logs web' /dev/null").run().ok().out());
    }

    @Test
    void aLogThatIsNoFileIsNotWaitedFor(Sandbox box) {
        box.sh("mkfifo fifo; sleep 1000 <>fifo >/dev/null 2>&1 &").run();
        for (String file : List.of("fifo", "/dev/null")) {
            box.run("use", "web", "--pid", "" + box.client().pid(), "--log-file", file, "--", "sleep", "1000")
                    .ok();
            box.run("logs", "web").exits(1).complains("no file");
            box.run("logs", "web", "-f").exits(1).complains("no file");
            box.run("stop", "web", "--even-if-used").ok();
        }
    }

    @Test
    void theLogOfAnotherToolsServerIsShown(Sandbox box) throws IOException {
        Stamped watcher = box.client();
        Path output = box.work().resolve("theirs.out");
        Stamped server = box.start(
                "python3",
                "-c",
                "import os, sys, time\nfd = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)\n"
                        + "os.dup2(fd, 1)\nprint('hello', flush=True)\ntime.sleep(1000)",
                output.toString());
        Until.holds(() -> "hello\n".equals(Sandbox.read(output)), "it has written");
        box.run("list").ok();
        Files.writeString(box.serverFile("web"), """
            {"pid": %d, "server_name": "web", "command": ["python3"], "working_dir": "/", "grace_period": "5m",
             "watcher_pid": %d, "started_at": "%s", "start_time": %d, "watcher_start_time": %d}
            """.formatted(
                        server.pid(), watcher.pid(), Instant.now(), server.stamp(), watcher.stamp()));
        assertEquals("hello\n", box.run("logs", "web").ok().out());
        Files.writeString(box.logFile("web"), "in its place\n");
        assertEquals("in its place\n", box.run("logs", "web").ok().out());
        server.kill();
        watcher.kill();
        Files.delete(box.serverFile("web"));
    }

    // ---- prune

    private static void makeOld(Path file, int days) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(days))));
    }

    private static Path old(Sandbox box, String file, int days) throws IOException {
        Path path = Files.writeString(box.lockdir().resolve(file), "text\n");
        makeOld(path, days);
        return path;
    }

    @Test
    void pruneRemovesWhatServersLeftThatWereNotSeenForLong(Sandbox box) throws IOException {
        box.serve("running", box.client());
        Path running = box.logFile("running");
        makeOld(running, 100);
        List<Path> left = List.of(
                old(box, "gone.log", 40),
                old(box, "gone.log.1", 50),
                old(box, "gone.log.times", 40),
                old(box, "gone.invocations.log", 31),
                old(box, "gone.invocations.log.1", 90));
        List<Path> stay = List.of(
                running,
                old(box, "recent.log", 20),
                old(box, "seen.log", 90),
                old(box, "seen.invocations.log", 1),
                old(box, ".agent.old.log", 90),
                old(box, "notes.txt", 90));
        Path open = old(box, "open.log", 90);
        Stamped holder = box.start("tail", "-f", open.toString());
        Until.holds(
                () -> !box.sh("ls -l /proc/" + holder.pid() + "/fd").run().out().isEmpty()
                        && box.sh("ls -l /proc/" + holder.pid() + "/fd")
                                .run()
                                .out()
                                .contains("open.log"),
                "it is open");
        box.run("admin", "prune", "--dry-run").ok().says("Would remove gone: 5 files, 25 B, not seen for 31d");
        for (Path file : left) {
            assertTrue(Files.exists(file), file.toString());
        }
        Result pruned = box.run("admin", "prune").ok();
        pruned.says("Removed gone: 5 files").isQuiet();
        assertEquals(1, pruned.out().lines().count(), pruned.toString());
        for (Path file : left) {
            assertFalse(Files.exists(file), file.toString());
        }
        for (Path file : stay) {
            assertTrue(Files.exists(file), file.toString());
        }
        assertTrue(Files.exists(open));
        box.run("admin", "prune").ok().says("Nothing to remove");
        box.run("admin", "prune", "--older-than", "10d").ok().says("Removed recent: 1 file");
        box.run("admin", "prune", "--older-than", "soon").exits(64).complains("--older-than");
        box.run("admin", "prune", "web").exits(64).complains("takes no name");
    }

    @Test
    void pruneLooksWhereLogsAreKept(Sandbox box) throws IOException {
        box.env().remove("SHAREDSERVER_LOCKDIR");
        box.env().put("XDG_RUNTIME_DIR", box.root().toString());
        box.env().put("XDG_STATE_HOME", box.root().resolve("state").toString());
        Files.createDirectories(box.root().resolve("state/sharedserver"));
        Path log = Files.writeString(box.root().resolve("state/sharedserver/gone.log"), "x".repeat(3000));
        makeOld(log, 60);
        box.run("admin", "prune").ok().says("Removed gone: 1 file, 2.9 KiB, not seen for 60d");
        assertFalse(Files.exists(log));
    }

    @Test
    void hostileNamesArePruned(Sandbox box) throws IOException {
        box.run("list").ok();
        for (String name : List.of("a b", "$(x)", "ü'\"", "-x.log", "@x")) {
            old(box, name + ".log", 90);
        }
        Result result = box.run("admin", "prune").ok();
        assertEquals(3, result.out().lines().count(), result.toString());
        assertTrue(Files.exists(box.lockdir().resolve("-x.log.log")), "no name of a server");
        assertEquals("text\n", Files.readString(box.lockdir().resolve("@x.log"), StandardCharsets.UTF_8));
    }
}
