package dev.sharedserver.dev.hub;

import dev.sharedserver.core.ServerName;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.event.Subscription;
import dev.sharedserver.os.OwnCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Has the hub hold itself while it runs anything, so that it stays when those who started something to stay have gone, and
 * goes by itself when nothing is left.
 */
final class SelfHold {

    private static final long LOOK_MILLIS = 5_000;

    private final OwnCommand command;
    private final Path directory;
    private final DevServerManager manager;
    private boolean held;

    SelfHold(OwnCommand command, Path directory, DevServerManager manager) {
        this.command = command;
        this.directory = directory;
        this.manager = manager;
    }

    void start() {
        Thread.ofPlatform().daemon().name("self hold").start(() -> {
            try {
                while (true) {
                    follow();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private void follow() throws InterruptedException {
        try (Subscription news = manager.events().subscribe()) {
            while (true) {
                look();
                var unused = news.next(LOOK_MILLIS);
            }
        } catch (Subscription.Dropped e) {
            // so much has happened that it is time to look
        }
    }

    private void look() throws InterruptedException {
        boolean wanted = manager.runsAnything();
        if (wanted != held) {
            try {
                OwnCommand.Answer answer = command.call(
                        List.of(
                                "admin",
                                wanted ? "incref" : "decref",
                                ServerName.DEV.value(),
                                "--pid",
                                Long.toString(ProcessHandle.current().pid())),
                        Map.of("SHAREDSERVER_LOCKDIR", directory.toString()));
                if (answer.exit() == 0) {
                    held = wanted;
                } else {
                    System.out.println("cannot hold itself: " + answer.err().strip());
                }
            } catch (IOException e) {
                System.out.println("cannot hold itself: " + e.getMessage());
            }
        }
    }
}
