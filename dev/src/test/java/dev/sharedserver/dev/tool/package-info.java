@NullMarked
package dev.sharedserver.dev.tool;

import org.jspecify.annotations.NullMarked;
