package dev.sharedserver.core.config;

import java.util.List;

/** How to find out whether a server is up to its work. */
public sealed interface Probe {

    /**
     * Somebody listens.
     *
     * @param host name or address, an IPv6 address without brackets
     * @param port 1 to 65535; 0 for the port of a server whose {@code port} is {@code "auto"} and not chosen yet
     */
    record Tcp(String host, int port) implements Probe {}

    /** A GET is answered by a status from 200 to 399; {@code url} begins with {@code http://} or {@code https://}. */
    record Http(String url) implements Probe {}

    /** A line of the log matches; {@code regex} compiles. */
    record LogPattern(String regex) implements Probe {}

    /** A command exits with 0; {@code command} is its argv, never empty. */
    record Exec(List<String> command) implements Probe {}

    /** The server says so itself (sd_notify). */
    record Notify() implements Probe {}
}
