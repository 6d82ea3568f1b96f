package dev.sharedserver.agent.verbs;

import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.EventOutput;
import dev.sharedserver.cli.Terminal;
import dev.sharedserver.core.EventLog;
import dev.sharedserver.core.LoggedEvent;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * {@code events}: the past from the logs, then what happens. The token says up to when the launcher has seen: one that
 * loses its agent goes on with the next one where it was.
 */
final class EventsVerb {

    /** How many events may wait for a reader that is slower than they come; more are dropped, and it is said. */
    private static final int WAITING = 10_000;

    private final EventLog events;
    private final History history;
    private final Request request;
    private final LauncherConnection launcher;
    private final Terminal out;
    private String seen;

    EventsVerb(EventLog events, History history, Request request, LauncherConnection launcher, Terminal out) {
        this.events = events;
        this.history = history;
        this.request = request;
        this.launcher = launcher;
        this.out = out;
        this.seen = request.token();
    }

    /** An event as it comes; {@code event} is null for the end. */
    private record Live(@Nullable LoggedEvent event) {}

    void carryOut(Command.Events command) throws IOException, InterruptedException {
        if (command.follow()) {
            follow(command);
        } else {
            past(command);
        }
        launcher.exit(ExitCodes.OK);
    }

    /** Prints the past; returns the events of its last microseconds, which may come live as well. */
    private Set<LoggedEvent> past(Command.Events command) throws IOException {
        List<LoggedEvent> all = history.of(command.name());
        Integer lines = command.lines();
        boolean again = !seen.isEmpty();
        int first = lines == null || again ? 0 : Math.max(0, all.size() - lines);
        Set<LoggedEvent> printed = new HashSet<>();
        for (int i = 0; i < all.size(); i++) {
            LoggedEvent event = all.get(i);
            if (i >= first && (!again || event.at().compareTo(request.token()) > 0)) {
                print(event, command.json());
            }
            if (i >= all.size() - WAITING) {
                printed.add(event);
            }
        }
        return printed;
    }

    private void follow(Command.Events command) throws IOException, InterruptedException {
        BlockingQueue<Live> queue = new ArrayBlockingQueue<>(WAITING);
        AtomicLong lost = new AtomicLong();
        EventLog.Listener listener = (server, line) -> {
            if (command.name() == null || command.name().equals(server)) {
                LoggedEvent event = LoggedEvent.parse(server, line);
                if (event != null && !queue.offer(new Live(event))) {
                    lost.incrementAndGet();
                }
            }
        };
        events.listen(listener);
        try {
            // first the ear, then the past: what happens in between is in both, and printed once
            Set<LoggedEvent> printed = past(command);
            remember();
            launcher.flush();
            Thread.ofVirtual().start(() -> endAtHangup(queue));
            for (Live live = queue.take(); live.event() != null; live = queue.take()) {
                LoggedEvent event = live.event();
                if (!printed.remove(event)) {
                    print(event, command.json());
                }
                long dropped = queue.isEmpty() ? lost.getAndSet(0) : 0;
                if (dropped > 0) {
                    launcher.stderr("sharedserver: " + dropped + " events came faster than they were read; "
                            + "sharedserver events shows them\n");
                }
                if (queue.isEmpty()) {
                    remember();
                    launcher.flush();
                }
            }
        } finally {
            events.unlisten(listener);
        }
    }

    private void print(LoggedEvent event, boolean json) throws IOException {
        launcher.stdout(json ? EventOutput.json(event) : EventOutput.text(event, out));
        seen = event.at();
    }

    private void remember() throws IOException {
        if (!seen.isEmpty()) {
            launcher.token(seen);
        }
    }

    private void endAtHangup(BlockingQueue<Live> queue) {
        try {
            launcher.awaitHangup();
        } catch (IOException e) {
            // hung up, less politely
        }
        // nobody reads what still waits
        do {
            queue.clear();
        } while (!queue.offer(new Live(null)));
    }
}
