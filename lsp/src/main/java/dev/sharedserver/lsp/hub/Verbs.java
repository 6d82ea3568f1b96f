package dev.sharedserver.lsp.hub;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.core.wire.WireException;
import dev.sharedserver.lsp.protocol.Deframer;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import dev.sharedserver.lsp.protocol.Message;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Carries out one request of a launcher. */
final class Verbs {

    /** How long `serve` waits until the server has answered initialize, in ms. */
    private static final long WARM_UP = 30_000;

    private final Instances instances;
    private final Request request;
    private final LauncherConnection launcher;

    Verbs(Instances instances, Request request, LauncherConnection launcher) {
        this.instances = instances;
        this.request = request;
        this.launcher = launcher;
    }

    void serve() throws IOException, InterruptedException {
        Options options = Options.parse(request.argv());
        try {
            switch (options.what()) {
                case "serve" -> serve(options);
                case "connect" -> connect(options);
                case "list", "status" -> print(options);
                default -> throw new NotServed(64, "serve, connect, list or status is expected behind lsp");
            }
        } catch (NotServed e) {
            launcher.stderr("sharedserver: " + e.text() + "\n");
            launcher.exit(e.exitCode());
        }
    }

    // ---- serve ----

    private void serve(Options options) throws IOException, InterruptedException, NotServed {
        String root = given(options);
        Instance instance = instances.use(options, root == null ? here() : root, 0, request);
        if (!instance.warmUp(uri(instance.root()), WARM_UP)) {
            throw new NotServed(
                    1,
                    instance.hasEnded()
                            ? "language server " + instance.name() + " has ended; see sharedserver logs "
                                    + instance.name()
                            : "language server " + instance.name() + " did not answer initialize within "
                                    + WARM_UP / 1000 + " s; it runs on");
        }
        String name = instance.name();
        launcher.stdout("✓ Serving " + Quote.escape(name) + " (PID: " + instance.pid() + ") for "
                + Quote.escape(instance.root()) + "\n");
        launcher.exit(0);
    }

    // ---- connect ----

    /** An editor's stream: until the server is known that it is for, and then. */
    private final class Stream {
        private final Options options;
        private final Deframer deframer = new Deframer(Instance.BODY_LIMIT);
        private @Nullable Session session;
        private @Nullable Instance instance;

        Stream(Options options) {
            this.options = options;
        }

        void run() throws IOException, InterruptedException, NotServed {
            try {
                if (given(options) != null || options.command().isEmpty()) {
                    begin("");
                }
                List<byte[]> bodies = new ArrayList<>();
                for (ByteBuffer piece = launcher.piece();
                        piece != null && piece.hasRemaining();
                        piece = launcher.piece()) {
                    deframer.feed(piece, bodies::add);
                    for (byte[] body : bodies) {
                        said(body);
                    }
                    bodies.clear();
                }
            } catch (MalformedMessage | WireException e) {
                if (session == null) {
                    throw new NotServed(1, "what the editor says is not understood: " + e.getMessage());
                }
                session.finish(1, "sharedserver: what the editor says is not understood: " + e.getMessage() + "\n");
            } catch (IOException e) {
                // the editor is gone
            } finally {
                if (session != null && instance != null) {
                    instance.left(session);
                    session.finish(1, "");
                }
            }
            if (session == null) {
                launcher.exit(1);
            }
        }

        private void said(byte[] body) throws IOException, InterruptedException, NotServed {
            if (session == null) {
                begin(workspace(body));
            }
            if (session != null && instance != null) {
                instance.said(session, body);
            }
        }

        private void begin(String workspace) throws IOException, InterruptedException, NotServed {
            String root = given(options);
            Instance found = instances.use(
                    options, root != null ? root : workspace.isEmpty() ? here() : workspace, request.pid(), request);
            instance = found;
            session = found.connect(request.pid(), launcher);
        }
    }

    private void connect(Options options) throws IOException, InterruptedException, NotServed {
        new Stream(options).run();
    }

    /** Returns the directory that an initialize is about, "" if it names none that is here. */
    private static String workspace(byte[] body) throws MalformedMessage {
        Message message = Message.of(body);
        String uri = message.string("rootUri");
        if (uri == null) {
            String path = message.string("rootPath");
            return path != null && path.startsWith("/") ? path : "";
        }
        try {
            Path path = Path.of(URI.create(uri));
            return path.toFile().isDirectory() ? path.toString() : "";
        } catch (IllegalArgumentException | java.nio.file.FileSystemNotFoundException e) {
            return "";
        }
    }

    private @Nullable String given(Options options) throws NotServed {
        String root = options.root();
        if (root == null) {
            return null;
        }
        Path path = Path.of(here()).resolve(root).normalize();
        if (!path.toFile().isDirectory()) {
            throw new NotServed(1, "--root " + Quote.of(root) + " is no directory");
        }
        return path.toString();
    }

    private String here() throws NotServed {
        if (request.cwd().isEmpty()) {
            throw new NotServed(1, "the working directory does not exist any more: give --root");
        }
        return request.cwd();
    }

    private static String uri(String path) {
        // Path.toUri says file:///x/ for a directory that exists; editors say file:///x
        String uri = Path.of(path).toUri().toString();
        return uri.endsWith("/") && uri.length() > 8 ? uri.substring(0, uri.length() - 1) : uri;
    }

    // ---- list and status ----

    private void print(Options options) throws IOException {
        List<Instance> all = instances.all();
        boolean details = options.what().equals("status");
        String text = options.json() ? json(all) : all.isEmpty() ? "(no language servers)\n" : table(all, details);
        launcher.stdout(text);
        launcher.exit(0);
    }

    private static String json(List<Instance> all) {
        JsonArray array = new JsonArray();
        for (Instance instance : all) {
            Instance.Status status = instance.status();
            JsonObject one = new JsonObject();
            one.addProperty("name", instance.name());
            one.addProperty("pid", instance.pid());
            one.addProperty("root", instance.root());
            JsonArray command = new JsonArray();
            instance.command().forEach(command::add);
            one.add("command", command);
            one.addProperty("mode", "ours");
            one.addProperty("initialized", status.initialized());
            JsonArray clients = new JsonArray();
            status.clients().forEach((pid, queued) -> {
                JsonObject client = new JsonObject();
                client.addProperty("pid", pid);
                client.addProperty("queued_bytes", queued);
                clients.add(client);
            });
            one.add("clients", clients);
            JsonArray documents = new JsonArray();
            status.documents().stream().map(JsonPrimitive::new).forEach(documents::add);
            one.add("documents", documents);
            one.addProperty("pending_requests", status.pending());
            one.addProperty("queued_bytes", status.queued());
            array.add(one);
        }
        return new GsonBuilder()
                        .setPrettyPrinting()
                        .disableHtmlEscaping()
                        .create()
                        .toJson(array) + "\n";
    }

    private static String table(List<Instance> all, boolean details) {
        StringBuilder text = new StringBuilder();
        int width = "NAME".length();
        for (Instance instance : all) {
            width = Math.max(width, instance.name().length());
        }
        if (!details) {
            text.append("NAME").append(" ".repeat(width - 4)).append("  PID      CLIENTS  DOCUMENTS  ROOT\n");
        }
        for (Instance instance : all) {
            Instance.Status status = instance.status();
            if (!details) {
                text.append(instance.name())
                        .append(" ".repeat(width - instance.name().length() + 2));
                text.append(padded(instance.pid(), 9))
                        .append(padded(status.clients().size(), 9));
                text.append(padded(status.documents().size(), 11));
                text.append(Quote.escape(instance.root())).append('\n');
                continue;
            }
            text.append(instance.name())
                    .append(" (PID: ")
                    .append(instance.pid())
                    .append(")\n");
            line(text, "command", String.join(" ", instance.command()));
            line(text, "root", instance.root());
            line(
                    text,
                    "state",
                    (status.initialized() ? "initialized" : "not initialized") + ", " + status.pending()
                            + " requests without an answer, " + status.queued() + " bytes wait for it");
            status.clients().forEach((pid, queued) -> line(text, "client", pid + ", " + queued + " bytes wait for it"));
            status.documents().forEach(uri -> line(text, "document", uri));
        }
        return text.toString();
    }

    private static void line(StringBuilder text, String what, String value) {
        text.append("  ")
                .append(what)
                .append(" ".repeat(10 - what.length()))
                .append(Quote.escape(value))
                .append('\n');
    }

    private static String padded(long value, int width) {
        String text = Long.toString(value);
        return text + " ".repeat(Math.max(1, width - text.length()));
    }
}
