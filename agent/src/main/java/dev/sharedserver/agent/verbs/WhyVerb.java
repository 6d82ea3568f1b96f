package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Server;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Account;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.JsonOutput;
import dev.sharedserver.cli.Terminal;
import dev.sharedserver.cli.TextOutput;
import dev.sharedserver.cli.WhyOutput;
import dev.sharedserver.core.EventLog;
import dev.sharedserver.core.Nearest;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.wire.LauncherConnection;
import java.io.IOException;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;

/** {@code info} and {@code why}: how a server stands, and how it came to that. */
final class WhyVerb {

    private final Supervisor supervisor;
    private final EventLog events;
    private final Stories stories;
    private final Views views;
    private final LauncherConnection launcher;
    private final Terminal out;

    WhyVerb(
            Supervisor supervisor,
            EventLog events,
            Stories stories,
            Views views,
            LauncherConnection launcher,
            Terminal out) {
        this.supervisor = supervisor;
        this.events = events;
        this.stories = stories;
        this.views = views;
        this.launcher = launcher;
        this.out = out;
    }

    void info(Command.Info info) throws IOException, InterruptedException {
        Account account = account(info.name());
        launcher.stdout(info.json() ? JsonOutput.info(account) : TextOutput.info(account, out, Instant.now()));
        launcher.exit(ExitCodes.OK);
    }

    void why(Command.Why why) throws IOException, InterruptedException, Failure {
        Account account = account(why.name());
        if (!account.isKnown()) {
            throw unknown(why.name());
        }
        Instant now = Instant.now();
        launcher.stdout(why.json() ? WhyOutput.json(account, now) : WhyOutput.text(account, out, now));
        launcher.exit(ExitCodes.OK);
    }

    private Account account(ServerName name) throws IOException, InterruptedException {
        Server server = supervisor.known(name);
        return new Account(views.view(server, true), server.state(), stories.of(name));
    }

    private Failure unknown(ServerName name) throws IOException {
        Set<String> known = new TreeSet<>();
        supervisor.names().forEach(one -> known.add(one.value()));
        events.names().forEach(one -> known.add(one.value()));
        String nearest = Nearest.of(name.value(), known);
        return new Failure(
                ExitCodes.FAILED,
                "no server " + Quote.of(name.value()) + " has run here"
                        + (nearest == null ? "" : ", did you mean " + Quote.escape(nearest) + "?"));
    }
}
