package dev.sharedserver.core;

import java.util.Map;

/**
 * What stands in {@code clients.json}; {@code refcount} there is the number of entries.
 *
 * @param clients by pid in decimal, or {@code hold-…}; in the order of attaching
 */
public record ClientsRecord(Map<String, ClientRecord> clients) {}
