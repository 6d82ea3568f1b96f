package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The admin verbs, the old aliases, help, version and completion. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class AdminIT {

    @Test
    void adminStartTakesNoReferenceUnlessAClientIsNamed(Sandbox box) {
        box.run("admin", "start", "web", "--", "sleep", "1000")
                .ok()
                .says("Started server web (PID: ")
                .says("refcount: 0)");
        assertEquals(1, box.check("web"));
        assertFalse(Files.exists(box.clientsFile("web")));
        box.run("admin", "start", "two", "--pid", "" + box.client().pid(), "--", "sleep", "1000")
                .ok()
                .says("refcount: 1)");
        assertEquals(0, box.check("two"));
    }

    @Test
    void adminStartOfARunningServerSaysSoAndIsNoError(Sandbox box) {
        Stamped server = box.serve("web", box.client());
        box.run("admin", "start", "web", "--", "sleep", "1000")
                .ok()
                .tells("web")
                .tells("running");
        assertEquals(server, box.serverProcess("web"));
        assertEquals(1, box.refcountOnDisk("web"));
    }

    @Test
    void adminIncrefAndDecrefCountForAClient(Sandbox box) {
        Stamped client = box.client();
        box.run("admin", "incref", "web", "--pid", "" + client.pid()).exits(1).complains("is not running");
        box.run("admin", "start", "web", "--", "sleep", "1000").ok();
        box.run("admin", "incref", "web", "--pid", "" + client.pid(), "--metadata", "m")
                .ok();
        assertEquals(0, box.check("web"));
        assertEquals(
                "m",
                box.info("web")
                        .getAsJsonArray("clients")
                        .get(0)
                        .getAsJsonObject()
                        .get("metadata")
                        .getAsString());
        box.run("admin", "decref", "web", "--pid", "" + client.pid()).ok();
        assertEquals(1, box.check("web"));
        box.run("admin", "decref", "web", "--pid", "" + client.pid()).exits(1);
    }

    @Test
    void theOldAliasesWork(Sandbox box) throws IOException {
        box.run("start", "--grace-period", "1h", "web", "--", "sleep", "1000").ok();
        assertEquals("1h", box.info("web").get("grace_period").getAsString());
        box.run("start", "web", "--", "sleep", "1000").ok();
        Stamped client = box.client();
        box.run("incref", "web", "--metadata", "old", "--pid", "" + client.pid())
                .ok();
        assertEquals(1, box.refcountOnDisk("web"));
        box.run("decref", "web", "--pid", "" + client.pid()).ok();
        Files.writeString(
                box.work().resolve("client.sh"),
                "\"$SS\" incref web && \"$SS\" info web --json && \"$SS\" decref web && echo pid: $$\n");
        Result result = new Invocation(List.of("sh", "client.sh"), box.env(), box.work())
                .run()
                .ok();
        String pid = result.out().lines().toList().getLast().substring(5);
        assertTrue(result.out().contains("\"pid\": " + pid), result::toString);
        assertEquals(1, box.check("web"));
    }

    @Test
    void theOldAliasesAreNotInTheHelp(Sandbox box) {
        assertFalse(box.run("--help")
                .ok()
                .out()
                .lines()
                .anyMatch(line -> line.trim().startsWith("incref")));
    }

    @Test
    void adminDebugShowsWhatHappened(Sandbox box) {
        box.serve("web", box.client());
        box.run("stop", "web", "--even-if-used").ok();
        box.run("admin", "debug", "web").ok().tells("started").tells("stopped");
    }

    @Test
    void adminKillOfNothingIsHonest(Sandbox box) {
        box.run("admin", "kill", "web").fails().complains("is not running");
        box.run("admin", "stop", "web").fails().complains("is not running");
        box.run("restart", "web").fails().complains("web");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "use",
                "unuse",
                "run",
                "list",
                "info",
                "check",
                "logs",
                "wait",
                "stop",
                "restart",
                "completion",
                "admin",
                "admin start",
                "admin stop",
                "admin incref",
                "admin decref",
                "admin kill",
                "admin debug"
            })
    void everyVerbHasHelp(String verb, Sandbox box) {
        String[] words = (verb + " --help").split(" ");
        Result help = box.run(words).ok().isQuiet();
        help.says(verb.substring(verb.lastIndexOf(' ') + 1));
        assertTrue(help.out().lines().count() >= 3, help::toString);
    }

    @Test
    void helpAndVersionSayWhatTheyShould(Sandbox box) {
        Result help = box.run("--help").ok().isQuiet();
        for (String verb : List.of("use", "unuse", "run", "list", "info", "check", "logs", "wait", "stop", "restart")) {
            help.says(verb);
        }
    }

    @Test
    void launcherAndJarsSayTheSameVersion(Sandbox box) {
        Result version = box.run("--version").ok().isQuiet();
        assertTrue(
                version.out().matches("sharedserver [0-9]+[.][0-9]+[.][0-9]+\\S*( [(][0-9a-f]{7}[)])?\n"),
                version::toString);
        assertEquals("sharedserver " + Sandbox.text(Product.home().resolve("lib/version")), version.out());
    }

    @Test
    void completionIsAScriptThatKnowsVerbsAndLiveNames(Sandbox box) throws IOException {
        Path script = box.work().resolve("completion.bash");
        Files.writeString(script, box.run("completion", "bash").ok().out());
        box.serve("chroma", box.client());
        Result result = new Invocation(List.of("bash", "-c", """
            PATH="${SS%/*}:$PATH"
            . ./completion.bash
            complete -p sharedserver | grep -q sharedserver || exit 9
            f=$(complete -p sharedserver | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p')
            COMP_WORDS=(sharedserver unu) COMP_CWORD=1 COMP_LINE="sharedserver unu" COMP_POINT=16
            "$f" sharedserver unu sharedserver; echo "${COMPREPLY[@]}"
            COMP_WORDS=(sharedserver info ch) COMP_CWORD=2 COMP_LINE="sharedserver info ch" COMP_POINT=20
            "$f" sharedserver ch info; echo "${COMPREPLY[@]}"
            COMP_WORDS=(sharedserver use x --grace) COMP_CWORD=3 COMP_LINE="sharedserver use x --grace"
            COMP_POINT=${#COMP_LINE}
            "$f" sharedserver --grace x; echo "${COMPREPLY[@]}"
            """), box.env(), box.work())
                .run()
                .ok();
        assertEquals(
                List.of("unuse", "chroma", "--grace-period"),
                result.out().lines().map(String::trim).toList(),
                result::toString);
        box.run("completion", "zsh").ok().says("#compdef sharedserver").says("unuse");
        box.run("completion", "fish").ok().says("complete -c sharedserver").says("unuse");
    }

    @Test
    void colourIsForTerminalsOnly(Sandbox box) {
        box.serve("web", box.client());
        assertFalse(box.run("list").ok().out().contains("\u001b"));
        Result terminal = box.sh("script -qec '\"$SS\" list' /dev/null").run().ok();
        assertTrue(terminal.out().contains("\u001b["), terminal::toString);
        Result refused = box.sh("script -qec '\"$SS\" list' /dev/null")
                .env("NO_COLOR", "1")
                .run()
                .ok();
        assertFalse(refused.out().contains("\u001b["), refused::toString);
    }

    @Test
    void debugTracesStepsOnStderrOnly(Sandbox box) {
        box.serve("web", box.client());
        Result traced =
                box.command("check", "web").env("SHAREDSERVER_DEBUG", "1").run().ok();
        assertFalse(traced.err().isBlank());
        box.command("check", "web").env("SHAREDSERVER_DEBUG", "0").run().ok().isQuiet();
    }

    @Test
    void theCommandWorksThroughASymlinkFromAnywhereWithAlmostNoEnvironment(Sandbox box) throws IOException {
        Path bin = Files.createDirectory(box.work().resolve("bin"));
        Files.createSymbolicLink(bin.resolve("shs"), Product.bin());
        Files.createSymbolicLink(bin.resolve("again"), Path.of("shs"));
        new Invocation(
                        List.of(bin.resolve("again").toString(), "list"),
                        java.util.Map.of("SHAREDSERVER_LOCKDIR", box.lockdir().toString()),
                        Path.of("/"))
                .run()
                .ok()
                .says("(no servers)");
        box.sh("cd bin; PATH=.:$PATH; shs list").run().ok();
    }

    @Test
    void aForeignJavaEnvironmentDoesNotReachTheAgent(Sandbox box) {
        box.command("list")
                .env("JAVA_TOOL_OPTIONS", "-javaagent:/no/such.jar")
                .env("JDK_JAVA_OPTIONS", "-bad")
                .env("JAVA_HOME", "/no/such/jdk")
                .env("LD_PRELOAD", "/no/such/lib.so")
                .env("CLASSPATH", "/no/such.jar")
                .run()
                .ok()
                .says("(no servers)");
    }
}
