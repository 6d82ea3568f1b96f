/**
 * The command line: verbs, options, help and output, as functions from text to values and back. Must not know a
 * thread, a file or the operating system.
 */
@NullMarked
package dev.sharedserver.cli;

import org.jspecify.annotations.NullMarked;
