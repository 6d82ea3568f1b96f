package dev.sharedserver.client;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a server.
 *
 * @param pid its main process, empty if it does not run
 * @param command its argv
 * @param startedAt when it was started, null if it does not run
 * @param workingDir where it runs, null if that is not known; known by {@link SharedServers#info} only, as are {@code logFile}, {@code
 *     port} and {@code ready}
 * @param logFile where its output goes, null if that is not known
 * @param port that was chosen for it or given, empty if none was
 * @param ready whether it has shown that it is ready, or need not
 */
public record ServerInfo(
        String name,
        ServerState state,
        OptionalLong pid,
        List<String> command,
        @Nullable Instant startedAt,
        @Nullable Path workingDir,
        @Nullable Path logFile,
        OptionalInt port,
        boolean ready,
        List<Holder> holders) {

    static ServerInfo of(Fields fields) {
        Long pid = fields.number("pid");
        Long started = fields.number("started_at");
        Long port = fields.number("port");
        return new ServerInfo(
                fields.text("name", ""),
                ServerState.of(fields.text("state", "")),
                pid == null ? OptionalLong.empty() : OptionalLong.of(pid),
                fields.texts("command"),
                started == null ? null : Instant.ofEpochSecond(started),
                fields.path("working_dir"),
                fields.path("log_file"),
                port == null ? OptionalInt.empty() : OptionalInt.of(port.intValue()),
                fields.isTrue("ready"),
                fields.objects("clients").stream().map(Holder::of).toList());
    }
}
