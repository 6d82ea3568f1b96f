package dev.sharedserver.lsp.hub;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.lsp.interpose.Candidate;
import dev.sharedserver.lsp.interpose.Pause;
import dev.sharedserver.lsp.interpose.Reason;
import dev.sharedserver.lsp.interpose.Refusal;
import dev.sharedserver.lsp.interpose.Via;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@code lsp attach} and {@code lsp detach}. */
final class AttachVerbs {

    /** {@code attach} cannot say which server is meant. */
    private static final int AMBIGUOUS = 3;

    /** How long a server may take to answer the initialize of --fresh, in ms. */
    private static final long FRESH = 30_000;

    /** How long a server may take to tell what its positions count, in ms; it may tell later, too. */
    private static final long COLUMNS = 10_000;

    private final Instances instances;
    private final Request request;
    private final LauncherConnection launcher;
    private final Options options;

    AttachVerbs(Instances instances, Request request, LauncherConnection launcher, Options options) {
        this.instances = instances;
        this.request = request;
        this.launcher = launcher;
        this.options = options;
    }

    // ---- attach ----

    /**
     * Attaches.
     *
     * @param given the value of --root as a path; null without
     * @param here the working directory of who asks
     * @return false if the answer is given; true if none was given, and a server is to be started instead
     */
    boolean attach(@Nullable String given, String here) throws IOException, InterruptedException, NotServed {
        try {
            Candidate server = candidate(given);
            if (server == null) {
                return false;
            }
            Instances.Attachment attachment = instances.attach(
                    server,
                    root(server, given, here),
                    new Instances.Wanted(
                            timeout(),
                            options.attach().via().equals("gdb") ? Via.GDB : Via.INJECT,
                            options.attach().fresh(),
                            capabilities(here),
                            options.bodyLimit()));
            if (options.attach().fresh()) {
                initialize(attachment.instance());
            }
            attachment.instance().learnColumns(server.type(), COLUMNS);
            tell(server, attachment);
            return false;
        } catch (NotServed e) {
            if (!options.attach().orServe()) {
                throw e;
            }
            launcher.stderr("sharedserver: " + e.text() + "; one is started instead\n");
            return true;
        }
    }

    private void initialize(Instance instance) throws InterruptedException, NotServed {
        if (instance.warmUp(Verbs.uri(instance.root()), FRESH)) {
            return;
        }
        try {
            instance.detach(false);
        } catch (Refusal refusal) {
            throw new NotServed(
                    Reason.FAILED.exitCode(),
                    instance.name() + " did not take another initialize, and is not given back: "
                            + refusal.getMessage());
        }
        throw new NotServed(
                Reason.FAILED.exitCode(),
                instance.name() + " did not take another initialize, and was given back: attach without --fresh");
    }

    private void tell(Candidate server, Instances.Attachment attachment) throws IOException {
        String name = attachment.instance().name();
        String id = name.substring(4);
        launcher.stdout("✓ Attached to " + Quote.escape(name) + " (PID: " + server.pid() + ") for "
                + Quote.escape(attachment.instance().root()) + "; it stood still for "
                + millis(attachment.pause()) + "\n  share it: sharedserver lsp connect --name " + Quote.escape(id)
                + "\n  undo it:  sharedserver lsp detach " + Quote.escape(id) + "\n");
        if (server.endsWithEditor()) {
            launcher.stderr("sharedserver: " + name
                    + " runs on Node and ends a few seconds after the editor that started it, whoever else uses it\n");
        }
        launcher.exit(0);
    }

    private static String millis(Pause pause) {
        return pause.nanos() / 1_000_000 + " ms";
    }

    private @Nullable Path capabilities(String here) {
        String file = options.attach().capabilities();
        return file == null ? null : Path.of(here).resolve(file);
    }

    private Duration timeout() throws NotServed {
        try {
            return Duration.ofMillis(Period.parse(options.attach().timeout()).millis());
        } catch (InvalidInput e) {
            throw new NotServed(64, "--timeout: " + e.getMessage());
        }
    }

    /** Returns the server that is meant; null if that is not clear, which was answered. */
    private @Nullable Candidate candidate(@Nullable String given) throws IOException, InterruptedException, NotServed {
        String target = options.attach().target();
        List<Candidate> foreign = instances.foreign();
        if (target != null) {
            return byPid(target, foreign);
        }
        String type = Objects.requireNonNullElse(options.attach().server(), "");
        List<Candidate> wanted = foreign.stream()
                .filter(one -> one.type().equals(type))
                .filter(one -> given == null || one.root() == null || one.root().equals(given))
                .sorted(Comparator.comparing(Candidate::startStamp))
                .toList();
        List<Candidate> possible = wanted.stream().filter(Candidate::attachable).toList();
        if (possible.isEmpty()) {
            if (wanted.isEmpty()) {
                throw new NotServed(
                        Reason.GONE.exitCode(),
                        "no server " + Quote.of(type) + " of another runs here; see sharedserver lsp list");
            }
            throw refused(wanted.getLast());
        }
        if (possible.size() == 1) {
            return possible.getFirst();
        }
        return switch (options.attach().strategy()) {
            case "newest" -> possible.getLast();
            case "oldest" -> possible.getFirst();
            default -> chosen(possible);
        };
    }

    private Candidate byPid(String target, List<Candidate> foreign)
            throws IOException, InterruptedException, NotServed {
        for (Candidate one : foreign) {
            if (Long.toString(one.pid()).equals(target)) {
                if (!one.attachable()) {
                    throw refused(one);
                }
                return one;
            }
        }
        for (Instance instance : instances.all()) {
            if (Long.toString(instance.pid()).equals(target)) {
                throw new NotServed(
                        1,
                        "process " + target + " is served here already: sharedserver lsp connect --name "
                                + instance.name().substring(4));
            }
        }
        try {
            throw instances.unknown(Long.parseLong(target));
        } catch (IOException e) {
            throw new NotServed(
                    Reason.NOT_RECORDED.exitCode(),
                    "process " + target + " is no language server that is known, and cannot be looked into: "
                            + e.getMessage());
        }
    }

    private static NotServed refused(Candidate one) {
        Reason reason = one.refused();
        return new NotServed(reason == null ? 1 : reason.exitCode(), String.valueOf(one.explanation()));
    }

    private @Nullable Candidate chosen(List<Candidate> possible) throws IOException {
        if (!request.stdinTty() || !request.stdoutTty()) {
            JsonArray array = new JsonArray();
            possible.forEach(one -> array.add(Listing.json(one)));
            launcher.stdout(
                    new GsonBuilder()
                                    .setPrettyPrinting()
                                    .disableHtmlEscaping()
                                    .serializeNulls()
                                    .create()
                                    .toJson(array) + "\n");
            launcher.stderr("sharedserver: more than one runs: name its pid, or say --strategy newest or oldest\n");
            launcher.exit(AMBIGUOUS);
            return null;
        }
        launcher.stdout(Listing.choice(possible) + "Which one? [1-" + possible.size() + "] ");
        launcher.flush();
        String line = line();
        for (int i = 0; i < possible.size(); i++) {
            if (line.equals(Integer.toString(i + 1))) {
                return possible.get(i);
            }
        }
        launcher.exit(AMBIGUOUS);
        return null;
    }

    private String line() throws IOException {
        StringBuilder text = new StringBuilder();
        for (ByteBuffer piece = launcher.piece();
                piece != null && piece.hasRemaining() && text.indexOf("\n") < 0;
                piece = text.indexOf("\n") < 0 ? launcher.piece() : null) {
            text.append(StandardCharsets.UTF_8.decode(piece));
        }
        return text.toString().strip();
    }

    /** Returns the workspace: what was said, else where the server runs, if that is where who asks is, too. */
    private static String root(Candidate server, @Nullable String given, String here) throws NotServed {
        String own = server.root();
        if (given != null) {
            return given;
        }
        if (own == null) {
            throw new NotServed(
                    1, "where process " + server.pid() + " has its workspace is not known: say it with --root");
        }
        if (!(here + "/").startsWith(own.endsWith("/") ? own : own + "/")) {
            throw new NotServed(
                    1,
                    "process " + server.pid() + " runs in " + Quote.of(own)
                            + ", which is not where you are: if it is meant, say --root " + Quote.of(own));
        }
        return own;
    }

    // ---- detach ----

    void detach() throws IOException, InterruptedException, NotServed {
        Instance instance =
                instances.named(Objects.requireNonNullElse(options.attach().target(), ""));
        if (instance.attached() == null) {
            throw new NotServed(
                    1, instance.name() + " was started here, not attached to: sharedserver stop " + instance.name());
        }
        try {
            Pause pause = instance.detach(options.attach().park());
            String what = Quote.escape(instance.name()) + " (PID: " + instance.pid() + ")";
            launcher.stdout(
                    pause != null
                            ? "✓ Detached from " + what + ", which stood still for " + millis(pause) + "\n"
                            : "✓ Parked " + what + ": it runs on, behind sharedserver lsp connect --name "
                                    + Quote.escape(instance.name().substring(4)) + "\n");
            launcher.exit(0);
        } catch (Refusal refusal) {
            throw new NotServed(refusal.exitCode(), String.valueOf(refusal.getMessage()));
        }
    }
}
