package dev.sharedserver.cli;

import dev.sharedserver.core.Quote;
import dev.sharedserver.core.config.ProjectName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tables and paragraphs for people. What comes from outside is escaped before it is shown. */
public final class TextOutput {

    private static final int LEAST_COMMAND = 20;

    private TextOutput() {}

    /** Returns {@code list}. */
    public static String list(List<ServerView> servers, Terminal terminal, Instant now) {
        if (servers.isEmpty()) {
            return "(no servers)\n";
        }
        boolean projects = false;
        for (ServerView server : servers) {
            projects |= ProjectName.isOne(server.name());
        }
        List<String[]> rows = new ArrayList<>();
        rows.add(
                projects
                        ? new String[] {"NAME", "STATE", "PID", "REFS", "UPTIME", "DIRECTORY", "COMMAND"}
                        : new String[] {"NAME", "STATE", "PID", "REFS", "UPTIME", "COMMAND"});
        for (ServerView server : servers) {
            String[] row = new String[] {
                Quote.escape(server.name()),
                state(server),
                server.pid() == null ? "-" : Long.toString(server.pid()),
                Integer.toString(server.refcount()),
                server.startedAt() == null || server.pid() == null
                        ? "-"
                        : span(now.toEpochMilli() - server.startedAt().toEpochMilli()),
                server.name().startsWith("@") ? hub(server.name()) : command(server.command())
            };
            rows.add(projects ? withDirectory(row, server.workingDir()) : row);
        }
        return table(rows, terminal);
    }

    /** A hub's own command is a screen of JVM options; {@code info} shows it. */
    private static String hub(String name) {
        return "(hub of sharedserver " + Quote.escape(name.substring(1)) + ")";
    }

    /** Two checkouts may have servers of the same name: where they run tells them apart. */
    private static String[] withDirectory(String[] row, @Nullable String directory) {
        return new String[] {
            row[0], row[1], row[2], row[3], row[4], directory == null ? "-" : Quote.escape(directory), row[5]
        };
    }

    private static String table(List<String[]> rows, Terminal terminal) {
        int columns = rows.get(0).length;
        int[] width = new int[columns];
        for (String[] row : rows) {
            for (int i = 0; i < columns - 1; i++) {
                width[i] = Math.max(width[i], width(row[i]));
            }
        }
        int used = 0;
        for (int i = 0; i < columns - 1; i++) {
            used += width[i] + 2;
        }
        int rest = terminal.columns() == 0 ? Integer.MAX_VALUE : Math.max(LEAST_COMMAND, terminal.columns() - used);
        StringBuilder out = new StringBuilder();
        for (int r = 0; r < rows.size(); r++) {
            String[] row = rows.get(r);
            for (int i = 0; i < columns - 1; i++) {
                String cell = r == 0 ? terminal.dim(row[i]) : i == 1 ? coloured(row[i], terminal) : row[i];
                out.append(cell);
                for (int pad = width(row[i]); pad < width[i] + 2; pad++) {
                    out.append(' ');
                }
            }
            String last = cut(row[columns - 1], rest);
            out.append(r == 0 ? terminal.dim(last) : last).append('\n');
        }
        return out.toString();
    }

    private static String coloured(String state, Terminal terminal) {
        if (state.startsWith("active")) {
            return terminal.green(state);
        }
        return state.startsWith("grace") ? terminal.yellow(state) : terminal.red(state);
    }

    private static String state(ServerView server) {
        String word = server.state().word();
        if (server.managedBy() != null) {
            return word + " (other tool)";
        }
        Long left = server.graceRemainingMs();
        return left == null ? word : word + " " + span(left);
    }

    /** Returns {@code info}. */
    public static String info(Account account, Terminal terminal, Instant now) {
        ServerView server = account.server();
        StringBuilder out = new StringBuilder();
        line(out, "Server", Quote.escape(server.name()));
        line(out, "State", coloured(state(server), terminal));
        if (server.state() == State.STOPPED) {
            WhyOutput.lines(account, now, (label, value) -> line(out, label, value));
            return out.append("Server ")
                    .append(Quote.escape(server.name()))
                    .append(" is not running\n")
                    .toString();
        }
        line(out, "PID", server.pid() == null ? "-" : Long.toString(server.pid()));
        line(out, "Command", command(server.command()));
        line(out, "Port", server.port() == null ? null : server.port().toString());
        line(out, "Directory", server.workingDir() == null ? null : Quote.escape(server.workingDir()));
        Instant started = server.startedAt();
        if (started != null) {
            line(
                    out,
                    "Started",
                    dev.sharedserver.core.Timestamps.format(started) + " ("
                            + span(now.toEpochMilli() - started.toEpochMilli()) + " ago)");
        }
        line(out, "Grace period", server.gracePeriod());
        line(out, "Log", server.logFile() == null ? null : Quote.escape(server.logFile()));
        if (server.managedBy() != null) {
            line(out, "Managed by", "another tool (watcher pid " + server.managedBy() + ")");
        } else {
            line(out, "Watcher", server.watcherPid() == null ? null : "pid " + server.watcherPid());
        }
        line(out, "Clients", Integer.toString(server.refcount()));
        for (ClientView client : server.clients()) {
            out.append("  ").append(Wording.client(client, now)).append('\n');
        }
        WhyOutput.lines(account, now, (label, value) -> line(out, label, value));
        return out.toString();
    }

    private static void line(StringBuilder out, String label, @Nullable String value) {
        if (value != null) {
            out.append(label).append(':');
            for (int i = label.length(); i < 14; i++) {
                out.append(' ');
            }
            out.append(value).append('\n');
        }
    }

    /** Returns argv as a person would type it. */
    static String command(List<String> argv) {
        StringBuilder out = new StringBuilder();
        for (String word : argv) {
            if (out.length() > 0) {
                out.append(' ');
            }
            out.append(isPlain(word) ? word : Quote.of(word));
        }
        return out.toString();
    }

    private static boolean isPlain(String word) {
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            boolean plain = c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c >= '0' && c <= '9'
                    || "-_./:=,+@%".indexOf(c) >= 0;
            if (!plain) {
                return false;
            }
        }
        return !word.isEmpty();
    }

    /** Returns a span of time by its two largest units. */
    static String span(long millis) {
        long seconds = Math.max(0, millis) / 1000;
        if (seconds < 60) {
            return seconds + "s";
        }
        long minutes = seconds / 60;
        if (minutes < 60) {
            return minutes + "m " + seconds % 60 + "s";
        }
        long hours = minutes / 60;
        return hours < 24 ? hours + "h " + minutes % 60 + "m" : hours / 24 + "d " + hours % 24 + "h";
    }

    static String cut(String text, int columns) {
        if (width(text) <= columns) {
            return text;
        }
        int width = 0;
        int at = 0;
        while (at < text.length()) {
            int c = text.codePointAt(at);
            width += width(c);
            if (width > columns - 1) {
                break;
            }
            at += Character.charCount(c);
        }
        return text.substring(0, at) + "…";
    }

    static int width(String text) {
        int width = 0;
        for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
            width += width(text.codePointAt(at));
        }
        return width;
    }

    /** Columns that a character takes: none for what combines, two for East Asian wide ones and emoji. */
    private static int width(int c) {
        int type = Character.getType(c);
        if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK || c == 0x200d) {
            return 0;
        }
        boolean wide = c >= 0x1100 && c <= 0x115f
                || c >= 0x2e80 && c <= 0xa4cf
                || c >= 0xac00 && c <= 0xd7a3
                || c >= 0xf900 && c <= 0xfaff
                || c >= 0xfe30 && c <= 0xfe6f
                || c >= 0xff00 && c <= 0xff60
                || c >= 0xffe0 && c <= 0xffe6
                || c >= 0x1f300 && c <= 0x1faff
                || c >= 0x20000 && c <= 0x3fffd;
        return wide ? 2 : 1;
    }
}
