package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A use returns when the server is ready, or says why it is not. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class ReadyIT {

    private static String[] useArgs(String name, Stamped client, List<String> options, String... command) {
        List<String> args = new ArrayList<>(List.of("use", name, "--pid", "" + client.pid()));
        args.addAll(options);
        args.add("--");
        args.addAll(List.of(command));
        return args.toArray(String[]::new);
    }

    /** A web server that takes its time to listen. */
    private static String[] slowWeb(int port) {
        return new String[] {"sh", "-c", "sleep 1; exec python3 -m http.server --bind 127.0.0.1 " + port};
    }

    private static String[] redis(int port, String... more) {
        List<String> argv =
                new ArrayList<>(List.of("redis-server", "--port", "" + port, "--save", "", "--set-proc-title", "no"));
        argv.addAll(List.of(more));
        return argv.toArray(String[]::new);
    }

    // ---- the kinds

    @Test
    void whenSomebodyListens(Sandbox box) {
        int port = Ports.free();
        Result use = box.run(useArgs("web", box.client(), List.of("--ready-tcp", "" + port), slowWeb(port)));
        use.ok().says("Started server web");
        assertTrue(Ports.answers(port));
        assertTrue(box.info("web").get("ready").getAsBoolean());
        assertEquals("", use.err(), "silent where there is no terminal");
    }

    @Test
    void whenAPageIsServed(Sandbox box) throws IOException {
        int port = Ports.free();
        Files.writeString(box.work().resolve("page"), "here");
        String url = "http://127.0.0.1:" + port + "/page";
        box.run(useArgs("web", box.client(), List.of("--ready-http", url), slowWeb(port)))
                .ok();
        assertTrue(Ports.answers(port));
    }

    @Test
    void aPageThatIsMissingIsNoPage(Sandbox box) {
        int port = Ports.free();
        String url = "http://127.0.0.1:" + port + "/missing";
        box.run(useArgs(
                        "web",
                        box.client(),
                        List.of("--ready-http", url, "--ready-timeout", "3s"),
                        "python3",
                        "-m",
                        "http.server",
                        "--bind",
                        "127.0.0.1",
                        "" + port))
                .exits(1)
                .complains("not ready in 3s")
                .complains("answered by 404");
    }

    @Test
    void whenTheLogSaysSo(Sandbox box) {
        int port = Ports.free();
        box.run(useArgs("db", box.client(), List.of("--ready-log", "Ready to accept [a-z ]*connections"), redis(port)))
                .ok();
        assertTrue(Ports.answers(port));
    }

    @Test
    void whenACommandSucceeds(Sandbox box) {
        int port = Ports.free();
        String command = "redis-cli -p " + port + " ping | grep -q PONG";
        box.run(useArgs("db", box.client(), List.of("--ready-exec", command), redis(port)))
                .ok();
        assertTrue(Ports.answers(port));
    }

    @Tag("own-guard")
    @Test
    void whenTheServerItselfSaysSo(Sandbox box) {
        int port = Ports.free();
        box.run(useArgs("db", box.client(), List.of("--ready-notify"), redis(port, "--supervised", "systemd")))
                .ok();
        assertTrue(Ports.answers(port));
    }

    @Tag("own-guard")
    @Test
    void aStrangersWordDoesNotCount(Sandbox box) throws IOException {
        Invocation.Running use = box.inBackground(
                box.command(useArgs("db", box.client(), List.of("--ready-notify"), "python3", "-c", """
                    import os, socket, time
                    open("address", "w").write(os.environ["NOTIFY_SOCKET"])
                    while not os.path.exists("go"):
                        time.sleep(0.05)
                    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                    s.sendto(b"READY=1\\nSTATUS=at your service", "\\0" + os.environ["NOTIFY_SOCKET"][1:])
                    time.sleep(1000)
                    """)));
        Path address = box.work().resolve("address");
        Until.holds(() -> Files.exists(address) && Files.size(address) > 0, "the server has its address");
        String stranger = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            for i in range(50):
                s.sendto(b"READY=1", "\\0" + sys.argv[1][1:])
            """;
        new Invocation(List.of("python3", "-c", stranger, Files.readString(address)), box.env(), box.work())
                .run()
                .ok();
        // the guard has read all of it once it answers what came later
        box.run("list").ok();
        assertFalse(box.info("db").get("ready").getAsBoolean());
        assertEquals(1, box.refcount("db"));
        Files.createFile(box.work().resolve("go"));
        use.await().ok();
        assertTrue(box.info("db").get("ready").getAsBoolean());
    }

    // ---- everybody waits for the same moment

    @Test
    void whoComesWhileItStartsWaitsForTheSameMoment(Sandbox box) throws Exception {
        Path go = box.work().resolve("go");
        List<Invocation.Running> uses = new ArrayList<>();
        for (Stamped client : box.clients(12)) {
            // one of three says nothing of a probe: the one that starts it counts
            List<String> options = uses.size() % 3 == 2 ? List.of() : List.of("--ready-exec", "test -e go");
            uses.add(box.inBackground(box.command(useArgs("slow", client, options, "sleep", "1000"))));
            if (uses.size() == 1) {
                Until.holds(() -> box.serverOnDisk("slow") != null, "the first one has started it");
            }
        }
        Until.holds(() -> box.refcountOnDisk("slow") == 12, "all are counted");
        assertTrue(uses.stream().allMatch(Invocation.Running::running), "nobody is answered before it is ready");
        assertEquals(0, box.check("slow"));
        box.run("wait", "slow", "--timeout", "100ms").exits(124);
        Invocation.Running wait = box.inBackground(box.command("wait", "slow", "--timeout", "30s"));
        Files.createFile(go);
        int started = 0;
        for (Invocation.Running use : uses) {
            started += use.await().ok().out().contains("Started") ? 1 : 0;
        }
        assertEquals(1, started);
        wait.await().ok();
        assertEquals(12, box.refcountOnDisk("slow"));
    }

    @Test
    void theAgentMayDieMeanwhile(Sandbox box) throws Exception {
        Invocation.Running use = box.inBackground(
                box.command(useArgs("slow", box.client(), List.of("--ready-exec", "test -e go"), "sleep", "1000")));
        Until.holds(() -> box.refcountOnDisk("slow") == 1, "it is counted");
        Stamped server = box.serverProcess("slow");
        for (int i = 0; i < 2; i++) {
            Stamped agent = box.requireAgent();
            agent.kill();
            Until.holds(() -> box.agent() != null && !agent.equals(box.agent()), "there is another agent");
        }
        Files.createFile(box.work().resolve("go"));
        use.await().ok();
        assertEquals(server, box.serverProcess("slow"));
        assertEquals(1, box.refcountOnDisk("slow"));
    }

    // ---- it is not ready

    @Test
    void whatIsNotReadyInTimeIsStoppedAndHoldsNothing(Sandbox box) {
        Stamped client = box.client();
        int port = Ports.free();
        String[] args = useArgs(
                "web",
                client,
                List.of("--ready-tcp", "" + port, "--ready-timeout", "700ms"),
                "sh",
                "-c",
                "echo one; echo two >&2; printf '\\033[31mred'; sleep 1000");
        Result use = box.run(args).exits(1);
        use.complains("not ready in 700ms")
                .complains("Connection refused")
                .complains("| one")
                .complains("| two");
        assertFalse(use.err().contains("\033"), "what a log says is not obeyed by a terminal");
        Until.holds(() -> box.check("web") == 2, "it is stopped");
        assertEquals(0, box.refcountOnDisk("web"));
        box.run("events", "web").ok().says("not ready");
        box.run("use", "web", "--pid", "" + client.pid(), "--", "sleep", "1000")
                .ok()
                .says("Started");
    }

    @Test
    void whatDiesBeforeItIsReadyIsToldWithTheEndOfItsLog(Sandbox box) {
        box.run(useArgs("web", box.client(), List.of("--ready-notify"), "sh", "-c", "echo no database here; exit 7"))
                .exits(1)
                .complains("exited with code 7")
                .complains("| no database here");
        Until.holds(() -> box.check("web") == 2, "it is stopped");
    }

    @Test
    void whoHangsUpHoldsNothing(Sandbox box) throws Exception {
        Stamped first = box.client();
        Invocation.Running use = box.inBackground(
                box.command(useArgs("slow", first, List.of("--ready-exec", "test -e go"), "sleep", "1000")));
        Until.holds(() -> box.refcountOnDisk("slow") == 1, "it is counted");
        Invocation.Running other = box.inBackground(
                box.command("use", "slow", "--pid", "" + box.client().pid(), "--", "sleep", "1000"));
        Until.holds(() -> box.refcountOnDisk("slow") == 2, "both are counted");
        use.kill();
        Until.holds(() -> box.refcountOnDisk("slow") == 1, "one is counted");
        Files.createFile(box.work().resolve("go"));
        other.await().ok();
        assertEquals(1, box.refcountOnDisk("slow"));
    }

    // ---- what a person and a script see

    @Test
    void aTerminalShowsWhatItWaitsFor(Sandbox box) {
        String use = "\"$SS\" use web --pid " + box.client().pid()
                + " --ready-exec 'test -e go' -- sh -c 'echo loading the index; sleep 0.7; touch go; sleep 1000'";
        Result seen = new Invocation(List.of("script", "-qec", use, "/dev/null"), box.env(), box.work()).run();
        seen.ok().says("waiting for web: loading the index").says("Started server web");
    }

    @Test
    void theEndpointIsForEval(Sandbox box) {
        int port = Ports.free();
        String script = """
            out=$("$SS" use "my web" --export --pid "$1" --ready-http "http://127.0.0.1:$2/" \
              --log-file "$PWD/it's \\$(touch hacked).log" -- python3 -m http.server --bind 127.0.0.1 "$2" 2>err) || exit 1
            eval "$out"
            echo "$MY_WEB_PORT|$MY_WEB_URL|$MY_WEB_LOG|$MY_WEB_PID"
            """;
        Result result = box.sh(script, "" + box.client().pid(), "" + port).run().ok();
        JsonObject info = box.info("my web");
        assertEquals(
                port + "|http://127.0.0.1:" + port + "|" + box.work() + "/it's $(touch hacked).log|"
                        + info.get("pid").getAsLong() + "\n",
                result.out());
        assertFalse(Files.exists(box.work().resolve("hacked")));
        assertTrue(Sandbox.text(box.work().resolve("err")).contains("Started server my web"));
    }
}
