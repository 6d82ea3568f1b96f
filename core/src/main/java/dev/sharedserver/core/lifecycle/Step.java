package dev.sharedserver.core.lifecycle;

import java.util.List;

/** The outcome of one event: where the server is now, and what is to be done. */
public record Step(ServerState state, List<Action> actions) {}
