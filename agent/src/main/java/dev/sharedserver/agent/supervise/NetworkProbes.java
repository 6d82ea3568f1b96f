package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.core.config.Probes;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Looks at a server from outside. Null says that all is well. */
final class NetworkProbes {

    private static final int WELL = 200;
    private static final int NOT_WELL = 400;

    private NetworkProbes() {}

    static @Nullable String tcp(Probe.Tcp tcp, Period timeout) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(tcp.host(), tcp.port()), millis(timeout));
            return null;
        } catch (IOException e) {
            return "nobody answers at " + Probes.address(tcp) + " (" + text(e) + ")";
        }
    }

    static @Nullable String http(Probe.Http http, Period timeout) {
        try {
            // a proxy of the machine is not asked: this is about a server here
            HttpURLConnection connection =
                    (HttpURLConnection) URI.create(http.url()).toURL().openConnection(Proxy.NO_PROXY);
            try {
                connection.setConnectTimeout(millis(timeout));
                connection.setReadTimeout(millis(timeout));
                connection.setInstanceFollowRedirects(false);
                connection.setUseCaches(false);
                connection.setRequestProperty("User-Agent", "sharedserver");
                int status = connection.getResponseCode();
                return status >= WELL && status < NOT_WELL ? null : "GET " + http.url() + " is answered by " + status;
            } finally {
                connection.disconnect();
            }
        } catch (IOException | IllegalArgumentException e) {
            return "GET " + http.url() + " fails (" + text(e) + ")";
        }
    }

    private static String text(Exception e) {
        String message = Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
        return e instanceof UnknownHostException ? "unknown host " + message : message;
    }

    private static int millis(Period period) {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, period.nanos() / 1_000_000L));
    }
}
