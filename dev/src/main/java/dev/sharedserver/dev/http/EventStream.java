package dev.sharedserver.dev.http;

import dev.sharedserver.core.JsonText;
import dev.sharedserver.dev.DevServerManager;
import dev.sharedserver.dev.DevServerState;
import dev.sharedserver.dev.event.EventBus;
import dev.sharedserver.dev.event.HubEvent;
import dev.sharedserver.dev.event.Subscription;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * One client's stream of events (HTML standard, "Server-sent events"). It is written by one thread; another one that looks at
 * {@link #isStuck} may interrupt that, which closes the connection.
 */
final class EventStream {

    private static final long HEARTBEAT_MILLIS = 15_000;
    private static final int BATCH_CHARS = 64 << 10;

    private final DevServerManager manager;
    private final EventBus bus;
    private final boolean asObject;
    private final Thread writer = Thread.currentThread();
    private volatile long writingSince;

    EventStream(DevServerManager manager, boolean asObject) {
        this.manager = manager;
        this.bus = manager.events();
        this.asObject = asObject;
    }

    /** Writes what happens until the client is gone or too slow. */
    void run(OutputStream out, Subscription subscription) throws IOException, InterruptedException {
        try {
            StringBuilder text = new StringBuilder(":\n\n");
            if (subscription.gap()) {
                // what was missed cannot be told any more, but how things are now can
                for (DevServerState state : manager.listDevServerStates()) {
                    String data =
                            JsonText.of(JsonText.Form.LINE, state::writeTo).stripTrailing();
                    append(text, "", DevServerManager.EVENT_STATUS, data);
                }
            }
            write(out, text);
            while (true) {
                HubEvent event = subscription.next(HEARTBEAT_MILLIS);
                if (event == null) {
                    text.append(":\n\n");
                }
                while (event != null) {
                    append(text, bus.id(event), event.name(), asObject ? event.objectData() : event.data());
                    event = text.length() < BATCH_CHARS ? subscription.next(0) : null;
                }
                write(out, text);
            }
        } catch (Subscription.Dropped e) {
            // it may come back with the id of the last event that it has seen
            return;
        }
    }

    private static void append(StringBuilder text, String id, String name, String data) {
        if (!id.isEmpty()) {
            text.append("id: ").append(id).append('\n');
        }
        text.append("event: ").append(name).append("\ndata: ").append(data).append("\n\n");
    }

    private void write(OutputStream out, StringBuilder text) throws IOException {
        writingSince = System.nanoTime() | 1;
        out.write(text.toString().getBytes(StandardCharsets.UTF_8));
        out.flush();
        writingSince = 0;
        text.setLength(0);
    }

    /** Tells whether the client has taken nothing for that long. */
    boolean isStuck(long nanos) {
        long since = writingSince;
        return since != 0 && System.nanoTime() - since > nanos;
    }

    /** Ends it, in the middle of what it writes. */
    void interrupt() {
        writer.interrupt();
    }
}
