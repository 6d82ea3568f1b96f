package dev.sharedserver.dev;

import com.google.gson.stream.JsonWriter;
import dev.sharedserver.core.Quote;
import java.io.IOException;
import java.util.List;

/** What was asked for cannot be done: a problem in the sense of RFC 9457. */
public final class DevServerException extends Exception {
    private static final long serialVersionUID = 1L;

    private static final int NOT_FOUND = 404;
    private static final int UNPROCESSABLE = 422;
    private static final int FAILED = 500;

    /**
     * Something that a person can do about it.
     *
     * @param label what it is called
     * @param target what it leads to: a setting's key, a verb
     */
    public record Action(String label, String target) {}

    private final int status;
    private final String type;
    private final String title;
    private final transient List<String> suggestions;
    private final transient List<Action> actions;

    /** Makes a problem; the detail is the message. */
    public DevServerException(
            int status, String type, String title, String detail, List<String> suggestions, List<Action> actions) {
        super(detail);
        this.status = status;
        this.type = type;
        this.title = title;
        this.suggestions = List.copyOf(suggestions);
        this.actions = List.copyOf(actions);
    }

    /** Nobody knows that plugin. */
    public static DevServerException notFound(String pluginID) {
        return new DevServerException(
                NOT_FOUND,
                "omniview:plugin/not-found",
                "Plugin not found",
                "There is no plugin " + Quote.of(pluginID) + ".",
                List.of("Check the plugin's id."),
                List.of());
    }

    /** What was asked for makes no sense now. */
    public static DevServerException invalid(String detail, String... suggestions) {
        return new DevServerException(
                UNPROCESSABLE, "omniview:validation", "Validation failed", detail, List.of(suggestions), List.of());
    }

    /** The sources cannot be built or served. */
    public static DevServerException buildFailed(String detail, String... suggestions) {
        return new DevServerException(
                FAILED, "omniview:plugin/build-failed", "Plugin build failed", detail, List.of(suggestions), List.of());
    }

    /** A tool is neither set nor on PATH. */
    public static DevServerException missingTool(String tool, String setting) {
        return new DevServerException(
                FAILED,
                "omniview:settings/missing-config",
                "Missing configuration",
                "The command " + Quote.of(tool) + " is not on PATH, and the setting " + setting + " does not name it.",
                List.of("Install " + tool + ", or set " + setting + " to its path."),
                List.of(new Action("Open settings", setting)));
    }

    /** A tool is not on PATH, and no setting could name it. */
    public static DevServerException missingTool(String tool) {
        return new DevServerException(
                FAILED,
                "omniview:settings/missing-config",
                "Missing configuration",
                "The command " + Quote.of(tool) + " is not on PATH.",
                List.of("Install " + tool + ", or give its path in sharedserver-dev.json."),
                List.of());
    }

    /** All ports of the range are taken. */
    public static DevServerException portsExhausted() {
        return new DevServerException(
                FAILED,
                "about:blank",
                "Port allocation failed",
                "All ports from " + PortAllocator.PORT_RANGE_START + " to " + (PortAllocator.PORT_RANGE_END - 1)
                        + " of 127.0.0.1 are taken.",
                List.of("Stop a dev server, or what else listens there."),
                List.of());
    }

    /** Something outside the request failed. */
    public static DevServerException failed(String title, String detail) {
        return new DevServerException(FAILED, "about:blank", title, detail, List.of(), List.of());
    }

    /** Returns the HTTP status. */
    public int status() {
        return status;
    }

    /** Returns the problem's type. */
    public String type() {
        return type;
    }

    /** Returns what a person may do about it. */
    public List<String> suggestions() {
        return suggestions;
    }

    /** Writes the problem. */
    public void writeTo(JsonWriter json, String instance) throws IOException {
        json.beginObject();
        json.name("type").value(type);
        json.name("title").value(title);
        json.name("status").value(status);
        json.name("detail").value(getMessage());
        if (!instance.isEmpty()) {
            json.name("instance").value(instance);
        }
        if (!suggestions.isEmpty()) {
            json.name("suggestions").beginArray();
            for (String suggestion : suggestions) {
                json.value(suggestion);
            }
            json.endArray();
        }
        if (!actions.isEmpty()) {
            json.name("actions").beginArray();
            for (Action action : actions) {
                json.beginObject();
                json.name("label").value(action.label);
                json.name("target").value(action.target);
                json.endObject();
            }
            json.endArray();
        }
        json.endObject();
    }
}
