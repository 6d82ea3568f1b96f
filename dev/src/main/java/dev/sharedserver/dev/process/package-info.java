/** Processes of projects: groups of their own, what they write, and the ledger by which the next hub finds what is left of them. */
@NullMarked
package dev.sharedserver.dev.process;

import org.jspecify.annotations.NullMarked;
