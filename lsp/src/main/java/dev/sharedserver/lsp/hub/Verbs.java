package dev.sharedserver.lsp.hub;

import dev.sharedserver.core.Quote;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.core.wire.WireException;
import dev.sharedserver.lsp.protocol.Deframer;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import dev.sharedserver.lsp.protocol.Message;
import dev.sharedserver.lsp.protocol.PathMap;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
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
                case "list" -> list(options);
                case "status" -> status(options);
                case "attach" -> {
                    if (new AttachVerbs(instances, request, launcher, options).attach(given(options), request.cwd())) {
                        serve(options);
                    }
                }
                case "restart" -> restart(options);
                case "detach" -> new AttachVerbs(instances, request, launcher, options).detach();
                default ->
                    throw new NotServed(
                            64, "serve, connect, list, status, restart, attach or detach is expected behind lsp");
            }
        } catch (NotServed e) {
            launcher.stderr("sharedserver: " + e.text() + "\n");
            launcher.exit(e.exitCode());
        }
    }

    // ---- serve ----

    private void serve(Options options) throws IOException, InterruptedException, NotServed {
        String root = given(options);
        ready(used(options, root == null ? here() : root, 0), "Serving");
    }

    /** What fails here is not the launcher's connection: it is there to be told. */
    private Instance used(Options options, String root, long client) throws InterruptedException, NotServed {
        try {
            return instances.use(options, root, client, request);
        } catch (IOException e) {
            throw new NotServed(1, "the language server cannot be served: " + e.getMessage());
        }
    }

    private void restart(Options options) throws IOException, InterruptedException, NotServed {
        String target = options.attach().target();
        Instance old = instances.named(target == null ? "" : target);
        if (request.argv().getFirst().equals("restart") && !request.argv().contains("--even-if-used")) {
            String users = String.join(", ", old.users());
            if (!users.isEmpty()) {
                throw new NotServed(
                        1,
                        "server " + old.name() + " is still used by pid " + users
                                + ". Use --even-if-used to restart it all the same");
            }
        }
        Instance restarted;
        try {
            restarted = instances.restart(old);
        } catch (IOException e) {
            throw new NotServed(1, old.name() + " has ended, and cannot be served again: " + e.getMessage());
        }
        ready(restarted, "Restarted");
    }

    /** Waits until a server has been initialized, and tells. */
    private void ready(Instance instance, String what) throws IOException, InterruptedException, NotServed {
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
        launcher.stdout("✓ " + what + " " + Quote.escape(name) + " (PID: " + instance.pid() + ") for "
                + Quote.escape(instance.root()) + "\n");
        launcher.exit(0);
    }

    // ---- connect ----

    /** An editor's stream: until the server is known that it is for, and then. */
    private final class Stream {
        private final Options options;
        private final Deframer deframer;
        private @Nullable Session session;
        private @Nullable Instance instance;
        private final PathMap paths;

        Stream(Options options) {
            this.options = options;
            this.deframer = new Deframer(options.bodyLimit());
            this.paths = PathMap.of(options.maps());
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
                        said(paths.toServer(body));
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
            Instance found =
                    used(options, root != null ? root : workspace.isEmpty() ? here() : workspace, request.pid());
            instance = found;
            session = found.connect(request.pid(), new Line.Translated(new Line.ToLauncher(launcher), paths));
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

    static String uri(String path) {
        // Path.toUri says file:///x/ for a directory that exists; editors say file:///x
        String uri = Path.of(path).toUri().toString();
        return uri.endsWith("/") && uri.length() > 8 ? uri.substring(0, uri.length() - 1) : uri;
    }

    // ---- list and status ----

    private void list(Options options) throws IOException, NotServed {
        Listing listing = new Listing(instances.all(), instances.foreign());
        String pattern = options.attach().pattern();
        try {
            listing = pattern == null ? listing : listing.matching(Pattern.compile(pattern));
        } catch (PatternSyntaxException e) {
            throw new NotServed(64, "--pattern is no regular expression: " + e.getDescription());
        }
        launcher.stdout(options.json() ? listing.json() : listing.table());
        launcher.exit(0);
    }

    private void status(Options options) throws IOException, NotServed {
        String target = options.attach().target();
        List<Instance> wanted = target == null ? instances.all() : List.of(instances.named(target));
        Listing listing = new Listing(wanted, List.of());
        launcher.stdout(options.json() ? listing.json() : listing.details());
        launcher.exit(0);
    }
}
