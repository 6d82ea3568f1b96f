package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.lifecycle.Event;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the files of a server turn out to be where memory knows nothing of it. */
sealed interface Adoption {

    /** There are none. */
    record Nothing() implements Adoption {}

    /** They speak of nothing that lives, or cannot be read. */
    record Stale(String reason) implements Adoption {}

    /** They speak of a server that a live process of another tool watches. */
    record OfAnotherTool(Foreign server) implements Adoption {}

    /**
     * They speak of a server of ours; the events bring it into memory.
     *
     * @param deadWatcher pid of the watcher that the files name, if it is not ours
     */
    record Ours(List<Event> events, @Nullable Long deadWatcher) implements Adoption {}
}
