/** What the launcher and the guard of machines without a C compiler both know: the state directory, its locks, its sockets. */
@NullMarked
package dev.sharedserver.portable;

import org.jspecify.annotations.NullMarked;
