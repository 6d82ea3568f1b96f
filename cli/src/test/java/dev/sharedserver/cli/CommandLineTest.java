package dev.sharedserver.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Port;
import dev.sharedserver.core.config.Probe;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {

    private static Command parse(String... argv) throws UsageError {
        return CommandLine.parse(List.of(argv), "1.2.3");
    }

    private static String error(String... argv) {
        return assertThrows(UsageError.class, () -> parse(argv)).text();
    }

    @Test
    void nameAndOptionsStandInAnyOrder() throws UsageError {
        List<List<String>> parts = List.of(
                List.of("web"),
                List.of("--grace-period", "30m"),
                List.of("--pid=77"),
                List.of("--json"),
                List.of("--env", "A=1"),
                List.of("--env=B=x=y"));
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            List<List<String>> shuffled = new ArrayList<>(parts);
            int a = random.nextInt(4);
            int b = random.nextInt(4);
            shuffled.set(a, parts.get(b));
            shuffled.set(b, parts.get(a));
            List<String> argv = new ArrayList<>(List.of("use"));
            shuffled.forEach(argv::addAll);
            argv.addAll(List.of("--", "cmd", "--pid", "", "--"));
            Command.Use use = assertInstanceOf(Command.Use.class, CommandLine.parse(argv, ""), "seed " + seed);
            assertEquals("web", use.name().value());
            assertEquals(Long.valueOf(77), use.options().pid());
            assertEquals(new Period(1_800_000_000_000L), use.options().gracePeriod());
            assertEquals(List.of("A=1", "B=x=y"), use.options().env());
            assertEquals(List.of("cmd", "--pid", "", "--"), use.command());
        }
    }

    @ParameterizedTest
    @CsvSource({"TERM,15", "SIGTERM,15", "term,15", "15,15", "INT,2", "SIGUSR1,10", "64,64"})
    void signalsGoByNameOrNumber(String text, int number) throws UsageError {
        Command.Use use = assertInstanceOf(Command.Use.class, parse("use", "x", "--stop-signal", text));
        assertEquals(Integer.valueOf(number), use.options().stopSignal());
    }

    @Test
    void whatIsNearIsNamed() {
        assertTrue(error("lsit").contains("did you mean list?"));
        assertTrue(error("use", "x", "--grace-perod", "5m").contains("did you mean --grace-period?"));
        assertTrue(error("admin", "stpo").contains("did you mean admin stop?"));
    }

    @Test
    void whatIsWrongIsQuoted() {
        assertTrue(error("use", "../x").contains("'../x'"));
        assertTrue(error("use", "x", "--env", "FOO").contains("'FOO'"));
        assertTrue(error("use", "x", "--grace-period", "5").contains("'5'"));
        assertTrue(error("use", "x", "--stop-signal", "0").contains("'0'"));
        assertTrue(error("logs", "x", "-n", "many").contains("'many'"));
        assertTrue(error("wait", "x", "--for", "ever").contains("'ever'"));
        assertTrue(error("use", "x", "--on-mismatch", "maybe").contains("'maybe'"));
        assertTrue(error("use", "a", "b").contains("'b'"));
        assertTrue(error("use", "x", "--pid", "1", "--pid", "2").contains("twice"));
    }

    @Test
    void theEndOfManyCanBeWaitedForOtherStatesOfOneOnly() throws UsageError {
        Command.AwaitEnd wait = assertInstanceOf(Command.AwaitEnd.class, parse("wait", "a", "b", "--for", "ended"));
        assertEquals(2, wait.names().size());
        assertInstanceOf(Command.Wait.class, parse("wait", "a", "--for", "stopped"));
        assertTrue(error("wait", "a", "b", "--for", "stopped").contains("'b'"));
        assertTrue(error("wait", "a", "--pid", "1").contains("--for ended"));
        assertTrue(error("wait", "a", "--process", "1").contains("--process of wait goes with --for ended"));
        assertTrue(error("wait", "a", "b", "--for", "ended", "--process", "1").contains("'b'"));
        assertTrue(error("wait", "a", "--for", "ended", "--process", "x").contains("invalid --process 'x'"));
        assertTrue(error("wait", "--for", "ended").contains("missing"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "+5", "1.5", "", " 1", "99999999999999999999", "0x10", "4194305"})
    void whatCannotBeAPidIsRefused(String pid) {
        assertTrue(error("use", "x", "--pid", pid).contains("'" + pid + "'"));
    }

    @Test
    void oneProbeTellsWhetherAServerIsUpAndOneWhetherItStillIs() throws UsageError {
        Command.Use use = assertInstanceOf(
                Command.Use.class,
                parse("use", "x", "--ready-tcp", "[::1]:80", "--ready-timeout", "2s", "--check-exec", "true"));
        assertEquals(
                new Condition(new Probe.Tcp("::1", 80), new Period(2_000_000_000L), null),
                use.options().ready());
        assertEquals(
                new Condition(new Probe.Exec(List.of("/bin/sh", "-c", "true")), null, null),
                use.options().check());
    }

    @ParameterizedTest
    @CsvSource({
        "--ready-tcp,70000",
        "--ready-tcp,host",
        "--ready-tcp,::1:80",
        "--ready-tcp,:80",
        "--ready-http,ftp://x/",
        "--ready-http,http://",
        "--ready-http,http://x:70000/",
        "--ready-log,(",
        "--check-exec,' '",
        "--restart,often",
        "--port,0",
        "--port,65536",
        "--port,-1",
        "--port,+80",
        "--port,http",
        "--port,Auto",
        "--port,' '",
    })
    void whatCannotBeLookedForIsRefusedWithItsValue(String flag, String value) {
        String error = error("use", "x", flag, value);
        assertTrue(error.contains(flag), error);
        assertTrue(value.isBlank() || error.contains(value), error);
    }

    @Test
    void aPortIsANumberOrToBeChosen() throws UsageError {
        assertEquals(new Port.Fixed(65535), port("use", "x", "--port", "65535"));
        assertEquals(new Port.Auto(), port("use", "x", "--port=auto"));
        assertNull(port("use", "x"));
        Command.AdminStart start = assertInstanceOf(
                Command.AdminStart.class, parse("admin", "start", "x", "--port", "80", "--env", "PORT=1", "--", "y"));
        UseOptions options = start.options().withPort(80);
        assertEquals(List.of("PORT=80", "PORT=1"), options.env(), "what is said last is what counts");
        assertEquals(Integer.valueOf(80), options.portNumber());
        assertInstanceOf(Command.Exec.class, parse("exec", "x", "--port", "auto", "--", "y"));
        assertTrue(error("run", "x", "--port", "80", "--", "y").contains("--port"));
    }

    private static @Nullable Port port(String... argv) throws UsageError {
        return assertInstanceOf(Command.Use.class, parse(argv)).options().port();
    }

    @Test
    void probesExcludeEachOther() {
        assertTrue(error("use", "x", "--ready-tcp", "80", "--ready-notify").contains("exclude each other"));
        assertTrue(error("use", "x", "--ready-timeout", "1s").contains("needs one of"));
        assertTrue(error("use", "x", "--check-interval", "1s").contains("needs one of"));
    }

    @Test
    void aCommandIsWhereOneIsTaken() {
        assertTrue(error("run", "x").contains("needs a command"));
        assertTrue(error("use", "x", "--").contains("missing behind --"));
        assertTrue(error("check", "x", "--", "cmd").contains("takes no command"));
        assertTrue(error("use", "x", "--shell", "--", "a", "b").contains("one string"));
    }

    @Test
    void aliasesOfOlderScriptsAreUnderstood() throws UsageError, InvalidInput {
        assertEquals(new Command.Unuse(ServerName.of("x"), 7L, null), parse("decref", "x", "--pid", "7"));
        assertInstanceOf(Command.AdminStart.class, parse("start", "--grace-period", "1h", "x", "--", "cmd"));
        assertEquals(new Command.AdminIncref(ServerName.of("x"), null, "m"), parse("incref", "x", "--metadata", "m"));
        assertTrue(error("admin", "incref", "x").contains("--pid"));
    }

    @Test
    void everyVerbExplainsItself() throws UsageError {
        for (Verb verb : Verb.values()) {
            if (verb.hidden()) {
                continue;
            }
            List<String> argv = new ArrayList<>(List.of(verb.words().split(" ", -1)));
            argv.add("--help");
            String text = assertInstanceOf(Command.Print.class, CommandLine.parse(argv, ""))
                    .text();
            assertTrue(text.startsWith("Usage: sharedserver " + verb.words()), text);
            for (Option option : verb.options()) {
                assertTrue(text.contains(option.flag()), verb + " " + option.flag());
            }
        }
        assertEquals(
                "sharedserver 1.2.3\n",
                assertInstanceOf(Command.Print.class, parse("--version")).text());
    }

    @Test
    void completionScriptsKnowEveryVerbAndFlag() {
        for (String script : List.of(Completion.bash(), Completion.zsh(), Completion.fish())) {
            for (Verb verb : Verb.values()) {
                if (!verb.hidden()) {
                    String word =
                            verb.words().startsWith("admin ") ? verb.words().substring(6) : verb.words();
                    assertTrue(script.contains(word), word);
                    for (Option option : verb.options()) {
                        assertTrue(script.contains(option.flag().replace("--", "")), option.flag());
                    }
                }
            }
        }
    }

    @Test
    void anyWordsAreACommandOrAUsageError() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String[] words = {
            "use", "stop", "admin", "web", "--", "-", "--pid", "--json", "", "\udcff", "--x=", "-n", "\n", "--env",
            "A=", "=", "-h"
        };
        for (int i = 0; i < 20_000; i++) {
            List<String> argv = new ArrayList<>();
            for (int n = random.nextInt(6); n > 0; n--) {
                argv.add(words[random.nextInt(words.length)]);
            }
            try {
                CommandLine.parse(argv, "");
            } catch (UsageError e) {
                assertTrue(e.text().indexOf('\n') < 0, "seed " + seed + ": " + e.text());
            }
        }
    }

    @Test
    void upTakesItsConfigFromStandardInputAndServersByKind() throws UsageError {
        Command.Up up = assertInstanceOf(
                Command.Up.class, parse("up", "--servers-json", "-", "--only=lazy", "--pid", "7", "--json"));
        assertTrue(up.input());
        assertEquals(Command.Only.LAZY, up.only());
        assertEquals(
                Command.Only.EAGER,
                assertInstanceOf(Command.Up.class, parse("up", "--only", "eager"))
                        .only());
        assertTrue(error("up", "--servers-json", "x.json").contains("--config"));
        assertTrue(error("up", "--servers-json", "-", "--config", "x").contains("exclude each other"));
        assertTrue(error("up", "--only", "").contains("lazy or eager"));
    }

    @Test
    void hooksOfShells() throws UsageError {
        assertEquals(new Command.ShellHook(Command.ShellHook.Shell.ZSH), parse("hook", "shell", "zsh"));
        assertEquals(new Command.ShellMoved(77, false), parse("hook", "cd", "--pid", "77"));
        assertEquals(new Command.ShellMoved(77, true), parse("hook", "cd", "--pid", "77", "--seen"));
        assertEquals(new Command.Permit(true, null), parse("hook", "allow"));
        assertEquals(new Command.Permit(false, "d"), parse("hook", "deny", "d"));
        assertTrue(error("hook", "shell").contains("bash, zsh or fish"));
        assertTrue(error("hook", "shell", "ksh").contains("'ksh'"));
        assertTrue(error("hook", "shell", "zsh", "bash").contains("'bash'"));
        assertTrue(error("hook", "alow").contains("did you mean allow?"));
        assertTrue(error("hook", "allow", "a", "b").contains("'b'"));
        assertTrue(error("hook", "cd").contains("--pid"));
        assertTrue(error("hook", "cd", "x", "--pid", "7").contains("'x'"));
        assertTrue(error("hook", "allow", "--config", "f").contains("claude only"));
        assertTrue(error("hook", "shell", "bash", "--seen").contains("cd only"));
    }

    @Test
    void hooksNameHostAndMoment() throws UsageError {
        assertEquals(new Command.ClaudeHook(Command.ClaudeHook.Moment.START, null), parse("hook", "claude", "start"));
        assertEquals(
                new Command.ClaudeHook(Command.ClaudeHook.Moment.END, "f"),
                parse("hook", "claude", "end", "--config", "f"));
        assertTrue(error("hook").contains("needs a word"));
        assertTrue(error("hook", "emacs", "start").contains("'emacs'"));
        assertTrue(error("hook", "claude").contains("start or end"));
        assertTrue(error("hook", "claude", "begin").contains("'begin'"));
        assertTrue(error("hook", "claude", "start", "end").contains("'end'"));
    }

    @Test
    void hostsAreWhatSshCannotMisread() throws UsageError {
        assertEquals(new Command.Lsp("list", null), parse("lsp", "list"));
        assertEquals(new Command.Lsp("restart", null), parse("lsp", "restart", "clangd"));
        assertTrue(error("lsp", "restart").contains("the name or the pid"));
        assertEquals(
                "lsp connect takes no name, got 'clangd': the server's command comes behind --",
                error("lsp", "connect", "clangd"));
        assertEquals("lsp detach takes one server, got 'b'", error("lsp", "detach", "a", "b"));
        assertTrue(error("lsp", "conect").endsWith("attach or detach is expected behind lsp, got 'conect'"));
        assertTrue(error("lsp").endsWith("is expected behind lsp"));
        assertTrue(error("dev", "upp").endsWith("init or serve is expected behind dev, got 'upp'"));
        assertEquals(new Command.Lsp("attach", null), parse("lsp", "attach", "1", "--via", "gdb", "--capabilities=f"));
        assertTrue(error("lsp", "attach", "1", "--via", "magic").startsWith("invalid --via"));
        assertTrue(error("lsp", "attach", "1", "--fresh", "--capabilities", "f").contains("exclude each other"));
        for (String limit : List.of("1M", "64M", "128M", "007M")) {
            parse("lsp", "serve", "--body-limit", limit, "--", "x");
        }
        for (String limit : List.of("", "M", "0M", "129M", "64", "64K", "-1M", "1.5M", "99999999999999999999M", "１M")) {
            assertTrue(
                    error("lsp", "serve", "--body-limit", limit, "--", "x").startsWith("invalid --body-limit"), limit);
        }
        for (String host : List.of("box", "me@box.example", "ssh://me@[::1]:2222", "10.0.0.1", "fe80::1%eth0")) {
            assertEquals(new Command.Lsp("status", host), parse("lsp", "status", "--host", host));
        }
        for (String host : List.of(
                "",
                "-oProxyCommand=id",
                "-",
                "me@-x",
                "ssh://-x",
                "a b",
                "a\nb",
                "a;id",
                "$(id)",
                "`id`",
                "a'b",
                "a\"b",
                "a|b",
                "a&b",
                "a>b",
                "a\\b",
                "*",
                "a\u001bb")) {
            assertTrue(error("lsp", "list", "--host", host).startsWith("invalid --host"), host);
        }
        assertTrue(error("lsp", "list", "--host", "a", "--host", "b").contains("twice"));
    }

    @Test
    void mappedDirectoriesAreAbsolute() throws UsageError {
        assertEquals(
                new Command.Lsp("connect", null),
                parse("lsp", "connect", "--map", "/home/me=/srv/x", "--map=/a=/b c", "--", "clangd"));
        for (String map :
                List.of("", "=", "/a", "/a=", "=/b", "a=/b", "/a=b", "/=/b", "/a=/", "/a/=/b", "/a=/b/", "/a=/b=c")) {
            assertTrue(error("lsp", "connect", "--map", map, "--", "x").startsWith("invalid --map"), map);
        }
    }
}
