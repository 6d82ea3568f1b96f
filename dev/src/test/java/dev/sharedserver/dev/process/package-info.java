@NullMarked
package dev.sharedserver.dev.process;

import org.jspecify.annotations.NullMarked;
