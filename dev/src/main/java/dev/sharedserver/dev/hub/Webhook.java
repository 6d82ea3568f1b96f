package dev.sharedserver.dev.hub;

import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.dev.DevServerException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Where {@code {"pluginID":…,"devPath":…}} is posted to after a good build. The status is the whole answer: a body is not read, a
 * redirection is not followed, and nobody waits for a receiver that takes its time.
 */
public final class Webhook {

    /** How long a receiver may take to answer. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final String OPTION = "--reload-url ";
    private static final int LAST_PORT = 65535;

    private final URI address;
    private final Duration patience;

    private Webhook(URI address, Duration patience) {
        this.address = address;
        this.patience = patience;
    }

    /** Reads an address that somebody has given; says what is wrong with it. */
    public static Webhook at(String given) throws DevServerException {
        return at(given, PATIENCE);
    }

    static Webhook at(String given, Duration patience) throws DevServerException {
        URI address;
        try {
            address = new URI(given);
        } catch (URISyntaxException e) {
            throw refused(given, "is no address: " + e.getReason(), "Give one of http: or https:.");
        }
        String scheme = address.getScheme() == null ? "" : address.getScheme().toLowerCase(Locale.ROOT);
        if (!List.of("http", "https").contains(scheme)) {
            throw refused(given, "is no address of http: or https:", "Only those are posted to.");
        }
        if (address.getRawAuthority() != null && address.getRawAuthority().indexOf('@') >= 0) {
            // not repeated: what stands there is a secret
            throw DevServerException.invalid(
                    "--reload-url has a user name or a password, which would not be sent.",
                    "Leave it out; what the receiver has to know can stand in the path.");
        }
        if (address.getHost() == null) {
            throw refused(given, "names no host", "Give one like http://127.0.0.1:8080/reload.");
        }
        if (address.getPort() == 0 || address.getPort() > LAST_PORT) {
            throw refused(given, "has a port that none can be", "Ports go from 1 to " + LAST_PORT + ".");
        }
        return new Webhook(address, patience);
    }

    private static DevServerException refused(String given, String why, String suggestion) {
        return DevServerException.invalid(OPTION + Quote.of(given) + " " + why + ".", suggestion);
    }

    /**
     * Posts. What is returned completes when a status of 2xx has come, and fails with an {@link IOException} in words for the
     * developer otherwise; it is up to whoever cancels it, too.
     */
    CompletableFuture<Void> post(String id, Path directory) {
        String body = JsonText.of(
                JsonText.Form.LINE,
                json -> json.beginObject()
                        .name("pluginID")
                        .value(id)
                        .name("devPath")
                        .value(directory.toString())
                        .endObject());
        HttpRequest request = HttpRequest.newBuilder(address)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
        CompletableFuture<Integer> status = new CompletableFuture<>();
        var unused = client.sendAsync(request, answer -> {
                    status.complete(answer.statusCode());
                    return HttpResponse.BodySubscribers.discarding();
                })
                .whenComplete((answer, failure) -> {
                    if (failure != null) {
                        status.completeExceptionally(failure);
                    }
                });
        // what is thrown into a future that was cancelled is dropped
        CompletableFuture<Void> result = new CompletableFuture<>();
        var unusedToo = status.orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((code, failure) -> {
                    String wrong = failure == null ? wrong(code) : words(failure);
                    if (wrong.isEmpty()) {
                        result.complete(null);
                    } else {
                        result.completeExceptionally(new IOException(this + wrong));
                    }
                });
        // a body that never ends is not read to its end
        var unusedThree = result.whenComplete((nothing, failure) -> client.shutdownNow());
        return result;
    }

    private static String wrong(int status) {
        if (status / 100 == 2) {
            return "";
        }
        return " answered with status " + status + (status / 100 == 3 ? ", which is not followed" : "");
    }

    private String words(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof TimeoutException || cause instanceof HttpTimeoutException) {
            return " has not answered within " + patience.toMillis() / 1000.0 + " s";
        }
        for (Throwable why = cause; why != null; why = why.getCause()) {
            if (why instanceof UnresolvedAddressException) {
                return " cannot be reached: there is no host of that name";
            }
        }
        String message = cause.getMessage();
        if (cause instanceof ConnectException) {
            return " cannot be reached: " + (message == null ? "connection refused" : message);
        }
        return " could not be told: " + (message == null ? cause.getClass().getSimpleName() : message);
    }

    /** Returns the address without what may be a secret in it. */
    @Override
    public String toString() {
        String whole = address.toString();
        int query = whole.indexOf('?');
        return query < 0 ? whole : whole.substring(0, query) + "?…";
    }
}
