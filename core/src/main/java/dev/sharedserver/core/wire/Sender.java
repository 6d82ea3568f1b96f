package dev.sharedserver.core.wire;

/**
 * Who sent a request, as it says itself.
 *
 * @param pid the launcher's pid
 * @param stamp its start time
 * @param version its build: product version and commit
 */
public record Sender(long pid, long stamp, String version) {}
