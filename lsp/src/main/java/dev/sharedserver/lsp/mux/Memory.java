package dev.sharedserver.lsp.mux;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a multiplexer has to know to take over a server from one that was killed.
 *
 * @param initializeResult the server's answer to initialize, as it came; null if there was none
 * @param initialized whether the server was told that it is initialized
 * @param registrations the params of the registrations that hold, as JSON, one each
 * @param open URIs that the server holds open
 * @param unanswered ids of the server's requests without an answer
 * @param folders URIs of the workspace folders that the server knows
 */
public record Memory(
        @Nullable String initializeResult,
        boolean initialized,
        List<String> registrations,
        List<String> open,
        List<String> unanswered,
        List<String> folders) {

    /** What is known of a server that nobody has talked to. */
    public static final Memory EMPTY = new Memory(null, false, List.of(), List.of(), List.of(), List.of());
}
