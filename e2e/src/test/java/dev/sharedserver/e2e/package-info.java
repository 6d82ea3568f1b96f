/**
 * Black-box tests of the assembled product: they start {@code bin/sharedserver}, read the state files, {@code /proc} and
 * signals, and know nothing of the code behind it. Each test's name is the rule it holds.
 */
@NullMarked
package dev.sharedserver.e2e;

import org.jspecify.annotations.NullMarked;
