package dev.sharedserver.client;

import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Who holds a server.
 *
 * @param pid the process; empty for a hold, which is for a time
 * @param hold the key of the hold, null for a process
 * @param attachedAt since when, null if that is not known
 * @param metadata what it said of itself, null if nothing
 * @param command its argv, empty where that is not known; known by {@link SharedServers#info} only
 */
public record Holder(
        OptionalLong pid,
        @Nullable String hold,
        @Nullable Instant attachedAt,
        @Nullable String metadata,
        List<String> command) {

    static Holder of(Fields fields) {
        Long pid = fields.number("pid");
        return new Holder(
                pid == null ? OptionalLong.empty() : OptionalLong.of(pid),
                fields.text("hold"),
                fields.time("attached_at"),
                fields.text("metadata"),
                fields.texts("command"));
    }
}
