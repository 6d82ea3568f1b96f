package dev.sharedserver.client;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened to a server.
 *
 * @param at when
 * @param server its name
 * @param event what: {@code started}, {@code attached}, {@code detached}, {@code stopped} and others, see docs/events.md
 * @param fields what belongs to it: strings, longs, booleans
 */
public record ServerEvent(Instant at, String server, String event, Map<String, Object> fields) {

    /** Copies the fields. */
    public ServerEvent {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    static @Nullable ServerEvent of(Fields line) {
        Instant at = line.time("at");
        String server = line.text("name");
        String event = line.text("event");
        if (at == null || server == null || event == null) {
            return null;
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        line.object().forEach((name, value) -> {
            if (value != null) {
                fields.put(String.valueOf(name), value);
            }
        });
        fields.keySet().removeAll(java.util.List.of("at", "name", "event"));
        return new ServerEvent(at, server, event, fields);
    }
}
