/**
 * The config file that names servers ({@code servers.json}): text in, specifications and warnings out. Knows no file
 * system: where a file is looked for is a list of paths, what a variable holds is given.
 */
@NullMarked
package dev.sharedserver.core.config;

import org.jspecify.annotations.NullMarked;
