package dev.sharedserver.cli;

import com.google.gson.stream.JsonWriter;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Timestamps;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** JSON for programs: field order is fixed, indentation is two spaces. */
public final class JsonOutput {

    private JsonOutput() {}

    private static String json(JsonText.Content content) {
        return JsonText.of(JsonText.Form.PRETTY, content);
    }

    /** Returns {@code list --json}. */
    public static String list(List<ServerView> servers) {
        return json(json -> {
            json.beginArray();
            for (ServerView server : servers) {
                json.beginObject();
                json.name("name").value(server.name());
                json.name("state").value(server.state().word());
                common(json, server);
                json.name("clients").beginArray();
                for (ClientView client : server.clients()) {
                    json.beginObject();
                    client(json, client);
                    json.endObject();
                }
                json.endArray();
                json.endObject();
            }
            json.endArray();
        });
    }

    /** Returns {@code info --json}. */
    public static String info(Account account) {
        ServerView server = account.server();
        return json(json -> {
            json.beginObject();
            if (server.state() == State.STOPPED) {
                json.name("state").value(server.state().word());
                json.name("name").value(server.name());
                if (account.isKnown()) {
                    WhyOutput.fields(json, account);
                }
                json.endObject();
                return;
            }
            json.name("name").value(server.name());
            json.name("state").value(server.state().word());
            json.name("status").value(server.state().word());
            common(json, server);
            json.name("start_time").value(server.startTime());
            json.name("watcher_start_time").value(server.watcherStartTime());
            json.name("working_dir").value(server.workingDir());
            json.name("log_file").value(server.logFile());
            json.name("port").value(server.port());
            json.name("ready").value(server.ready());
            json.name("grace_remaining_ms").value(server.graceRemainingMs());
            json.name("managed_by").value(server.managedBy());
            json.name("clients").beginArray();
            for (ClientView client : server.clients()) {
                json.beginObject();
                client(json, client);
                json.name("alive").value(client.alive());
                json.name("exe").value(client.exe());
                json.name("cwd").value(client.cwd());
                words(json.name("command"), client.command());
                json.endObject();
            }
            json.endArray();
            WhyOutput.fields(json, account);
            json.endObject();
        });
    }

    /** Returns {@code use --json}; {@code hold} is the key of the hold that was made, if one was. */
    public static String use(
            String action,
            String name,
            long pid,
            int refcount,
            State state,
            boolean ready,
            @Nullable String logFile,
            @Nullable Integer port,
            @Nullable String url,
            @Nullable String hold) {
        return json(json -> {
            json.beginObject();
            json.name("action").value(action);
            json.name("name").value(name);
            json.name("pid").value(pid);
            json.name("refcount").value(refcount);
            json.name("state").value(state.word());
            json.name("ready").value(ready);
            json.name("log_file").value(logFile);
            if (port != null) {
                json.name("port").value(port);
            }
            if (url != null) {
                json.name("url").value(url);
            }
            if (hold != null) {
                json.name("hold").value(hold);
            }
            json.endObject();
        });
    }

    /** How {@code up --json} and {@code down --json} begin: a line, and those of the servers follow. */
    public static final String FLEET_BEGIN = "{\"servers\":[\n";

    /** How they end. */
    public static final String FLEET_END = "]}\n";

    /**
     * Returns one server of {@code up --json} and {@code down --json}, in one line. {@code pid} and {@code error} are always there,
     * of the rest what is not null.
     *
     * @param name as the config has it
     * @param id as it is on disk
     * @param reason why it failed, or was skipped
     */
    public static String fleet(
            String action,
            String name,
            String id,
            @Nullable Long pid,
            @Nullable Integer refcount,
            @Nullable String logFile,
            @Nullable Integer port,
            boolean failed,
            @Nullable String reason) {
        return JsonText.of(JsonText.Form.LINE, json -> {
            json.beginObject();
            json.name("name").value(name);
            json.name("action").value(action);
            json.setSerializeNulls(true);
            json.name("pid").value(pid);
            json.name("error").value(failed ? reason : null);
            json.setSerializeNulls(false);
            json.name("id").value(id);
            json.name("refcount").value(refcount);
            json.name("log_file").value(logFile);
            json.name("port").value(port);
            json.name("reason").value(failed ? null : reason);
            json.endObject();
        });
    }

    /** Returns what a hook of Claude Code answers to show its user a message, in one line. */
    public static String systemMessage(String message) {
        return JsonText.of(
                JsonText.Form.LINE,
                json -> json.beginObject().name("systemMessage").value(message).endObject());
    }

    /** Returns {@code use --json} of a server that is not wanted here. */
    public static String skipped(String name, String variable) {
        return json(json -> {
            json.beginObject();
            json.name("action").value("skipped");
            json.name("name").value(name);
            json.name("skip_if_env").value(variable);
            json.endObject();
        });
    }

    private static void common(JsonWriter json, ServerView server) throws IOException {
        json.name("pid").value(server.pid());
        words(json.name("command"), server.command());
        json.name("grace_period").value(server.gracePeriod());
        json.name("watcher_pid").value(server.watcherPid());
        json.name("started_at")
                .value(server.startedAt() == null ? null : server.startedAt().getEpochSecond());
        json.name("refcount").value(server.refcount());
    }

    private static void words(JsonWriter json, @Nullable List<String> words) throws IOException {
        if (words == null) {
            json.nullValue();
            return;
        }
        json.beginArray();
        for (String word : words) {
            json.value(word);
        }
        json.endArray();
    }

    private static void client(JsonWriter json, ClientView client) throws IOException {
        json.name("pid");
        if (client.key().startsWith("hold-")) {
            json.nullValue();
        } else {
            json.value(Long.parseLong(client.key()));
        }
        json.name("attached_at").value(Timestamps.format(client.attachedAt()));
        json.name("metadata").value(client.metadata());
        if (client.key().startsWith("hold-")) {
            json.name("hold").value(client.key());
            json.name("remaining_ms").value(client.remainingMs());
        }
    }
}
