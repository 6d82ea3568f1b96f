package dev.sharedserver.core.config;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.ProbeRecord;
import dev.sharedserver.core.Quote;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Reads probes from what command line, config file and state file say, and writes them for the last. */
public final class Probes {

    static final int MAX_PORT = 65_535;

    private static final String LOOPBACK = "127.0.0.1";

    private Probes() {}

    /** Reads {@code [HOST:]PORT}; an IPv6 address stands in brackets. */
    public static Probe.Tcp tcp(String text) throws InvalidInput {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? LOOPBACK : text.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (bracketed) {
            host = host.substring(1, host.length() - 1);
        }
        int port = port(text.substring(colon + 1));
        boolean sound = !host.isEmpty() && (bracketed || host.indexOf(':') < 0) && host.indexOf(' ') < 0;
        if (!sound || port == 0) {
            throw new InvalidInput("a port from 1 to " + MAX_PORT + " or \"HOST:PORT\" is expected, not "
                    + Quote.of(text) + "; an IPv6 address stands in brackets");
        }
        return new Probe.Tcp(host, port);
    }

    /** Reads a port, 0 if the text is none. */
    public static int port(String text) {
        if (text.isEmpty() || text.length() > 5) {
            return 0;
        }
        int number = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return 0;
            }
            number = 10 * number + c - '0';
        }
        return number <= MAX_PORT ? number : 0;
    }

    /** Reads a URL of http or https with a host. */
    public static Probe.Http http(String text) throws InvalidInput {
        try {
            URI uri = new URI(text);
            boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (web && uri.getHost() != null && uri.getPort() != 0 && uri.getPort() <= MAX_PORT) {
                return new Probe.Http(text);
            }
        } catch (URISyntaxException e) {
            // said below
        }
        throw new InvalidInput("a URL like http://127.0.0.1:8000/health is expected, not " + Quote.of(text));
    }

    /** Reads a regular expression for the lines of a log. */
    public static Probe.LogPattern log(String regex) throws InvalidInput {
        try {
            Pattern.compile(regex);
            return new Probe.LogPattern(regex);
        } catch (PatternSyntaxException e) {
            throw new InvalidInput("invalid regular expression " + Quote.of(regex) + ": " + e.getDescription() + " at "
                    + e.getIndex());
        }
    }

    /** Reads a command line for {@code /bin/sh}. */
    public static Probe.Exec exec(String line) throws InvalidInput {
        if (line.isBlank()) {
            throw new InvalidInput("a command is expected, not ''");
        }
        return new Probe.Exec(List.of("/bin/sh", "-c", line));
    }

    /** Returns what a state file holds of a condition. */
    public static @Nullable ProbeRecord record(@Nullable Condition condition) {
        if (condition == null) {
            return null;
        }
        Probe probe = condition.probe();
        List<String> words = switch (probe) {
            case Probe.Tcp tcp -> List.of(address(tcp));
            case Probe.Http http -> List.of(http.url());
            case Probe.LogPattern log -> List.of(log.regex());
            case Probe.Exec exec -> exec.command();
            case Probe.Notify notify -> List.of();
        };
        return new ProbeRecord(kind(probe), words, text(condition.timeout()), text(condition.interval()));
    }

    /** Reads what a state file holds of a condition. */
    public static @Nullable Condition condition(@Nullable ProbeRecord record) throws InvalidInput {
        if (record == null) {
            return null;
        }
        String word = record.words().isEmpty() ? "" : record.words().get(0);
        Probe probe = switch (record.kind()) {
            case "tcp" -> tcp(word);
            case "http" -> http(word);
            case "log" -> log(word);
            case "exec" -> {
                if (word.isEmpty()) {
                    throw new InvalidInput("a command is missing");
                }
                yield new Probe.Exec(record.words());
            }
            case "notify" -> new Probe.Notify();
            default -> throw new InvalidInput("unknown kind of probe " + Quote.of(record.kind()));
        };
        return new Condition(probe, period(record.timeout()), period(record.interval()));
    }

    /** Returns the key that a config file has for a probe. */
    public static String kind(Probe probe) {
        return switch (probe) {
            case Probe.Tcp t -> "tcp";
            case Probe.Http h -> "http";
            case Probe.LogPattern l -> "log";
            case Probe.Exec e -> "exec";
            case Probe.Notify n -> "notify";
        };
    }

    /** Returns the address as it is written, an IPv6 one in brackets. */
    public static String address(Probe.Tcp tcp) {
        return (tcp.host().indexOf(':') < 0 ? tcp.host() : "[" + tcp.host() + "]") + ":" + tcp.port();
    }

    private static @Nullable String text(@Nullable Period period) {
        return period == null ? null : period.toString();
    }

    private static @Nullable Period period(@Nullable String text) throws InvalidInput {
        return text == null ? null : Period.parse(text);
    }
}
