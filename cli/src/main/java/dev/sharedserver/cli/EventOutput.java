package dev.sharedserver.cli;

import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.LoggedEvent;
import dev.sharedserver.core.Quote;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code events} prints: one line an event. */
public final class EventOutput {

    private EventOutput() {}

    /** Returns a JSON object and a newline: the log's own line, and whose it is. */
    public static String json(LoggedEvent event) {
        return JsonText.of(JsonText.Form.LINE, json -> {
            json.beginObject();
            json.name("at").value(event.at());
            json.name("name").value(event.server().value());
            json.name("event").value(event.event());
            for (Map.Entry<String, Object> field : event.fields().entrySet()) {
                json.name(field.getKey());
                switch (field.getValue()) {
                    case Number number -> json.value(number);
                    case Boolean yes -> json.value(yes);
                    case Object other -> json.value(other.toString());
                }
            }
            json.endObject();
        });
    }

    /** Returns a line for people. */
    public static String text(LoggedEvent event, Terminal terminal) {
        StringBuilder out = new StringBuilder(120);
        out.append(terminal.dim(event.at())).append("  ");
        out.append(Quote.escape(event.server().value())).append("  ");
        out.append(Quote.escape(event.event()).replace('_', ' '));
        add(out, "pid ", event.number("pid"));
        add(out, "client ", event.text("client"));
        parenthesis(out, event.text("metadata"));
        add(out, "refcount ", event.number("refcount"));
        String cause = event.text("cause");
        add(out, "", cause == null ? null : cause.replace('_', ' '));
        add(out, "by pid ", event.number("by"));
        parenthesis(out, event.text("by_command"));
        add(out, "exit code ", event.number("exit_code"));
        add(out, "signal ", event.number("signal"));
        add(out, "", event.text("detail"));
        return out.append('\n').toString();
    }

    private static void add(StringBuilder out, String what, @Nullable Object value) {
        if (value != null) {
            out.append(", ").append(what).append(Quote.escape(value.toString()));
        }
    }

    private static void parenthesis(StringBuilder out, @Nullable String value) {
        if (value != null) {
            out.append(" (").append(Quote.escape(value)).append(')');
        }
    }
}
