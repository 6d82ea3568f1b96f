package dev.sharedserver.agent.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class OverSshTest {

    private static final Path HOME = Path.of("/opt/share d/server");

    private static List<String> command(String what, String... argv) throws Failure {
        return new OverSsh("me@box", what, HOME).command(List.of(argv), "/home/me/src");
    }

    /** What a shell makes of these words. */
    private static List<String> words(String shell, String quoted) throws Exception {
        String line = "printf '%s\\0' " + quoted;
        Process process =
                new ProcessBuilder(shell, "-c", line).redirectErrorStream(true).start();
        process.getOutputStream().close();
        byte[] out = process.getInputStream().readAllBytes();
        List<String> words = new ArrayList<>(List.of(new String(out, StandardCharsets.UTF_8).split("\0", -1)));
        words.removeLast();
        return words;
    }

    /** What sharedserver is given on the other side. */
    private static List<String> given(List<String> ssh) throws Exception {
        String line = ssh.getLast();
        assertTrue(line.startsWith("exec sh -c "), line);
        List<String> words = words("sh", line.substring("exec sh -c ".length()));
        // script, its name, two lines for people, the directory
        return words.subList(4, words.size());
    }

    @Test
    void everyShellReadsTheWordsAsTheyAre() throws Exception {
        List<String> words = new ArrayList<>(List.of(
                "",
                "a",
                "it's",
                "\\",
                "\\'",
                "'\\''",
                "!x",
                "$HOME `id` $(id)",
                "* ? [a] {a,b} ~ =ls",
                "a\nb",
                "é😀",
                "#",
                ";|&<>"));
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String letters = "ab '\"\\!$`*?[]{}()<>|&;#~=%^\t-";
        for (int i = 0; i < 100; i++) {
            StringBuilder word = new StringBuilder();
            for (int n = random.nextInt(12); n > 0; n--) {
                word.append(letters.charAt(random.nextInt(letters.length())));
            }
            words.add(word.toString());
        }
        StringBuilder line = new StringBuilder();
        words.forEach(word -> line.append(' ').append(OverSsh.quoted(word)));
        for (String shell : List.of("sh", "bash", "zsh", "fish")) {
            if (shell.equals("sh") || Files.isExecutable(Path.of("/usr/bin/" + shell))) {
                assertEquals(words, words(shell, line.toString()), shell + ", seed " + seed);
            }
        }
    }

    @Test
    void theSameCommandOverThere() throws Exception {
        List<String> ssh = command(
                "connect",
                "lsp",
                "connect",
                "--host",
                "me@box",
                "--name=a b",
                "--env",
                "--host",
                "--",
                "clangd",
                "--host",
                "it's");
        assertEquals(List.of("ssh", "-T", "--", "me@box"), ssh.subList(0, 4));
        assertEquals(5, ssh.size());
        assertEquals(
                List.of(
                        "/home/me/src",
                        "lsp",
                        "connect",
                        "--name=a b",
                        "--env",
                        "--host",
                        "--",
                        "clangd",
                        "--host",
                        "it's"),
                given(ssh));
    }

    @Test
    void whatDoesNotReadLeavesStandardInputAlone() throws Exception {
        List<String> ssh = command("list", "lsp", "list", "--json", "--host=me@box");
        assertEquals(List.of("ssh", "-T", "-n", "--", "me@box"), ssh.subList(0, 5));
        assertEquals(List.of("/home/me/src", "lsp", "list", "--json"), given(ssh));
    }

    @Test
    void theRootIsTheOneOfThisSideInTheWordsOfTheOther() throws Exception {
        assertEquals(
                List.of("/home/me/src", "lsp", "serve", "--root=/home/me/src", "--", "x"),
                given(command("serve", "lsp", "serve", "--host", "me@box", "--", "x")));
        assertEquals(
                List.of("/r/src", "lsp", "connect", "--root=/r/lib", "--map=/home=/h", "--map=/home/me=/r", "--", "x"),
                given(command(
                        "connect",
                        "lsp",
                        "connect",
                        "--map",
                        "/home=/h",
                        "--map=/home/me=/r",
                        "--root",
                        "../lib",
                        "--host",
                        "me@box",
                        "--",
                        "x")));
        assertEquals(
                "the working directory does not exist any more: give --root",
                assertThrows(
                                Failure.class,
                                () -> new OverSsh("b", "serve", HOME).command(List.of("lsp", "serve", "--", "x"), ""))
                        .text());
    }

    @Test
    void whereThereIsNoSharedserverItSaysHowToInstallIt() throws Exception {
        Path empty = Files.createTempDirectory("over-ssh");
        try {
            ProcessBuilder builder = new ProcessBuilder(
                    "/bin/sh", "-c", command("list", "lsp", "list").getLast().replace("exec sh ", "exec /bin/sh "));
            builder.environment().put("PATH", empty.toString());
            builder.environment().put("HOME", empty.toString());
            Process bare = builder.redirectErrorStream(true).start();
            String said = new String(bare.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(127, bare.waitFor(), said);
            assertTrue(said.startsWith("sharedserver: me@box has no sharedserver"), said);
            assertTrue(said.contains("\n  tar -C '/opt/share d/server' -cf - . | ssh 'me@box' 'mkdir -p"), said);
        } finally {
            Files.delete(empty);
        }
    }
}
