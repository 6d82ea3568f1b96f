package dev.sharedserver.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.cli.CommandLine;
import dev.sharedserver.cli.UsageError;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.OsText;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.config.ConfigFile;
import dev.sharedserver.core.config.Problem;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What people and programs write: command lines, configs, durations. */
class TextFuzzTest {

    private static List<byte[]> bytes(String... texts) {
        return Arrays.stream(texts)
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toList();
    }

    private static void isPrintable(String text) {
        assertEquals(Quote.escape(text), text, "it can be shown on a terminal");
    }

    @Test
    void anyWordsAreACommandOrAUsageError() {
        List<byte[]> seeds = bytes(
                "use\nweb\n--grace-period\n1h30m\n--metadata\nx\n--env\nA=b\n--stop-signal=USR1\n--\nsleep\n1000",
                "use\nweb\n--hold=5m\n--json",
                "run\nweb\ndb\n--config\nx\n--\nmake",
                "list\n--json",
                "check\nweb",
                "stop\nweb\n--even-if-used\n--pid\n4711",
                "wait\nweb\n--for\nstopped\n--timeout\n250ms",
                "logs\nweb\n-f\n-n\n20\n--grep\na.*b",
                "completion\nfish",
                "help\nadmin\nstop",
                "admin\nstart\nweb\n--on-mismatch\nfail\n--shell\n--\nsleep 1",
                "unuse\nweb\n--hold\nhold-1",
                "--version",
                "");
        List<byte[]> words = bytes(
                "\n--", "\n-", "\n--pid=", "\n--help", "\nadmin", "\nuse", "\n--timeout\n", "\n__names", "=", "\n\n");
        Fuzz.run("command line", seeds, words, 2_000, input -> {
            List<String> argv = new ArrayList<>();
            int from = 0;
            for (int i = 0; i <= input.length; i++) {
                if (i == input.length || input[i] == '\n') {
                    argv.add(OsText.decode(Arrays.copyOfRange(input, from, i)));
                    from = i + 1;
                }
            }
            try {
                assertNotNull(CommandLine.parse(argv, "0.1.0"));
            } catch (UsageError e) {
                isPrintable(e.text());
                assertTrue(e.text().length() < 4_000, "a message, not the input");
            }
        });
    }

    @Test
    void aHundredThousandNamesAreNoWait() throws UsageError {
        List<String> argv = new ArrayList<>(List.of("stop"));
        for (int i = 0; i < 200_000; i++) {
            argv.add("n" + i);
        }
        long before = System.nanoTime();
        assertNotNull(CommandLine.parse(argv, "0.1.0"));
        assertTrue(System.nanoTime() - before < 10_000_000_000L);
    }

    @Test
    void anyTextIsAConfigOrSaysWhatIsWrong() {
        List<byte[]> seeds = bytes(
                """
                {
                  // a comment
                  "$schema": "x",
                  "servers": {
                    "web": {"command": "run", "args": ["-p", "${PORT:-80}",], "gracePeriod": "30m", "env": {"A": "$$"},
                            "stopSignal": "INT", "stopTimeout": "5s", "logFile": "~/x", "workingDir": "${HOME}"},
                    "db": {"command": "db", "dependsOn": ["web"], "port": "auto", "restart": {"policy": "on-failure"},
                           "check": {"http": "http://localhost/", "interval": "1s"}}, /* end */
                  },
                }
                """,
                "{\"servers\":{\"a\":{\"command\":\"x\",\"dependsOn\":[\"b\"]},\"b\":{\"command\":\"y\",\"dependsOn\":[\"a\"]}}}",
                "{}");
        List<byte[]> words = bytes(
                "\"command\":",
                "\"args\":[",
                "\"lazy\":true,",
                "\"skipIfEnv\":\"A\",",
                "\"envFile\":\".env\",",
                "\"ready\":{\"log\":\"a\"},",
                "\"scope\":\"project\",",
                "${HOME}",
                "${A:-${B:-",
                "${LONG}",
                "/*",
                "*/",
                ",");
        Map<String, String> variables = Map.of("HOME", "/home/me", "LONG", "x".repeat(1_000), "EMPTY", "");
        Fuzz.run("config", seeds, words, 3_000, input -> {
            ConfigFile config = ConfigFile.parse("f.json", new String(input, StandardCharsets.UTF_8), variables::get);
            for (Problem problem : Stream.of(config.errors(), config.warnings(), config.unset())
                    .flatMap(List::stream)
                    .toList()) {
                isPrintable(problem.toString());
            }
            assertEquals(
                    config.servers().size(),
                    config.servers().values().stream()
                            .filter(spec -> spec.command().stream().noneMatch(word -> word.indexOf('\0') >= 0))
                            .count());
        });
    }

    @Test
    void anyTextIsADurationOrInvalid() {
        Fuzz.run("duration", bytes("90s", "1h30m", "250ms", "1d2h3m4s5ms", ""), bytes("d", "h", "ms"), 2_000, input -> {
            try {
                Period period = Period.parse(OsText.decode(input));
                assertEquals(period, Period.parse(period.toString()));
            } catch (InvalidInput e) {
                isPrintable(String.valueOf(e.getMessage()));
            }
        });
    }

    @Test
    void anyBytesAreTextAndComeBack() {
        Random random = Fuzz.random();
        Fuzz.run("text", bytes("ä😀", "x"), List.of(), 2_000, input -> {
            assertArrayEquals(input, OsText.encode(OsText.decode(input)));
            isPrintable(Quote.of(OsText.decode(input)));
            // a command line is made of texts that stand side by side
            byte[] other = new byte[random.nextInt(4)];
            random.nextBytes(other);
            String both = OsText.decode(input) + " " + OsText.decode(other);
            assertEquals(input.length + 1 + other.length, OsText.encode(both).length);
        });
    }
}
