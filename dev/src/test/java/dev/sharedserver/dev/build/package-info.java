@NullMarked
package dev.sharedserver.dev.build;

import org.jspecify.annotations.NullMarked;
