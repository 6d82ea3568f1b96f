package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.ClientsRecord;
import dev.sharedserver.core.ServerRecord;
import org.jspecify.annotations.Nullable;

/** A server that another tool manages: it is shown and never touched. */
public record Foreign(ServerRecord server, @Nullable ClientsRecord clients) {}
