package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rules 8 and 9: nothing leaks into the server, and guard and agent hold nothing of their caller. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
@Tag("sanitized")
class InheritanceIT {
    /** A caller with everything unusual: blocked and ignored signals (32 and 33 too), open files, umask, limits, nice. */
    private static final String UNUSUAL_CALLER = """
        import ctypes, os, resource, signal, sys
        libc = ctypes.CDLL(None, use_errno=True)
        RT_SIGACTION = {'x86_64': 13, 'aarch64': 134}[os.uname().machine]
        ignore = (ctypes.c_ulong * 4)(1, 0, 0, 0)
        for number in list(range(1, 65)):
            if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
                libc.syscall(RT_SIGACTION, number, ignore, None, 8)
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP})
        os.umask(0o027)
        os.nice(3)
        resource.setrlimit(resource.RLIMIT_NOFILE, (333, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        for name in ('a', 'b', 'c'):
            os.set_inheritable(os.open('leaked-' + name, os.O_CREAT | os.O_RDWR), True)
        os.execv(sys.argv[1], sys.argv[1:])
        """;

    @Test
    void theServerStartsWithDefaultSignalsAndTheCallersUmaskNiceAndLimits(Sandbox box) throws IOException {
        String status = asServerOfUnusualCaller(box, "cat", "/proc/self/status");
        for (String mask : List.of("SigBlk", "SigIgn", "SigCgt")) {
            assertEquals("0000000000000000", ProcessFacts.statusLine(status, mask), mask);
        }
        assertEquals("0027", ProcessFacts.statusLine(status, "Umask"));
        assertEquals("3", asServerOfUnusualCaller(box, "nice").trim());
        String limits = asServerOfUnusualCaller(box, "cat", "/proc/self/limits");
        assertTrue(limits.lines().anyMatch(line -> line.matches("Max open files +333 .*")), limits);
        assertTrue(limits.lines().anyMatch(line -> line.matches("Max core file size +0 .*")), limits);
    }

    @Test
    void theServerHasNoDescriptorBeyondItsThree(Sandbox box) throws IOException {
        String listing = asServerOfUnusualCaller(box, "ls", "-l", "/proc/self/fd");
        List<String> targets = listing.lines()
                .filter(line -> line.contains(" -> "))
                .map(line -> line.replaceAll(".* ([0-9]+ -> .*)", "$1"))
                .toList();
        // the fourth is the directory that ls itself reads
        assertEquals(4, targets.size(), listing);
        String log = box.logFile("web").toString();
        assertEquals(List.of("0 -> /dev/null", "1 -> " + log, "2 -> " + log), targets.subList(0, 3));
        assertTrue(targets.get(3).startsWith("3 -> /proc/"), listing);
    }

    @Tag("portable-slice")
    @Test
    void aCommandThatTheCallerBecomesHasTheCallersDescriptorsAndNoneOfOurs(Sandbox box) {
        box.serve("web", box.client());
        Result run = box.sh("exec 7>kept; exec \"$SS\" run web -- ls -l /proc/self/fd")
                .run()
                .ok();
        List<String> open = run.out()
                .lines()
                .filter(line -> line.contains(" -> "))
                .map(line -> line.replaceAll(".* ([0-9]+) -> .*/", "$1 "))
                .toList();
        // the fourth is the directory that ls itself reads
        assertEquals(List.of("3 fd", "7 kept"), open.subList(3, open.size()), run::toString);
    }

    @Tag("own-guard")
    @Test
    void theEnvironmentIsTheCallersAndNothingElse(Sandbox box) {
        Result use = box.command(
                        "use",
                        "web",
                        "--pid",
                        "" + box.client().pid(),
                        "--env",
                        "ADDED=1",
                        "--env",
                        "PATH=/usr/bin:/bin",
                        "--",
                        "cat",
                        "/proc/self/environ")
                .env("WITH SPACE", "a\nb")
                .env("EMPTY", "")
                .run()
                .ok();
        assertEquals("", use.err());
        Until.holds(() -> box.check("web") == 2, "cat has ended");
        Set<String> expected = new TreeSet<>();
        box.env().forEach((key, value) -> expected.add(key + "=" + value));
        expected.removeIf(entry -> entry.startsWith("PATH="));
        expected.addAll(List.of("ADDED=1", "PATH=/usr/bin:/bin", "WITH SPACE=a\nb", "EMPTY="));
        String environ = new String(bytes(box.logFile("web")), StandardCharsets.UTF_8);
        assertEquals(expected, new TreeSet<>(Arrays.asList(environ.split("\0"))));
    }

    @Test
    void bytesThatAreNoTextReachTheServerUntouched(Sandbox box) {
        box.sh("NAME=$(printf 'v\\377\\376') \"$SS\" use web --pid "
                        + box.client().pid()
                        + " --env \"$(printf 'RAW=\\200x')\" -- sh -c 'printf %s \"$NAME$RAW$1\"; exec sleep 1000' sh"
                        + " \"$(printf 'arg\\303')\"")
                .run()
                .ok();
        byte[] expected = {'v', (byte) 0xff, (byte) 0xfe, (byte) 0x80, 'x', 'a', 'r', 'g', (byte) 0xc3};
        Until.holds(() -> Arrays.equals(expected, bytes(box.logFile("web"))), "the bytes arrived");
        // and the command line is still known by its bytes
        box.run("info", "web", "--json").ok().json();
        box.run("list").ok();
    }

    @Test
    void argumentsReachTheServerAsTheyStand(Sandbox box) {
        List<String> arguments = List.of(
                "a b",
                ";",
                "$HOME",
                "`id`",
                "",
                "*",
                "\n",
                "\t",
                "--",
                "--json",
                "-",
                "'",
                "\"",
                "\\",
                "é",
                "%s",
                "\u001b[31m");
        List<String> command = new java.util.ArrayList<>(List.of("sh", "-c", "sleep 1000; :", "sh"));
        command.addAll(arguments);
        box.use("web", box.client(), command.toArray(String[]::new));
        String expected = String.join("\0", command) + "\0";
        byte[] seen = Sandbox.text(Path.of("/proc/" + box.serverProcess("web").pid() + "/cmdline"))
                .getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(expected, new String(seen, StandardCharsets.UTF_8));
        assertEquals(
                command,
                box.info("web").getAsJsonArray("command").asList().stream()
                        .map(element -> element.getAsString())
                        .toList());
        assertFalse(box.run("list").ok().out().contains("\u001b"), "control characters are not printed");
        assertFalse(box.run("info", "web").ok().out().contains("\u001b"), "control characters are not printed");
    }

    @Test
    void aCommandLineOfAMegabyteReachesTheServer(Sandbox box) {
        String big = "x".repeat(100_000);
        String[] command = new String[14];
        Arrays.fill(command, big);
        command[0] = "sh";
        command[1] = "-c";
        command[2] = "echo ${#1} $# >got; exec sleep 1000";
        command[3] = "sh";
        box.use("web", box.client(), command);
        Until.holds(() -> box.lines("got").equals(List.of("100000 10")), "all of it arrived");
    }

    @Test
    void aPipelineEndsWhenTheCommandEnds(Sandbox box) {
        Result result = box.sh("\"$SS\" use web --pid " + box.client().pid() + " -- sleep 1000 | cat; echo end")
                .timeout(Duration.ofSeconds(15))
                .run()
                .ok();
        assertTrue(result.out().endsWith("end\n"), result::toString);
        assertTrue(result.took().toSeconds() < 10, result::toString);
    }

    @Test
    void aCommandSubstitutionEndsWhenTheCommandEnds(Sandbox box) {
        box.sh("x=$(\"$SS\" use web --pid " + box.client().pid() + " -- sleep 1000 2>&1); echo \"$x\"")
                .timeout(Duration.ofSeconds(15))
                .run()
                .ok()
                .says("Started server web");
    }

    @Test
    void theCallersFileLockIsFreeAfterIt(Sandbox box) {
        box.sh("flock lock \"$SS\" use web --pid " + box.client().pid() + " -- sleep 1000")
                .run()
                .ok();
        box.sh("flock -n lock true").run().ok();
    }

    @Test
    void guardAndAgentHoldNothingOfTheirCaller(Sandbox box) throws IOException {
        asUnusualCaller(box, "use", "web", "--pid", "" + box.client().pid(), "--", "sleep", "1000");
        ProcessFacts.Stat own = ProcessFacts.requireStat(ProcessHandle.current().pid());
        for (Stamped ours : List.of(box.requireGuard(), box.requireAgent())) {
            long pid = ours.pid();
            assertEquals("/", ProcessFacts.link(pid, "cwd"));
            List<String> descriptors = ProcessFacts.descriptors(pid);
            for (String descriptor : descriptors) {
                assertFalse(descriptor.contains("leaked"), () -> pid + " holds " + descriptors);
                assertFalse(descriptor.contains(box.work().toString()), () -> pid + " holds " + descriptors);
            }
            ProcessFacts.Stat stat = ProcessFacts.requireStat(pid);
            assertNotEquals(own.session(), stat.session(), "a session of its own");
            assertNotEquals(own.group(), stat.group(), "a group of its own");
        }
        String stdin = descriptor(box.requireGuard(), "0");
        assertEquals("/dev/null", stdin);
        for (String number : List.of("1", "2")) {
            String target = descriptor(box.requireAgent(), number);
            assertEquals(box.lockdir().resolve(".agent.log").toString(), target);
        }
    }

    @Test
    void theLimitsOfTheFirstCallerDoNotBindTheNext(Sandbox box) throws IOException {
        asUnusualCaller(box, "use", "first", "--pid", "" + box.client().pid(), "--", "sleep", "1000");
        box.use("web", box.client(), "sh", "-c", "nice; umask; ulimit -n; exec sleep 1000");
        Until.holds(() -> box.run("logs", "web").out().lines().count() == 3, "the server has said it");
        List<String> facts = box.run("logs", "web").out().lines().toList();
        Result own = box.sh("nice; umask; ulimit -n").run().ok();
        assertEquals(own.out().lines().toList(), facts);
    }

    @Test
    void noSecretIsInTheProcessListOrOnDisk(Sandbox box) throws IOException {
        // the very first command: the guard must not keep the arguments of the launcher it came from
        box.command("use", "web", "--pid", "" + box.client().pid(), "--env", "TOKEN=tok-4711", "--", "sleep", "1000")
                .env("PASSWORD", "pw-4711")
                .run()
                .ok();
        for (long pid : ProcessFacts.naming(box.root().toString())) {
            String cmdline = ProcessFacts.read(pid, "cmdline");
            assertFalse(cmdline != null && cmdline.contains("4711"), () -> ProcessFacts.describe(pid));
            if (pid != box.serverProcess("web").pid()) {
                String environ = ProcessFacts.read(pid, "environ");
                assertFalse(
                        environ != null && environ.contains("4711"),
                        () -> "environment of " + ProcessFacts.describe(pid));
            }
        }
        try (var files = Files.walk(box.root())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertFalse(new String(bytes(file), StandardCharsets.ISO_8859_1).contains("4711"), file::toString);
            }
        }
    }

    private static String asServerOfUnusualCaller(Sandbox box, String... command) throws IOException {
        String[] args = new String[5 + command.length];
        System.arraycopy(new String[] {"use", "web", "--pid", "" + box.client().pid(), "--"}, 0, args, 0, 5);
        System.arraycopy(command, 0, args, 5, command.length);
        asUnusualCaller(box, args);
        Until.holds(() -> box.check("web") == 2, "the server has ended");
        return Sandbox.text(box.logFile("web"));
    }

    private static void asUnusualCaller(Sandbox box, String... args) throws IOException {
        Files.writeString(box.work().resolve("caller.py"), UNUSUAL_CALLER);
        box.command(args).under("python3", "caller.py").run().ok();
    }

    private static String descriptor(Stamped process, String number) {
        return ProcessFacts.descriptors(process.pid()).stream()
                .filter(line -> line.startsWith(number + " "))
                .map(line -> line.substring(number.length() + 1))
                .findFirst()
                .orElse("closed");
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException absent) {
            return new byte[0];
        }
    }
}
