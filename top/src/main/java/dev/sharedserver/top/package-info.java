/**
 * The live view: a program of its own that the launcher becomes. It sees the servers through the product's command
 * line, the state directory's changes and {@code /proc}; it must not know the agent.
 */
@NullMarked
package dev.sharedserver.top;

import org.jspecify.annotations.NullMarked;
