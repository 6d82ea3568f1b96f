/** What happens, numbered and kept for a while, for any number of listeners of any speed. */
@NullMarked
package dev.sharedserver.dev.event;

import org.jspecify.annotations.NullMarked;
