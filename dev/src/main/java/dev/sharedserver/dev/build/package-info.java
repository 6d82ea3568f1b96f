/** Builds: when, one at a time, what the compiler complained of, and where the result goes. */
@NullMarked
package dev.sharedserver.dev.build;

import org.jspecify.annotations.NullMarked;
