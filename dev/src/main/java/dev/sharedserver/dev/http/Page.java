package dev.sharedserver.dev.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files of the web page. They hold no secret, so they are given without a token: the page has it in its address, behind the
 * {@code #}, which no browser sends. What the page may do is said here, once more and strictly, so that a log line that got into
 * it as HTML after all could neither run nor send anything.
 */
final class Page {

    private static final String POLICY = String.join(
            "; ",
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'");

    private static final String SCRIPT = "text/javascript; charset=utf-8";

    private static final class File {
        private final String type;
        private final byte[] bytes;

        private File(String type, byte[] bytes) {
            this.type = type;
            this.bytes = bytes;
        }
    }

    private final Map<String, File> files = new HashMap<>();

    Page() {
        add("/", "index.html", "text/html; charset=utf-8");
        add("/app.css", "app.css", "text/css; charset=utf-8");
        add("/icon.svg", "icon.svg", "image/svg+xml");
        for (String script : List.of("app", "dom", "hub", "log", "projects", "servers", "settings", "stream")) {
            add("/" + script + ".js", script + ".js", SCRIPT);
        }
    }

    private void add(String path, String resource, String type) {
        try (InputStream in = Page.class.getResourceAsStream("web/" + resource)) {
            if (in == null) {
                throw new IllegalStateException("the page's " + resource + " was left out of the build");
            }
            files.put(path, new File(type, in.readAllBytes()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Tells whether there is such a file. */
    boolean has(String path) {
        return files.containsKey(path);
    }

    /** Sends a file. */
    void send(HttpExchange exchange, String path) throws IOException {
        @Nullable File file = files.get(path);
        if (file == null) {
            throw new IllegalArgumentException(path);
        }
        Headers headers = exchange.getResponseHeaders();
        headers.set("Content-Type", file.type);
        headers.set("Content-Security-Policy", POLICY);
        headers.set("Cache-Control", "no-cache");
        headers.set("Cross-Origin-Opener-Policy", "same-origin");
        headers.set("Cross-Origin-Resource-Policy", "same-origin");
        headers.set("Referrer-Policy", "no-referrer");
        headers.set("X-Content-Type-Options", "nosniff");
        exchange.sendResponseHeaders(200, file.bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(file.bytes);
        }
    }
}
