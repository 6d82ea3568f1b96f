package dev.sharedserver.dev.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.LogEntry;
import dev.sharedserver.dev.event.HubEvent;
import dev.sharedserver.dev.event.Subscription;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code dev logs}. */
final class LogLines {

    private static final long LOOK_MILLIS = 200;

    private final DevServerManager manager;
    private final LauncherConnection launcher;
    private final Options options;
    private final Screen screen;
    private final LogEntry.Level least;
    private final @Nullable String source;
    private volatile boolean gone;

    LogLines(DevServerManager manager, Request request, LauncherConnection launcher, Options options) {
        this.manager = manager;
        this.launcher = launcher;
        this.options = options;
        this.screen = new Screen(launcher, request);
        String level = options.value("--level");
        this.least = level == null ? LogEntry.Level.DEBUG : level(level);
        this.source = options.value("--source");
    }

    private static LogEntry.Level level(String text) {
        return LogEntry.Level.valueOf(text.toUpperCase(Locale.ROOT));
    }

    void show(String id) throws IOException, InterruptedException {
        try (DevServerManager.Followed followed = manager.followLogs(id)) {
            List<LogEntry> wanted = new ArrayList<>();
            for (LogEntry entry : followed.kept()) {
                if (wants(entry.level(), entry.source())) {
                    wanted.add(entry);
                }
            }
            String lines = options.value("-n");
            int count = lines == null ? wanted.size() : Math.min(wanted.size(), Integer.parseInt(lines));
            for (LogEntry entry : wanted.subList(wanted.size() - count, wanted.size())) {
                if (options.json()) {
                    screen.json(entry::writeTo);
                } else {
                    screen.entry(entry.level(), entry.source(), entry.message());
                }
            }
            if (options.has("-f")) {
                follow(id, followed.news());
            }
        }
        launcher.exit(Answers.OK);
    }

    private boolean wants(LogEntry.Level level, String from) {
        return level.compareTo(least) >= 0 && (source == null || source.equals(from));
    }

    /** Goes on until the launcher has a signal to tell, or is gone. */
    private void follow(String id, Subscription first) throws IOException, InterruptedException {
        Thread.ofVirtual().start(() -> {
            try {
                launcher.signal();
            } catch (IOException e) {
                // gone
            }
            gone = true;
        });
        Subscription news = first;
        try {
            while (!gone) {
                try {
                    HubEvent event = news.next(LOOK_MILLIS);
                    if (event != null && event.name().equals(DevServerManager.EVENT_LOG)) {
                        take(id, event);
                    }
                } catch (Subscription.Dropped e) {
                    launcher.stderr("sharedserver: lines were left out: they came faster than they were read\n");
                    launcher.flush();
                    news = manager.events().subscribe();
                }
            }
        } finally {
            news.close();
        }
    }

    private void take(String id, HubEvent event) throws IOException {
        for (JsonElement element : JsonParser.parseString(event.data()).getAsJsonArray()) {
            JsonObject entry = element.getAsJsonObject();
            if (entry.get("pluginID").getAsString().equals(id)
                    && wants(
                            level(entry.get("level").getAsString()),
                            entry.get("source").getAsString())) {
                if (options.json()) {
                    screen.json(json -> json.jsonValue(entry.toString()));
                } else {
                    screen.entry(entry);
                }
            }
        }
    }
}
