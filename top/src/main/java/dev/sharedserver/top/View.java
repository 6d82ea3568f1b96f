package dev.sharedserver.top;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is shown at the moment. Changed by the thread that draws, and by no other. */
final class View {

    /** What the keys mean at the moment. */
    enum Mode {
        BROWSE,
        FILTER,
        HELP,
        CONFIRM_STOP,
        CONFIRM_RESTART
    }

    private List<Served> all = List.of();
    private String filter = "";
    private @Nullable String selected;
    private int lastIndex;

    Mode mode = Mode.BROWSE;
    String message = "";

    /** Why the servers cannot be listed now, safe to show; "" if they can. */
    String trouble = "";

    Map<Long, Load.Cost> costs = Map.of();

    /** The server that a question is about. */
    @Nullable
    String subject;

    void show(List<Served> servers) {
        all = servers;
        trouble = "";
    }

    /** Tells whether a config may call another server that runs by this server's name. */
    boolean hasNamesake(Served server) {
        for (Served other : all) {
            if (other.name().startsWith(server.name() + "@")) {
                return true;
            }
        }
        return false;
    }

    List<Served> all() {
        return all;
    }

    String filter() {
        return filter;
    }

    void filter(String text) {
        filter = text;
    }

    /** Returns the servers whose name or command holds the filter, in any case. */
    List<Served> shown() {
        if (filter.isEmpty()) {
            return all;
        }
        String wanted = filter.toLowerCase(Locale.ROOT);
        List<Served> shown = new ArrayList<>();
        for (Served server : all) {
            String text = server.name() + " " + String.join(" ", server.command());
            if (text.toLowerCase(Locale.ROOT).contains(wanted)) {
                shown.add(server);
            }
        }
        return shown;
    }

    /** Returns the index of the selected server; one that went away leaves the selection at its place. -1: no servers. */
    int index() {
        List<Served> shown = shown();
        for (int i = 0; i < shown.size(); i++) {
            if (shown.get(i).name().equals(selected)) {
                lastIndex = i;
                return i;
            }
        }
        lastIndex = Math.min(lastIndex, shown.size() - 1);
        if (lastIndex < 0) {
            lastIndex = 0;
            return -1;
        }
        selected = shown.get(lastIndex).name();
        return lastIndex;
    }

    @Nullable
    Served selection() {
        int index = index();
        return index < 0 ? null : shown().get(index);
    }

    void move(int by) {
        int count = shown().size();
        int index = index();
        if (count > 0) {
            int next = Math.clamp((long) index + by, 0, count - 1);
            selected = shown().get(next).name();
        }
    }

    @Nullable
    Served find(@Nullable String name) {
        for (Served server : all) {
            if (server.name().equals(name)) {
                return server;
            }
        }
        return null;
    }
}
