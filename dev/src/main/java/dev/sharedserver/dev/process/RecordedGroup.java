package dev.sharedserver.dev.process;

/**
 * A process group as the ledger has it.
 *
 * @param port the port that was given to it, 0 for none
 * @param pgid group id, and pid of its first process, which leads a session of its own
 * @param stamp start time of that first process, in ticks since boot; 0 if not known
 * @param token value of {@link ProcessGroup#TOKEN} in the environment of its processes, empty if not known
 */
public record RecordedGroup(int port, long pgid, long stamp, String token) {}
