/**
 * The operating system as the agent sees it: processes, their facts and their ends. Must not know what a shared server
 * is: no name, reference, grace period or state file occurs here.
 */
@NullMarked
package dev.sharedserver.os;

import org.jspecify.annotations.NullMarked;
