package dev.sharedserver.top;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.Timestamps;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongFunction;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;

/** Makes the lines of the screen from what is shown: exactly as many as the terminal has, none wider than it. */
final class Screen {

    private static final List<String> HELP = List.of(
            "up, down, k, j   select a server; Page Up, Page Down, Home, End",
            "s                stop it (asks, and names who holds it)",
            "r                restart it (asks where somebody holds it)",
            "l                follow its log; q or Ctrl-C comes back",
            "/                show only names and commands with a text in them",
            "?                this help",
            "q, Ctrl-C        leave; Ctrl-Z suspends",
            "",
            "RSS and CPU% count all processes of a server. Pages that processes",
            "share are counted for each of them; 100 % is one processor.");

    private final Colors colors;
    private final Table table;
    private final boolean keys;
    private final LongFunction<Facts> facts;

    /**
     * What is known of a client's process.
     *
     * @param exe path of its program, "" if unknown
     * @param cwd its working directory, "" if unknown
     */
    record Facts(String exe, String cwd) {}

    /** Makes screens; with {@code keys}, a server is selected and its clients are shown. */
    Screen(Colors colors, boolean keys, LongFunction<Facts> facts) {
        this.colors = colors;
        this.table = new Table(colors);
        this.keys = keys;
        this.facts = facts;
    }

    /** Returns the lines; {@code now} is Unix milliseconds. */
    List<AttributedString> lines(View view, int columns, int rows, long now) {
        List<AttributedString> lines = new ArrayList<>();
        lines.add(header(view));
        // the last line is the line of keys; of the rest the table gets at least half
        int room = Math.max(1, rows - 2);
        List<AttributedString> detail = keys ? detail(view, room / 2, now) : List.of();
        if (view.mode == View.Mode.HELP) {
            HELP.forEach(line -> lines.add(new AttributedString(line)));
        } else {
            int forDetail = Math.min(detail.size(), room / 2);
            lines.addAll(servers(view, columns, room - forDetail, now));
            lines.addAll(detail.subList(0, forDetail));
        }
        List<AttributedString> screen = new ArrayList<>();
        for (int i = 0; i < rows - 1; i++) {
            AttributedString line = i < lines.size() ? lines.get(i) : AttributedString.EMPTY;
            screen.add(cut(line, columns));
        }
        screen.add(cut(footer(view), columns));
        return screen;
    }

    private static AttributedString cut(AttributedString line, int columns) {
        return line.columnLength() <= columns ? line : line.columnSubSequence(0, columns);
    }

    private AttributedString header(View view) {
        int references = 0;
        long bytes = 0;
        Set<Long> pids = new HashSet<>();
        for (Served server : view.all()) {
            references += server.holders().size();
            Long pid = server.pid();
            Load.Cost cost = pid == null || !pids.add(pid) ? null : view.costs.get(pid);
            bytes += cost == null ? 0 : cost.bytes();
        }
        int count = view.all().size();
        AttributedStringBuilder line = new AttributedStringBuilder();
        line.styled(AttributedStyle.BOLD, count == 1 ? "1 server" : count + " servers");
        line.append(", ").append(references == 1 ? "1 reference" : references + " references");
        line.append(", ").append(Cells.bytes(bytes)).append(" memory");
        if (!view.filter().isEmpty() && view.mode != View.Mode.FILTER) {
            line.append(", filter: ").append(Quote.escape(view.filter()));
        }
        return line.toAttributedString();
    }

    private List<AttributedString> servers(View view, int columns, int rows, long now) {
        List<Served> shown = view.shown();
        if (shown.isEmpty()) {
            return padded(List.of(new AttributedString(view.all().isEmpty() ? "(no servers)" : "(no match)")), rows);
        }
        int index = view.index();
        List<AttributedString> all = table.lines(shown, view.costs, columns, keys ? index : -1, now);
        int body = Math.max(1, rows - 1);
        int first = keys ? Math.clamp(index - body / 2, 0, Math.max(0, shown.size() - body)) : 0;
        List<AttributedString> lines = new ArrayList<>();
        lines.add(all.get(0));
        lines.addAll(all.subList(1 + first, 1 + Math.min(shown.size(), first + body)));
        return padded(lines, rows);
    }

    private static List<AttributedString> padded(List<AttributedString> lines, int rows) {
        List<AttributedString> padded = new ArrayList<>(lines);
        while (padded.size() < rows) {
            padded.add(AttributedString.EMPTY);
        }
        return padded;
    }

    /** Returns who holds the selected server, in so many lines at most: of hundreds only those in sight are looked at. */
    private List<AttributedString> detail(View view, int rows, long now) {
        Served server = view.selection();
        if (server == null) {
            return List.of();
        }
        List<AttributedString> lines = new ArrayList<>();
        String cwd = server.pid() == null ? "" : facts.apply(server.pid()).cwd();
        lines.add(new AttributedString(
                "── clients of " + Quote.escape(server.name()) + (cwd.isEmpty() ? "" : " in " + Quote.escape(cwd))
                        + " ──",
                colors.dim()));
        int count = server.holders().size();
        int shown = count < rows ? count : Math.max(0, rows - 2);
        for (Served.Holder holder : server.holders().subList(0, shown)) {
            lines.add(new AttributedString(holder(holder, now)));
        }
        if (shown < count) {
            lines.add(new AttributedString("… and " + (count - shown) + " more"));
        } else if (count == 0) {
            lines.add(new AttributedString("nobody holds it", colors.dim()));
        }
        return lines;
    }

    private String holder(Served.Holder holder, long now) {
        StringBuilder out = new StringBuilder(name(holder));
        if (holder.metadata() != null) {
            out.append("  ").append(Quote.escape(holder.metadata()));
        }
        Long pid = holder.pid();
        Facts known = pid == null ? new Facts("", "") : facts.apply(pid);
        if (!known.exe().isEmpty()) {
            out.append("  ").append(Quote.escape(known.exe()));
        }
        if (!known.cwd().isEmpty()) {
            out.append("  in ").append(Quote.escape(known.cwd()));
        }
        try {
            long since = Timestamps.parse(holder.since()).toEpochMilli();
            out.append("  since ").append(Cells.span(now - since));
        } catch (InvalidInput e) {
            out.append("  since ").append(Quote.escape(holder.since()));
        }
        return out.toString();
    }

    private static String name(Served.Holder holder) {
        return holder.pid() == null ? Quote.escape(String.valueOf(holder.hold())) : "pid " + holder.pid();
    }

    private AttributedString footer(View view) {
        return switch (view.mode) {
            case FILTER -> new AttributedString("/" + Quote.escape(view.filter()) + "▏", AttributedStyle.BOLD);
            case CONFIRM_STOP -> new AttributedString(question("Stop", view), colors.question());
            case CONFIRM_RESTART -> new AttributedString(question("Restart", view), colors.question());
            case HELP -> new AttributedString("any key goes back", colors.dim());
            case BROWSE -> {
                String text = view.trouble.isEmpty() ? view.message : view.trouble;
                yield text.isEmpty()
                        ? new AttributedString(
                                keys ? "s stop  r restart  l logs  / filter  ? help  q quit" : "q quit", colors.dim())
                        : new AttributedString(text, AttributedStyle.BOLD);
            }
        };
    }

    /** The answer comes before the names of the holders: a narrow terminal cuts the end. */
    private static String question(String verb, View view) {
        Served server = view.find(view.subject);
        StringBuilder out = new StringBuilder(verb);
        out.append(' ').append(Quote.escape(String.valueOf(view.subject))).append("? y/n");
        if (server != null && !server.holders().isEmpty()) {
            out.append("  used by ");
            String comma = "";
            for (Served.Holder holder : server.holders()) {
                out.append(comma).append(name(holder));
                if (holder.metadata() != null) {
                    out.append(" (").append(Quote.escape(holder.metadata())).append(')');
                }
                comma = ", ";
            }
        }
        return out.toString();
    }

    /** Returns the table alone, as text. */
    static String plain(List<Served> servers, Map<Long, Load.Cost> costs, long now) {
        if (servers.isEmpty()) {
            return "(no servers)\n";
        }
        StringBuilder out = new StringBuilder();
        for (AttributedString line : new Table(new Colors(false)).lines(servers, costs, Table.UNLIMITED, -1, now)) {
            out.append(line).append('\n');
        }
        return out.toString();
    }
}
