package dev.sharedserver.top;

import dev.sharedserver.core.Quote;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;
import org.jspecify.annotations.Nullable;

/** The table of servers. A narrow terminal loses columns, the least telling first; names stay. */
final class Table {

    /** Columns of a terminal that is so wide that nothing is cut. */
    static final int UNLIMITED = Integer.MAX_VALUE;

    private static final int LEAST_COMMAND = 10;
    private static final int LEAST_NAME = 8;

    private final Colors colors;

    Table(Colors colors) {
        this.colors = colors;
    }

    private enum Column {
        NAME(false),
        STATE(false),
        PID(true),
        REFS(true),
        UPTIME(true),
        CPU(true),
        RSS(true),
        COMMAND(false);

        private final boolean right;

        Column(boolean right) {
            this.right = right;
        }

        private String title() {
            return this == CPU ? "CPU%" : name();
        }
    }

    /** What goes first when there is no room. */
    private static final List<Column> DROPPED =
            List.of(Column.RSS, Column.CPU, Column.UPTIME, Column.PID, Column.COMMAND, Column.REFS);

    /**
     * Returns the title and a line for each server.
     *
     * @param selected index of the server that is marked, -1 for none
     * @param now Unix milliseconds
     */
    List<AttributedString> lines(
            List<Served> servers, Map<Long, Load.Cost> costs, int columns, int selected, long now) {
        List<Map<Column, String>> rows = new ArrayList<>();
        Map<Column, Integer> widths = new EnumMap<>(Column.class);
        for (Column column : Column.values()) {
            widths.put(column, column.title().length());
        }
        for (Served server : servers) {
            Map<Column, String> row = cells(server, server.pid() == null ? null : costs.get(server.pid()), now);
            row.forEach((column, cell) -> widths.merge(column, Cells.width(cell), Math::max));
            rows.add(row);
        }
        Set<Column> shown = layOut(widths, columns);
        List<AttributedString> lines = new ArrayList<>();
        AttributedStringBuilder head = new AttributedStringBuilder();
        for (Column column : shown) {
            append(head, column, column.title(), widths, colors.dim());
        }
        lines.add(head.toAttributedString());
        for (int i = 0; i < rows.size(); i++) {
            lines.add(line(rows.get(i), shown, widths, servers.get(i).state(), i == selected, columns));
        }
        return lines;
    }

    private AttributedString line(
            Map<Column, String> row,
            Set<Column> shown,
            Map<Column, Integer> widths,
            String state,
            boolean selected,
            int columns) {
        AttributedStringBuilder line = new AttributedStringBuilder();
        for (Column column : shown) {
            AttributedStyle style = column == Column.STATE ? colors.state(state) : AttributedStyle.DEFAULT;
            append(line, column, cell(row, column), widths, selected ? AttributedStyle.INVERSE : style);
        }
        if (selected) {
            line.styled(AttributedStyle.INVERSE, " ".repeat(Math.max(0, columns - line.columnLength())));
        }
        return line.toAttributedString();
    }

    private static void append(
            AttributedStringBuilder line,
            Column column,
            String cell,
            Map<Column, Integer> widths,
            AttributedStyle style) {
        int width = width(widths, column);
        // nothing stands behind the last column: no blanks there
        line.styled(style, column == Column.COMMAND ? Cells.cut(cell, width) : Cells.fit(cell, width, column.right));
        if (column != Column.COMMAND) {
            line.styled(style, "  ");
        }
    }

    /** Chooses columns and cuts the widths of names and commands to what there is. */
    private static Set<Column> layOut(Map<Column, Integer> widths, int columns) {
        Set<Column> shown = EnumSet.allOf(Column.class);
        if (columns == UNLIMITED) {
            return shown;
        }
        int name = Math.min(width(widths, Column.NAME), Math.max(LEAST_NAME, columns / 3));
        widths.put(Column.NAME, name);
        int command = Math.min(width(widths, Column.COMMAND), LEAST_COMMAND);
        for (Column victim : DROPPED) {
            if (used(widths, shown) + (shown.contains(Column.COMMAND) ? command : 0) <= columns) {
                break;
            }
            shown.remove(victim);
        }
        int used = used(widths, shown);
        if (used > columns + 2) {
            widths.put(Column.NAME, Math.max(1, name - (used - columns)));
        }
        widths.put(Column.COMMAND, Math.max(1, columns - used));
        return shown;
    }

    private static int used(Map<Column, Integer> widths, Set<Column> shown) {
        int used = 0;
        for (Column column : shown) {
            used += column == Column.COMMAND ? 0 : width(widths, column) + 2;
        }
        return used;
    }

    private static int width(Map<Column, Integer> widths, Column column) {
        Integer width = widths.get(column);
        return width == null ? 0 : width;
    }

    private static String cell(Map<Column, String> row, Column column) {
        String cell = row.get(column);
        return cell == null ? "" : cell;
    }

    private static Map<Column, String> cells(Served server, Load.@Nullable Cost cost, long now) {
        Map<Column, String> row = new EnumMap<>(Column.class);
        Long grace = server.graceEndsAt();
        Long started = server.startedAt();
        Double cpu = cost == null ? null : cost.cpu();
        row.put(Column.NAME, Quote.escape(server.name()));
        row.put(
                Column.STATE,
                Quote.escape(grace == null ? server.state() : server.state() + " " + Cells.span(grace - now)));
        row.put(Column.PID, server.pid() == null ? "-" : Long.toString(server.pid()));
        row.put(Column.REFS, Integer.toString(server.holders().size()));
        row.put(Column.UPTIME, started == null || server.pid() == null ? "-" : Cells.span(now - 1000 * started));
        row.put(Column.CPU, cpu == null ? "-" : Cells.decimal(cpu, 1));
        row.put(Column.RSS, cost == null ? "-" : Cells.bytes(cost.bytes()));
        row.put(Column.COMMAND, Cells.command(server.command()));
        return row;
    }
}
