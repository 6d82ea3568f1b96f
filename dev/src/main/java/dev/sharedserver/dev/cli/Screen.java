package dev.sharedserver.dev.cli;

import com.google.gson.JsonObject;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.dev.LogEntry;
import java.io.IOException;
import java.util.Locale;

/**
 * What somebody sees of a project: lines with their source in front, in colour on a terminal, where the last line tells what is being done. Used by
 * one thread.
 */
final class Screen {

    private static final int SOURCE_WIDTH = 9;
    private static final String RESET = "\033[0m";
    private static final String DIM = "\033[2m";
    private static final String RED = "\033[31m";
    private static final String YELLOW = "\033[33m";
    private static final String GREEN = "\033[32m";
    private static final String[] COLORS = {"\033[36m", "\033[35m", "\033[34m", "\033[32m"};
    private static final String CLEAR = "\r\033[K";

    private final LauncherConnection launcher;
    private final boolean terminal;
    private final boolean color;
    private boolean footer;

    Screen(LauncherConnection launcher, Request request) {
        this.launcher = launcher;
        this.terminal = request.stdoutTty();
        this.color = terminal && request.variable("NO_COLOR").isEmpty();
    }

    /** Shows a line of a project. */
    void entry(LogEntry.Level level, String source, String message) throws IOException {
        if (message.isBlank()) {
            return; // space that its writer had around its lines has no meaning between those of others
        }
        String text = Quote.escape(message.replace("\t", "    "));
        StringBuilder out = clear();
        String name = Quote.escape(source);
        paint(out, COLORS[Math.floorMod(source.hashCode(), COLORS.length)], name);
        out.repeat(' ', Math.max(0, SOURCE_WIDTH - name.length())).append(" │ ");
        switch (level) {
            case ERROR -> paint(out, RED, text);
            case WARN -> paint(out, YELLOW, text);
            case DEBUG -> paint(out, DIM, text);
            case INFO -> out.append(text);
        }
        print(out.append('\n'));
    }

    /** Shows a line of a project as an event has it. */
    void entry(JsonObject entry) throws IOException {
        entry(
                LogEntry.Level.valueOf(entry.get("level").getAsString().toUpperCase(Locale.ROOT)),
                entry.get("source").getAsString(),
                entry.get("message").getAsString());
    }

    /** Says something that went well. */
    void done(String text) throws IOException {
        StringBuilder out = clear();
        paint(out, GREEN, "✓");
        print(out.append(' ').append(Quote.escape(text)).append('\n'));
    }

    /** Says something that did not. */
    void failed(String text) throws IOException {
        StringBuilder out = clear();
        paint(out, RED, "✗");
        print(out.append(' ').append(Quote.escape(text)).append('\n'));
    }

    /** Says something. */
    void say(String text) throws IOException {
        print(clear().append(Quote.escape(text)).append('\n'));
    }

    /** Has the last line of a terminal tell what is being done; the empty string for nothing. */
    void doing(String text) throws IOException {
        if (terminal && !(text.isEmpty() && !footer)) {
            StringBuilder out = clear();
            paint(out, DIM, Quote.escape(text));
            print(out);
            footer = !text.isEmpty();
        }
    }

    /** Prints JSON of one line. */
    void json(JsonText.Content content) throws IOException {
        launcher.stdout(JsonText.of(JsonText.Form.LINE, content));
        launcher.flush();
    }

    private StringBuilder clear() {
        StringBuilder out = new StringBuilder(footer ? CLEAR : "");
        footer = false;
        return out;
    }

    private void paint(StringBuilder out, String code, String text) {
        if (color) {
            out.append(code).append(text).append(RESET);
        } else {
            out.append(text);
        }
    }

    private void print(StringBuilder out) throws IOException {
        launcher.stdout(out.toString());
        launcher.flush();
    }
}
