package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Server;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Spinner;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.lifecycle.Event;
import dev.sharedserver.core.lifecycle.Instance;
import dev.sharedserver.core.lifecycle.Outcome;
import dev.sharedserver.core.lifecycle.ServerState;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.util.Optional;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the answer to a request that may take its time: shows on a terminal what the server is about, and withdraws the
 * request when whoever asked hangs up.
 */
final class Patience {

    /** How long an answer may take before anything is made of it, in ms: nearly all come sooner. */
    private static final long AT_ONCE = 150;

    private static final long FRAME = 100;

    private final Supervisor supervisor;
    private final Request request;
    private final LauncherConnection launcher;

    Patience(Supervisor supervisor, Request request, LauncherConnection launcher) {
        this.supervisor = supervisor;
        this.request = request;
        this.launcher = launcher;
    }

    /** Asks and waits; empty if another tool manages the server. */
    Optional<Outcome> ask(Server server, LongFunction<? extends Event> event) throws IOException, InterruptedException {
        Supervisor.Question question = supervisor.question(server, event);
        if (question.isAnswered()) {
            return question.await();
        }
        launcher.whenSlow(() -> Thread.ofVirtual().start(() -> withdrawOnHangup(server.name(), question.number())));
        try {
            if (request.stderrTty() && !question.isAnsweredIn(AT_ONCE)) {
                show(server, question);
            }
            return question.await();
        } finally {
            launcher.whenSlow(null);
        }
    }

    private void show(Server server, Supervisor.Question question) throws IOException, InterruptedException {
        Spinner spinner = new Spinner(request.columns());
        do {
            launcher.stderr(spinner.next(server.name().value(), news(server)));
            launcher.flush();
        } while (!question.isAnsweredIn(FRAME));
        launcher.stderr(spinner.clear());
    }

    /** Returns what the server says of itself, else the last line of its log, else what was seen of it. */
    private @Nullable String news(Server server) {
        ServerState state = server.state();
        Instance instance = state.instance();
        String status = instance == null
                ? null
                : supervisor.notification(instance.process()).status();
        if (status != null && !status.isEmpty()) {
            return status;
        }
        String line = instance == null ? null : LogTail.last(instance.launch().logFile());
        String looked = state.looked();
        return line == null && looked != null ? Quote.escape(looked) : line;
    }

    private void withdrawOnHangup(ServerName name, long number) {
        try {
            launcher.awaitEnd();
            supervisor.tell(name, new Event.Withdraw(number));
        } catch (IOException e) {
            // the answer was given, and the connection closed by us
        }
    }
}
