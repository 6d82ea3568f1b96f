/**
 * Runs the state machine: a mailbox for each server, its actions carried out through the guard, its state on disk.
 * Knows nothing of the command line and of what is printed.
 */
@NullMarked
package dev.sharedserver.agent.supervise;

import org.jspecify.annotations.NullMarked;
