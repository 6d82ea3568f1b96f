/**
 * The operating system as the agent sees it: facts about processes. Knows nothing of shared servers.
 */
@NullMarked
package dev.sharedserver.os;

import org.jspecify.annotations.NullMarked;
