package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What commands read from standard input: a config for {@code up}, and what Claude Code tells its hooks. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class InputIT {

    private static final String SERVERS = """
        {"servers": {
          "web": {"command": "sleep", "args": ["1000"], "gracePeriod": "0s"},
          "docs": {"command": "sleep", "args": ["1000"], "gracePeriod": "0s", "lazy": true},
          "bad": {"command": "no-such-command-at-all"},
        }}
        """;

    private static List<String> actions(Result up) {
        return up.actions().stream().sorted().toList();
    }

    // ---- up --servers-json -

    @Test
    void upTakesServersFromStandardInput(Sandbox box) throws IOException {
        Stamped client = box.client();
        String pid = "" + client.pid();
        // a config that is found is not looked at
        Files.writeString(
                box.work().resolve(".sharedserver.json"), "{\"servers\": {\"other\": {\"command\": \"true\"}}}");
        Result up = box.command("up", "--servers-json", "-", "--pid", pid, "--json")
                .stdin(SERVERS)
                .run()
                .exits(1);
        assertEquals(List.of("bad failed", "docs skipped", "web started"), actions(up));
        assertEquals(box.work().toString(), box.info("web").get("working_dir").getAsString());
        Result again = box.command("up", "web", "--servers-json", "-", "--pid", pid, "--json")
                .stdin(SERVERS)
                .run()
                .ok();
        assertEquals(List.of("web attached"), actions(again));
        assertEquals(1, box.refcount("web"));
        box.run("down", "--all", "--pid", pid, "--json").ok();
        Until.holds(() -> box.check("web") == 2, "web ended with its only client");
    }

    @Test
    void upTakesOnlyTheLazyOnesOrOnlyTheOthers(Sandbox box) {
        String pid = "" + box.client().pid();
        box.serve("docs", box.client());
        Invocation lazy = box.command("up", "--servers-json", "-", "--only", "lazy", "--pid", pid, "--json");
        assertEquals(List.of("docs attached"), actions(lazy.stdin(SERVERS).run().ok()));
        Invocation eager = box.command("up", "--servers-json", "-", "--only", "eager", "--pid", pid, "--json");
        assertEquals(
                List.of("bad failed", "web started"),
                actions(eager.stdin(SERVERS).run().exits(1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "[]", "{}", "{\"servers\": 1}", "{\"servers\": {\"web\": "})
    void whatIsNoConfigIsRefused(String input, Sandbox box) {
        box.command("up", "--servers-json", "-", "--json")
                .stdin(input)
                .run()
                .exits(1)
                .complains("standard input:1:");
    }

    @Test
    void anInputThatIsTooLongIsRefused(Sandbox box) {
        box.command("up", "--servers-json", "-")
                .stdin(" ".repeat((1 << 20) + 1))
                .run()
                .exits(1)
                .complains("longer than 1048576 bytes");
    }

    @Test
    void anAgentThatDiesWhileItReadsIsReplacedAndReadsAll(Sandbox box) throws IOException {
        Path fifo = box.work().resolve("fifo");
        box.sh("mkfifo fifo").run().ok();
        box.run("list").ok();
        Stamped agent = box.requireAgent();
        Invocation.Running up = box.inBackground(
                box.sh("\"$SS\" up --servers-json - --pid " + box.client().pid() + " <fifo"));
        Invocation.Running writer = box.inBackground(
                box.sh("{ printf '%s' '{\"servers\": {'; while [ ! -e go ]; do sleep 0.05; done; printf '%s' "
                        + "'\"web\": {\"command\": \"sleep\", \"args\": [\"1000\"]}}}'; } >fifo"));
        // what it was killed in the middle of is the wait for the rest of the input
        Until.holds(() -> isReading(box, fifo), "the launcher has opened its input");
        agent.kill();
        Until.holds(() -> box.agent() != null && !agent.equals(box.agent()), "there is another agent");
        Files.createFile(box.work().resolve("go"));
        writer.await().ok();
        up.await().ok().says("Started server web");
    }

    private static boolean isReading(Sandbox box, Path fifo) {
        return ProcessFacts.naming(box.root().toString()).stream()
                .anyMatch(pid -> Product.comm().equals(ProcessFacts.comm(pid))
                        && fifo.toString().equals(ProcessFacts.link(pid, "fd/0")));
    }

    // ---- hook claude

    /** A session: a process that lives on while shells run its hooks, as Claude Code does. */
    private static Invocation.Running session(Sandbox box, String start, String end) throws IOException {
        Path work = box.work();
        Files.writeString(work.resolve("start.json"), start);
        Files.writeString(work.resolve("end.json"), end);
        Path script = Files.writeString(work.resolve("session"), """
            sh -c '"$SS" hook claude start; echo $? >start.exit' <start.json >start.out 2>&1
            echo done >started
            while [ ! -e go ]; do sleep 0.05; done
            sh -c '"$SS" hook claude end; echo $? >end.exit' <end.json >end.out 2>&1
            echo done >ended
            while [ ! -e leave ]; do sleep 0.05; done
            """);
        Invocation.Running session = box.inBackground(
                new Invocation(List.of("sh", script.toString()), box.env(), work).timeout(Duration.ofMinutes(2)));
        Until.holds(() -> Files.exists(work.resolve("started")), "the first hook has run");
        return session;
    }

    private static void end(Sandbox box) throws IOException {
        Files.createFile(box.work().resolve("go"));
        Until.holds(() -> Files.exists(box.work().resolve("ended")), "the last hook has run");
        assertEquals("0\n", Sandbox.text(box.work().resolve("end.exit")));
    }

    /** Writes a project's config and returns its directory. */
    private static Path project(Sandbox box) throws IOException {
        Path project = Files.createDirectories(box.root().resolve("project/deep"));
        Files.writeString(box.root().resolve("project/.sharedserver.json"), SERVERS);
        return project;
    }

    @Test
    void aSessionHoldsTheServersOfItsDirectoryFromStartToEnd(Sandbox box) throws IOException {
        Path project = project(box);
        Invocation.Running session =
                session(box, "{\"cwd\": \"" + project + "\"}", "{\"reason\": \"prompt_input_exit\"}");
        assertEquals("0\n", Sandbox.text(box.work().resolve("start.exit")));
        assertEquals(
                "{\"systemMessage\":\"sharedserver: cannot start server bad: command not found: "
                        + "'no-such-command-at-all' (No such file or directory)\"}\n",
                Sandbox.text(box.work().resolve("start.out")));
        assertTrue(box.requireClientsOnDisk("web").getAsJsonObject("clients").has("" + session.pid()));
        assertEquals(1, box.refcountOnDisk("web"));
        end(box);
        assertEquals("", Sandbox.text(box.work().resolve("end.out")));
        Until.holds(() -> box.check("web") == 2, "web ended with the session");
        assertTrue(session.running(), "the process lived on, so that it was the hook that detached it");
    }

    @Test
    void aSessionThatIsOnlyClearedKeepsItsServers(Sandbox box) throws IOException {
        session(box, "{\"cwd\": \"" + project(box) + "\"}", "{\"reason\": \"clear\"}");
        Stamped web = box.serverProcess("web");
        end(box);
        assertEquals(1, box.refcount("web"));
        assertEquals(web, box.serverProcess("web"));
        box.run("down", "--all").ok();
    }

    @Test
    void aSessionThatIsKilledLetsGo(Sandbox box) throws IOException {
        Invocation.Running session = session(box, "{\"cwd\": \"" + project(box) + "\"}", "");
        assertEquals(1, box.refcount("web"));
        session.kill();
        Until.holds(() -> box.check("web") == 2, "web ended with the session");
    }

    @Test
    void theProjectGoesBeforeTheDirectoryThatTheSessionIsInJustNow(Sandbox box) throws IOException {
        Path project = project(box);
        box.env().put("CLAUDE_PROJECT_DIR", project.toString());
        session(box, "{\"cwd\": \"/\"}", "");
        assertEquals(1, box.refcount("web"));
        end(box);
    }

    @Test
    void withoutAConfigNothingIsSaidOrDone(Sandbox box) throws IOException {
        session(box, "{\"cwd\": \"" + box.work() + "\"}", "{}");
        end(box);
        assertEquals("", Sandbox.text(box.work().resolve("start.out")));
        assertEquals("", Sandbox.text(box.work().resolve("end.out")));
        assertEquals("(no servers)\n", box.run("list").ok().out());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "[]",
                "{\"cwd\": 5}",
                "{\"cwd\": \"relative\"}",
                "{\"cwd\": \"/a\\u0000b\"}",
                "{\"cwd\": \"/no/such\"}"
            })
    void whateverTheInputTheSessionGoesOn(String input, Sandbox box) throws IOException {
        Files.createDirectories(box.home().resolve(".config/sharedserver"));
        Files.writeString(
                box.home().resolve(".config/sharedserver/servers.json"),
                "{\"servers\": {\"web\": {\"command\": \"sleep\", \"args\": [\"1000\"], \"workingDir\": \"/\","
                        + " \"gracePeriod\": \"0s\"}}}");
        session(box, input, input);
        assertEquals("0\n", Sandbox.text(box.work().resolve("start.exit")));
        assertEquals("", Sandbox.text(box.work().resolve("start.out")));
        end(box);
        Until.holds(() -> box.check("web") == 2, "web ended with the session");
    }

    @Test
    void anInputThatDoesNotEndDelaysASessionBySomeMomentsOnly(Sandbox box) throws IOException {
        project(box);
        Invocation hook = box.sh("cd ../project && exec 3<>fifo0 && \"$SS\" hook claude start <&3");
        box.sh("mkfifo ../project/fifo0").run().ok();
        Result result = hook.timeout(Duration.ofSeconds(30)).run().ok();
        assertTrue(result.out().contains("no-such-command-at-all"), result::toString);
        assertFalse(result.took().toSeconds() > 25, result::toString);
        box.run("down", "--all").ok();
    }

    @Test
    void aBrokenConfigIsTold(Sandbox box) throws IOException {
        Files.writeString(box.work().resolve(".sharedserver.json"), "{\"servers\": {,}}");
        session(box, "{}", "{}");
        assertTrue(
                Sandbox.text(box.work().resolve("start.out")).startsWith("{\"systemMessage\":\"sharedserver: "),
                Sandbox.text(box.work().resolve("start.out")));
        end(box);
    }
}
