package dev.sharedserver.lsp.interpose;

/**
 * How long the target stood still.
 *
 * @param nanos from the first task that was stopped to the last that ran again, ns
 * @param tasks how many tasks it had
 * @param calls how many system calls it was made to make
 */
public record Pause(long nanos, int tasks, int calls) {}
