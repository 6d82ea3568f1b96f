/** Puts the agent together: guard link, supervision, listener, verbs. Holds no policy of its own. */
@NullMarked
package dev.sharedserver.agent;

import org.jspecify.annotations.NullMarked;
