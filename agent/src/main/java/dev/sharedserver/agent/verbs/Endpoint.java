package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.core.config.Probes;
import dev.sharedserver.core.lifecycle.Launch;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Where a server can be reached, as far as its port and the probe that showed that it is up tell it.
 *
 * @param url of the http probe without path and query, else {@code tcp://HOST:PORT}
 */
record Endpoint(@Nullable Integer port, @Nullable String url) {

    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    static Endpoint of(Launch launch) {
        Integer port = launch.port();
        Condition ready = launch.health().ready();
        return switch (ready == null ? null : ready.probe()) {
            case Probe.Http http -> of(URI.create(http.url()), port);
            case Probe.Tcp tcp -> new Endpoint(port == null ? tcp.port() : port, "tcp://" + Probes.address(tcp));
            case null, default -> new Endpoint(port, port == null ? null : "tcp://127.0.0.1:" + port);
        };
    }

    private static Endpoint of(URI uri, @Nullable Integer port) {
        int standard = "https".equals(uri.getScheme()) ? HTTPS : HTTP;
        int own = uri.getPort() < 0 ? standard : uri.getPort();
        return new Endpoint(port == null ? own : port, uri.getScheme() + "://" + uri.getRawAuthority());
    }
}
