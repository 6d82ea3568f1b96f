package dev.sharedserver.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;

/** The lines of {@code events -f --json} as they come. */
final class EventReader extends Spliterators.AbstractSpliterator<ServerEvent> {

    private final Process process;
    private final BufferedReader lines;
    private volatile boolean closed;

    EventReader(Process process) {
        super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
        this.process = process;
        lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    @Override
    public boolean tryAdvance(Consumer<? super ServerEvent> action) {
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                ServerEvent event = ServerEvent.of(Fields.of(Json.parse(line)));
                if (event != null) {
                    action.accept(event);
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            if (closed) {
                return false; // by another thread, while this one waited
            }
            throw new UncheckedIOException(e);
        }
    }

    void close() {
        closed = true;
        process.destroy();
    }
}
