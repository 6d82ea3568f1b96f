/**
 * What the product speaks of: names, durations, processes, and the records that stand on disk.
 *
 * <p>Knows neither the operating system beyond plain files, nor threads, nor the command line.
 */
@NullMarked
package dev.sharedserver.core;

import org.jspecify.annotations.NullMarked;
