package dev.sharedserver.dev.hub;

import dev.sharedserver.core.ServerName;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.event.Subscription;
import dev.sharedserver.os.OwnCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Has the hub held while it runs anything, so that it stays when those who started something to stay have gone, and
 * goes by itself when nothing is left. No server can hold itself; so what holds it is a child, which ends with its input: with the hub, however that ends.
 */
final class SelfHold {

    private static final long LOOK_MILLIS = 5_000;

    private final OwnCommand command;
    private final Path directory;
    private final DevServerManager manager;
    private @Nullable Process holder;

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
        Process held = holder;
        if (held != null && (!wanted || !held.isAlive())) {
            // whose process has ended holds nothing any more
            held.destroy();
            holder = null;
        }
        if (wanted && holder == null) {
            hold();
        }
    }

    private void hold() throws InterruptedException {
        try {
            Process child = new ProcessBuilder("cat")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            OwnCommand.Answer answer = command.call(
                    List.of(
                            "admin",
                            "incref",
                            ServerName.DEV.value(),
                            "--pid",
                            Long.toString(child.pid()),
                            "--metadata",
                            "projects that are up"),
                    Map.of("SHAREDSERVER_LOCKDIR", directory.toString()));
            if (answer.exit() == 0) {
                holder = child;
            } else {
                child.destroy();
                System.out.println("cannot be held: " + answer.err().strip());
            }
        } catch (IOException e) {
            System.out.println("cannot be held: " + e.getMessage());
        }
    }
}
