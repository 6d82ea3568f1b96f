package dev.sharedserver.dev;

import java.time.Instant;

/**
 * A plugin that its developer runs.
 *
 * @param connected whether its process lives and its address accepted a connection when it was looked at last
 */
public record ExternalConnection(DevInfoFile devInfo, boolean connected, Instant lastChecked) {}
