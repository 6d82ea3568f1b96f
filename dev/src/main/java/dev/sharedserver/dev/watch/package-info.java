/** Changes of files. */
@NullMarked
package dev.sharedserver.dev.watch;

import org.jspecify.annotations.NullMarked;
