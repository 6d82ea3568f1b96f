/** The calls of POSIX that Java has not, through its foreign functions: no compiler is needed. Knows nothing of shared servers. */
@NullMarked
package dev.sharedserver.portable.posix;

import org.jspecify.annotations.NullMarked;
