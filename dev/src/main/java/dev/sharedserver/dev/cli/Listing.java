package dev.sharedserver.dev.cli;

import com.google.gson.stream.JsonWriter;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.dev.DevServerState;
import dev.sharedserver.dev.hub.HubFile;
import dev.sharedserver.dev.hub.Projects;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What {@code dev status} shows. */
record Listing(HubFile hub, List<DevServerState> states, Projects projects) {

    private static final List<String> TITLES = List.of("ID", "FRONT END", "BUILD", "USERS", "URL", "DIRECTORY");
    private static final String GAP = "  ";

    /** Writes what leads to the hub. */
    static void write(JsonWriter json, HubFile hub) throws IOException {
        json.beginObject();
        json.name("url").value(hub.url());
        json.name("token").value(hub.token());
        json.name("page").value(hub.page());
        json.name("pid").value(hub.pid());
        json.endObject();
    }

    String json() {
        return JsonText.of(JsonText.Form.PRETTY, json -> {
            json.beginObject().name("hub");
            write(json, hub);
            json.name("projects").beginArray();
            for (DevServerState state : states) {
                state.writeTo(json);
            }
            json.endArray().endObject();
        });
    }

    String table() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(TITLES);
        for (DevServerState state : states) {
            rows.add(List.of(
                    state.pluginID(),
                    word(state.viteStatus().text(), state),
                    word(state.goStatus().text(), state),
                    Integer.toString(projects.users(state.pluginID())),
                    state.viteURL().isEmpty() ? "-" : state.viteURL(),
                    state.devPath().isEmpty() ? "-" : Quote.escape(state.devPath())));
        }
        int[] widths = new int[TITLES.size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder out = new StringBuilder();
        if (states.isEmpty()) {
            out.append("No project is up. sharedserver dev up DIR starts one.\n");
        } else {
            for (List<String> row : rows) {
                for (int i = 0; i < widths.length; i++) {
                    boolean last = i == widths.length - 1;
                    out.append(row.get(i));
                    if (!last) {
                        out.repeat(' ', widths[i] - row.get(i).length()).append(GAP);
                    }
                }
                out.append('\n');
            }
            for (DevServerState state : states) {
                if (!state.lastError().isEmpty()) {
                    out.append(state.pluginID())
                            .append(": ")
                            .append(Quote.escape(state.lastError()))
                            .append('\n');
                }
            }
        }
        return out.append("page: ").append(hub.page()).append('\n').toString();
    }

    private static String word(String status, DevServerState state) {
        return status.isEmpty() ? state.mode().text() : status;
    }
}
