/** The launcher of machines without a C compiler: what {@code launcher/src/launcher.c} does, slower. No policy. */
@NullMarked
package dev.sharedserver.portable.launcher;

import org.jspecify.annotations.NullMarked;
