package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.ProcessId;

/**
 * Where this agent runs.
 *
 * @param guard the guard, which keeps watch as long as a server lives
 * @param notifyAddress where servers say how they are (sd_notify), as {@code NOTIFY_SOCKET} has it
 * @param bootId this boot of the machine; a start stamp says nothing without it
 * @param memory file that keeps a {@link Snapshot} for the next agent; never on a disk
 */
public record Host(ProcessId guard, String bootId, String notifyAddress, String memory) {}
