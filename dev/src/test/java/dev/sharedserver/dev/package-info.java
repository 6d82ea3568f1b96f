@NullMarked
package dev.sharedserver.dev;

import org.jspecify.annotations.NullMarked;
