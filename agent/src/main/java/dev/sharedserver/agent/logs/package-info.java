/**
 * The logs that servers write by themselves, as a reader sees them: what was cut, when what was written, what changed. It must
 * not know of servers and their states; cutting is the guard's business.
 */
@NullMarked
package dev.sharedserver.agent.logs;

import org.jspecify.annotations.NullMarked;
