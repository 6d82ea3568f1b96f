package dev.sharedserver.cli;

import com.google.gson.stream.JsonWriter;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.Timestamps;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Cause;
import dev.sharedserver.core.lifecycle.Deadline;
import dev.sharedserver.core.lifecycle.ExitStatus;
import dev.sharedserver.core.lifecycle.Phase;
import dev.sharedserver.core.story.Beginning;
import dev.sharedserver.core.story.Causes;
import dev.sharedserver.core.story.Ending;
import dev.sharedserver.core.story.Leaving;
import dev.sharedserver.core.story.Mismatch;
import dev.sharedserver.core.story.Party;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Who holds a server, why it is up, or why it last stopped: a paragraph for people, fields for programs. */
public final class WhyOutput {

    /** More holders than these are counted, not named. */
    private static final int NAMED = 10;

    private final Account account;
    private final ServerView server;
    private final Instant now;
    private final List<String> sentences = new ArrayList<>();

    private WhyOutput(Account account, Instant now) {
        this.account = account;
        this.server = account.server();
        this.now = now;
    }

    /** Returns {@code why}: one paragraph, in one line where there is no terminal. */
    public static String text(Account account, Terminal terminal, Instant now) {
        return wrapped(paragraph(account, now), terminal.columns());
    }

    static String paragraph(Account account, Instant now) {
        WhyOutput why = new WhyOutput(account, now);
        why.tell();
        return String.join(" ", why.sentences);
    }

    /** Hands out what {@code info} shows of the past, a label and a value each. */
    static void lines(Account account, Instant now, BiConsumer<String, String> line) {
        Beginning beginning = account.beginning();
        Leaving left = account.left();
        Ending end = account.lastEnd();
        if (beginning != null) {
            line.accept("Begun", began(beginning, now));
        }
        if (left != null) {
            line.accept("Last to leave", Wording.left(left, now));
        }
        if (account.phase() instanceof Phase.Stopping stopping) {
            line.accept("Stopping", Wording.reason(stopping.cause(), null));
        }
        if (end != null) {
            line.accept("Last end", Wording.end(end, now));
        }
        Mismatch mismatch = account.story().mismatch();
        if (mismatch != null) {
            line.accept("Mismatch", Wording.mismatch(mismatch, now));
        }
    }

    private void tell() {
        String name = Quote.escape(server.name());
        if (server.managedBy() != null) {
            say(name + " is managed by another tool (watcher pid " + server.managedBy()
                    + "): it is shown, not touched. It runs as " + process() + ".");
            holders();
            return;
        }
        switch (account.phase()) {
            case Phase.Stopped s -> stopped(name);
            case Phase.Starting s -> {
                say(name + " is being started now: "
                        + TextOutput.command(s.launch().command()) + ".");
                lastEnd();
            }
            case Phase.BackingOff b -> {
                long left = b.until().at().toEpochMilli() - now.toEpochMilli();
                say(name + " has failed, and is started again in " + TextOutput.span(left) + " for those who hold it.");
                if (account.story().ending() != null) {
                    say("It " + Wording.end(account.story().ending(), now) + ".");
                }
                holders();
            }
            case Phase.Replacing r -> say("pid " + r.process().pid() + " is about to become " + name + ".");
            case Phase.Running r -> running(name, r);
            case Phase.Stopping s -> {
                say(name + " is on its way out: " + Wording.reason(s.cause(), null) + ".");
                if (s.ended() != null) {
                    say("What is left of its process group is being ended.");
                }
                holders();
            }
        }
    }

    private void stopped(String name) {
        Ending ending = account.story().ending();
        if (ending == null) {
            say(name + " is not running, and the event log does not tell how it ended.");
            return;
        }
        say(name + " is not running.");
        say("It " + Wording.end(ending, now) + ".");
        Leaving left = account.left();
        Beginning beginning = account.beginning();
        if (beginning != null) {
            say("It had run for " + Wording.span(beginning.at(), ending.at())
                    + (beginning.pid() == null ? "" : " as pid " + beginning.pid()) + ".");
            say("It " + began(beginning, now) + ".");
        }
        if (left != null) {
            say("The last to leave was " + Wording.left(left, now) + ".");
        }
        if (ending instanceof Ending.NotStarted) {
            lastEnd(account.story().before());
        }
    }

    private void running(String name, Phase.Running running) {
        Leaving left = account.left();
        Beginning beginning = account.beginning();
        if (server.clients().isEmpty()) {
            Long remaining = server.graceRemainingMs();
            say(name + " runs as " + process() + ", but nobody holds it: it is stopped "
                    + (remaining == null ? "soon" : "in " + TextOutput.span(remaining))
                    + " unless somebody uses it.");
            if (left != null) {
                say("The last to leave was " + Wording.left(left, now) + ".");
            } else if (beginning != null && beginning.client() == null && beginning.again() == null) {
                say("Nobody has used it since it was started.");
            }
        } else {
            say(name + " is up as " + process() + ".");
            holders();
        }
        health(running);
        if (beginning == null) {
            say("Who started it is not known any more: the event log does not go back that far.");
        } else {
            say("It " + began(beginning, now) + ".");
        }
        Mismatch mismatch = account.story().mismatch();
        if (mismatch != null) {
            say(Wording.mismatch(mismatch, now) + ".");
        }
        lastEnd(account.story().before());
    }

    private void health(Phase.Running running) {
        String looked = account.memory().looked();
        String saw = looked == null ? "" : " (" + Quote.escape(looked) + ")";
        Deadline unready = running.unready();
        if (unready != null) {
            long left = unready.at().toEpochMilli() - now.toEpochMilli();
            say("It is not ready yet" + saw + ", and is given up in " + TextOutput.span(left) + ".");
        } else if (running.misses() > 0) {
            say(
                    running.misses() == 1
                            ? "The last check failed" + saw + "."
                            : "The last " + running.misses() + " checks failed" + saw + ".");
        }
    }

    private String process() {
        StringBuilder out = new StringBuilder();
        out.append("pid ").append(server.pid()).append(" (");
        out.append(TextOutput.cut(TextOutput.command(server.command()), 100));
        if (server.workingDir() != null) {
            out.append(", in ").append(Quote.escape(server.workingDir()));
        }
        if (server.startedAt() != null) {
            out.append(", for ").append(Wording.span(server.startedAt(), now));
        }
        return out.append(')').toString();
    }

    private void holders() {
        List<ClientView> clients = server.clients();
        if (clients.isEmpty()) {
            return;
        }
        boolean held = clients.stream().allMatch(client -> client.key().startsWith("hold-"));
        int named = clients.size() > NAMED + 1 ? NAMED : clients.size();
        StringBuilder out = new StringBuilder(held ? "No process needs it, it is kept up by " : "It is held by ");
        for (int i = 0; i < named; i++) {
            boolean last = i == clients.size() - 1;
            out.append(i == 0 ? "" : last ? " and " : ", ").append(Wording.client(clients.get(i), now));
        }
        if (named < clients.size()) {
            out.append(" and ").append(clients.size() - named).append(" others");
        }
        say(out.append('.').toString());
    }

    /** Returns how it began, as the rest of a sentence about {@code it}. */
    private static String began(Beginning beginning, Instant now) {
        Party client = beginning.client();
        String when = " " + Wording.when(beginning.at(), now);
        String whom = client == null ? "" : " for " + Wording.party(client);
        return switch (beginning.kind()) {
            case STARTED ->
                beginning.again() != null
                        ? "was started again" + when + ": " + Wording.reason(beginning.again(), null)
                        : "was started" + when + by(beginning) + (client == null ? " for nobody in particular" : whom);
            case EXECED -> "was made by exec" + when + whom;
            case FOUND -> "was found running" + when + "; who started it is not known";
        };
    }

    private static String by(Beginning beginning) {
        return beginning.by() == null ? "" : " by " + Wording.asker(beginning.by());
    }

    private void lastEnd() {
        lastEnd(account.lastEnd());
    }

    /** An end that somebody wanted needs no mention when it runs again. */
    private void lastEnd(@Nullable Ending before) {
        boolean wanted = before instanceof Ending.Stopped stopped
                && (stopped.cause() instanceof Cause.GraceExpired
                        || stopped.cause() instanceof Cause.Requested
                        || stopped.cause() instanceof Cause.Restarted);
        if (before != null && !wanted) {
            say("Before that, it " + Wording.end(before, now) + ".");
        }
    }

    private void say(String sentence) {
        sentences.add(sentence);
    }

    private static String wrapped(String text, int columns) {
        if (columns <= 0) {
            return text + "\n";
        }
        StringBuilder out = new StringBuilder();
        int used = 0;
        for (int start = 0; start < text.length(); ) {
            int space = text.indexOf(' ', start);
            String word = text.substring(start, space < 0 ? text.length() : space);
            int width = TextOutput.width(word);
            if (used > 0 && used + 1 + width > columns) {
                out.append('\n');
                used = 0;
            }
            out.append(used == 0 ? "" : " ").append(word);
            used += width + (used == 0 ? 0 : 1);
            start = space < 0 ? text.length() : space + 1;
        }
        return out.append('\n').toString();
    }

    // For programs

    /** Returns {@code why --json}. */
    public static String json(Account account, Instant now) {
        return JsonText.of(JsonText.Form.PRETTY, json -> {
            json.beginObject();
            json.name("name").value(account.server().name());
            json.name("state").value(account.server().state().word());
            json.name("why").value(paragraph(account, now));
            fields(json, account);
            json.endObject();
        });
    }

    /** Writes what {@code info} and {@code why} tell of the past. */
    static void fields(JsonWriter json, Account account) throws IOException {
        beginning(json.name("started_by"), account.beginning());
        leaving(json.name("last_client"), account.left());
        json.name("stopping");
        if (account.phase() instanceof Phase.Stopping stopping) {
            json.beginObject();
            cause(json, stopping.cause(), null);
            json.endObject();
        } else {
            json.nullValue();
        }
        ending(json.name("last_end"), account.lastEnd());
        mismatch(json.name("last_mismatch"), account.story().mismatch());
    }

    private static void mismatch(JsonWriter json, @Nullable Mismatch mismatch) throws IOException {
        if (mismatch == null) {
            json.nullValue();
            return;
        }
        json.beginObject();
        json.name("at").value(Timestamps.format(mismatch.at()));
        asker(json, mismatch.by());
        json.name("refused").value(mismatch.refused());
        json.name("running").value(mismatch.running());
        json.endObject();
    }

    private static void beginning(JsonWriter json, @Nullable Beginning beginning) throws IOException {
        if (beginning == null) {
            json.nullValue();
            return;
        }
        Party client = beginning.client();
        json.beginObject();
        json.name("how").value(how(beginning));
        json.name("at").value(Timestamps.format(beginning.at()));
        party(json, client);
        if (beginning.again() != null) {
            cause(json, beginning.again(), null);
        }
        if (beginning.by() != null) {
            asker(json, beginning.by());
        }
        json.endObject();
    }

    private static String how(Beginning beginning) {
        return switch (beginning.kind()) {
            case STARTED ->
                beginning.again() != null
                        ? "restart"
                        : beginning.client() == null || beginning.by() != null ? "admin start" : "use";
            case EXECED -> "exec";
            case FOUND -> "found";
        };
    }

    private static void leaving(JsonWriter json, @Nullable Leaving left) throws IOException {
        if (left == null) {
            json.nullValue();
            return;
        }
        json.beginObject();
        json.name("how").value(left.kind().word());
        json.name("at").value(Timestamps.format(left.at()));
        party(json, left.client());
        if (left.by() != null) {
            asker(json, left.by());
        }
        json.endObject();
    }

    private static void party(JsonWriter json, @Nullable Party party) throws IOException {
        json.name("client").value(party == null ? null : party.key());
        json.name("command").value(party == null ? null : party.command());
        json.name("metadata").value(party == null ? null : party.metadata());
    }

    private static void asker(JsonWriter json, Asker by) throws IOException {
        json.name("by").value(by.pid());
        json.name("by_command").value(by.command());
    }

    private static void ending(JsonWriter json, @Nullable Ending ending) throws IOException {
        if (ending == null) {
            json.nullValue();
            return;
        }
        json.beginObject();
        switch (ending) {
            case Ending.Stopped stopped -> {
                json.name("how").value("stopped");
                json.name("at").value(Timestamps.format(stopped.at()));
                json.name("pid").value(stopped.pid());
                cause(json, stopped.cause(), null);
                if (stopped.status() != null) {
                    status(json, stopped.status());
                }
                json.name("killed").value(stopped.killed());
                if (stopped.verdict() != null) {
                    json.name("then").beginObject();
                    cause(json, stopped.verdict(), null);
                    json.endObject();
                }
            }
            case Ending.NotStarted not -> {
                json.name("how").value("start_failed");
                json.name("at").value(Timestamps.format(not.at()));
                cause(json, not.cause(), not.path());
                json.name("path").value(not.path());
            }
            case Ending.Cleaned cleaned -> {
                json.name("how").value("cleaned");
                json.name("at").value(Timestamps.format(cleaned.at()));
                json.name("reason").value(cleaned.detail());
            }
        }
        json.endObject();
    }

    /** The word of the event log, the fields it has there, and what a person reads. */
    private static void cause(JsonWriter json, @Nullable Cause cause, @Nullable String path) throws IOException {
        if (cause == null) {
            json.name("cause").nullValue();
        } else {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            Causes.put(fields, cause);
            values(json, fields);
        }
        json.name("reason").value(Wording.reason(cause, path));
    }

    private static void status(JsonWriter json, ExitStatus status) throws IOException {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        Causes.put(fields, status);
        values(json, fields);
    }

    private static void values(JsonWriter json, Map<String, @Nullable Object> fields) throws IOException {
        for (Map.Entry<String, @Nullable Object> field : fields.entrySet()) {
            switch (field.getValue()) {
                case null -> {}
                case Number number -> json.name(field.getKey()).value(number);
                case Boolean yes -> json.name(field.getKey()).value(yes);
                case Object other -> json.name(field.getKey()).value(other.toString());
            }
        }
    }
}
