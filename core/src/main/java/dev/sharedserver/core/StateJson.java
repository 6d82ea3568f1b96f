package dev.sharedserver.core;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Records to JSON and back. What comes from disk is hostile: any text leads to a record or to an exception. */
final class StateJson {

    private static final int MAX_DEPTH = 64;

    /** PID_MAX_LIMIT of Linux is 4,194,304. */
    private static final int MAX_PID_DIGITS = 7;

    private StateJson() {}

    static String write(ServerRecord r) {
        return JsonText.of(JsonText.Form.PRETTY, json -> {
            json.beginObject();
            json.name("pid").value(r.pid());
            json.name("server_name").value(r.serverName());
            json.name("command").beginArray();
            for (String word : r.command()) {
                json.value(word);
            }
            json.endArray();
            json.name("working_dir").value(r.workingDir());
            json.name("grace_period").value(r.gracePeriod());
            json.name("watcher_pid").value(r.watcherPid());
            json.name("started_at").value(Timestamps.format(r.startedAt()));
            json.name("start_time").value(r.startTime());
            json.name("watcher_start_time").value(r.watcherStartTime());
            json.name("boot_id").value(r.bootId());
            json.name("pgid").value(r.pgid());
            if (r.exec()) {
                json.name("exec").value(true);
            }
            if (r.restarting()) {
                json.name("restarting").value(true);
            }
            json.name("grace_deadline");
            write(json, r.graceDeadline());
            json.name("ready").value(r.ready());
            if (r.readyDeadline() != null) {
                json.name("ready_deadline");
                write(json, r.readyDeadline());
            }
            if (r.restartAt() != null) {
                json.name("restart_at");
                write(json, r.restartAt());
            }
            if (r.health() != null) {
                json.name("health");
                write(json, r.health());
            }
            if (r.port() != null) {
                json.name("port").value(r.port());
            }
            json.name("log_file").value(r.logFile());
            json.name("own_log").value(r.ownLog());
            json.name("stop_signal").value(r.stopSignal());
            json.name("stop_timeout").value(r.stopTimeout());
            json.name("stdin").value(r.stdin());
            json.name("stdout").value(r.stdout());
            json.endObject();
        });
    }

    static String write(ClientsRecord r) {
        return JsonText.of(JsonText.Form.PRETTY, json -> {
            json.beginObject();
            json.name("refcount").value(r.clients().size());
            json.name("clients").beginObject();
            for (Map.Entry<String, ClientRecord> entry : r.clients().entrySet()) {
                ClientRecord client = entry.getValue();
                json.name(entry.getKey()).beginObject();
                json.name("attached_at").value(Timestamps.format(client.attachedAt()));
                json.name("metadata").value(client.metadata());
                json.name("start_time").value(client.startTime());
                if (client.until() != null) {
                    json.name("until");
                    write(json, client.until());
                }
                if (!client.direct()) {
                    json.name("direct").value(false);
                }
                if (!client.neededBy().isEmpty()) {
                    json.name("needed_by").beginArray();
                    for (String dependent : client.neededBy()) {
                        json.value(dependent);
                    }
                    json.endArray();
                }
                json.endObject();
            }
            json.endObject();
            json.endObject();
        });
    }

    private static void write(JsonWriter json, @Nullable DeadlineRecord deadline) throws IOException {
        if (deadline == null) {
            json.nullValue();
            return;
        }
        json.beginObject();
        json.name("monotonic_ms").value(deadline.monotonicMillis());
        json.name("at").value(Timestamps.format(deadline.at()));
        json.endObject();
    }

    private static void write(JsonWriter json, HealthRecord health) throws IOException {
        json.beginObject();
        write(json, "ready", health.ready());
        write(json, "check", health.check());
        json.name("restart").value(health.restart());
        json.name("crashes").beginArray();
        for (long crash : health.crashes()) {
            json.value(crash);
        }
        json.endArray();
        json.endObject();
    }

    private static void write(JsonWriter json, String name, @Nullable ProbeRecord probe) throws IOException {
        if (probe == null) {
            return;
        }
        json.name(name).beginObject();
        json.name("kind").value(probe.kind());
        json.name("words").beginArray();
        for (String word : probe.words()) {
            json.value(word);
        }
        json.endArray();
        json.name("timeout").value(probe.timeout());
        json.name("interval").value(probe.interval());
        json.endObject();
    }

    static ServerRecord readServer(String name, String text) throws StateFileException {
        Fields fields = fields(text);
        long pid = fields.number("pid");
        if (pid <= 1 || pid > Integer.MAX_VALUE) {
            throw new StateFileException("pid " + pid + " is no server's");
        }
        return new ServerRecord(
                pid,
                name,
                fields.strings("command"),
                fields.textOrNull("working_dir"),
                fields.text("grace_period"),
                fields.numberOrNull("watcher_pid"),
                fields.time("started_at"),
                fields.numberOrNull("start_time"),
                fields.numberOrNull("watcher_start_time"),
                fields.textOrNull("boot_id"),
                fields.numberOrNull("pgid"),
                Boolean.TRUE.equals(fields.values.get("exec")),
                Boolean.TRUE.equals(fields.values.get("restarting")),
                deadline(fields.objectOrNull("grace_deadline")),
                !Boolean.FALSE.equals(fields.values.get("ready")),
                deadline(fields.objectOrNull("ready_deadline")),
                deadline(fields.objectOrNull("restart_at")),
                health(fields.objectOrNull("health")),
                port(fields.numberOrNull("port")),
                fields.textOrNull("log_file"),
                Boolean.TRUE.equals(fields.values.get("own_log")),
                signal(fields.numberOrNull("stop_signal")),
                fields.textOrNull("stop_timeout"),
                fields.textOrNull("stdin"),
                fields.textOrNull("stdout"));
    }

    private static @Nullable HealthRecord health(@Nullable Fields fields) throws StateFileException {
        if (fields == null) {
            return null;
        }
        return new HealthRecord(
                probe(fields.objectOrNull("ready")),
                probe(fields.objectOrNull("check")),
                fields.text("restart"),
                fields.numbers("crashes"));
    }

    private static @Nullable ProbeRecord probe(@Nullable Fields fields) throws StateFileException {
        return fields == null
                ? null
                : new ProbeRecord(
                        fields.text("kind"),
                        fields.stringsOrNone("words"),
                        fields.textOrNull("timeout"),
                        fields.textOrNull("interval"));
    }

    private static @Nullable Integer port(@Nullable Long port) throws StateFileException {
        if (port != null && (port < 1 || port > 65_535)) {
            throw new StateFileException("port " + port + " is none");
        }
        return port == null ? null : Math.toIntExact(port);
    }

    private static @Nullable Integer signal(@Nullable Long signal) throws StateFileException {
        if (signal != null && (signal < 1 || signal > 64)) {
            throw new StateFileException("stop_signal " + signal + " is no signal");
        }
        return signal == null ? null : Math.toIntExact(signal);
    }

    static ClientsRecord readClients(String text) throws StateFileException {
        Fields fields = fields(text);
        Fields clients = fields.objectOrNull("clients");
        if (clients == null) {
            throw new StateFileException("field clients is missing");
        }
        Map<String, ClientRecord> records = new LinkedHashMap<>();
        for (String key : clients.values.keySet()) {
            Fields client = clients.objectOrNull(key);
            if (client == null || !isClientKey(key)) {
                throw new StateFileException("client " + Quote.of(key) + " is none");
            }
            records.put(
                    key,
                    new ClientRecord(
                            client.time("attached_at"),
                            client.textOrNull("metadata"),
                            client.numberOrNull("start_time"),
                            deadline(client.objectOrNull("until")),
                            !Boolean.FALSE.equals(client.values.get("direct")),
                            client.values.get("needed_by") == null ? List.of() : client.stringsOrNone("needed_by")));
        }
        return new ClientsRecord(records);
    }

    /** Tells whether a {@code clients.json} gives another count than it has clients. */
    static boolean miscounts(String text) {
        try {
            Fields fields = fields(text);
            Fields clients = fields.objectOrNull("clients");
            return clients != null && fields.number("refcount") != clients.values.size();
        } catch (StateFileException e) {
            return false;
        }
    }

    private static boolean isClientKey(String key) {
        if (key.startsWith("hold-")) {
            return true;
        }
        if (key.isEmpty() || key.length() > MAX_PID_DIGITS || key.charAt(0) == '0') {
            return false;
        }
        for (int i = 0; i < key.length(); i++) {
            if (key.charAt(i) < '0' || key.charAt(i) > '9') {
                return false;
            }
        }
        return !key.equals("1");
    }

    private static @Nullable DeadlineRecord deadline(@Nullable Fields fields) throws StateFileException {
        return fields == null ? null : new DeadlineRecord(fields.number("monotonic_ms"), fields.time("at"));
    }

    private static Fields fields(String text) throws StateFileException {
        try (JsonReader json = new JsonReader(new StringReader(text))) {
            json.setStrictness(Strictness.STRICT);
            json.setNestingLimit(MAX_DEPTH);
            if (json.peek() != JsonToken.BEGIN_OBJECT) {
                throw new StateFileException("it is no JSON object");
            }
            Fields fields = object(json);
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw new StateFileException("something stands behind the JSON object");
            }
            return fields;
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw new StateFileException("it is no JSON: " + e.getMessage());
        }
    }

    private static Fields object(JsonReader json) throws IOException {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        json.beginObject();
        while (json.hasNext()) {
            String name = json.nextName();
            if (values.containsKey(name)) {
                // which of the two is meant nobody knows, and other readers may take the other one
                throw new IllegalStateException("field " + Quote.of(name) + " stands there twice");
            }
            values.put(name, value(json));
        }
        json.endObject();
        return new Fields(values);
    }

    private static @Nullable Object value(JsonReader json) throws IOException {
        return switch (json.peek()) {
            case BEGIN_OBJECT -> object(json);
            case BEGIN_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                json.beginArray();
                while (json.hasNext()) {
                    list.add(value(json));
                }
                json.endArray();
                yield list;
            }
            case STRING -> json.nextString();
            case BOOLEAN -> json.nextBoolean();
            case NULL -> {
                json.nextNull();
                yield null;
            }
            // the text of the number: whether it is a whole one is its reader's business
            case NUMBER -> new Numeral(json.nextString());
            case END_ARRAY, END_OBJECT, NAME, END_DOCUMENT -> throw new IllegalStateException("no value");
        };
    }

    private record Numeral(String text) {}

    /** The fields of an object; a wrong kind of value is an error that names the field. */
    private record Fields(Map<String, @Nullable Object> values) {

        long number(String name) throws StateFileException {
            Long number = numberOrNull(name);
            if (number == null) {
                throw new StateFileException("field " + name + " is missing");
            }
            return number;
        }

        @Nullable
        Long numberOrNull(String name) throws StateFileException {
            Object value = values.get(name);
            if (value == null) {
                return null;
            }
            try {
                long number = value instanceof Numeral n ? Long.parseLong(n.text()) : -1;
                if (number >= 0) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // a fraction, or beyond 64 bits: no number of ours
            }
            throw new StateFileException("field " + name + " is no whole number of 0 or more");
        }

        String text(String name) throws StateFileException {
            String text = textOrNull(name);
            if (text == null) {
                throw new StateFileException("field " + name + " is missing");
            }
            return text;
        }

        @Nullable
        String textOrNull(String name) throws StateFileException {
            Object value = values.get(name);
            if (value == null || value instanceof String) {
                return (String) value;
            }
            throw new StateFileException("field " + name + " is no string");
        }

        Instant time(String name) throws StateFileException {
            try {
                return Timestamps.parse(text(name));
            } catch (InvalidInput e) {
                throw new StateFileException("field " + name + ": " + e.getMessage());
            }
        }

        List<String> strings(String name) throws StateFileException {
            List<String> strings = stringsOrNone(name);
            if (strings.isEmpty()) {
                throw new StateFileException("field " + name + " is no list of strings");
            }
            return strings;
        }

        List<Long> numbers(String name) throws StateFileException {
            List<Long> numbers = new ArrayList<>();
            if (values.get(name) instanceof List<?> list) {
                for (Object one : list) {
                    if (one instanceof Numeral) {
                        Long number = new Fields(Map.of("", one)).numberOrNull("");
                        numbers.add(Objects.requireNonNull(number, "it is one"));
                    }
                }
                if (numbers.size() == list.size()) {
                    return List.copyOf(numbers);
                }
            }
            throw new StateFileException("field " + name + " is no list of numbers");
        }

        List<String> stringsOrNone(String name) throws StateFileException {
            List<String> strings = new ArrayList<>();
            if (values.get(name) instanceof List<?> list) {
                for (Object one : list) {
                    if (one instanceof String string) {
                        strings.add(string);
                    }
                }
                if (strings.size() == list.size()) {
                    return List.copyOf(strings);
                }
            }
            throw new StateFileException("field " + name + " is no list of strings");
        }

        @Nullable
        Fields objectOrNull(String name) throws StateFileException {
            Object value = values.get(name);
            if (value == null || value instanceof Fields) {
                return (Fields) value;
            }
            throw new StateFileException("field " + name + " is no object");
        }
    }
}
