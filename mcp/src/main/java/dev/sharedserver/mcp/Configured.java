package dev.sharedserver.mcp;

import dev.sharedserver.core.Quote;
import dev.sharedserver.os.OwnCommand;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The servers of the config file that applies to this session.
 *
 * @param text for people; empty if there is no config
 */
record Configured(Json.Obj json, String text) {

    /** Reads the answer of {@code config show --json}, whose secrets are hidden already. */
    static Configured read(OwnCommand.Answer answer) throws IOException {
        if (answer.exit() != 0) {
            String why = Output.plain(Output.unmarked(answer.err()));
            return new Configured(
                    Json.Obj.EMPTY
                            .with("file", new Json.Null())
                            .with("error", why)
                            .with("servers", Json.Obj.EMPTY),
                    "\nconfig: " + why + "\n");
        }
        Json.Obj config = Product.readObject(answer);
        Json.Obj servers = Json.Obj.EMPTY;
        StringBuilder text = new StringBuilder();
        if (config.get("path") instanceof Json.Str path) {
            text.append("\nin ").append(Quote.escape(path.value())).append(":\n");
        }
        if (config.get("servers") instanceof Json.Obj all) {
            for (Map.Entry<String, Json> entry : all.fields().entrySet()) {
                if (entry.getValue() instanceof Json.Obj server) {
                    servers = servers.with(entry.getKey(), brief(server));
                    text.append("  ").append(Quote.escape(entry.getKey()));
                    text.append(": ")
                            .append(Quote.escape(String.join(" ", command(server))))
                            .append('\n');
                }
            }
        }
        Json file = config.get("path");
        return new Configured(
                Json.Obj.EMPTY
                        .with("file", file == null ? new Json.Null() : file)
                        .with("servers", servers),
                text.toString());
    }

    /** What matters to who wants to use it. */
    private static Json.Obj brief(Json.Obj server) {
        Json.Obj brief = Json.Obj.EMPTY.with("command", Json.strings(command(server)));
        for (String key : List.of("id", "lazy", "skipped", "workingDir", "port", "dependsOn")) {
            Json value = server.get(key);
            if (value != null) {
                brief = brief.with(key, value);
            }
        }
        return brief;
    }

    private static List<String> command(Json.Obj server) {
        List<String> words = new ArrayList<>();
        if (server.get("command") instanceof Json.Str command) {
            words.add(command.value());
        }
        if (server.get("args") instanceof Json.Arr args) {
            for (Json arg : args.items()) {
                words.add(arg instanceof Json.Str word ? word.value() : arg.line());
            }
        }
        return words;
    }
}
