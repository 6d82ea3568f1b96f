/** The tools of the developer: package managers, node, go. */
@NullMarked
package dev.sharedserver.dev.tool;

import org.jspecify.annotations.NullMarked;
