@NullMarked
package dev.sharedserver.dev.event;

import org.jspecify.annotations.NullMarked;
