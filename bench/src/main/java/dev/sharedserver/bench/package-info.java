/** Timings of the assembled product, taken from outside like the black-box tests; must not know how the product works inside. */
@NullMarked
package dev.sharedserver.bench;

import org.jspecify.annotations.NullMarked;
