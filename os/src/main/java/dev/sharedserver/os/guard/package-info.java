/**
 * The pipe to the guard, which spawns, watches, signals and reaps for the agent ({@code docs/protocol.md}). Knows
 * nothing of shared servers.
 */
@NullMarked
package dev.sharedserver.os.guard;

import org.jspecify.annotations.NullMarked;
