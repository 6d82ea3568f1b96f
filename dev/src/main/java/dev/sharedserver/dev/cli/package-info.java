/** What the hub answers to {@code sharedserver dev …}. */
@NullMarked
package dev.sharedserver.dev.cli;

import org.jspecify.annotations.NullMarked;
