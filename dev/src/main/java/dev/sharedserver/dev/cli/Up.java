package dev.sharedserver.dev.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.DevServerMode;
import dev.sharedserver.dev.DevServerState;
import dev.sharedserver.dev.LogEntry;
import dev.sharedserver.dev.event.HubEvent;
import dev.sharedserver.dev.event.Subscription;
import dev.sharedserver.dev.hub.HubFile;
import dev.sharedserver.dev.hub.Projects;
import dev.sharedserver.dev.hub.Reload;
import dev.sharedserver.dev.hub.Webhook;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code dev up}: somebody uses a project, and sees what it says. */
final class Up {

    private static final long LOOK_MILLIS = 200;

    /** How much of the past somebody sees who joins. */
    private static final int RECENT_LINES = 20;

    /** How the use has ended: what is said, and the exit code. */
    private record End(String text, int exitCode) {}

    private final DevServerManager manager;
    private final Projects projects;
    private final HubFile hub;
    private final Request request;
    private final LauncherConnection launcher;
    private final Options options;
    private final Screen screen;
    private volatile boolean gone;
    private volatile boolean leaving;
    private volatile @Nullable End end;
    private boolean readyTold;
    private String errorTold = "";
    private DevServerState state = DevServerState.idle("");
    private long since = System.nanoTime();

    Up(
            DevServerManager manager,
            Projects projects,
            HubFile hub,
            Request request,
            LauncherConnection launcher,
            Options options) {
        this.manager = manager;
        this.projects = projects;
        this.hub = hub;
        this.request = request;
        this.launcher = launcher;
        this.options = options;
        this.screen = new Screen(launcher, request);
    }

    void run() throws IOException, InterruptedException, DevServerException {
        Path directory = Answers.directory(request, options.target());
        Reload reload = new Reload(options.value("--reload-command"), webhook(options.value("--reload-url")));
        boolean detach = options.has("--detach");
        String id = projects.idFor(directory, options.value("--id"));
        try (DevServerManager.Followed followed = manager.followLogs(id)) {
            Projects.Up up = projects.up(
                    new Projects.Wish(id, directory, Answers.environment(request), reload, detach ? null : this));
            try {
                begin(id, followed, up);
                Thread listener = Thread.ofVirtual().start(() -> awaitSignal(id, detach));
                try {
                    show(id, followed.news(), detach);
                } finally {
                    listener.interrupt();
                }
            } finally {
                if (!detach) {
                    projects.leave(id, this);
                }
            }
        }
    }

    private static @Nullable Webhook webhook(@Nullable String given) throws DevServerException {
        return given == null ? null : Webhook.at(given);
    }

    private void begin(String id, DevServerManager.Followed followed, Projects.Up up) throws IOException {
        state = up.state();
        if (options.json()) {
            screen.json(json -> {
                json.beginObject().name("event").value("up").name("pluginID").value(id);
                json.name("joined").value(up.joined()).name("hub");
                Listing.write(json, hub);
                json.name("state");
                up.state().writeTo(json);
                json.endObject();
            });
            return;
        }
        if (up.joined()) {
            List<LogEntry> kept = followed.kept();
            for (LogEntry entry : kept.subList(Math.max(0, kept.size() - RECENT_LINES), kept.size())) {
                if (entry.level() != LogEntry.Level.DEBUG) {
                    screen.entry(entry.level(), entry.source(), entry.message());
                }
            }
            screen.say(id + " is up already, with the environment of who started it");
        } else {
            screen.say("starting " + id + " in " + state.devPath() + ", page " + hub.page());
        }
        told();
    }

    /** Waits until the launcher has a signal to tell, or is gone; then the use ends. */
    private void awaitSignal(String id, boolean detach) {
        try {
            int signal = launcher.signal();
            gone = signal == 0;
        } catch (IOException e) {
            gone = true;
        }
        try {
            if (detach) {
                end = new End(id + " goes on without being watched", Answers.OK);
                return;
            }
            leaving = true;
            int others = projects.leave(id, this);
            end = new End(
                    others == 0
                            ? "Stopped " + id
                            : others < 0
                                    ? "Left " + id + ", which was started to stay: sharedserver dev down " + id
                                    : "Left " + id + ", which "
                                            + (others == 1 ? "one other uses" : others + " others use"),
                    Answers.OK);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void show(String id, Subscription first, boolean detach) throws IOException, InterruptedException {
        Subscription news = first;
        try {
            while (!gone) {
                End now = end;
                try {
                    HubEvent event = news.next(now == null ? LOOK_MILLIS : 0);
                    if (event != null) {
                        take(id, event);
                    } else if (now != null) {
                        finish(now);
                        return;
                    }
                } catch (Subscription.Dropped e) {
                    screen.say("… lines were left out: they came faster than they were read");
                    news = manager.events().subscribe();
                    state = manager.getDevServerState(id);
                    told();
                }
                if (end == null && !leaving && state.mode() != DevServerMode.MANAGED) {
                    end = new End("Stopped " + id + ", by another command", Answers.OK);
                } else if (end == null && detach) {
                    end = settled();
                }
                screen.doing(options.json() ? "" : doing());
            }
        } finally {
            news.close();
        }
    }

    private void finish(End now) throws IOException {
        if (options.json()) {
            screen.json(json -> {
                json.beginObject().name("event").value("end").name("reason").value(now.text);
                json.name("state");
                state.writeTo(json);
                json.endObject();
            });
        } else if (now.exitCode == Answers.OK) {
            screen.done(now.text);
        } else {
            screen.failed(now.text);
        }
        launcher.exit(now.exitCode);
    }

    /** Returns how a start ended that nobody watches any further, null if it has not. */
    private @Nullable End settled() {
        String id = state.pluginID();
        return switch (Phase.of(state)) {
            case READY -> new End(id + " stays up: sharedserver dev down " + id + " ends it", Answers.OK);
            case FAILED -> new End(id + " stays up, but is not well: " + state.lastError(), Answers.FAILED);
            case UNDER_WAY -> null;
        };
    }

    private void take(String id, HubEvent event) throws IOException {
        JsonElement data = JsonParser.parseString(event.data());
        if (event.name().equals(DevServerManager.EVENT_LOG)) {
            JsonArray entries = data.getAsJsonArray();
            for (JsonElement element : entries) {
                JsonObject entry = element.getAsJsonObject();
                if (entry.get("pluginID").getAsString().equals(id)) {
                    takeEntry(entry);
                }
            }
        } else if (event.name().equals(DevServerManager.EVENT_STATUS)
                && data.getAsJsonObject().get("pluginID").getAsString().equals(id)) {
            boolean idle = data.getAsJsonObject().get("mode").getAsString().equals(DevServerMode.IDLE.text());
            // what it has become since is more to the point
            state = idle ? DevServerState.idle(id) : manager.getDevServerState(id);
            pass(event.name(), data);
            told();
        } else if (event.name().equals(DevServerManager.EVENT_ERROR)
                && data.getAsJsonArray().get(0).getAsString().equals(id)) {
            pass(event.name(), data);
        }
    }

    private void takeEntry(JsonObject entry) throws IOException {
        if (options.json()) {
            pass(DevServerManager.EVENT_LOG, entry);
        } else if (!entry.get("level").getAsString().equals(LogEntry.Level.DEBUG.text())) {
            screen.entry(entry);
        }
    }

    private void pass(String name, JsonElement data) throws IOException {
        if (options.json()) {
            screen.json(json -> json.beginObject()
                    .name("event")
                    .value(name)
                    .name("data")
                    .jsonValue(data.toString())
                    .endObject());
        }
    }

    /** Says what the state has become, where that is news to a person. */
    private void told() throws IOException {
        if (options.json() || state.mode() != DevServerMode.MANAGED) {
            return;
        }
        switch (Phase.of(state)) {
            case READY -> {
                if (!readyTold || !errorTold.isEmpty()) {
                    screen.done(state.pluginID() + " is ready"
                            + (state.viteURL().isEmpty() ? "" : ": " + state.viteURL())
                            + (state.lastBuildDuration() > 0
                                    ? " (built in "
                                            + Duration.ofNanos(state.lastBuildDuration())
                                                    .toMillis() + " ms)"
                                    : ""));
                }
                readyTold = true;
                errorTold = "";
            }
            case FAILED -> {
                if (!errorTold.equals(state.lastError())) {
                    screen.failed(state.pluginID() + ": " + state.lastError());
                }
                errorTold = state.lastError();
            }
            case UNDER_WAY -> since = System.nanoTime();
        }
    }

    private String doing() {
        if (leaving) {
            return "stopping " + state.pluginID() + " …";
        }
        if (state.mode() != DevServerMode.MANAGED || Phase.of(state) != Phase.UNDER_WAY) {
            return "";
        }
        String what = String.join(", ", Phase.underWay(state));
        return what + " … " + Duration.ofNanos(System.nanoTime() - since).toSeconds() + " s";
    }
}
