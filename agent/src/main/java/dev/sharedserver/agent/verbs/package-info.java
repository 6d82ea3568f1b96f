/** Carries out the commands of the command line against the supervised servers. */
@NullMarked
package dev.sharedserver.agent.verbs;

import org.jspecify.annotations.NullMarked;
