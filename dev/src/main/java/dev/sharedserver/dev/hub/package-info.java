/** The hub as a server of the product: who uses which project, and how it is reached. */
@NullMarked
package dev.sharedserver.dev.hub;

import org.jspecify.annotations.NullMarked;
