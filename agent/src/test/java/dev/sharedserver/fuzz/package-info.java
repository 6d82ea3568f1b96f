/**
 * Fuzzers of all that reads bytes of others: frames, state files, configs, command lines. {@code -Dfuzz.inputs=1000000} makes
 * them long, {@code -Dfuzz.seed=} repeats a run.
 */
@NullMarked
package dev.sharedserver.fuzz;

import org.jspecify.annotations.NullMarked;
