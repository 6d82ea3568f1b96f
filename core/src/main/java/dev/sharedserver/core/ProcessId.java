package dev.sharedserver.core;

/**
 * One run of a process on this boot of the machine. A recycled pid has another start time.
 *
 * @param startTime field 22 of {@code /proc/<pid>/stat}: clock ticks since boot
 */
public record ProcessId(long pid, long startTime) {}
