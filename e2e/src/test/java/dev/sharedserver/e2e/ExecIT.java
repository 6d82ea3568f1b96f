package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code exec}: the caller's process becomes the server; a second one stays in front of it. */
@Tag("sanitized")
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class ExecIT {

    private static Invocation.Running exec(Sandbox box, String name, String... command) {
        Invocation.Running running = box.inBackground(box.command(args("exec", name, command)));
        Until.holds(() -> box.check(name) < 2 && box.info(name).has("pid") || !running.running(), name + " runs");
        return running;
    }

    private static String[] args(String verb, String name, String... command) {
        String[] args = new String[3 + command.length];
        args[0] = verb;
        args[1] = name;
        args[2] = "--";
        System.arraycopy(command, 0, args, 3, command.length);
        return args;
    }

    @Test
    void theCallersProcessBecomesTheServer(Sandbox box) {
        Invocation.Running server = exec(box, "web", "sh", "-c", "echo out; echo err >&2; exec sleep 1000");
        JsonObject info = box.info("web");
        assertEquals(server.pid(), info.get("pid").getAsLong(), "the same pid");
        assertEquals("active", info.get("state").getAsString());
        assertTrue(info.get("log_file").isJsonNull(), "its output is its caller's");
        long parent = ProcessHandle.current().pid();
        assertEquals(
                parent,
                info.getAsJsonArray("clients")
                        .get(0)
                        .getAsJsonObject()
                        .get("pid")
                        .getAsLong());
        assertEquals(parent, ProcessFacts.requireStat(server.pid()).parent(), "nothing of ours in between");
        assertEquals("sleep", ProcessFacts.comm(server.pid()));
        assertTrue(box.requireServerOnDisk("web").get("pgid").isJsonNull(), "the caller's group");
        Until.holds(() -> server.outSoFar().equals("out\n") && server.errSoFar().equals("err\n"), "straight through");
        box.run("stop", "web", "--even-if-used").ok();
        assertEquals(143, server.await().exit(), "killed by TERM, as its parent sees it");
        assertEquals(2, box.check("web"));
    }

    @Test
    void standardInputReachesTheServerAndItsExitStatusTheCaller(Sandbox box) {
        Result result = box.command("exec", "calc", "--", "sh", "-c", "read a; read b; echo $a-$b; exit 42")
                .stdin("one\ntwo\n")
                .run()
                .exits(42);
        assertEquals("one-two\n", result.out());
        Until.holds(() -> box.check("calc") == 2, "its end is the server's end");
        assertNull(box.serverOnDisk("calc"));
    }

    @ParameterizedTest
    @CsvSource({"/no/such/command,127", "no-such-command,127", "/etc/passwd,126", "/tmp,126"})
    void aCommandThatCannotBeExecutedTakesNoReference(String command, int code, Sandbox box) {
        Result result = box.run("exec", "web", "--", command).exits(code);
        assertTrue(result.err().contains(command), result::toString);
        assertEquals(2, box.check("web"));
        assertTrue(box.filesInLockdir().stream().noneMatch(file -> file.endsWith(".json")), "no state left");
        box.run("exec", "web", "--", "true").ok();
    }

    @Test
    void directoryAndVariablesAreThoseThatWereAskedFor(Sandbox box) throws IOException {
        Path there = Files.createDirectory(box.work().resolve("a b"));
        Result result = box.run("exec", "w", "--working-dir", "a b", "--env", "X=1 2", "--", "sh", "-c", "pwd; echo $X")
                .ok();
        assertEquals(there.toRealPath() + "\n1 2\n", result.out());
        box.run("exec", "w", "--working-dir", "nowhere", "--", "true").exits(1).complains("nowhere");
        assertEquals(2, box.check("w"));
    }

    @Tag("own-guard")
    @Test
    void aSecondOneStaysInFrontUntilTheServerEndsAndExitsAsItDid(Sandbox box) {
        Invocation.Running server = exec(box, "web", "sh", "-c", "read x; exit 9");
        // its standard input is at its end at once: 9 is what both see
        Invocation.Running long1 = exec(box, "db", "sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.02; done");
        Invocation.Running front = box.inBackground(box.command("exec", "db"));
        Until.holds(() -> box.refcount("db") == 2, "attached");
        JsonObject client = box.info("db").getAsJsonArray("clients").get(1).getAsJsonObject();
        assertEquals(front.pid(), client.get("pid").getAsLong(), "as this process");
        box.run("stop", "db", "--even-if-used").ok();
        assertEquals(5, long1.await().exit());
        assertEquals(5, front.await().exit());
        assertEquals(9, server.await().exit());
    }

    @Test
    void infrontOfASpawnedServerASignalsNumberComesThrough(Sandbox box) {
        Stamped server = box.serve("web", box.client());
        Invocation.Running front = box.inBackground(box.command("exec", "web", "--", "sleep", "1000"));
        Until.holds(() -> box.refcount("web") == 2, "attached");
        server.kill();
        assertEquals(128 + 9, front.await().exit());
    }

    @ParameterizedTest
    @ValueSource(strings = {"HUP", "INT", "TERM"})
    void aSignalDetaches(String signal, Sandbox box) {
        Stamped server = box.serve("web", box.client());
        Invocation.Running front = box.inBackground(box.command("exec", "web"));
        Until.holds(() -> box.refcount("web") == 2, "attached");
        front.stamped().signal(signal);
        assertEquals(0, front.await().exit());
        assertEquals(1, box.refcount("web"));
        assertTrue(server.alive());
    }

    @Test
    void killedInFrontItIsNoClientAnyMore(Sandbox box) {
        box.serve("web", box.client());
        Invocation.Running front = box.inBackground(box.command("exec", "web"));
        Until.holds(() -> box.refcount("web") == 2, "attached");
        front.stamped().kill();
        Until.holds(() -> box.refcount("web") == 1, "dropped");
    }

    @Test
    void aRestartKeepsTheOneInFront(Sandbox box) {
        Stamped first = box.serve("web", box.client());
        Invocation.Running front = box.inBackground(box.command("exec", "web"));
        Until.holds(() -> box.refcount("web") == 2, "attached");
        box.run("restart", "web", "--even-if-used").ok();
        Stamped second = box.serverProcess("web");
        assertNotEquals(first, second);
        assertEquals(2, box.refcount("web"));
        assertTrue(front.running());
        second.kill();
        assertEquals(137, front.await().exit());
    }

    @Test
    void noWaitAttachesTheParentAndReturns(Sandbox box) throws IOException {
        box.serve("web", box.client());
        Files.writeString(
                box.work().resolve("parent.sh"),
                "\"$SS\" exec web --no-wait -- sleep 1000; echo $?; \"$SS\" info web --json");
        Result result = new Invocation(List.of("sh", "parent.sh"), box.env(), box.work())
                .run()
                .ok();
        assertTrue(result.out().startsWith("0\n"), result::toString);
        assertTrue(result.out().contains("\"refcount\": 2"), result::toString);
        result.complains("Attached to server web (refcount: 2)");
        Until.holds(() -> box.refcount("web") == 1, "the parent has ended");
    }

    @Test
    void withoutACommandAndWithoutAServerItSaysSo(Sandbox box) {
        box.run("exec", "web").exits(1).complains("web");
        assertEquals(2, box.check("web"));
    }

    @Test
    void itCannotBeRestartedAndHasNoLog(Sandbox box) {
        Invocation.Running server = exec(box, "web", "sleep", "1000");
        box.run("restart", "web", "--even-if-used").exits(1).complains("exec");
        box.run("logs", "web").exits(1).complains("exec");
        assertTrue(server.running());
        box.run("stop", "web", "--even-if-used").ok();
    }

    @Test
    void whenItsParentIsGoneTheGracePeriodRuns(Sandbox box) throws IOException {
        Files.writeString(
                box.work().resolve("parent.sh"), "\"$SS\" exec web --grace-period 300ms -- sleep 1000 & sleep 1000");
        Stamped parent = new Invocation(List.of("bash", "parent.sh"), box.env(), box.work())
                .start()
                .stamped();
        Until.holds(() -> box.check("web") == 0, "web runs");
        Stamped server = box.serverProcess("web");
        parent.kill();
        Until.holds(() -> box.check("web") == 2, "the grace period is over");
        assertFalse(server.alive());
    }

    @Test
    void itsOtherProcessesAreStoppedWithIt(Sandbox box) throws IOException {
        Invocation.Running server = exec(box, "web", "sh", "-c", "sleep 1000 & echo $! >child; wait");
        Until.holds(() -> !box.lines("child").isEmpty(), "the child runs");
        Stamped child = Stamped.of(Long.parseLong(box.lines("child").get(0)));
        Stamped bystander = box.client();
        box.run("stop", "web", "--even-if-used").ok();
        server.await();
        Until.holds(() -> !child.alive(), "descendants end, too");
        assertTrue(bystander.alive(), "nobody else does");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void itOutlivesAgentAndGuard(boolean both, Sandbox box) {
        Invocation.Running server = exec(box, "web", "sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.02; done");
        Stamped guard = box.requireGuard();
        box.requireAgent().kill();
        if (both) {
            guard.kill();
            Until.holds(() -> !guard.alive(), "the guard is gone");
        }
        assertEquals(0, box.check("web"));
        assertEquals(server.pid(), box.serverProcess("web").pid());
        Invocation.Running front = box.inBackground(box.command("exec", "web"));
        Until.holds(() -> box.refcount("web") == 2, "attached");
        box.run("stop", "web", "--even-if-used").ok();
        assertEquals(3, server.await().exit());
        int code = front.await().exit();
        assertTrue(code == 3 || code == 0, "its status, where the kernel tells it to others than the parent: " + code);
    }

    @Tag("own-guard")
    @Test
    void twentyAtOnceAreOneServerAndNineteenInFront(Sandbox box) {
        String client = "" + box.client().pid();
        List<Invocation.Running> all = new ArrayList<>();
        int count = Racers.together(20);
        for (int i = 0; i < count; i++) {
            all.add(box.inBackground(box.command(
                    "exec", "web", "--pid", client, "--", "sh", "-c", "echo $$ >>starts; exec sleep 1000")));
        }
        Until.holds(() -> box.refcount("web") == count, "the client, and those that wait");
        assertEquals(1, box.lines("starts").size());
        box.run("stop", "web", "--even-if-used").ok();
        for (Invocation.Running one : all) {
            assertEquals(143, one.await().exit());
        }
    }

    @Test
    void bashWaitsForItAndSeesItsStatus(Sandbox box) {
        Result result = new Invocation(List.of("bash", "-c", """
            "$SS" exec web -- sh -c 'exit 6'; echo "front $?"
            "$SS" exec web -- sleep 1000 & pid=$!
            "$SS" wait web --for active --timeout 10s
            kill -TERM $pid; wait $pid; echo "killed $?"
            echo in | "$SS" exec web -- cat | sed s/in/out/
            """), box.env(), box.work())
                .run()
                .ok();
        assertEquals("front 6\nkilled 143\nout\n", result.out());
    }

    @Test
    void makeSeesItsStatus(Sandbox box) throws IOException {
        Files.writeString(box.work().resolve("Makefile"), """
            ok:
            \t"$$SS" exec web -- sh -c 'echo made'
            bad:
            \t"$$SS" exec web -- sh -c 'exit 3'
            """);
        Result ok = new Invocation(List.of("make", "-s", "ok"), box.env(), box.work())
                .run()
                .ok();
        assertEquals("made\n", ok.out());
        new Invocation(List.of("make", "-s", "bad"), box.env(), box.work())
                .run()
                .exits(2)
                .complains("Error 3");
    }

    @Test
    void nodeTalksToItThroughItsPipes(Sandbox box) throws IOException {
        Files.writeString(box.work().resolve("parent.js"), """
            const { spawn } = require('child_process');
            const child = spawn(process.env.SS, ['exec', 'echo', '--', 'cat']);
            let out = '';
            child.stdout.on('data', d => {
              out += d;
              if (out === 'ping\\n') child.stdin.end('pong\\n');
            });
            child.on('exit', (code, signal) => console.log('exit', code, signal));
            child.on('close', () => {
              console.log(JSON.stringify(out));
              const second = spawn(process.env.SS, ['exec', 'slow', '--', 'sleep', '1000'], {stdio: 'inherit'});
              second.on('exit', (code, signal) => console.log('exit', code, signal));
              const wait = spawn(process.env.SS, ['wait', 'slow', '--for', 'active', '--timeout', '10s']);
              wait.on('exit', () => second.kill('SIGTERM'));
            });
            child.stdin.write('ping\\n');
            """);
        Result result = new Invocation(List.of("node", "parent.js"), box.env(), box.work())
                .run()
                .ok();
        assertEquals("exit 0 null\n\"ping\\npong\\n\"\nexit null SIGTERM\n", result.out());
    }

    @Test
    void onATerminalJobControlWorksAsForAnyProgram(Sandbox box) throws IOException {
        Files.writeString(box.work().resolve("tty.exp"), """
            set timeout 20
            spawn -noecho bash --norc -i
            proc want {text} { expect -ex $text {} timeout { puts "MISSING: $text"; exit 1 } eof { exit 2 } }
            send "PS1='ready> '; set -b; echo be''gun\\r"
            want "begun"
            send "\\$SS exec term -- sh -c 'echo size:\\$(stty size | wc -w); exec cat'\\r"
            want "size:2"
            send "hello\\r"
            want "hello\\r\\nhello"
            send "\\032"
            want "Stopped"
            send "\\$SS check term; echo state:\\$?\\r"
            want "state:0"
            send "fg\\r"
            want "exec cat"
            send "again\\r"
            want "again\\r\\nagain"
            send "\\003"
            want "ready> "
            send "echo status:\\$?\\r"
            want "status:130"
            send "\\$SS wait term --for stopped --timeout 10s; echo gone:\\$?\\r"
            want "gone:0"
            send "\\$SS use held -- sleep 1000; \\$SS exec held\\r"
            want "refcount: 2"
            send "\\032"
            want "Stopped"
            send "fg\\r"
            want "exec held"
            sleep 0.3
            send "\\003"
            want "ready> "
            send "echo front:\\$?\\r"
            want "front:0"
            send "exit\\r"
            expect eof
            puts "ALL GOOD"
            """);
        Result result = new Invocation(List.of("expect", "tty.exp"), box.env(), box.work()).run();
        assertTrue(result.out().contains("ALL GOOD"), result::toString);
        Stamped server = Objects.requireNonNull(box.serverProcess("held"));
        assertTrue(server.alive(), "the one in front has only detached");
    }
}
