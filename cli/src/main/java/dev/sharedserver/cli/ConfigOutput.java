package dev.sharedserver.cli;

import com.google.gson.stream.JsonWriter;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.Signals;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.ConfigFile;
import dev.sharedserver.core.config.ConfigPlaces;
import dev.sharedserver.core.config.Port;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.core.config.Problem;
import dev.sharedserver.core.config.RestartPolicy;
import dev.sharedserver.core.config.ServerSpec;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A config as it is shown. What looks like a secret is hidden. */
public final class ConfigOutput {

    private static final String HIDDEN = "***";
    private static final List<String> SECRETS = List.of("token", "secret", "password", "key");

    private ConfigOutput() {}

    /**
     * A server as it would be started.
     *
     * @param id its name on disk
     * @param env all that the config adds to the environment, {@code K=V} each
     * @param logFile absolute path, null for the usual place
     * @param workingDir absolute path, null for the directory of the first client
     * @param skippedBy the variable that makes it unwanted here, null if it is wanted
     */
    public record Shown(
            ServerSpec spec,
            String id,
            List<String> env,
            @Nullable String logFile,
            @Nullable String workingDir,
            @Nullable String envFile,
            @Nullable String skippedBy) {}

    private static String json(JsonText.Content fields) {
        return JsonText.of(JsonText.Form.PRETTY_WITHOUT_NULLS, json -> {
            json.beginObject();
            fields.writeTo(json);
            json.endObject();
        });
    }

    /** Returns {@code config path --json}. */
    public static String path(ConfigPlaces.Place place, List<String> notes) {
        return json(json -> {
            place(json, place);
            json.name("notes").beginArray();
            for (String note : notes) {
                json.value(note);
            }
            json.endArray();
        });
    }

    private static void place(JsonWriter json, ConfigPlaces.Place place) throws IOException {
        json.name("path").value(place.path());
        json.name("directory").value(place.directory());
        json.name("origin").value(place.origin().name().toLowerCase(Locale.ROOT));
        json.name("why").value(place.origin().why());
    }

    /** Returns {@code config check --json}. */
    public static String check(ConfigFile file, List<Problem> errors, List<Problem> warnings) {
        return json(json -> {
            json.name("path").value(file.file());
            json.name("ok").value(errors.isEmpty());
            json.name("servers").value(file.servers().size());
            problems(json.name("errors"), errors);
            problems(json.name("warnings"), warnings);
        });
    }

    private static void problems(JsonWriter json, List<Problem> problems) throws IOException {
        json.beginArray();
        for (Problem problem : problems) {
            json.beginObject();
            json.name("file").value(problem.file());
            if (problem.line() > 0) {
                json.name("line").value(problem.line());
                json.name("column").value(problem.column());
            }
            json.name("path").value(problem.path());
            json.name("server").value(problem.server());
            json.name("message").value(problem.text());
            json.endObject();
        }
        json.endArray();
    }

    /** Returns {@code config show --json}: keys as in the file, values as they take effect. */
    public static String json(ConfigPlaces.Place place, List<Shown> servers) {
        return json(json -> {
            place(json, place);
            json.name("servers").beginObject();
            for (Shown shown : servers) {
                json.name(shown.spec().name().value()).beginObject();
                server(json, shown);
                json.endObject();
            }
            json.endObject();
        });
    }

    private static void server(JsonWriter json, Shown shown) throws IOException {
        ServerSpec spec = shown.spec();
        List<String> command = withoutSecrets(spec.command());
        json.name("id").value(shown.id());
        json.name("command").value(command.isEmpty() ? null : command.get(0));
        json.name("args");
        texts(json, command.isEmpty() ? command : command.subList(1, command.size()));
        json.name("env").beginObject();
        for (String entry : shown.env()) {
            int equals = entry.indexOf('=');
            json.name(entry.substring(0, equals)).value(value(entry));
        }
        json.endObject();
        json.name("gracePeriod").value(text(spec.gracePeriod()));
        json.name("logFile").value(shown.logFile());
        json.name("metadata").value(spec.metadata());
        json.name("lazy").value(spec.lazy());
        json.name("skipIfEnv").value(spec.skipIfEnv());
        json.name("skipped").value(shown.skippedBy() != null);
        json.name("workingDir").value(shown.workingDir());
        json.name("envFile").value(shown.envFile());
        json.name("dependsOn");
        texts(json, spec.dependsOn());
        switch (spec.port()) {
            case null -> {}
            case Port.Fixed port -> json.name("port").value(port.number());
            case Port.Auto port -> json.name("port").value("auto");
        }
        json.name("scope").value(spec.project() ? "project" : null);
        condition(json, "ready", spec.ready());
        condition(json, "check", spec.check());
        json.name("restart").value(spec.restart().word());
        json.name("stopSignal").value(spec.stopSignal() == null ? null : Signals.name(spec.stopSignal()));
        json.name("stopTimeout").value(text(spec.stopTimeout()));
    }

    private static void texts(JsonWriter json, List<String> texts) throws IOException {
        json.beginArray();
        for (String text : texts) {
            json.value(text);
        }
        json.endArray();
    }

    private static void condition(JsonWriter json, String key, @Nullable Condition condition) throws IOException {
        if (condition == null) {
            return;
        }
        json.name(key).beginObject();
        switch (condition.probe()) {
            case Probe.Tcp tcp -> json.name("tcp").value(address(tcp));
            case Probe.Http http -> json.name("http").value(http.url());
            case Probe.LogPattern log -> json.name("log").value(log.regex());
            case Probe.Exec exec -> {
                json.name("exec");
                texts(json, withoutSecrets(exec.command()));
            }
            case Probe.Notify notify -> json.name("notify").value(true);
        }
        json.name("timeout").value(text(condition.timeout()));
        json.name("interval").value(text(condition.interval()));
        json.endObject();
    }

    private static String address(Probe.Tcp tcp) {
        String host = tcp.host().indexOf(':') < 0 ? tcp.host() : "[" + tcp.host() + "]";
        return host + ":" + (tcp.port() == 0 ? "${PORT}" : tcp.port());
    }

    private static @Nullable String text(@Nullable Period period) {
        return period == null ? null : period.toString();
    }

    /** Returns {@code config show}. */
    public static String text(ConfigPlaces.Place place, List<Shown> servers) {
        StringBuilder out = new StringBuilder();
        out.append(Quote.escape(place.path()))
                .append(" (")
                .append(place.origin().why())
                .append(")\n");
        for (Shown shown : servers) {
            ServerSpec spec = shown.spec();
            out.append('\n').append(Quote.escape(spec.name().value()));
            if (!shown.id().equals(spec.name().value())) {
                out.append(" (").append(Quote.escape(shown.id())).append(')');
            }
            out.append('\n');
            line(out, "command", spec.command().isEmpty() ? null : TextOutput.command(withoutSecrets(spec.command())));
            line(out, "workingDir", shown.workingDir());
            line(out, "envFile", shown.envFile());
            for (String entry : shown.env()) {
                line(out, "env", entry.substring(0, entry.indexOf('=') + 1) + value(entry));
            }
            line(out, "gracePeriod", text(spec.gracePeriod()));
            line(out, "logFile", shown.logFile());
            line(out, "metadata", spec.metadata());
            line(out, "lazy", spec.lazy() ? "true" : null);
            String skip = spec.skipIfEnv();
            line(
                    out,
                    "skipIfEnv",
                    skip == null ? null : skip + (shown.skippedBy() == null ? "" : " (is set: skipped)"));
            line(out, "dependsOn", spec.dependsOn().isEmpty() ? null : String.join(", ", spec.dependsOn()));
            line(out, "port", port(spec.port()));
            line(out, "ready", condition(spec.ready()));
            line(out, "check", condition(spec.check()));
            line(
                    out,
                    "restart",
                    spec.restart() == RestartPolicy.NEVER
                            ? null
                            : spec.restart().word());
            line(out, "stopSignal", spec.stopSignal() == null ? null : Signals.name(spec.stopSignal()));
            line(out, "stopTimeout", text(spec.stopTimeout()));
        }
        return out.toString();
    }

    private static @Nullable String port(@Nullable Port port) {
        return switch (port) {
            case null -> null;
            case Port.Fixed fixed -> Integer.toString(fixed.number());
            case Port.Auto auto -> "auto";
        };
    }

    private static @Nullable String condition(@Nullable Condition condition) {
        if (condition == null) {
            return null;
        }
        String probe = switch (condition.probe()) {
            case Probe.Tcp tcp -> "tcp " + address(tcp);
            case Probe.Http http -> "http " + http.url();
            case Probe.LogPattern log -> "log " + log.regex();
            case Probe.Exec exec -> "exec " + TextOutput.command(withoutSecrets(exec.command()));
            case Probe.Notify notify -> "notify";
        };
        return probe
                + (condition.timeout() == null ? "" : ", timeout " + condition.timeout())
                + (condition.interval() == null ? "" : ", every " + condition.interval());
    }

    private static void line(StringBuilder out, String key, @Nullable String value) {
        if (value != null) {
            out.append("  ").append(key);
            for (int i = key.length(); i < 13; i++) {
                out.append(' ');
            }
            out.append(Quote.escape(value)).append('\n');
        }
    }

    // Secrets

    private static boolean isSecret(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        for (String secret : SECRETS) {
            if (lower.contains(secret)) {
                return true;
            }
        }
        return false;
    }

    private static String value(String entry) {
        int equals = entry.indexOf('=');
        return isSecret(entry.substring(0, equals)) ? HIDDEN : entry.substring(equals + 1);
    }

    /** Hides the values of options whose names speak of secrets: {@code --token=X}, {@code --token X}. */
    private static List<String> withoutSecrets(List<String> command) {
        String[] words = command.toArray(String[]::new);
        for (int i = 0; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            String name = equals < 0 ? words[i] : words[i].substring(0, equals);
            if (i > 0 && name.startsWith("-") && isSecret(name)) {
                if (equals >= 0) {
                    words[i] = name + "=" + HIDDEN;
                } else if (i + 1 < words.length && !words[i + 1].startsWith("-")) {
                    words[i + 1] = HIDDEN;
                }
            }
        }
        return List.of(words);
    }
}
