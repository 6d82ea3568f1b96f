package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose reference it is when nobody says so: that of the process which is still there when the command line is not. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class ParentIT {
    private static final String USE = "\"$SS\" use web -- sleep 1000";

    /** Ways to call from a script of any shell; USE is the call. */
    private static final List<String> FORMS = List.of(
            "USE",
            "x=$(USE)",
            "x=$(USE; echo)",
            "x=`USE; echo`",
            "(USE)",
            "(USE; true)",
            "( (USE; true); true)",
            "USE | cat",
            "true | USE",
            "echo | while read x; do USE; done",
            "USE & wait",
            "{ USE; true; } & wait",
            "f() { USE; }; x=$(f; true)",
            "cat <<END\n$(USE; true)\nEND",
            "eval 'USE; true'",
            "if USE; then true; fi");

    /** Commands that run another one, each called from a script. */
    private static final List<String> WRAPPERS = List.of(
            "sh -c 'USE'",
            "sh -c 'USE; true'",
            "sh -ec 'USE; true'",
            "dash -c 'USE; true'",
            "bash -c 'USE; true'",
            "bash -lc 'USE; true'",
            "bash +e -c 'USE; true'",
            "bash -o pipefail -c 'USE; true'",
            "bash -euo pipefail -c 'USE; true'",
            "bash --noprofile --norc -c 'USE; true'",
            "bash --rcfile /dev/null -c 'USE; true'",
            "zsh -fc 'USE; true'",
            "zsh -o nullglob -c 'USE; true'",
            "fish -c 'USE; true'",
            "sh -c \"bash -c 'USE; true'; true\"",
            "sh -c 'x=$(USE; true); true'",
            "env X=1 USE",
            "nice USE",
            "nohup USE",
            "setsid USE",
            "setsid -w USE",
            "stdbuf -o0 USE",
            "timeout 20 USE",
            "flock lock USE",
            "flock lock -c 'USE; true'",
            "echo | xargs USE",
            "echo x | xargs -I{} sh -c 'USE; true'",
            "find . -maxdepth 0 -exec USE ';'",
            "timeout 20 sh -c 'find . -maxdepth 0 -exec env X=1 USE \";\"; true'");

    static Stream<Arguments> forms() {
        return Stream.of("dash", "bash", "zsh").flatMap(shell -> FORMS.stream().map(form -> Arguments.of(shell, form)));
    }

    static Stream<Arguments> wrappers() {
        return WRAPPERS.stream().map(wrapper -> Arguments.of("bash", wrapper));
    }

    static Stream<Arguments> substitutions() {
        return Stream.of("bash", "zsh").map(shell -> Arguments.of(shell, "cat <(USE; true)"));
    }

    @ParameterizedTest
    @MethodSource({"forms", "wrappers", "substitutions"})
    void aScriptHoldsWhatItUsedUntilItEnds(String shell, String form, Sandbox box) {
        Path script = script(box, shell, form);
        boolean direct = isDirectParent(box, script);
        Invocation.Running running =
                box.inBackground(new Invocation(List.of(script.toString()), box.env(), box.work()));
        Until.holds(() -> box.lines("self").size() == 1, "the script has gone on: " + running.errSoFar());
        assertEquals(List.of("" + running.pid()), box.lines("self"));
        assertHeldBy(box, running.stamped());
        assertNoteUnless(direct, box, running.pid());
        running.kill();
        Until.holds(() -> box.refcountOnDisk("web") == 0, "the reference ends with the script");
    }

    @ParameterizedTest
    @EnabledIf(Root.NEEDED)
    @ValueSource(
            strings = {
                "sudo --preserve-env=SHAREDSERVER_LOCKDIR USE",
                "sudo --preserve-env=SHAREDSERVER_LOCKDIR,SS sh -c 'USE; true'",
                "su root -c 'USE; true'",
                "runuser -u root -- USE"
            })
    void whatChangesTheUserIsPassedOver(String form, Sandbox box) {
        aScriptHoldsWhatItUsedUntilItEnds("bash", form, box);
    }

    /** Runs the script with something else in our place, which tells who its parent is. */
    private static boolean isDirectParent(Sandbox box, Path script) {
        Path probe = executable(box, "probe", "#!/bin/sh\necho $PPID >parent\n");
        Invocation.Running running = box.inBackground(
                new Invocation(List.of(script.toString()), box.env(), box.work()).env("SS", probe.toString()));
        Until.holds(() -> box.lines("self").size() == 1, "the script has gone on: " + running.errSoFar());
        boolean direct = box.lines("parent").equals(List.of("" + running.pid()));
        running.kill();
        delete(box.work().resolve("self"));
        return direct;
    }

    @ParameterizedTest
    @CsvSource({
        "'', '\"$$SS\" use web -- sleep 1000'",
        "'', '\"$$SS\" use web -- sleep 1000; true'",
        "'', '@\"$$SS\" use web -- sleep 1000 && true'",
        "'SHELL := bash', '-x=$$(\"$$SS\" use web -- sleep 1000; echo)'",
        "'SHELL := bash\n.SHELLFLAGS := -euo pipefail -c', '\"$$SS\" use web -- sleep 1000; true'",
        "'.ONESHELL:', '\"$$SS\" use web -- sleep 1000'",
        "'X := $(shell \"$$SS\" use web -- sleep 1000; true)', 'true'",
    })
    void makeHoldsWhatALineOfARecipeUsed(String head, String line, Sandbox box) {
        write(box, "Makefile", head + "\nall:\n\t" + line + "\n\techo >self; exec sleep 1000\n");
        assertHolds(box, "make");
    }

    @Test
    void aMakeInAMakeHoldsItsOwn(Sandbox box) {
        write(box, "Makefile", "all:\n\t$(MAKE) -f Inner\n\techo >self; exec sleep 1000\n");
        write(box, "Inner", "all:\n\t" + USE.replace("$", "$$") + "; true\n");
        Invocation.Running make = box.inBackground(new Invocation(List.of("make"), box.env(), box.work()));
        Until.holds(() -> box.lines("self").size() == 1, "the outer make goes on");
        Until.holds(() -> box.refcountOnDisk("web") == 0, "the inner make is gone, and its reference");
        assertTrue(make.running());
    }

    @ParameterizedTest
    @ValueSource(strings = {"npm run start", "npm install --offline --no-audit --no-fund", "npm test"})
    void npmHoldsWhatItsScriptsUsed(String command, Sandbox box) {
        write(box, "package.json", """
            {"name": "it", "version": "1.0.0", "scripts": {
              "start": "USE && echo >self && sleep 1000",
              "postinstall": "USE; echo >self; sleep 1000",
              "test": "USE | cat; echo >self; sleep 1000"}}
            """.replace("USE", USE.replace("\"", "\\\"")));
        box.env().put("npm_config_update_notifier", "false");
        assertHolds(box, command.split(" "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"exec", "execSync", "spawnSync"})
    void aProgramOfNodeHoldsWhatItUsedThroughAShell(String call, Sandbox box) {
        write(
                box,
                "call.js",
                "const c = require('child_process');\nconst use = process.env.SS + ' use web -- sleep 1000; true';\n"
                        + switch (call) {
                            case "exec" -> "c.exec(use, done);";
                            case "execSync" -> "c.execSync(use, {stdio: 'inherit'}); done();";
                            default -> "c.spawnSync(use, {shell: true, stdio: 'inherit'}); done();";
                        }
                        + "\n"
                        + "function done() { require('fs').writeFileSync('self', '\\n"
                        + "'); setInterval(() => {}, 1000); }\n");
        assertHolds(box, "node", "call.js");
    }

    @Test
    void aProgramOfPythonHoldsWhatItUsedThroughAShell(Sandbox box) {
        assertHolds(
                box,
                "python3",
                "-c",
                "import os, time; os.system('\"$SS\" use web -- sleep 1000; true'); open('self', 'w').write('\\n');"
                        + " time.sleep(1000)");
    }

    private static void assertHolds(Sandbox box, String... command) {
        Invocation.Running running = box.inBackground(new Invocation(List.of(command), box.env(), box.work()));
        Until.holds(() -> box.lines("self").size() == 1, "it has gone on: " + running.outSoFar() + running.errSoFar());
        assertHeldBy(box, running.stamped());
        running.kill();
        Until.holds(() -> box.refcountOnDisk("web") == 0, "the reference ends with it");
    }

    // ---- on a terminal

    @ParameterizedTest
    @ValueSource(strings = {"bash --norc -i", "zsh -fi", "dash -i", "fish --no-config -i"})
    void anInteractiveShellHoldsWhatWasTyped(String shell, Sandbox box) {
        String self = shell.startsWith("fish") ? "$fish_pid" : "$$";
        Invocation.Running terminal = terminal(
                box, "sh -c '" + USE + "; true'\n" + USE + " | cat\n" + "echo " + self + " >self\n", shell.split(" "));
        Until.holds(() -> box.lines("self").size() == 1, "the line was carried out");
        assertHeldBy(box, Stamped.of(Long.parseLong(box.lines("self").getFirst())));
        terminal.kill();
        Until.holds(() -> box.refcountOnDisk("web") == 0, "the terminal hung up");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sh -c", "bash -c", "bash -euo pipefail -c", "timeout 100 sh -c"})
    void theFirstProcessOfATerminalIsNobodysShortLivedShell(String wrapper, Sandbox box) {
        List<String> argv = new ArrayList<>(List.of(wrapper.split(" ")));
        argv.add(USE + "; echo $$ >self; sleep 1000");
        terminal(box, "", argv.toArray(String[]::new));
        Until.holds(() -> box.lines("self").size() == 1, "it has gone on");
        Stamped shell = Stamped.of(Long.parseLong(box.lines("self").getFirst()));
        long leader = wrapper.startsWith("timeout")
                ? ProcessFacts.requireStat(shell.pid()).parent()
                : shell.pid();
        assertHeldBy(box, Stamped.of(leader));
    }

    /** Runs a command as the leader of a terminal of its own, into which a person has typed. */
    private static Invocation.Running terminal(Sandbox box, String typed, String... command) {
        List<String> argv = new ArrayList<>(List.of("python3", "-c", """
            import os, pty, sys, time
            pid, terminal = pty.fork()
            if pid == 0:
                os.execvp(sys.argv[2], sys.argv[2:])
            os.write(terminal, sys.argv[1].encode())
            while os.read(terminal, 1000):
                pass
            """, typed));
        argv.addAll(List.of(command));
        return box.inBackground(new Invocation(argv, box.env(), box.work()).env("TERM", "dumb"));
    }

    // ---- nobody

    @Test
    @EnabledIf(Root.NEEDED)
    void anOrphanIsToldToNameAClient(Sandbox box) {
        Enclave enclave = Enclave.ofPids(box);
        enclave.sh("setsid sh -c 'while [ $(ps -o ppid= $$) != 1 ]; do sleep 0.01; done; " + USE
                        + " >out 2>err; echo $? >result' </dev/null >/dev/null 2>&1 &")
                .run()
                .ok();
        assertRefused(box);
        assertEquals(2, enclave.sharedserver("check", "web").run().exit());
        enclave.sharedserver("use", "web", "--hold", "1h", "--", "sleep", "1000")
                .run()
                .ok();
    }

    /** Orphans of a desktop's session land at its systemd, which outlasts them all. */
    @Test
    void aUsersSystemdIsNobodysClient(Sandbox box) {
        write(box, "orphan.sh", orphan("systemd"));
        box.inBackground(new Invocation(List.of("python3", "-c", """
            import ctypes, subprocess, time
            libc = ctypes.CDLL(None)
            libc.prctl(15, b'systemd', 0, 0, 0)  # PR_SET_NAME
            libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
            subprocess.run(['setsid', '--fork', 'sh', 'orphan.sh'])
            time.sleep(1000)
            """), box.env(), box.work()));
        assertRefused(box);
    }

    @Tag("own-guard")
    @Test
    void theGuardIsNoClientOfWhatItsServersOrphansUse(Sandbox box) {
        write(box, "orphan.sh", orphan("sharedserver"));
        box.use("other", box.client(), "sh", "-c", "setsid --fork sh orphan.sh; exec sleep 1000");
        assertRefused(box);
        assertEquals(2, box.check("web"));
    }

    /** A script that calls once its parent is a process of that name. */
    private static String orphan(String parent) {
        return "while [ \"$(ps -o comm= $(ps -o ppid= $$))\" != " + parent + " ]; do sleep 0.01; done; exec sh -c '"
                + USE + "; echo $? >result' >out 2>err";
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void anotherUsersProcessIsNoClient(Sandbox box) {
        Root.must("chmod", "755", box.root().toString());
        Root.giveToNobody(box.work());
        Result use = box.command("use", "web", "--", "sleep", "1000")
                .env("SHAREDSERVER_LOCKDIR", box.work().resolve("state").toString())
                .withProduct(Product.binForOthers())
                .under(Root.asNobody())
                .run()
                .exits(1);
        use.complains("--pid").complains("--hold");
    }

    private static void assertRefused(Sandbox box) {
        Until.holds(() -> box.lines("result").size() == 1, "it was answered");
        assertEquals(List.of("1"), box.lines("result"));
        assertEquals(List.of(), box.lines("out"));
        String complaint = String.join("\n", box.lines("err"));
        assertTrue(complaint.contains("--pid") && complaint.contains("--hold"), complaint);
        assertFalse(Files.exists(box.serverFile("web")));
    }

    // ---- other pid namespaces

    @Test
    @EnabledIf(Root.NEEDED)
    void aCallerInAPidNamespaceOfItsOwnIsToldToHold(Sandbox box) {
        box.serve("web", box.client());
        for (String[] arguments : new String[][] {
            {"use", "web"},
            // this number is somebody else's out here
            {"use", "web", "--pid", "1"},
            {"unuse", "web"},
            {"admin", "incref", "web", "--pid", "1"},
            {"run", "web", "--", "true"}
        }) {
            Result refused = inOwnPids(box.command(arguments)).run().exits(1);
            refused.complains("another pid namespace").complains("--hold");
            assertEquals("", refused.out());
        }
        assertEquals(1, box.refcount("web"));
        inOwnPids(box.command("use", "web", "--hold", "1h")).run().ok().isQuiet();
        assertEquals(2, box.refcount("web"));
        assertEquals(0, inOwnPids(box.command("check", "web")).run().exit());
    }

    @Test
    @EnabledIf(Root.NEEDED)
    void aCallerOutsideThePidNamespaceOfTheGuardIsToldToHold(Sandbox box) {
        Enclave enclave = Enclave.ofPids(box);
        long client = enclave.client();
        enclave.sharedserver("use", "web", "--pid", "" + client, "--", "sleep", "1000")
                .run()
                .ok();
        box.run("use", "web").exits(1).complains("another pid namespace");
        // alive in there, but that is not what the caller means
        box.run("use", "web", "--pid", "" + client).exits(1).complains("another pid namespace");
        assertEquals(1, box.refcountOnDisk("web"));
    }

    private static Invocation inOwnPids(Invocation command) {
        return command.under("unshare", "--pid", "--fork", "--mount-proc");
    }

    // ---- what the tests are made of

    private static Path script(Sandbox box, String shell, String form) {
        return executable(
                box,
                // not named like a shell: that is what the kernel then calls the process
                "deploy",
                "#!/bin/" + shell + "\nexec 2>err\n" + form.replace("USE", USE) + "\necho $$ >self\nexec sleep 1000\n");
    }

    private static Path executable(Sandbox box, String name, String text) {
        Path file = write(box, name, text);
        try {
            return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path write(Sandbox box, String name, String text) {
        try {
            return Files.writeString(box.work().resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertHeldBy(Sandbox box, Stamped owner) {
        JsonObject clients = box.requireClientsOnDisk("web").getAsJsonObject("clients");
        assertEquals(Set.of("" + owner.pid()), clients.keySet());
        assertEquals(
                owner.stamp(),
                clients.getAsJsonObject("" + owner.pid()).get("start_time").getAsLong());
    }

    private static void assertNoteUnless(boolean direct, Sandbox box, long owner) {
        List<String> said = box.lines("err");
        List<String> notes = said.stream()
                .filter(line -> line.contains("the reference belongs to process"))
                .toList();
        assertEquals(direct ? 0 : 1, notes.size(), () -> "direct: " + direct + ", stderr: " + said);
        assertTrue(direct || notes.getFirst().contains("process " + owner + ","), notes::toString);
    }
}
