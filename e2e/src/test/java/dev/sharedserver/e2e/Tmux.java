package dev.sharedserver.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A terminal that a test types into and looks at: a tmux server of its own, ended with the test. */
final class Tmux {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Sandbox sandbox;
    private final String socket;

    /** Opens a terminal of that size, in which a shell runs with the sandbox's environment. */
    Tmux(Sandbox sandbox, int columns, int rows) {
        this.sandbox = sandbox;
        this.socket = sandbox.root()
                .resolve("tmux-" + Long.toHexString(System.nanoTime()))
                .toString();
        sandbox.atEnd(this::end);
        tmux(
                "new-session",
                "-d",
                "-x",
                Integer.toString(columns),
                "-y",
                Integer.toString(rows),
                "exec env PS1='$ ' sh");
        tmux("set-option", "-g", "status", "off");
        resize(columns, rows);
    }

    private String tmux(String... arguments) {
        List<String> argv = new ArrayList<>(List.of("tmux", "-u", "-f", "/dev/null", "-S", socket));
        argv.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(argv)
                .directory(sandbox.work().toFile())
                .redirectErrorStream(true)
                .redirectInput(new java.io.File("/dev/null"));
        builder.environment().clear();
        builder.environment().putAll(sandbox.env());
        builder.environment().put("TERM", "xterm-256color");
        try {
            Process process = builder.start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("tmux hangs: " + argv);
            }
            return out;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private void end() {
        tmux("kill-server");
    }

    /** Types a line into the shell. */
    void type(String line) {
        tmux("send-keys", "-l", line);
        tmux("send-keys", "Enter");
    }

    /** Presses keys, by tmux's names. */
    void press(String... keys) {
        List<String> arguments = new ArrayList<>(List.of("send-keys"));
        arguments.addAll(List.of(keys));
        tmux(arguments.toArray(String[]::new));
    }

    void resize(int columns, int rows) {
        tmux("resize-window", "-x", Integer.toString(columns), "-y", Integer.toString(rows));
    }

    String screen() {
        return tmux("capture-pane", "-p");
    }

    /** Returns the settings of the terminal, as stty names them. */
    String modes() {
        String tty = tmux("display-message", "-p", "#{pane_tty}").strip();
        return sandbox.sh("stty -a -F \"$1\"", tty).run().ok().out();
    }

    /** Tells whether a program has taken the other screen, and whether it hides the cursor. */
    String flags() {
        return tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}").strip();
    }

    /** Returns the pid of the shell in it. */
    long shell() {
        return Long.parseLong(tmux("display-message", "-p", "#{pane_pid}").strip());
    }

    /** Waits for a text. */
    String shows(String text) {
        return shows(screen -> screen.contains(text), "'" + text + "'");
    }

    String shows(Predicate<String> wanted, String what) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        String screen = screen();
        while (!wanted.test(screen)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("the terminal does not show " + what + ":\n" + screen);
            }
            try {
                Thread.sleep(30);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
            screen = screen();
        }
        return screen;
    }
}
