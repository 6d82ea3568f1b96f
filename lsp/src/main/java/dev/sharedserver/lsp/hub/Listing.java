package dev.sharedserver.lsp.hub;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.sharedserver.core.OsText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.lsp.infer.Source;
import dev.sharedserver.lsp.interpose.Candidate;
import dev.sharedserver.lsp.interpose.StdioKind;
import dev.sharedserver.lsp.mux.Columns;
import dev.sharedserver.os.Proc;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What runs, for people and for programs. */
final class Listing {

    private static final Proc PROC = new Proc(OsText::decode);

    private final List<Instance> all;
    private final List<Candidate> foreign;

    /** @param foreign servers of others that nobody has attached to */
    Listing(List<Instance> all, List<Candidate> foreign) {
        this.all = all;
        this.foreign = foreign;
    }

    /** Returns what is left when only the names, commands and roots count in which a pattern is found. */
    Listing matching(Pattern pattern) {
        return new Listing(
                all.stream()
                        .filter(one -> pattern.matcher(one.name() + " " + String.join(" ", one.command()))
                                .find())
                        .toList(),
                foreign.stream()
                        .filter(one -> pattern.matcher(one.type() + " " + String.join(" ", one.argv()))
                                .find())
                        .toList());
    }

    // ---- JSON ----

    String json() {
        JsonArray array = new JsonArray();
        all.forEach(instance -> array.add(json(instance)));
        foreign.forEach(candidate -> array.add(json(candidate)));
        return new GsonBuilder()
                        .setPrettyPrinting()
                        .disableHtmlEscaping()
                        .serializeNulls()
                        .create()
                        .toJson(array) + "\n";
    }

    private static JsonObject json(Instance instance) {
        Instance.Status status = instance.status();
        OnDisk.Attached attached = instance.attached();
        JsonObject one = new JsonObject();
        one.addProperty("name", instance.name());
        one.addProperty("pid", instance.pid());
        one.addProperty("root", instance.root());
        one.add("command", array(instance.command()));
        one.addProperty("mode", mode(instance));
        one.addProperty("type", type(instance.command()));
        one.addProperty("uid", PROC.uid(instance.pid()));
        Instant boot = PROC.bootTime();
        one.add(
                "started",
                text(
                        boot == null
                                ? null
                                : boot.plusMillis(instance.stamp() * 1000 / Proc.TICKS_PER_SECOND)
                                        .toString()));
        // ours from the start, or since we have attached
        one.addProperty("stdin", lower(StdioKind.FIFO));
        one.addProperty("stdout", lower(StdioKind.FIFO));
        one.addProperty("initialized", status.initialized());
        one.addProperty("capabilities", capabilities(instance));
        one.addProperty(
                "capabilities_from",
                (attached == null ? Source.ANSWERED : attached.source()).name().toLowerCase(Locale.ROOT));
        one.addProperty("health", status.health());
        one.addProperty("silent_ms", status.silent());
        if (attached != null) {
            one.addProperty("editor", instance.hasElder() ? "connected" : "gone");
            one.addProperty("position_encoding", instance.columns().word());
        }
        JsonArray clients = new JsonArray();
        status.clients().forEach((pid, queued) -> {
            JsonObject client = new JsonObject();
            client.addProperty("pid", pid);
            client.addProperty("queued_bytes", queued);
            clients.add(client);
        });
        one.add("clients", clients);
        one.add("documents", array(status.documents()));
        one.addProperty("pending_requests", status.pending());
        one.addProperty("queued_bytes", status.queued());
        return one;
    }

    static JsonObject json(Candidate candidate) {
        JsonObject one = new JsonObject();
        one.addProperty("name", candidate.type());
        one.addProperty("type", candidate.type());
        one.addProperty("pid", candidate.pid());
        one.add("root", text(candidate.root()));
        one.add("command", array(candidate.argv()));
        one.addProperty("mode", "foreign");
        one.addProperty("uid", candidate.uid());
        one.add(
                "started",
                text(candidate.started() == null ? null : candidate.started().toString()));
        one.addProperty("stdin", lower(candidate.stdin()));
        one.addProperty("stdout", lower(candidate.stdout()));
        one.addProperty("ends_with_editor", candidate.endsWithEditor());
        one.addProperty("attachable", candidate.attachable());
        one.add("reason", text(candidate.explanation()));
        return one;
    }

    private static com.google.gson.JsonElement text(@Nullable String text) {
        return text == null ? JsonNull.INSTANCE : new JsonPrimitive(text);
    }

    private static JsonArray array(List<String> texts) {
        JsonArray array = new JsonArray();
        texts.forEach(array::add);
        return array;
    }

    private static String lower(StdioKind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** Returns what a server is called by its command line: as foreign ones are, where that is known. */
    private static String type(List<String> command) {
        String known = Candidate.type(command);
        return known != null
                ? known
                : command.getFirst().substring(command.getFirst().lastIndexOf('/') + 1);
    }

    private static String mode(Instance instance) {
        return instance.attached() == null ? "ours" : "attached";
    }

    private static String capabilities(Instance instance) {
        OnDisk.Attached attached = instance.attached();
        return attached != null && attached.source().isInferred() ? "inferred" : "answered";
    }

    // ---- text ----

    /** Returns a table; {@code (no language servers)} where there is none. */
    String table() {
        if (all.isEmpty() && foreign.isEmpty()) {
            return "(no language servers)\n";
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("NAME", "PID", "MODE", "CLIENTS", "DOCUMENTS", "ROOT"));
        for (Instance instance : all) {
            Instance.Status status = instance.status();
            rows.add(List.of(
                    instance.name(),
                    Long.toString(instance.pid()),
                    mode(instance),
                    Integer.toString(status.clients().size()),
                    Integer.toString(status.documents().size()),
                    Quote.escape(instance.root())));
        }
        for (Candidate candidate : foreign) {
            String root = candidate.root();
            rows.add(List.of(
                    Quote.escape(candidate.type()),
                    Long.toString(candidate.pid()),
                    "foreign",
                    "-",
                    "-",
                    root == null ? "-" : Quote.escape(root)));
        }
        String text = columns(rows);
        StringBuilder notes = new StringBuilder();
        for (Candidate candidate : foreign) {
            String explanation = candidate.explanation();
            if (explanation != null) {
                notes.append(candidate.pid())
                        .append(" cannot be attached to: ")
                        .append(Quote.escape(explanation))
                        .append('\n');
            }
        }
        return text + notes;
    }

    /** Returns the candidates with numbers, to choose from. */
    static String choice(List<Candidate> candidates) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("", "PID", "TYPE", "STARTED", "STDIO", "ROOT"));
        for (int i = 0; i < candidates.size(); i++) {
            Candidate one = candidates.get(i);
            String root = one.root();
            rows.add(List.of(
                    Integer.toString(i + 1),
                    Long.toString(one.pid()),
                    Quote.escape(one.type()),
                    String.valueOf(one.started()),
                    lower(one.stdin()),
                    root == null ? "-" : Quote.escape(root)));
        }
        return columns(rows);
    }

    private static String columns(List<List<String>> rows) {
        int[] widths = new int[rows.getFirst().size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length - 1; i++) {
                text.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
            text.append(row.getLast()).append('\n');
        }
        return text.toString();
    }

    /** Returns all that is known of each server that we serve. */
    String details() {
        if (all.isEmpty()) {
            return "(no language servers)\n";
        }
        StringBuilder text = new StringBuilder();
        for (Instance instance : all) {
            Instance.Status status = instance.status();
            text.append(instance.name())
                    .append(" (PID: ")
                    .append(instance.pid())
                    .append(")\n");
            line(text, "command", String.join(" ", instance.command()));
            line(text, "root", instance.root());
            OnDisk.Attached attached = instance.attached();
            if (attached != null) {
                line(
                        text,
                        "mode",
                        "attached; who started it is " + (instance.hasElder() ? "connected" : "gone")
                                + "; capabilities: " + capabilities(instance)
                                + (attached.source().isInferred()
                                        ? " from " + attached.source().words()
                                        : "")
                                + (instance.columns() == Columns.UTF_16
                                        ? ""
                                        : "; positions: " + instance.columns().word()));
            }
            line(
                    text,
                    "state",
                    (status.initialized() ? "initialized" : "not initialized") + ", " + status.pending()
                            + " requests without an answer, " + status.queued() + " bytes wait for it");
            line(text, "health", health(status));
            status.clients().forEach((pid, queued) -> line(text, "client", pid + ", " + queued + " bytes wait for it"));
            status.documents().forEach(uri -> line(text, "document", uri));
        }
        return text.toString();
    }

    private static String health(Instance.Status status) {
        String health = status.health();
        return health.equals("silent")
                ? "it has said nothing for " + status.silent() / 1000 + " s, though it has something to answer"
                : health;
    }

    private static void line(StringBuilder text, String what, String value) {
        text.append("  ")
                .append(what)
                .append(" ".repeat(10 - what.length()))
                .append(Quote.escape(value))
                .append('\n');
    }
}
