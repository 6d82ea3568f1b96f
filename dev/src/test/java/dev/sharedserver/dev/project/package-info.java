/** Tests of what projects consist of. */
@NullMarked
package dev.sharedserver.dev.project;

import org.jspecify.annotations.NullMarked;
