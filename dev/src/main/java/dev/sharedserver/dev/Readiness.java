package dev.sharedserver.dev;

import com.google.re2j.Pattern;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.function.Predicate;

/** How to find out that a process is up to its work. */
sealed interface Readiness {

    /** Between two looks. */
    Duration INTERVAL = Duration.ofMillis(100);

    /** How long one look may take. */
    Duration PATIENCE = Duration.ofSeconds(2);

    /**
     * A line of its output says so.
     *
     * @param errors whether what it writes to standard error counts, too
     */
    record Line(Predicate<String> says, boolean errors) implements Readiness {}

    /** Something can be asked; {@code look} says whether it is. */
    record Look(Check look, Duration interval) implements Readiness {}

    /** Nothing tells. */
    record Unknown() implements Readiness {}

    /** One look, which may take a moment. */
    interface Check {
        boolean isReady() throws IOException;
    }

    /** Returns the rule of a regular expression that is found in a line. */
    static Readiness line(String regex) {
        Pattern pattern = Pattern.compile(regex);
        return new Line(line -> pattern.matcher(line).find(), true);
    }

    /** Tells whether somebody listens. */
    static boolean listens(String host, int port, Duration patience) throws IOException {
        try (Socket socket = new Socket(Proxy.NO_PROXY)) {
            socket.connect(new InetSocketAddress(host, port), (int) patience.toMillis());
            return true;
        }
    }

    /** Tells whether a GET is answered by a status from 200 to 399. */
    static boolean answers(String url, Duration patience) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(url).toURL().openConnection(Proxy.NO_PROXY);
        try {
            connection.setConnectTimeout((int) patience.toMillis());
            connection.setReadTimeout((int) patience.toMillis());
            connection.setInstanceFollowRedirects(false);
            connection.setUseCaches(false);
            connection.setRequestProperty("Connection", "close");
            int status = connection.getResponseCode();
            return status >= HttpURLConnection.HTTP_OK && status < HttpURLConnection.HTTP_BAD_REQUEST;
        } finally {
            connection.disconnect();
        }
    }
}
