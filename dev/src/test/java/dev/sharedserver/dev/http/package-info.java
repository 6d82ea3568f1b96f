@NullMarked
package dev.sharedserver.dev.http;

import org.jspecify.annotations.NullMarked;
