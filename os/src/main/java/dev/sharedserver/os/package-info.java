/**
 * The operating system as the agent sees it: facts about processes; and how our programs call our own command line. Knows nothing of
 * shared servers.
 */
@NullMarked
package dev.sharedserver.os;

import org.jspecify.annotations.NullMarked;
