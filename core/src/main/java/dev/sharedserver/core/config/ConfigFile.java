package dev.sharedserver.core.config;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.Quote;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A config file that was read.
 *
 * @param servers by name
 * @param warnings what is odd and harmless, each with its place
 */
public record ConfigFile(Map<String, ServerSpec> servers, List<String> warnings) {

    private static final int MAX_DEPTH = 64;

    /** Keys of the schema that this version reads past, with a warning where they stand. */
    private static final List<String> LATER =
            List.of("lazy", "skipIfEnv", "envFile", "dependsOn", "port", "scope", "ready", "check", "restart");

    /**
     * Parses a config file.
     *
     * @param name what the file is called in messages
     * @param variables the environment that is used for expansion; null for what is not set
     */
    public static ConfigFile parse(String name, String text, Function<String, @Nullable String> variables)
            throws InvalidInput {
        List<String> warnings = new ArrayList<>();
        Map<String, ServerSpec> servers = new LinkedHashMap<>();
        try (JsonReader json = new JsonReader(new StringReader(Relaxed.strict(text)))) {
            json.setStrictness(Strictness.STRICT);
            json.setNestingLimit(MAX_DEPTH);
            Parser parser = new Parser(name, json, new Expansion(variables), warnings);
            json.beginObject();
            while (json.hasNext()) {
                String key = json.nextName();
                if (key.equals("servers")) {
                    parser.servers(servers);
                } else {
                    if (!key.equals("$schema")) {
                        parser.unknown(key);
                    }
                    json.skipValue();
                }
            }
            json.endObject();
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw parser.wrong("something stands behind the last }");
            }
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw new InvalidInput("cannot read " + Quote.of(name) + ": " + firstLine(e));
        }
        return new ConfigFile(Map.copyOf(servers), List.copyOf(warnings));
    }

    /** Gson's messages name line, column and path in their first line, and a web page in the next. */
    private static String firstLine(Exception e) {
        String message = Objects.requireNonNullElse(e.getMessage(), e.toString());
        int end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }

    private static final class Parser {
        private final String name;
        private final JsonReader json;
        private final Expansion expansion;
        private final List<String> warnings;

        Parser(String name, JsonReader json, Expansion expansion, List<String> warnings) {
            this.name = name;
            this.json = json;
            this.expansion = expansion;
            this.warnings = warnings;
        }

        InvalidInput wrong(String what) {
            // the reader's own description ends in "at line L column C path P"
            String place = json.toString();
            int at = place.indexOf(" at line");
            return new InvalidInput("cannot use " + Quote.of(name) + ": " + what + (at < 0 ? "" : place.substring(at)));
        }

        void unknown(String key) {
            warnings.add("unknown key " + Quote.of(key) + " in " + Quote.of(name) + " at " + json.getPath());
        }

        void servers(Map<String, ServerSpec> servers) throws IOException, InvalidInput {
            json.beginObject();
            while (json.hasNext()) {
                servers.put(json.nextName(), server());
            }
            json.endObject();
        }

        private ServerSpec server() throws IOException, InvalidInput {
            List<String> command = new ArrayList<>();
            List<String> args = new ArrayList<>();
            List<String> env = new ArrayList<>();
            Map<String, String> texts = new LinkedHashMap<>();
            Map<String, Period> periods = new LinkedHashMap<>();
            json.beginObject();
            while (json.hasNext()) {
                String key = json.nextName();
                switch (key) {
                    case "command" -> command.add(text());
                    case "args" -> {
                        json.beginArray();
                        while (json.hasNext()) {
                            args.add(text());
                        }
                        json.endArray();
                    }
                    case "env" -> {
                        json.beginObject();
                        while (json.hasNext()) {
                            String variable = json.nextName();
                            if (variable.isEmpty() || variable.indexOf('=') >= 0 || variable.indexOf('\0') >= 0) {
                                throw wrong("invalid name of a variable: " + Quote.of(variable));
                            }
                            env.add(variable + "=" + text());
                        }
                        json.endObject();
                    }
                    case "logFile", "metadata", "workingDir", "stopSignal" -> texts.put(key, text());
                    case "gracePeriod", "stopTimeout" -> periods.put(key, period(key));
                    default -> {
                        if (LATER.contains(key)) {
                            warnings.add("key " + Quote.of(key) + " in " + Quote.of(name) + " at " + json.getPath()
                                    + " has no effect in this version");
                        } else {
                            unknown(key);
                        }
                        json.skipValue();
                    }
                }
            }
            json.endObject();
            if (!command.isEmpty()) {
                command.addAll(args);
            }
            return new ServerSpec(
                    List.copyOf(command),
                    List.copyOf(env),
                    periods.get("gracePeriod"),
                    texts.get("logFile"),
                    texts.get("metadata"),
                    texts.get("workingDir"),
                    texts.get("stopSignal"),
                    periods.get("stopTimeout"));
        }

        private Period period(String key) throws IOException, InvalidInput {
            String text = text();
            try {
                return Period.parse(text);
            } catch (InvalidInput e) {
                throw wrong(key + ": " + e.getMessage());
            }
        }

        private String text() throws IOException, InvalidInput {
            if (json.peek() != JsonToken.STRING) {
                throw wrong("a string is expected, not " + json.peek());
            }
            String text = expansion.expand(json.nextString());
            if (text.indexOf('\0') >= 0) {
                throw wrong("a NUL character cannot stand in arguments, paths and variables");
            }
            return text;
        }
    }
}
