package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.Damage;
import dev.sharedserver.core.lifecycle.Event;
import java.util.List;

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
     * @param damages what was wrong with it, and is put right by this
     */
    record Ours(List<Event> events, List<Damage> damages) implements Adoption {}
}
