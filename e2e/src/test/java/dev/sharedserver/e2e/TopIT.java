package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code top} and {@code list --watch} on real terminals (tmux, ssh) and without one. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
final class TopIT {

    private static final String KEYS = "s stop";

    private static Tmux open(Sandbox sandbox, String arguments) {
        Tmux terminal = new Tmux(sandbox, 100, 20);
        terminal.type("\"$SS\" " + arguments);
        return terminal;
    }

    private static void left(Tmux terminal) {
        terminal.shows(
                screen -> !screen.contains(KEYS) && screen.stripTrailing().endsWith("$"), "the shell's prompt");
        assertEquals("0 1", terminal.flags(), "the shell's screen, with its cursor");
        String modes = terminal.modes();
        assertTrue(modes.contains(" icanon") && modes.contains(" echo "), modes);
    }

    /** The pid of the view that runs in this terminal. */
    private static Stamped view(Tmux terminal) {
        for (long pid : ProcessFacts.naming("dev.sharedserver.top.Main")) {
            ProcessFacts.Stat stat = ProcessFacts.stat(pid);
            if (stat != null && stat.parent() == terminal.shell()) {
                return Stamped.of(pid);
            }
        }
        throw new AssertionError("no view below shell " + terminal.shell());
    }

    @Test
    void theTableShowsWhatRunsAndWhoHoldsIt(Sandbox sandbox) {
        Stamped client = sandbox.client();
        Stamped server = sandbox.serve("web", client, "--metadata", "editor one");
        Tmux terminal = open(sandbox, "top");
        String screen = terminal.shows(KEYS);
        screen = terminal.shows("sleep 1000");
        assertTrue(screen.contains("1 server, 1 reference, "), screen);
        assertTrue(
                screen.lines()
                        .anyMatch(line -> line.startsWith("web ")
                                && line.contains("active")
                                && line.contains(" " + server.pid() + " ")),
                screen);
        screen = terminal.shows("pid " + client.pid());
        assertTrue(screen.contains("editor one") && screen.contains("/sleep  in / "), screen);
        terminal.press("q");
        left(terminal);
    }

    @Test
    void aChangeAppearsWithoutAKey(Sandbox sandbox) {
        Stamped client = sandbox.client();
        Tmux terminal = open(sandbox, "top");
        terminal.shows("(no servers)");
        sandbox.serve("first", client, "--grace-period", "1h");
        terminal.shows("1 server, 1 reference");
        sandbox.serve("second", client);
        terminal.shows("2 servers, 2 references");
        client.kill();
        terminal.shows("grace 59m");
        terminal.shows("2 servers, 0 references");
        sandbox.run("stop", "first", "second").ok();
        terminal.shows("(no servers)");
        terminal.press("C-c");
        left(terminal);
    }

    @Test
    void stoppingAsksNamesTheHoldersAndIsRefusedByN(Sandbox sandbox) {
        Stamped client = sandbox.client();
        Stamped server = sandbox.serve("web", client, "--metadata", "the editor");
        Tmux terminal = open(sandbox, "top");
        terminal.shows("pid " + client.pid());
        terminal.press("s");
        terminal.shows("Stop web? y/n  used by pid " + client.pid() + " (the editor)");
        terminal.press("n");
        terminal.shows("not done");
        assertTrue(server.alive());
        terminal.press("s");
        terminal.shows("Stop web? y/n");
        terminal.press("y");
        terminal.shows("web stopped gracefully");
        assertFalse(server.alive());
        terminal.press("q");
        left(terminal);
    }

    @Test
    void restartingKeepsTheClients(Sandbox sandbox) {
        Stamped client = sandbox.client();
        Stamped server = sandbox.serve("web", client);
        Tmux terminal = open(sandbox, "top");
        terminal.shows("pid " + client.pid());
        terminal.press("r");
        terminal.shows("Restart web? y/n  used by pid " + client.pid());
        terminal.press("y");
        terminal.shows("Restarted server web");
        assertFalse(server.alive());
        Stamped next = sandbox.serverProcess("web");
        terminal.shows(" " + next.pid() + " ");
        terminal.shows("1 server, 1 reference");
    }

    @Test
    void theLogIsFollowedAndLeft(Sandbox sandbox) {
        Stamped client = sandbox.client();
        sandbox.use("web", client, "sh", "-c", "i=0; while sleep 0.1; do i=$((i + 1)); echo line $i; done");
        Tmux terminal = open(sandbox, "top");
        terminal.shows("pid " + client.pid());
        terminal.press("l");
        terminal.shows("line 21");
        assertEquals("0 1", terminal.flags());
        terminal.press("q");
        terminal.shows(KEYS);
        // Ctrl-C comes back, too, and never more than one step: also while the follower starts
        for (int round = 0; round < 5; round++) {
            terminal.press("l");
            terminal.shows(
                    screen -> !screen.contains(KEYS) && !screen.contains("clients of") && screen.contains("line "),
                    "the log");
            terminal.press("C-c");
            terminal.shows(KEYS);
        }
        terminal.press("q");
        left(terminal);
    }

    @Test
    void aLogThatEndsInAnotherCharacterSetDoesNoHarm(Sandbox sandbox) {
        Stamped client = sandbox.client();
        sandbox.use("web", client, "sh", "-c", "printf '\\033(0\\033[3;5r done\\n'; exec sleep 1000");
        Tmux terminal = open(sandbox, "top");
        terminal.shows("pid " + client.pid());
        terminal.press("l");
        terminal.shows(
                screen -> screen.contains(" done") && !screen.contains(KEYS) && !screen.contains("clients of"),
                "the log");
        terminal.press("q");
        String screen = terminal.shows(KEYS);
        assertTrue(screen.lines().anyMatch(line -> line.startsWith("web ") && line.contains("active")), screen);
        terminal.press("q");
        // where the log has left the cursor, the prompt stands between other text
        Until.holds(() -> terminal.flags().equals("0 1"), "the shell's screen");
        Until.holds(() -> terminal.modes().contains(" icanon"), "line editing");
    }

    @Test
    void theSelectedServerIsMeantAlsoWhereTheConfigHasOneOfThatName(Sandbox sandbox) throws IOException {
        Stamped client = sandbox.client();
        Stamped everybodys = sandbox.serve("web", client);
        Files.writeString(
                sandbox.work().resolve(".sharedserver.json"),
                "{\"servers\": {\"web\": {\"command\": \"sleep\", \"args\": [\"1000\"], \"scope\": \"project\"}}}");
        sandbox.run("use", "web", "--pid", Long.toString(client.pid())).ok();
        Tmux terminal = open(sandbox, "top");
        terminal.shows("2 servers, 2 references");
        terminal.shows("clients of web in");
        terminal.press("r");
        terminal.shows("Restart web? y/n");
        terminal.press("y");
        terminal.shows("Restarted server web ");
        assertFalse(everybodys.alive());
        terminal.press("s");
        terminal.shows("Stop web? y/n");
        terminal.press("y");
        terminal.shows("web stopped gracefully");
        terminal.shows(screen -> screen.contains("1 server, 1 reference") && screen.contains("web@"), "the project's");
        terminal.press("s");
        terminal.shows("Stop web@");
        terminal.press("y");
        terminal.shows("(no servers)");
    }

    @Test
    void itFollowsTheSizeOfTheTerminal(Sandbox sandbox) {
        Stamped client = sandbox.client();
        sandbox.serve("web", client);
        Tmux terminal = open(sandbox, "top");
        terminal.shows("COMMAND");
        terminal.resize(40, 10);
        terminal.shows(
                text -> !text.contains("RSS")
                        && text.lines().allMatch(line -> line.length() <= 40)
                        && text.lines().anyMatch(line -> line.startsWith("web ") && line.contains("active"))
                        && text.contains("clients of web"),
                "a narrow table");
        terminal.resize(130, 30);
        terminal.shows(
                text -> text.contains("RSS") && text.stripTrailing().lines().count() == 30, "a large table");
        terminal.resize(8, 3);
        terminal.shows(text -> text.contains("web") || text.contains("1 serve"), "what fits");
        terminal.press("q");
        terminal.resize(100, 20);
        left(terminal);
    }

    @Test
    void aFilterHidesTheOthersAndTheSelectionMoves(Sandbox sandbox) {
        Stamped client = sandbox.client();
        for (String name : List.of("alpha", "beta", "gamma")) {
            sandbox.serve(name, client);
        }
        Tmux terminal = open(sandbox, "top");
        terminal.shows("clients of alpha");
        terminal.press("Down");
        terminal.shows("clients of beta");
        terminal.press("j");
        terminal.shows("clients of gamma");
        terminal.press("k", "k");
        terminal.shows("clients of alpha");
        terminal.press("/");
        terminal.press("e", "t", "a");
        terminal.shows(
                text -> !text.contains("gamma") && text.contains("clients of beta") && text.contains("/eta"),
                "beta only");
        terminal.press("Enter");
        terminal.shows("filter: eta");
        terminal.press("Escape");
        terminal.shows("gamma");
        terminal.press("?");
        terminal.shows("any key goes back");
        terminal.press("x");
        terminal.shows(KEYS);
    }

    @Test
    void theEndOfTheAgentIsNotSeen(Sandbox sandbox) {
        Stamped client = sandbox.client();
        sandbox.serve("web", client);
        Tmux terminal = open(sandbox, "top");
        terminal.shows("pid " + client.pid());
        sandbox.requireAgent().killAndAwait();
        sandbox.serve("after", client);
        terminal.shows("2 servers, 2 references");
        sandbox.requireGuard().killAndAwait();
        sandbox.run("stop", "after", "--even-if-used").ok();
        terminal.shows("1 server, 1 reference");
        terminal.press("q");
        left(terminal);
    }

    @Test
    void twoViewsSeeTheSame(Sandbox sandbox) {
        Stamped client = sandbox.client();
        Tmux one = open(sandbox, "top");
        Tmux other = open(sandbox, "top");
        one.shows("(no servers)");
        other.shows("(no servers)");
        sandbox.serve("web", client);
        one.shows("clients of web");
        other.shows("clients of web");
        one.press("s");
        one.shows("Stop web? y/n");
        other.press("s");
        other.shows("Stop web? y/n");
        one.press("y");
        one.shows("(no servers)");
        other.shows(text -> text.contains("(no servers)") && !text.contains("y/n"), "that there is nothing to ask");
    }

    @Test
    void theTerminalIsGivenBackOnSignals(Sandbox sandbox) {
        sandbox.serve("web", sandbox.client());
        for (String signal : List.of("TERM", "HUP", "INT")) {
            Tmux terminal = open(sandbox, "top");
            terminal.shows(KEYS);
            view(terminal).signal(signal);
            terminal.shows(text -> !text.contains(KEYS), "no table");
            Until.holds(() -> terminal.flags().equals("0 1"), "the shell's screen after " + signal);
            Until.holds(() -> terminal.modes().contains(" icanon"), "line editing after " + signal);
            assertTrue(terminal.modes().contains(" echo "), signal);
        }
    }

    @Test
    void ctrlZSuspendsAndFgGoesOn(Sandbox sandbox) {
        sandbox.serve("web", sandbox.client());
        Tmux terminal = new Tmux(sandbox, 100, 20);
        terminal.type("set -m");
        terminal.type("\"$SS\" top");
        terminal.shows(KEYS);
        terminal.press("C-z");
        left(terminal);
        sandbox.serve("next", sandbox.client());
        terminal.type("fg");
        terminal.shows("2 servers");
        assertEquals("1 0", terminal.flags());
        terminal.press("q");
        left(terminal);
    }

    @Test
    void hostileNamesMoveNoCursor(Sandbox sandbox) {
        Stamped client = sandbox.client();
        sandbox.run(
                        "use",
                        "日本語サーバー",
                        "--pid",
                        Long.toString(client.pid()),
                        "--metadata",
                        "red\u001b[31m\u001b[2J",
                        "--",
                        "sh",
                        "-c",
                        "sleep 1000; : \u001b[H\u0007")
                .ok();
        Tmux terminal = open(sandbox, "top");
        String screen = terminal.shows("日本語サーバー");
        screen = terminal.shows("red\\x1b[31m\\x1b[2J");
        assertTrue(screen.contains("\\x1b[H\\x07"), screen);
        assertTrue(screen.startsWith("1 server, "), screen);
        terminal.press("s");
        terminal.shows("Stop 日本語サーバー? y/n");
        terminal.press("y");
        terminal.shows("(no servers)");
    }

    @Test
    void withoutColourNoneIsShown(Sandbox sandbox) {
        sandbox.serve("web", sandbox.client());
        Tmux terminal = new Tmux(sandbox, 100, 20);
        terminal.type("NO_COLOR=1 script -qc '\"$SS\" list --watch' typescript");
        terminal.shows("q quit");
        terminal.press("q");
        Until.holds(() -> text(sandbox, "typescript").contains("Script done"), "the record is complete");
        String record = text(sandbox, "typescript");
        assertTrue(record.contains("active"), record);
        assertFalse(record.contains("\u001b[32"), record);
    }

    @Test
    void aDumbTerminalGetsPlainTables(Sandbox sandbox) {
        Stamped client = sandbox.client();
        sandbox.serve("web", client);
        Tmux terminal = new Tmux(sandbox, 120, 20);
        terminal.type("TERM=dumb \"$SS\" top");
        terminal.shows("sleep 1000");
        assertEquals("0 1", terminal.flags());
        sandbox.serve("next", client);
        terminal.shows("next");
        terminal.press("C-c");
        terminal.shows(screen -> screen.stripTrailing().endsWith("$"), "the prompt");
    }

    private static String text(Sandbox sandbox, String file) {
        return Sandbox.text(sandbox.work().resolve(file));
    }

    @Test
    void listWatchRedrawsInPlaceAndLeavesTheLastTable(Sandbox sandbox) {
        Stamped client = sandbox.client();
        sandbox.serve("web", client);
        Tmux terminal = open(sandbox, "list --watch");
        terminal.shows("sleep 1000");
        sandbox.serve("next", client);
        terminal.shows("2 servers");
        terminal.press("C-c");
        left(terminal);
        String screen = terminal.screen();
        assertTrue(screen.contains("next") && screen.contains("web"), screen);
    }

    @Test
    void listWatchInAPipePrintsTheTableAtEveryChange(Sandbox sandbox) {
        Stamped client = sandbox.client();
        Invocation.Running watch = sandbox.inBackground(sandbox.command("list", "--watch"));
        Until.holds(Duration.ofSeconds(20), () -> watch.outSoFar().contains("(no servers)"), "the first table");
        sandbox.serve("web", client);
        Until.holds(() -> watch.outSoFar().contains("web "), "the second table");
        client.kill();
        Until.holds(() -> watch.outSoFar().contains("grace"), "the third table");
        assertEquals("", watch.errSoFar());
        assertFalse(watch.outSoFar().contains("\u001b"), watch.outSoFar());
    }

    @Test
    void listWatchEndsWhenNobodyReads(Sandbox sandbox) {
        sandbox.serve("web", sandbox.client());
        Result result = sandbox.sh("\"$SS\" list --watch | head -2").run().ok();
        assertEquals(2, result.out().lines().count(), result.out());
        assertEquals("", result.err());
    }

    @Test
    void javasVariablesDoNotReachTheView(Sandbox sandbox) {
        sandbox.serve("web", sandbox.client());
        Result result = sandbox.sh("JAVA_TOOL_OPTIONS=-Xmx1k JDK_JAVA_OPTIONS=-bad \"$SS\" list --watch | head -1")
                .run()
                .ok();
        assertEquals("", result.err());
        assertTrue(result.out().startsWith("NAME"), result.out());
    }

    @Test
    void watchAndJsonExcludeEachOther(Sandbox sandbox) {
        assertEquals(64, sandbox.run("list", "--watch", "--json").exit());
    }

    @Test
    void itWorksOverSsh(Sandbox sandbox) throws IOException {
        Stamped client = sandbox.client();
        sandbox.serve("web", client);
        String options = Sshd.start(sandbox, "ssh").options();
        Tmux terminal = new Tmux(sandbox, 100, 20);
        terminal.type("ssh " + options + " -tt localhost \"SHAREDSERVER_LOCKDIR=$SHAREDSERVER_LOCKDIR $SS top\"");
        terminal.shows("pid " + client.pid());
        terminal.resize(40, 15);
        terminal.shows(text -> !text.contains("RSS") && text.contains("clients of web"), "a narrow table");
        terminal.press("s");
        terminal.shows("Stop web? y/n");
        terminal.press("y");
        terminal.shows("(no servers)");
        terminal.press("q");
        terminal.shows("closed.");
    }
}
