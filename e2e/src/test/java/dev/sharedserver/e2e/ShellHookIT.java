package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The hooks of bash, zsh and fish on real terminals, with real servers. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
final class ShellHookIT {

    /** A shell on a terminal, its hook, and projects: {@code outer}, in it {@code inner}, and {@code other} beside it. */
    private record Session(Sandbox box, String shell, Tmux terminal, Path outer, Path inner, Path other) {

        static Session open(Sandbox box, String shell) throws IOException {
            Path outer = box.work().resolve("it's an \"outer\" $HOME");
            Session session = new Session(
                    box,
                    shell,
                    new Tmux(box, 200, 50),
                    outer,
                    outer.resolve("deep/inner"),
                    box.work().resolve("other"));
            project(session.outer, "outer");
            project(session.inner, "inner");
            Files.createDirectories(session.outer.resolve("deep"));
            Files.createDirectories(session.other.resolve(".sharedserver"));
            Files.writeString(session.other.resolve(".sharedserver/servers.json"), config("other"));
            String run = switch (shell) {
                case "bash" -> "exec bash --norc -i";
                case "zsh" -> "exec zsh -fi";
                default -> "exec fish --no-config -i";
            };
            session.type(run);
            session.prompts();
            session.type(load(shell));
            session.prompts();
            return session;
        }

        static String load(String shell) {
            return shell.equals("fish")
                    ? "$SS hook shell fish | source"
                    : "eval \"$(\"$SS\" hook shell " + shell + ")\"";
        }

        void type(String line) {
            terminal.type(line);
        }

        /** Waits until the shell has carried out what was typed. */
        void prompts() {
            String mark = "at-" + Long.toHexString(System.nanoTime());
            // what is typed is no answer: the two halves stand apart in it
            type("printf '%s%s\\n' " + mark.substring(0, 5) + " " + mark.substring(5));
            terminal.shows(mark);
        }

        void cd(Path directory) {
            type("cd '" + directory.toString().replace("'", shell.equals("fish") ? "\\'" : "'\\''") + "'");
        }

        void allow(Path... projects) {
            for (Path project : projects) {
                box.run("hook", "allow", project.toString()).ok();
            }
        }

        boolean holds(String server) {
            JsonObject clients = box.clientsOnDisk(server);
            return clients != null && clients.getAsJsonObject("clients").has(Long.toString(terminal.shell()));
        }

        void awaitOnly(String... servers) {
            for (String server : List.of("outer", "inner", "other")) {
                boolean wanted = List.of(servers).contains(server);
                try {
                    Until.holds(() -> holds(server) == wanted, shell + (wanted ? " holds " : " has left ") + server);
                } catch (ConditionTimeoutException e) {
                    throw new AssertionError(e.getMessage() + "\n" + terminal.screen(), e);
                }
            }
        }

        /** Nothing of what went on in the background is to be seen. */
        void assertQuiet() {
            prompts();
            String screen = terminal.screen();
            assertFalse(screen.contains("[1]") || screen.contains("Job 1") || screen.contains("Done"), screen);
            assertFalse(screen.contains("✗") || screen.contains("⚠") || screen.contains("ℹ"), screen);
        }
    }

    private static void project(Path directory, String server) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve(".sharedserver.json"), config(server));
    }

    private static String config(String server) {
        return "{\"servers\": {\"" + server
                + "\": {\"command\": \"python3\", \"args\": [\"-m\", \"http.server\", \"--bind\","
                + " \"127.0.0.1\", \"" + Ports.free() + "\"], \"gracePeriod\": \"0s\"}}}\n";
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh", "fish"})
    void theShellHoldsTheServersOfTheProjectItIsIn(String shell, Sandbox box) throws IOException {
        Session session = Session.open(box, shell);
        session.allow(session.outer, session.inner, session.other);
        session.cd(session.outer);
        session.awaitOnly("outer");
        Stamped outer = box.serverProcess("outer");
        assertEquals(
                "0",
                box.sh("ps -o ni= -p \"$1\"", Long.toString(outer.pid()))
                        .run()
                        .ok()
                        .out()
                        .strip(),
                "the shell's own priority");

        session.cd(session.outer.resolve("deep"));
        session.prompts();
        assertTrue(outer.alive() && session.holds("outer"), "it is still in the project");

        session.cd(session.inner);
        session.awaitOnly("inner");
        Until.holds(() -> !outer.alive(), "nobody holds the outer one");
        session.cd(session.outer);
        session.awaitOnly("outer");
        session.cd(session.other);
        session.awaitOnly("other");
        session.cd(box.work());
        session.awaitOnly();
        Until.holds(() -> box.check("other") == 2, "nobody holds it");
        session.assertQuiet();
    }

    @ParameterizedTest
    @CsvSource({"bash,exit", "zsh,exit", "fish,exit", "bash,kill", "zsh,kill", "fish,kill"})
    void theServersGoWithTheShell(String shell, String end, Sandbox box) throws IOException {
        Session session = Session.open(box, shell);
        session.allow(session.other);
        session.cd(session.other);
        session.awaitOnly("other");
        if (end.equals("kill")) {
            Stamped.of(session.terminal.shell()).kill();
        } else {
            session.type("exit");
        }
        Until.holds(() -> box.check("other") == 2, "the shell is gone, and so is its server");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh", "fish"})
    void manyQuickMovesEndWhereTheShellStays(String shell, Sandbox box) throws IOException {
        Session session = Session.open(box, shell);
        session.allow(session.outer, session.inner, session.other);
        for (int i = 0; i < 5; i++) {
            session.cd(session.outer);
            session.cd(box.work());
            session.cd(session.inner);
            session.cd(session.other);
        }
        session.awaitOnly("other");
        for (int i = 0; i < 5; i++) {
            session.cd(session.inner);
            session.cd(box.work());
        }
        session.awaitOnly();
        session.assertQuiet();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh", "fish"})
    void nothingRunsThatNobodyAllowed(String shell, Sandbox box) throws IOException {
        Session session = Session.open(box, shell);
        session.cd(session.outer);
        String line = ".sharedserver.json is not allowed. If you trust what it starts: sharedserver hook allow";
        session.terminal.shows(line);
        assertEquals(2, box.check("outer"));
        // said once in this shell
        session.type("clear");
        session.cd(session.other);
        session.terminal.shows("servers.json is not allowed");
        session.type("clear");
        session.cd(session.outer);
        session.prompts();
        // this also waits for the call of the hook before it
        session.type("\"$SS\" hook cd --seen --pid " + session.terminal.shell());
        session.prompts();
        String screen = session.terminal.screen();
        assertFalse(screen.contains("not allowed"), screen);

        session.type("$SS hook allow");
        session.terminal.shows("as it is now: outer");
        session.awaitOnly("outer");

        Files.writeString(session.outer.resolve(".sharedserver.json"), config("inner"));
        session.cd(box.work());
        session.awaitOnly();
        session.cd(session.outer);
        session.terminal.shows("has changed since it was allowed");
        assertEquals(2, box.check("inner"));
        session.type("$SS hook allow .");
        session.awaitOnly("inner");
        session.type("clear");
        session.type("$SS hook deny");
        session.terminal.shows("Shells do not use");
        session.awaitOnly();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh", "fish"})
    void whatWasAttachedByHandStays(String shell, Sandbox box) throws IOException {
        Session session = Session.open(box, shell);
        session.allow(session.other, session.outer);
        session.cd(session.outer);
        session.awaitOnly("outer");
        session.type("$SS use inner -- python3 -m http.server --bind 127.0.0.1 " + Ports.free());
        session.awaitOnly("inner", "outer");
        session.cd(session.other);
        session.awaitOnly("inner", "other");
        session.cd(box.work());
        session.awaitOnly("inner");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh"})
    void strictShellsLiveOn(String shell, Sandbox box) throws IOException {
        Session session = Session.open(box, shell);
        session.allow(session.other);
        session.type("set -eu");
        session.type("! true");
        session.type(Session.load(shell));
        session.cd(session.other);
        session.awaitOnly("other");
        session.type("! true");
        session.cd(box.work());
        session.awaitOnly();
        session.assertQuiet();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bash|PROMPT_COMMAND='others=\"$others$?,\"'",
                "bash|PROMPT_COMMAND=('others=\"$others$?,\"' :)",
                "bash|PROMPT_COMMAND=",
                "zsh|theirs() { others=\"$others$?,\" }; precmd_functions=(theirs)",
                "zsh|precmd() { others=\"$others$?,\" }",
                "fish|function theirs --on-event fish_prompt; set -g others \"$others$status,\"; end",
            })
    void theHooksOfOthersAndTheExitCodeStay(String shell, String theirs, Sandbox box) throws IOException {
        Session session = Session.open(box, shell);
        session.allow(session.other);
        session.type(theirs);
        // evaluated again, since PROMPT_COMMAND was set anew; and once more
        session.type(Session.load(shell));
        session.type(Session.load(shell));
        boolean fish = shell.equals("fish");
        session.type(fish ? "set -g others ''" : "others=");
        session.type(fish ? "sh -c 'exit 7'" : "(exit 7)");
        String mine = fish ? "$status" : "$?";
        session.type("echo \"mine=" + mine + "=\"");
        session.terminal.shows("mine=7=");
        if (!theirs.equals("PROMPT_COMMAND=")) {
            session.type("echo \"others=$others\"");
            session.terminal.shows(screen -> screen.contains("others=0,7,0,"), "their hook saw every exit code once");
        }
        session.cd(session.other);
        session.type(fish ? "sh -c 'exit 9'" : "(exit 9)");
        session.type("echo \"mine=" + mine + "=\"");
        session.terminal.shows("mine=9=");
        session.awaitOnly("other");
        if (shell.equals("bash")) {
            session.type("printf '<%s>' \"${PROMPT_COMMAND[@]}\" | grep -o __sharedserver_prompt | grep -c .");
            session.terminal.shows(screen -> screen.lines().anyMatch("1"::equals), "one hook");
        } else if (shell.equals("zsh")) {
            session.type("print -l $precmd_functions | grep -c sharedserver");
            session.terminal.shows(screen -> screen.lines().anyMatch("1"::equals), "one hook");
        }
    }

    @ParameterizedTest
    @CsvSource({"bash,--norc -c", "zsh,-fc", "fish,--no-config -c"})
    void scriptsAreLeftAlone(String shell, String options, Sandbox box) {
        List<String> argv = new ArrayList<>(List.of(shell));
        argv.addAll(List.of(options.split(" ")));
        argv.add(Session.load(shell)
                + (shell.equals("fish")
                        ? "; functions -q __sharedserver_prompt; and echo hooked; echo end"
                        : "; typeset -f __sharedserver_prompt >/dev/null && echo hooked; echo end"));
        Result result = new Invocation(argv, box.env(), box.work()).run().ok();
        assertEquals("end\n", result.out());
        assertEquals("", result.err());
    }

    /** 40 prompts start as many processes as two do: none. */
    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh", "fish"})
    void promptsStartNoProcess(String shell, Sandbox box) throws IOException {
        Path hook = box.work().resolve("hook");
        Files.writeString(hook, box.run("hook", "shell", shell).ok().out());
        String call = switch (shell) {
            case "fish" -> "emit fish_prompt";
            default -> "__sharedserver_prompt";
        };
        List<Long> counts = new ArrayList<>();
        for (int prompts : List.of(2, 40)) {
            String run = "source " + hook + "\n" + (call + "\n").repeat(prompts);
            String trace = box.work().resolve("trace" + prompts).toString();
            List<String> argv = new ArrayList<>(
                    List.of("strace", "-f", "-qq", "-e", "trace=fork,vfork,clone,clone3,execve", "-o", trace, shell));
            argv.addAll(
                    switch (shell) {
                        case "bash" -> List.of("--norc", "-i", "-c", run);
                        case "zsh" -> List.of("-f", "-i", "-c", run);
                        default -> List.of("--no-config", "-i", "-c", run);
                    });
            new Invocation(argv, box.env(), box.work()).run().ok();
            // fish starts threads when it likes; a call that strace tells of in two lines counts once
            counts.add(box.lines("trace" + prompts).stream()
                    .filter(line -> !line.contains("CLONE_THREAD") && !line.contains(" resumed>"))
                    .count());
        }
        assertEquals(counts.get(0), counts.get(1));
    }

    @Test
    void whatIsNoProjectCannotBeAllowed(Sandbox box) throws IOException {
        box.command("hook", "allow").run().exits(1).complains("no .sharedserver.json");
        box.command("hook", "allow", "nowhere").run().exits(1).complains("no directory 'nowhere'");
        Files.writeString(box.work().resolve(".sharedserver.json"), "{\"servers\": {\"x\": {}}}");
        box.command("hook", "allow").run().exits(1).complains("servers.x");
        assertFalse(Files.exists(box.home().resolve(".local/state/sharedserver/allowed")), "nothing was allowed");
        // a shell that has ended meanwhile is nobody's trouble
        Result gone = box.run("hook", "cd", "--pid", "4194304").ok();
        assertEquals("", gone.out() + gone.err());
    }

    @Test
    void whatIsAllowedIsAPathWithWhatItHolds(Sandbox box) throws IOException {
        Session session = Session.open(box, "bash");
        session.allow(session.outer);
        Path allowed = box.home().resolve(".local/state/sharedserver/allowed");
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(allowed)));
        assertEquals(1, Sandbox.namesIn(allowed).size());
        // the same file elsewhere is not allowed
        Files.copy(session.outer.resolve(".sharedserver.json"), session.other.resolve(".sharedserver.json"));
        session.cd(session.other);
        session.terminal.shows("other/.sharedserver.json is not allowed");
        assertEquals(2, box.check("outer"));
        // and an answer that another user could have given is none
        Files.delete(session.other.resolve(".sharedserver.json"));
        Path answer = allowed.resolve(Sandbox.namesIn(allowed).getFirst());
        Path moved = box.work().resolve("answer");
        Files.move(answer, moved);
        Files.createSymbolicLink(answer, moved);
        session.cd(session.outer);
        session.terminal.shows("$HOME/.sharedserver.json is not allowed");
        assertEquals(2, box.check("outer"));
    }
}
