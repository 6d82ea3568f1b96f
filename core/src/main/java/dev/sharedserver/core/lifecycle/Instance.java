package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.ProcessId;
import java.time.Instant;

/**
 * One run of a server.
 *
 * @param ownGroup true if it leads a process group of its own, which is signalled as a whole; false for one made by
 *     {@code exec}, of which only the process and its descendants are ours
 * @param recorded false while (and if) its state files could never be written
 */
public record Instance(ProcessId process, Launch launch, Instant startedAt, boolean ownGroup, boolean recorded) {}
