package dev.sharedserver.core.config;

import dev.sharedserver.core.Period;
import org.jspecify.annotations.Nullable;

/**
 * A probe and its times: what {@code ready} and {@code check} hold.
 *
 * @param timeout {@code ready}: how long the server may take to get there; {@code check}: how long one look may take;
 *     null for the default
 * @param interval how long to wait between two looks, null for the default
 */
public record Condition(
        Probe probe, @Nullable Period timeout, @Nullable Period interval) {

    /** What stands for the server's port in a probe of a command line. */
    public static final String PORT = "${PORT}";

    /** Returns the same with the server's port, where the probe looks at that. */
    public Condition withPort(int number) {
        Probe filled = switch (probe) {
            case Probe.Tcp tcp when tcp.port() == 0 -> new Probe.Tcp(tcp.host(), number);
            case Probe.Http http -> new Probe.Http(http.url().replace(PORT, Integer.toString(number)));
            default -> probe;
        };
        return new Condition(filled, timeout, interval);
    }
}
