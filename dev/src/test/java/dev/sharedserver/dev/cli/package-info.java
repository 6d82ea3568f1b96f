/** Tests of what the command line is told. */
@NullMarked
package dev.sharedserver.dev.cli;

import org.jspecify.annotations.NullMarked;
