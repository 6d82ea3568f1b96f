package dev.sharedserver.dev.http;

import com.sun.net.httpserver.Headers;
import dev.sharedserver.dev.DevServerException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who may ask. A page of anywhere can have a browser send requests to 127.0.0.1, and a name of its own can be made to mean that
 * address (DNS rebinding): so the Host must be ours, an Origin too if there is one, and the token must be known.
 */
final class Gate {

    private static final String SCHEME = "http://";
    private static final String BEARER = "Bearer ";

    private final Set<String> hosts;
    private final byte[] token;

    Gate(int port, String token) {
        this.hosts = Set.of("127.0.0.1:" + port, "localhost:" + port);
        this.token = token.getBytes(StandardCharsets.UTF_8);
    }

    /** Refuses a request that is meant for somebody else, or that a page of somebody else sends. */
    void checkPlace(Headers headers) throws DevServerException {
        List<String> host = headers.getOrDefault("Host", List.of());
        if (host.size() != 1 || !hosts.contains(host.getFirst())) {
            throw refused(421, "Misdirected request", "This is no host of that name.");
        }
        for (String origin : headers.getOrDefault("Origin", List.of())) {
            if (!origin.startsWith(SCHEME) || !hosts.contains(origin.substring(SCHEME.length()))) {
                throw refused(403, "Forbidden", "Pages of other origins may not ask.");
            }
        }
    }

    /** Refuses a request without the token. */
    void checkToken(Headers headers, @Nullable String tokenOfQuery) throws DevServerException {
        String given = tokenOfQuery;
        for (String value : headers.getOrDefault("Authorization", List.of())) {
            given = value.startsWith(BEARER) ? value.substring(BEARER.length()) : given;
        }
        if (given == null || !MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), token)) {
            throw refused(401, "Unauthorized", "The token is missing or wrong.");
        }
    }

    private static DevServerException refused(int status, String title, String detail) {
        return new DevServerException(status, "about:blank", title, detail, List.of(), List.of());
    }
}
